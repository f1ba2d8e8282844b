import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import {
  Counts,
  factoryContext,
  FakeCallbacks,
  FakeCluster,
  fakeHost,
  filterContext,
  messageOf,
  requestHeaders,
  streamInfo,
} from '../../test/support/routing.ts'
import type { RetryPolicy, RouteConfiguration, Router } from '../config/v3.ts'
import { HeaderMap } from '../core/header-map.ts'
import type { ShadowPolicy } from '../core/route.ts'
import { ResponseFlag } from '../core/stream-info.ts'
import { makeRetryPolicy } from './retry-policy.ts'
import { makeRouteTable } from './route-table.ts'
import { RouterFilter } from './router.ts'
import { makeRouterSettings } from './router-settings.ts'

mock.timers.enable({ apis: ['setTimeout'] })

/** A router in front of one cluster, with a request on its way. `action`: of the one route. */
class Setup {
  readonly cluster = new FakeCluster()
  readonly counts = new Counts()
  readonly callbacks: FakeCallbacks
  readonly router: RouterFilter
  headers = requestHeaders('/')

  constructor(route = 'route: {cluster: up}', virtualHost = '', router = '{}', mirror = this.cluster) {
    const clusters = new Map([
      ['up', this.cluster],
      ['mirror', mirror],
    ])
    const context = factoryContext(clusters, this.counts)
    const table = makeRouteTable(
      messageOf<RouteConfiguration>(
        'envoy.config.route.v3.RouteConfiguration',
        `{validate_clusters: false, virtual_hosts: [{name: v, domains: ["*"], ${virtualHost} routes: [{match: {prefix: /}, ${route}}]}]}`,
      ),
      context,
    )
    this.callbacks = new FakeCallbacks(table.route(requestHeaders('/'), streamInfo(), 0))
    const message = messageOf<Router>('envoy.extensions.filters.http.router.v3.Router', router)
    this.router = new RouterFilter(this.callbacks, makeRouterSettings(message, filterContext(context)))
  }

  request(endStream = true, more: Readonly<Record<string, string>> = {}): this {
    this.headers = requestHeaders('/', more)
    this.callbacks.requestHeaders = this.headers
    this.router.decodeHeaders(this.headers, endStream)
    return this
  }

  get status(): number {
    return this.callbacks.responseHeaders?.status ?? 0
  }

  get details(): string | undefined {
    return this.callbacks.reply?.details
  }

  flag(name: keyof typeof ResponseFlag): boolean {
    return (this.callbacks.streamInfo.responseFlags & ResponseFlag[name]) !== 0
  }

  stat(name: string): number {
    return this.cluster.counts.get(name)
  }
}

const retry = (more: string): string => `route: {cluster: up, retry_policy: {${more}}}`

function passBackOff(): void {
  mock.timers.tick(250)
}

test('a request goes to the cluster and its answer back', () => {
  const setup = new Setup().request()
  const { last } = setup.cluster
  assert.equal(last.headers?.get('x-envoy-expected-rq-timeout-ms'), '15000')
  assert.equal(last.ended, true)
  last.respond(200, false, { 'x-up': '1' })
  last.decoder.decodeData(Buffer.from('body'), true)
  assert.equal(setup.status, 200)
  assert.equal(setup.callbacks.responseHeaders?.get('x-up'), '1')
  assert.match(setup.callbacks.responseHeaders?.get('x-envoy-upstream-service-time') ?? '', /^\d+$/)
  assert.equal(setup.callbacks.body, 'body')
  assert.equal(setup.callbacks.streamInfo.responseCodeDetails, 'via_upstream')
  assert.equal(setup.callbacks.streamInfo.upstreamHost?.addressString, 'a:80')
  assert.equal(setup.counts.get('rq_total'), 1)
  assert.equal(setup.stat('code 200'), 1)
  assert.equal(setup.stat('time'), 1)
  assert.equal(last.host.stats.rqSuccess, 1)
  assert.equal(last.resetReason, undefined)
})

test('suppress_envoy_headers leaves ours out', () => {
  const setup = new Setup(undefined, '', '{suppress_envoy_headers: true}').request()
  setup.cluster.last.respond(200)
  assert.equal(setup.cluster.last.headers?.has('x-envoy-expected-rq-timeout-ms'), false)
  assert.equal(setup.callbacks.responseHeaders?.has('x-envoy-upstream-service-time'), false)
})

test('body and trailers that come before a connection wait for it, and pause the client over the limit', () => {
  const setup = new Setup()
  setup.cluster.ready = false
  setup.callbacks.decoderBufferLimitBytes = 6
  setup.request(false)
  setup.router.decodeData(Buffer.from('1234'), false)
  assert.equal(setup.callbacks.readPauses, 0)
  setup.router.decodeData(Buffer.from('5678'), false)
  assert.equal(setup.callbacks.readPauses, 1)
  setup.router.decodeTrailers(new HeaderMap(['t', '1']))
  setup.cluster.last.ready()
  assert.equal(setup.cluster.last.body, '12345678')
  assert.equal(setup.cluster.last.ended, true)
  assert.equal(setup.callbacks.readPauses, 0)
})

