/** What routes, the router filter, timeouts and log lines cost: `node test/bench/micro/router.ts` prints µs each. */
import type { RouteConfiguration, Router } from '../../../src/config/v3.ts'
import type { Cluster, Host, HttpConnectionPool } from '../../../src/core/cluster.ts'
import type { RequestEncoder, ResponseDecoder } from '../../../src/core/codec.ts'
import { HeaderMap } from '../../../src/core/header-map.ts'
import { defaultAccessLogFormat } from '../../../src/format/formatter.ts'
import { makeTextFormatter } from '../../../src/format/text-formatter.ts'
import { makeRouteTable } from '../../../src/router/route-table.ts'
import { makeRouterSettings } from '../../../src/router/router-settings.ts'
import { RouterFilter } from '../../../src/router/router.ts'
import {
  factoryContext,
  FakeCallbacks,
  FakeCluster,
  fakeHost,
  filterContext,
  logContext,
  messageOf,
  requestHeaders,
  streamInfo,
} from '../../support/routing.ts'

function measure(name: string, body: () => void): void {
  const rounds = 50_000
  for (let i = 0; i < rounds; i++) body()
  const figures: number[] = []
  for (let sample = 0; sample < 7; sample++) {
    const start = process.hrtime.bigint()
    for (let i = 0; i < rounds; i++) body()
    figures.push(Number(process.hrtime.bigint() - start) / rounds)
  }
  figures.sort((a, b) => a - b)
  console.log(`${name.padEnd(52)} ${((figures[3] as number) / 1000).toFixed(2)} µs`)
}

/** Ready at once, and counts nothing: what is left is the router's own work. */
class InstantPool implements HttpConnectionPool {
  readonly host: Host
  decoder: ResponseDecoder | undefined
  readonly #encoder: RequestEncoder = {
    stream: {
      resetStream() {},
      readDisable() {},
      setCallbacks() {},
      bufferedBytes: 0,
      codecDetails: '',
      wireBytesReceived: 0,
      wireBytesSent: 0,
      headerBytesReceived: 0,
      headerBytesSent: 0,
      decompressedHeaderBytesReceived: 0,
      decompressedHeaderBytesSent: 0,
    },
    encodeHeaders() {},
    encodeData() {},
    encodeTrailers() {},
  }

  constructor(host: Host) {
    this.host = host
  }

  newStream: HttpConnectionPool['newStream'] = (decoder, callbacks) => {
    this.decoder = decoder
    const address = this.host.address
    const info = { id: 1, localAddress: address, remoteAddress: address, protocol: 'HTTP/1.1' } as const
    callbacks.onPoolReady(this.#encoder, this.host, info)
    return undefined
  }
}

const pool = new InstantPool(fakeHost('a'))
const cluster: Cluster = {
  info: new FakeCluster().info,
  hosts: [pool.host],
  chooseHost: () => pool.host,
  httpConnectionPool: () => pool,
  newTcpConnection: () => undefined,
}
const context = factoryContext(new Map([['up', cluster]]))

function table(routes: string): ReturnType<typeof makeRouteTable> {
  const yaml = `virtual_hosts: [{name: v, domains: [example.com], routes: [${routes}]}]`
  return makeRouteTable(messageOf<RouteConfiguration>('envoy.config.route.v3.RouteConfiguration', yaml), context)
}

const headers = requestHeaders('/api/v1/items?limit=20', {
  'user-agent': 'wrk/4.2',
  accept: '*/*',
  'x-request-id': '7b75788b-8814-4d50-a4a1-14f703cc8654',
})
const info = streamInfo()
const toCluster = '{match: {prefix: /}, route: {cluster: up}}'
const one = table(toCluster)
const many = table(
  [...Array(99).keys()].map(i => `{match: {path: /p${i}, headers: [{name: x-${i}}]}, route: {cluster: up}}`).join() +
    `,${toCluster}`,
)
const regex = table('{match: {safe_regex: {regex: "/api/v[0-9]+/.*"}}, route: {cluster: up}}')
measure('route of one', () => void one.route(headers, info, 5))
measure('last route of a hundred', () => void many.route(headers, info, 5))
measure('route by regex', () => void regex.route(headers, info, 5))

const settings = makeRouterSettings(
  messageOf<Router>('envoy.extensions.filters.http.router.v3.Router', '{}'),
  filterContext(context),
)
const route = one.route(headers, info, 5)
function exchange(request: HeaderMap): void {
  const callbacks = new FakeCallbacks(route)
  const router = new RouterFilter(callbacks, settings)
  router.decodeHeaders(request.copy(), true)
  pool.decoder?.decodeHeaders(new HeaderMap([':status', '200', 'content-length', '0']), true)
  router.onDestroy()
}
/** The route's own timeout waits in a list of `Deadlines`, any other in a timer. */
function withTimeout(ms: string): HeaderMap {
  return new HeaderMap([...headers.list, 'x-envoy-upstream-rq-timeout-ms', ms])
}
const ownTimeout = withTimeout('15000')
const otherTimeout = withTimeout('14999')
measure('router: request and response, with its fakes', () => exchange(ownTimeout))
measure('the same with setTimeout for the timeout', () => exchange(otherTimeout))

const line = makeTextFormatter(defaultAccessLogFormat, context)
const log = logContext({ requestHeaders: headers, responseHeaders: new HeaderMap([':status', '200']) })
measure("log line in Envoy's default format", () => void line(log))