test('no route: 404 NR; no cluster: 503 NC; no host: 503 UH', () => {
  const none = new Setup('route: {cluster: nope}').request()
  assert.deepEqual([none.status, none.details, none.flag('noClusterFound')], [503, 'cluster_not_found', true])
  assert.equal(none.counts.get('no_cluster'), 1)

  const callbacks = new FakeCallbacks(undefined)
  const counts = new Counts()
  const message = messageOf<Router>('envoy.extensions.filters.http.router.v3.Router', '{}')
  new RouterFilter(
    callbacks,
    makeRouterSettings(message, filterContext(factoryContext(new Map(), counts))),
  ).decodeHeaders(requestHeaders('/'), true)
  assert.deepEqual([callbacks.reply?.status, callbacks.reply?.details], [404, 'route_not_found'])
  assert.equal(counts.get('no_route'), 1)

  const empty = new Setup('route: {cluster: up}', 'include_attempt_count_in_response: true,')
  empty.cluster.hosts = []
  empty.request()
  assert.deepEqual(
    [empty.status, empty.callbacks.body, empty.flag('noHealthyUpstream')],
    [503, 'no healthy upstream', true],
  )
  assert.equal(empty.callbacks.responseHeaders?.get('x-envoy-attempt-count'), '1')
  assert.equal(empty.stat('code 503'), 1)
  assert.equal(empty.stat('upstreamCxNoneHealthy'), 1)
})

test('maintenance mode: 503 UO and x-envoy-overloaded', () => {
  const setup = new Setup()
  setup.cluster.info.maintenanceMode = true
  setup.request()
  assert.deepEqual([setup.status, setup.callbacks.body, setup.details], [503, 'maintenance mode', 'maintenance_mode'])
  assert.equal(setup.callbacks.responseHeaders?.get('x-envoy-overloaded'), 'true')
  assert.equal(setup.cluster.streams.length, 0)
})

test('direct responses and redirects never reach a cluster', () => {
  const direct = new Setup(
    'direct_response: {status: 201, body: {inline_string: hi}}, response_headers_to_add: [{header: {key: x-d, value: "1"}}]',
  ).request()
  assert.deepEqual([direct.status, direct.callbacks.body, direct.details], [201, 'hi', 'direct_response'])
  assert.deepEqual(direct.callbacks.responseHeaders?.list.slice(2), ['location', 'http://example.com/', 'x-d', '1'])
  assert.equal(direct.counts.get('rq_direct_response'), 1)
  const redirect = new Setup('redirect: {https_redirect: true}').request()
  assert.equal(redirect.callbacks.responseHeaders?.get('location'), 'https://example.com/')
})

test('pool failures become 503 with the reason', () => {
  const cases = [
    ['remote-connection-failure', 'remote connection failure', 'upstreamConnectionFailure'],
    ['timeout', 'connection timeout', 'upstreamConnectionFailure'],
    ['overflow', 'overflow', 'upstreamOverflow'],
  ] as const
  for (const [reason, text, flag] of cases) {
    const setup = new Setup()
    setup.cluster.ready = false
    setup.request()
    setup.cluster.last.poolCallbacks.onPoolFailure(reason, '', setup.cluster.last.host)
    assert.equal(setup.status, 503)
    assert.equal(
      setup.callbacks.body,
      `upstream connect error or disconnect/reset before headers. reset reason: ${text}`,
    )
    assert.equal(setup.details, `upstream_reset_before_response_started{${text.replaceAll(' ', '_')}}`)
    assert.ok(setup.flag(flag))
    assert.equal(setup.callbacks.responseHeaders?.get('x-envoy-overloaded'), reason === 'overflow' ? 'true' : undefined)
  }
})

test('the transport failure reason is in the details and the log, not in the body', () => {
  const setup = new Setup()
  setup.cluster.ready = false
  setup.request()
  setup.cluster.last.poolCallbacks.onPoolFailure('remote-connection-failure', 'delayed connect error: x', undefined)
  assert.equal(
    setup.details,
    'upstream_reset_before_response_started{remote_connection_failure|delayed_connect_error:_x}',
  )
  assert.equal(setup.callbacks.streamInfo.upstreamTransportFailureReason, 'delayed connect error: x')
  assert.doesNotMatch(setup.callbacks.body, /delayed/)
})

test('resets before headers: 503 UC, 503 UR, 502 UPE', () => {
  const cases = [
    ['connection-termination', 503, 'connection termination', 'upstreamConnectionTermination'],
    ['remote-reset', 503, 'remote reset', 'upstreamRemoteReset'],
    ['protocol-error', 502, 'protocol error', 'upstreamProtocolError'],
  ] as const
  for (const [reason, status, text, flag] of cases) {
    const setup = new Setup().request()
    setup.cluster.last.callbacks?.onResetStream(reason, '')
    assert.equal(setup.status, status)
    assert.match(setup.callbacks.body, new RegExp(`reset reason: ${text}$`))
    assert.ok(setup.flag(flag))
    assert.equal(setup.stat(`code ${status}`), 1)
    assert.equal(setup.cluster.last.host.stats.rqError, 1)
  }
})

test('a reset after the response began is left to the connection manager', () => {
  const setup = new Setup().request()
  setup.cluster.last.respond(200, false)
  setup.cluster.last.callbacks?.onResetStream('connection-termination', '')
  assert.equal(setup.details, 'upstream_reset_after_response_started{connection_termination}')
  assert.equal(setup.counts.get('rq_reset_after_downstream_response_started'), 0, 'counted for gRPC only')
  assert.equal(setup.stat('code 503'), 0)
})

test('the trailers decide whether a gRPC call was a success of its host', () => {
  const call = { 'content-type': 'application/grpc' }
  const outcome = (end: (setup: Setup) => void): [number, number, number] => {
    const setup = new Setup().request(true, call)
    setup.cluster.last.respond(200, false)
    end(setup)
    const { rqSuccess, rqError } = setup.cluster.last.host.stats
    return [rqSuccess, rqError, setup.counts.get('rq_reset_after_downstream_response_started')]
  }
  const trailers = (status: string) => (setup: Setup) =>
    setup.cluster.last.decoder.decodeTrailers(new HeaderMap(['grpc-status', status]))
  assert.deepEqual(outcome(trailers('0')), [1, 0, 0])
  assert.deepEqual(outcome(trailers('14')), [0, 1, 0])
  assert.deepEqual(
    outcome(setup => setup.cluster.last.decoder.decodeData(Buffer.from('x'), true)),
    [0, 1, 0],
  )
  assert.deepEqual(
    outcome(setup => setup.cluster.last.callbacks?.onResetStream('remote-reset', '')),
    [0, 1, 1],
  )
})

test('the route timeout begins when the request is complete: 504 UT', () => {
  const setup = new Setup('route: {cluster: up, timeout: 0.3s}').request(false)
  mock.timers.tick(1000)
  assert.equal(setup.status, 0)
  setup.router.decodeData(Buffer.from('x'), true)
  mock.timers.tick(299)
  assert.equal(setup.status, 0)
  mock.timers.tick(1)
  assert.deepEqual(
    [setup.status, setup.callbacks.body, setup.details],
    [504, 'upstream request timeout', 'response_timeout'],
  )
  assert.ok(setup.flag('upstreamRequestTimeout'))
  assert.equal(setup.cluster.last.resetReason, 'local-reset')
  assert.equal(setup.stat('upstreamRqTimeout'), 1)
})

test('request headers set the timeout and are not passed on', () => {
  const setup = new Setup().request(true, {
    'x-envoy-upstream-rq-timeout-ms': '100',
    'x-envoy-upstream-rq-timeout-alt-response': '1',
  })
  assert.equal(setup.cluster.last.headers?.get('x-envoy-expected-rq-timeout-ms'), '100')
  assert.equal(setup.cluster.last.headers?.has('x-envoy-upstream-rq-timeout-ms'), false)
  mock.timers.tick(100)
  assert.deepEqual([setup.status, setup.callbacks.body], [204, ''])
})

test('x-envoy-upstream-stream-duration-ms limits an attempt from its connection on: UMSDR', () => {
  const asked = { 'x-envoy-upstream-stream-duration-ms': '100' }
  const complete = new Setup().request(true, asked)
  mock.timers.tick(100)
  assert.deepEqual([complete.status, complete.callbacks.body], [504, 'upstream max stream duration reached'])
  assert.ok(complete.flag('upstreamMaxStreamDurationReached'))
  assert.equal(complete.cluster.last.resetReason, 'local-reset')
  const sending = new Setup().request(false, asked)
  mock.timers.tick(100)
  assert.equal(sending.status, 408)
})

test('a timeout of 0 waits for ever and is not announced', () => {
  const setup = new Setup('route: {cluster: up, timeout: 0s}').request()
  assert.equal(setup.cluster.last.headers?.has('x-envoy-expected-rq-timeout-ms'), false)
  mock.timers.tick(1_000_000)
  assert.equal(setup.status, 0)
})

test('an early response ends the rest of the request', () => {
  const setup = new Setup().request(false)
  setup.cluster.last.respond(413)
  assert.equal(setup.status, 413)
  assert.equal(setup.cluster.last.resetReason, 'local-reset')
  assert.equal(setup.callbacks.responseHeaders?.has('x-envoy-upstream-service-time'), false)
})

test('100 goes through, later resets are not retried', () => {
  const setup = new Setup(retry('retry_on: 5xx')).request(false)
  setup.cluster.last.decoder.decode1xxHeaders(HeaderMap.of({ ':status': '100' }))
  assert.deepEqual(setup.callbacks.informational, [100])
  setup.cluster.last.callbacks?.onResetStream('remote-reset', '')
  passBackOff()
  assert.equal(setup.cluster.streams.length, 1)
})

test('a client that goes away resets or cancels the upstream', () => {
  const setup = new Setup().request()
  setup.router.onDestroy()
  assert.equal(setup.cluster.last.resetReason, 'local-reset')
  const waiting = new Setup()
  waiting.cluster.ready = false
  waiting.request().router.onDestroy()
  assert.equal(waiting.cluster.last.cancelled, true)
})

test('full write buffers pause the other side', () => {
  const setup = new Setup().request(false)
  const { last } = setup.cluster
  last.callbacks?.onAboveWriteBufferHighWatermark()
  assert.equal(setup.callbacks.readPauses, 1)
  last.callbacks?.onBelowWriteBufferLowWatermark()
  assert.equal(setup.callbacks.readPauses, 0)
  assert.equal(setup.stat('upstreamFlowControlBackedUpTotal'), 1)

  const { watermarks } = setup.callbacks
  watermarks?.onAboveWriteBufferHighWatermark()
  // Headers must still come.
  assert.equal(last.readDisables, 0)
  last.respond(200, false)
  assert.equal(last.readDisables, 1)
  watermarks?.onBelowWriteBufferLowWatermark()
  assert.equal(last.readDisables, 0)
  watermarks?.onAboveWriteBufferHighWatermark()
  setup.router.decodeData(Buffer.from(''), true)
  last.decoder.decodeData(Buffer.from('x'), true)
  assert.equal(last.readDisables, 0, 'the connection goes back unpaused')
  assert.equal(setup.callbacks.watermarks, undefined)
})

test('5xx is retried with the body, until num_retries: URX', () => {
  const setup = new Setup(retry('retry_on: "5xx", num_retries: 2'), 'include_request_attempt_count: true,').request(
    false,
  )
  setup.router.decodeData(Buffer.from('ab'), false)
  setup.router.decodeData(Buffer.from('cd'), true)
  for (const attempt of ['1', '2', '3']) {
    const { last } = setup.cluster
    assert.equal(last.headers?.get('x-envoy-attempt-count'), attempt)
    assert.equal(last.body, 'abcd')
    assert.equal(last.ended, true)
    last.respond(503)
    passBackOff()
  }
  assert.equal(setup.cluster.streams.length, 3)
  assert.equal(setup.status, 503)
  assert.ok(setup.flag('upstreamRetryLimitExceeded'))
  assert.deepEqual(
    ['upstreamRqRetry', 'upstreamRqRetryLimitExceeded', 'retry code 503', 'code 503'].map(name => setup.stat(name)),
    [2, 1, 2, 1],
  )
  assert.equal(setup.cluster.retries.count, 0)
})

test('a retry that works is counted and gives its place back', () => {
  const setup = new Setup(retry('retry_on: gateway-error')).request()
  setup.cluster.last.respond(502)
  assert.equal(setup.cluster.retries.count, 1)
  passBackOff()
  setup.cluster.last.respond(200)
  assert.equal(setup.status, 200)
  assert.equal(setup.stat('upstreamRqRetrySuccess'), 1)
  assert.equal(setup.cluster.retries.count, 0)
})

test('what is retried depends on retry_on', () => {
  const tried = (policy: string, fail: (setup: Setup) => void, more = {}): boolean => {
    const setup = new Setup(retry(policy)).request(true, more)
    fail(setup)
    passBackOff()
    return setup.cluster.streams.length === 2
  }
  const status =
    (code: number, more = {}) =>
    (setup: Setup) =>
      setup.cluster.last.respond(code, true, more)
  const reset = (reason: 'remote-reset' | 'remote-refused-stream-reset' | 'connection-failure') => (setup: Setup) =>
    setup.cluster.last.callbacks?.onResetStream(reason, '')
  assert.equal(tried('retry_on: gateway-error', status(500)), false)
  assert.equal(tried('retry_on: retriable-4xx', status(409)), true)
  assert.equal(tried('retry_on: retriable-status-codes, retriable_status_codes: [418]', status(418)), true)
  assert.equal(tried('retry_on: retriable-headers, retriable_headers: [{name: x-r}]', status(200, { 'x-r': '' })), true)
  assert.equal(tried('retry_on: unavailable', status(200, { 'grpc-status': '14' })), true)
  assert.equal(tried('retry_on: "5xx"', status(503, { 'x-envoy-ratelimited': 'true' })), false)
  assert.equal(tried('retry_on: reset', reset('remote-reset')), true)
  assert.equal(tried('retry_on: "connect-failure, refused-stream"', reset('remote-refused-stream-reset')), true)
  assert.equal(tried('retry_on: connect-failure', reset('remote-reset')), false)
  assert.equal(tried('retry_on: connect-failure', reset('connection-failure')), true)
  assert.equal(tried('retry_on: reset-before-request', reset('remote-reset')), false)
  assert.equal(tried('num_retries: 1', status(503), { 'x-envoy-retry-on': '5xx' }), true)
  assert.equal(tried('num_retries: 1', status(503), { 'x-envoy-retry-on': '5xx', 'x-envoy-max-retries': '0' }), false)
  assert.equal(tried('retry_on: "5xx", retriable_request_headers: [{name: x-ok}]', status(503)), false)
})

test('the circuit breaker of retries: UO', () => {
  const setup = new Setup(retry('retry_on: "5xx"'))
  setup.cluster.retries.max = 0
  setup.request()
  setup.cluster.last.respond(503)
  assert.equal(setup.status, 503)
  assert.ok(setup.flag('upstreamOverflow'))
  assert.equal(setup.stat('upstreamRqRetryOverflow'), 1)
})

test('per_try_timeout retries, then 504 with URX and UT', () => {
  const setup = new Setup(retry('retry_on: "5xx", per_try_timeout: 0.2s')).request()
  assert.equal(setup.cluster.last.headers?.get('x-envoy-expected-rq-timeout-ms'), '200')
  mock.timers.tick(200)
  // The random back-off may be 0 ms, and the second try be there already.
  assert.equal(setup.cluster.streams[0]?.resetReason, 'local-reset')
  mock.timers.tick(25)
  assert.equal(setup.cluster.streams.length, 2)
  mock.timers.tick(200)
  assert.deepEqual([setup.status, setup.details], [504, 'upstream_per_try_timeout'])
  assert.ok(setup.flag('upstreamRetryLimitExceeded') && setup.flag('upstreamRequestTimeout'))
})

test('a body over the buffer limit gives up on retries', () => {
  const setup = new Setup(retry('retry_on: "5xx"'))
  setup.callbacks.decoderBufferLimitBytes = 3
  setup.request(false)
  setup.router.decodeData(Buffer.from('1234'), true)
  assert.equal(setup.cluster.last.body, '1234')
  setup.cluster.last.respond(503)
  passBackOff()
  assert.equal(setup.cluster.streams.length, 1)
  assert.equal(setup.status, 503)
  assert.equal(setup.stat('retryOrShadowAbandoned'), 1)
})

test('the body overflows while a retry waits: 507', () => {
  const setup = new Setup(retry('retry_on: "5xx"'))
  setup.callbacks.decoderBufferLimitBytes = 3
  setup.request(false)
  setup.cluster.last.callbacks?.onResetStream('remote-reset', '')
  setup.router.decodeData(Buffer.from('1234'), true)
  assert.deepEqual([setup.status, setup.details], [507, 'request_payload_exceeded_retry_buffer_limit'])
  passBackOff()
  assert.equal(setup.cluster.streams.length, 1)
  assert.equal(setup.cluster.retries.count, 0)
})

test('the previous-hosts predicate tries other hosts', () => {
  const setup = new Setup(
    retry(
      'retry_on: "5xx", host_selection_retry_max_attempts: 3, retry_host_predicate: [{name: p, typed_config: {"@type": type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3.PreviousHostsPredicate}}]',
    ),
  )
  const a = fakeHost('a')
  setup.cluster.hosts = [a, a, a, fakeHost('b')]
  setup.request()
  setup.cluster.last.respond(503)
  passBackOff()
  assert.equal(setup.cluster.last.host.hostname, 'b')
})

test('auto_host_rewrite takes the name of the host', () => {
  const setup = new Setup('route: {cluster: up, auto_host_rewrite: true}').request()
  assert.equal(setup.cluster.last.headers?.authority, 'a')
  assert.equal(setup.cluster.last.headers?.get('x-envoy-original-host'), 'example.com')
})

test('strict_check_headers refuses what is no number', () => {
  const setup = new Setup(undefined, '', '{strict_check_headers: [x-envoy-max-retries]}').request(true, {
    'x-envoy-max-retries': 'x',
  })
  assert.deepEqual([setup.status, setup.callbacks.body], [400, "invalid header 'x-envoy-max-retries' with value 'x'"])
  assert.ok(setup.flag('invalidEnvoyRequestHeaders'))
})

test('dynamic_stats false counts no codes', () => {
  const setup = new Setup(undefined, '', '{dynamic_stats: false}').request()
  setup.cluster.last.respond(200)
  assert.equal(setup.stat('code 200'), 0)
})

const webSocket = { connection: 'Upgrade', upgrade: 'websocket' }

test('a WebSocket: data waits for 101, then passes', () => {
  const setup = new Setup().request(false, webSocket)
  const { last } = setup.cluster
  setup.router.decodeData(Buffer.from('early'), false)
  assert.equal(last.body, '')
  last.respond(101, false, webSocket)
  assert.equal(last.body, 'early')
  setup.router.decodeData(Buffer.from(' late'), false)
  assert.equal(last.body, 'early late')
  assert.equal(setup.status, 101)
  assert.equal(setup.callbacks.ended, false)
})

test('a WebSocket that is answered 200 is over: the headers pass, the body does not', () => {
  const setup = new Setup().request(false, webSocket)
  setup.cluster.last.respond(200, false, { 'content-length': '2' })
  assert.equal(setup.callbacks.ended, true)
  assert.equal(setup.callbacks.responseHeaders?.has('content-length'), false)
  assert.equal(setup.callbacks.reply?.details, 'websocket_handshake_unsuccessful')
  assert.equal(setup.cluster.last.resetReason, 'local-reset')
})

test('a WebSocket that is refused with 403 passes whole', () => {
  const setup = new Setup().request(false, webSocket)
  setup.cluster.last.respond(403, false)
  setup.cluster.last.decoder.decodeData(Buffer.from('no'), true)
  assert.equal(setup.callbacks.body, 'no')
})

/** Requests go to `up` and are mirrored to `mirror`. */
function mirrored(policy = '{cluster: mirror}'): { setup: Setup; mirror: FakeCluster } {
  const mirror = new FakeCluster('mirror')
  const setup = new Setup(`route: {cluster: up, timeout: 5s, request_mirror_policies: [${policy}]}`, '', '{}', mirror)
  return { setup, mirror }
}

test('a mirror gets a copy of head, body and trailers; its answer goes nowhere', () => {
  const { setup, mirror } = mirrored()
  setup.request(false)
  setup.router.decodeData(Buffer.from('body'), false)
  setup.router.decodeTrailers(HeaderMap.of({ t: '1' }))
  const { last } = mirror
  assert.equal(last.headers?.authority, 'example.com-shadow')
  assert.equal(last.headers?.get('x-envoy-internal'), 'true')
  assert.equal(last.body, 'body')
  assert.equal(last.ended, true)
  last.respond(500)
  assert.equal(setup.status, 0)
  assert.equal(mirror.counts.get('code 500 internal'), 1)
  setup.cluster.last.respond(200)
  assert.equal(setup.status, 200)
})

test('a mirror that waits for a connection gets all once there is one', () => {
  const { setup, mirror } = mirrored()
  mirror.ready = false
  setup.request(false)
  setup.router.decodeData(Buffer.from('bo'), false)
  setup.router.decodeData(Buffer.from('dy'), true)
  mirror.last.ready()
  assert.equal(mirror.last.body, 'body')
  assert.equal(mirror.last.ended, true)
})

test('a mirror that cannot take more holds the request back, until it can or is gone', () => {
  const { setup, mirror } = mirrored()
  setup.request(false)
  mirror.last.callbacks?.onAboveWriteBufferHighWatermark()
  assert.equal(setup.callbacks.readPauses, 1)
  mirror.last.callbacks?.onBelowWriteBufferLowWatermark()
  assert.equal(setup.callbacks.readPauses, 0)
  mirror.last.callbacks?.onAboveWriteBufferHighWatermark()
  mirror.last.callbacks?.onResetStream('remote-reset', '')
  assert.equal(setup.callbacks.readPauses, 0)
  assert.equal(setup.status, 0)
})

test('a request that breaks off takes its copy along; a complete one leaves it behind', () => {
  const broken = mirrored()
  broken.setup.request(false).router.onDestroy()
  assert.equal(broken.mirror.last.resetReason, 'local-reset')
  const complete = mirrored()
  complete.setup.request().router.onDestroy()
  assert.equal(complete.mirror.last.resetReason, undefined)
})

test('a mirror that does not answer is given up after the timeout of the route', () => {
  const { setup, mirror } = mirrored()
  setup.request().cluster.last.respond(200)
  mock.timers.tick(5000)
  assert.equal(mirror.last.resetReason, 'local-reset')
  assert.equal(mirror.counts.get('upstreamRqTimeout'), 1)
  assert.equal(mirror.counts.get('code 504 internal'), 1)
})

test('a mirror of another fraction of requests gets none', () => {
  const { setup, mirror } = mirrored('{cluster: mirror, runtime_fraction: {default_value: {numerator: 5}}}')
  setup.request()
  assert.equal(mirror.streams.length, 0)
})

test('a mirror that answers before it has the whole request gets no more of it', () => {
  const { setup, mirror } = mirrored()
  setup.request(false)
  mirror.last.respond(200)
  assert.equal(mirror.last.resetReason, 'local-reset')
  setup.router.decodeData(Buffer.from('more'), true)
  assert.equal(mirror.last.body, '')
  assert.equal(setup.cluster.last.body, 'more')
})

const bound = (policy: string): string => `route: {cluster: up, hash_policy: [${policy}]}`

test('a generated cookie stays the same, is sent once, and hashes as it will when it comes back', () => {
  const setup = new Setup(bound('{cookie: {name: c, ttl: 5s, path: /p}}')).request()
  const hash = setup.router.computeHashKey()
  assert.equal(setup.router.computeHashKey(), hash)
  setup.cluster.last.respond(200)
  const cookies = setup.callbacks.responseHeaders?.getAll('set-cookie') ?? []
  assert.equal(cookies.length, 1)
  const [, value = ''] = /^c="([0-9a-f]{16})"; Max-Age=5; Path=\/p; HttpOnly$/.exec(cookies[0] as string) ?? []
  const next = new Setup(bound('{cookie: {name: c, ttl: 5s, path: /p}}')).request(true, { cookie: `c="${value}"` })
  assert.equal(next.router.computeHashKey(), hash)
})

test('filter state is hashed where it is made for that', () => {
  const setup = new Setup(bound('{filter_state: {key: k}}')).request()
  assert.equal(setup.router.computeHashKey(), undefined)
  const state = { serializeAsString: () => 'a' }
  setup.callbacks.streamInfo.filterState = new Map([['k', state]])
  assert.equal(setup.router.computeHashKey(), undefined)
  setup.callbacks.streamInfo.filterState = new Map([['k', { ...state, hashInput: () => 'a' }]])
  assert.equal(setup.router.computeHashKey(), 0xd24e_c4f1_a98c_6e5bn)
})

const follow = (policy = '{}'): string => `route: {cluster: up, internal_redirect_policy: ${policy}}`
const next = { location: 'http://b.test:81/next?q=1' }

test('a redirect is followed: the request starts again where it leads, with its body', () => {
  const setup = new Setup(follow()).request(false)
  setup.router.decodeData(Buffer.from('bo'), false)
  setup.router.decodeData(Buffer.from('dy'), true)
  setup.cluster.last.respond(302, false, next)
  assert.equal(setup.callbacks.redirected?.body, 'body')
  assert.equal(setup.callbacks.redirected?.response.status, 302)
  assert.equal(setup.status, 0, 'the client is told nothing')
  assert.equal(setup.cluster.last.resetReason, 'local-reset', 'nobody wants the rest of the answer')
  const { headers } = setup
  assert.deepEqual([headers.scheme, headers.authority, headers.path], ['http', 'b.test:81', '/next?q=1'])
  assert.equal(headers.get('x-envoy-original-url'), 'http://example.com/')
  assert.equal(setup.stat('upstreamInternalRedirectSucceededTotal'), 1)
})

test('a redirect is passed on while the request is incomplete, or when its body was too long to keep', () => {
  const incomplete = new Setup(follow()).request(false)
  incomplete.cluster.last.respond(302, true, next)
  assert.equal(incomplete.status, 302)
  const long = new Setup(follow())
  long.callbacks.decoderBufferLimitBytes = 3
  long.request(false).router.decodeData(Buffer.from('body'), true)
  long.cluster.last.respond(302, true, next)
  assert.equal(long.status, 302)
  assert.equal(long.callbacks.redirected, undefined)
  assert.equal(long.stat('retryOrShadowAbandoned'), 1)
  assert.equal(long.stat('upstreamInternalRedirectFailedTotal'), 1)
})

test('a redirect that is not followed leaves the request as it was', () => {
  const setup = new Setup(follow('{max_internal_redirects: 0, response_headers_to_copy: [x-new]}')).request()
  const before = setup.headers.list.slice()
  setup.cluster.last.respond(302, true, { ...next, 'x-new': '1' })
  assert.deepEqual(setup.headers.list, before)
  assert.equal(setup.counts.get('passthrough_internal_redirect_too_many_redirects'), 1)
})

test('virtual cluster and route count what the cluster counts', () => {
  const route = 'stat_prefix: r, route: {cluster: up, timeout: 1s}'
  const setup = new Setup(route, 'virtual_clusters: [{name: all, headers: [{name: ":path"}]}],').request()
  assert.equal(setup.callbacks.streamInfo.virtualClusterName, 'all')
  mock.timers.tick(1000)
  // Both have a scope of their own, which the test does not tell apart.
  for (const name of ['upstream_rq_total', 'upstream_rq_timeout', 'upstream_rq_504', 'upstream_rq_5xx'])
    assert.equal(setup.counts.get(name), 2, name)
})

test('a mirror whose answer breaks off is counted once', () => {
  const { setup, mirror } = mirrored()
  setup.request()
  mirror.last.respond(200, false)
  mirror.last.callbacks?.onResetStream('remote-reset', '')
  assert.equal(mirror.counts.get('code 200 internal'), 1)
  assert.equal(mirror.counts.get('code 503 internal'), 0)
})

test('a body that waits for the mirror holds the request back beyond the limit, until it is sent', () => {
  const { setup, mirror } = mirrored()
  mirror.ready = false
  setup.callbacks.decoderBufferLimitBytes = 3
  setup.request(false).router.decodeData(Buffer.from('body'), false)
  setup.router.decodeData(Buffer.from('more'), false)
  assert.equal(setup.callbacks.readPauses, 1)
  mirror.last.ready()
  assert.equal(mirror.last.body, 'bodymore')
  assert.equal(setup.callbacks.readPauses, 0)
})

const hedged = (more = ''): string =>
  `route: {cluster: up, timeout: 10s, hedge_policy: {hedge_on_per_try_timeout: true}, retry_policy: {retry_on: "5xx", num_retries: 2, per_try_timeout: 1s${more}}}`

test('hedging: the first attempt may still answer, and its host stands in the log', () => {
  const setup = new Setup(hedged())
  setup.cluster.hosts = [fakeHost('a'), fakeHost('b')]
  setup.request()
  const first = setup.cluster.last
  mock.timers.tick(1000)
  passBackOff()
  const second = setup.cluster.last
  assert.notEqual(first, second)
  assert.equal(first.resetReason, undefined)
  first.respond(200, false, { 'x-up': '1' })
  assert.equal(second.resetReason, 'local-reset')
  first.decoder.decodeData(Buffer.from('body'), true)
  assert.equal(setup.status, 200)
  assert.equal(setup.callbacks.body, 'body')
  assert.equal(setup.callbacks.streamInfo.upstreamHost?.hostname, 'a')
})

test('hedging: the second attempt answers, the first is given up', () => {
  const setup = new Setup(hedged()).request()
  const first = setup.cluster.last
  mock.timers.tick(1000)
  passBackOff()
  setup.cluster.last.respond(200)
  assert.equal(first.resetReason, 'local-reset')
  assert.equal(setup.status, 200)
})

test('hedging: a bad answer waits for the others', () => {
  const setup = new Setup(hedged(', retry_back_off: {base_interval: 0.001s}')).request()
  const first = setup.cluster.last
  mock.timers.tick(1000)
  mock.timers.tick(10)
  const second = setup.cluster.last
  first.respond(503)
  assert.equal(setup.status, 0)
  second.respond(200)
  assert.equal(setup.status, 200)
})

test('hedging: a client that goes away ends all attempts', () => {
  const setup = new Setup(hedged()).request()
  const first = setup.cluster.last
  mock.timers.tick(1000)
  passBackOff()
  setup.router.onDestroy()
  assert.equal(first.resetReason, 'local-reset')
  assert.equal(setup.cluster.last.resetReason, 'local-reset')
  assert.equal(setup.cluster.retries.count, 0)
})

test('reject_connect_request_early_data refuses data before the upstream has accepted, not after', () => {
  const early = new Setup(undefined, '', '{reject_connect_request_early_data: true}')
  early.request(false, { ':method': 'CONNECT' })
  early.router.decodeData(Buffer.from('early'), false)
  assert.equal(early.status, 400)
  assert.equal(early.details, 'early_connect_data')

  const late = new Setup(undefined, '', '{reject_connect_request_early_data: true}')
  late.request(false, { ':method': 'CONNECT' })
  late.cluster.last.respond(200, false)
  late.router.decodeData(Buffer.from('late'), false)
  assert.equal(late.status, 200)
  assert.equal(late.cluster.last.body, 'late')
})

test('a mirror’s own cluster tries its copies again', () => {
  const { setup, mirror } = mirrored()
  const retryPolicy = messageOf<RetryPolicy>('envoy.config.route.v3.RetryPolicy', '{retry_on: 5xx}')
  mirror.info.policies = { retryPolicy: makeRetryPolicy(retryPolicy), shadowPolicies: undefined }
  setup.request()
  mirror.last.respond(503)
  passBackOff()
  assert.equal(mirror.streams.length, 2)
  mirror.last.respond(503)
  passBackOff()
  assert.equal(mirror.streams.length, 2)
  assert.equal(mirror.retries.count, 0)
  setup.cluster.last.respond(200)
  assert.equal(setup.status, 200)
})

test('a cluster that mirrors to itself comes to an end', () => {
  const { setup, mirror } = mirrored()
  const toItself: ShadowPolicy = { clusterName: () => 'mirror', enabled: () => true, finalizeHeaders: () => {} }
  mirror.info.policies = { retryPolicy: undefined, shadowPolicies: [toItself] }
  setup.request()
  assert.equal(mirror.streams.length, 3)
})

test('CONNECT is not mirrored', () => {
  const { setup, mirror } = mirrored()
  setup.request(false, { ':method': 'CONNECT' })
  assert.equal(mirror.streams.length, 0)
})

test('a copy with the time of the request: its mirror may be silent no longer', () => {
  const { setup, mirror } = mirrored()
  setup.request()
  setup.cluster.last.respond(200)
  mock.timers.tick(5000)
  assert.equal(mirror.last.resetReason, 'local-reset')
  assert.equal(mirror.counts.get('code 504 internal'), 1)
})
