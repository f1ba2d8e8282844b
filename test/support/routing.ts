/** Stand-ins for what surrounds matchers, routes and the router in unit tests. */
import { ThreadDiscovery } from '../../src/xds/thread-discovery.ts'
import { SharedCells } from '../../src/base/shared-cells.ts'
import { ConfigErrors } from '../../src/base/errors.ts'
import { decodeJson } from '../../src/config/decode-json.ts'
import { parseYaml } from '../../src/config/yaml-source.ts'
import type { LogContext } from '../../src/core/access-log.ts'
import type {
  Cluster,
  ClusterInfo,
  ClusterRequestPolicies,
  ClusterStats,
  Host,
  HttpConnectionPool,
  HttpPoolCallbacks,
  LoadBalancerContext,
  Resource,
} from '../../src/core/cluster.ts'
import type { RequestEncoder, ResponseDecoder, StreamCallbacks, StreamResetReason } from '../../src/core/codec.ts'
import type { Connection } from '../../src/core/connection.ts'
import type { FactoryContext, HttpFilterContext, Runtime } from '../../src/core/extension.ts'
import { HeaderMap } from '../../src/core/header-map.ts'
import type { DownstreamWatermarkCallbacks, HttpFilterCallbacks, LocalReply } from '../../src/core/http-filter.ts'
import type { Route } from '../../src/core/route.ts'
import type { DownstreamInfo, StreamInfo } from '../../src/core/stream-info.ts'
import { StreamInformation } from '../../src/network/stream-info.ts'
import type { Counter, Scope } from '../../src/stats/scope.ts'

/** A decoded message from YAML; throws `ConfigErrors` as loading would. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the caller knows what the name stands for
export function messageOf<Message>(fullName: string, yaml: string): Message {
  const { value, source } = parseYaml(yaml, 'test.yaml')
  const errors: ConstructorParameters<typeof ConfigErrors>[0][number][] = []
  const message = decodeJson(fullName, value, source, errors)
  if (errors.length > 0) throw new ConfigErrors(errors)
  return message as unknown as Message
}

const address = { kind: 'ip', ip: '127.0.0.1', port: 80, version: 4 } as const

export const downstreamInfo: DownstreamInfo = {
  connectionId: 7,
  localAddress: { ...address, port: 10_000 },
  directRemoteAddress: { ...address, ip: '10.1.10.23', port: 4711 },
  remoteAddress: { ...address, ip: '10.1.10.23', port: 4711 },
  requestedServerName: undefined,
  tls: undefined,
  listenerName: 'l',
  filterChainName: '',
}

export function streamInfo(): StreamInfo {
  return new StreamInformation(downstreamInfo, 'HTTP/1.1')
}

export function logContext(parts: Partial<LogContext> = {}): LogContext {
  return {
    requestHeaders: undefined,
    responseHeaders: undefined,
    responseTrailers: undefined,
    streamInfo: streamInfo(),
    localReplyBody: '',
    logType: 'DownstreamEnd',
    ...parts,
  }
}

export function requestHeaders(path: string, more: Readonly<Record<string, string>> = {}): HeaderMap {
  return HeaderMap.of({
    ':authority': 'example.com',
    ':path': path,
    ':method': 'GET',
    ':scheme': 'http',
    'x-forwarded-proto': 'http',
    ...more,
  })
}

/** Counts by name. */
/** Nothing is set. */
const fakeRuntime: Runtime = {
  getInteger: (_, value) => value,
  getDouble: (_, value) => value,
  getBoolean: (_, value) => value,
  featureEnabled: (_, numerator, denominator, random) => random % denominator < numerator,
}

export class Counts {
  readonly values = new Map<string, number>()

  counter(name: string): Counter {
    const { values } = this
    const add = (n: number): void => {
      values.set(name, (values.get(name) ?? 0) + n)
    }
    return {
      inc: () => add(1),
      add,
      get value() {
        return values.get(name) ?? 0
      },
    }
  }

  get(name: string): number {
    return this.values.get(name) ?? 0
  }

  scope(): Scope {
    const gauge = (name: string): ReturnType<Scope['gauge']> => {
      const counter = this.counter(name)
      return {
        inc: () => counter.inc(),
        dec: () => counter.add(-1),
        add: n => counter.add(n),
        sub: n => counter.add(-n),
        set: n => void this.values.set(name, n),
        value: 0,
      }
    }
    return {
      scope: () => this.scope(),
      counter: name => this.counter(name),
      gauge,
      histogram: () => ({ record() {} }),
      text() {},
    }
  }
}

export class FakeResource implements Resource {
  count = 0
  max = 3
  canCreate(): boolean {
    return this.count < this.max
  }
  inc(): void {
    this.count++
  }
  dec(): void {
    this.count--
  }
}

/** Every stat is counted under its property name, response codes as `code 503`. */
function clusterStats(counts: Counts): ClusterStats {
  const special: Partial<ClusterStats> = {
    chargeResponseCode: (status, internal) => counts.counter(`code ${status}${internal ? ' internal' : ''}`).inc(),
    chargeRetryResponseCode: status => counts.counter(`retry code ${status}`).inc(),
    recordRequestTime: () => counts.counter('time').inc(),
  }
  return new Proxy({} as ClusterStats, {
    get: (_, name: string) => special[name as keyof ClusterStats] ?? counts.scope().gauge(name),
  })
}

export function fakeHost(name: string): Host {
  return {
    address,
    addressString: `${name}:80`,
    hostname: name,
    clusterName: 'up',
    weight: 1,
    priority: 0,
    metadata: undefined,
    locality: { region: '', zone: '', subZone: '' },
    healthy: true,
    degraded: false,
    activeRequests: 0,
    stats: {
      cxTotal: 0,
      cxActive: 0,
      cxConnectFail: 0,
      rqTotal: 0,
      rqActive: 0,
      rqSuccess: 0,
      rqError: 0,
      rqTimeout: 0,
    },
    onResponse() {},
  }
}

/** One stream at the upstream: what was sent on it, and the decoder to answer with. */
export class FakeStream implements RequestEncoder {
  readonly decoder: ResponseDecoder
  readonly poolCallbacks: HttpPoolCallbacks
  readonly host: Host
  callbacks: StreamCallbacks | undefined
  headers: HeaderMap | undefined
  body = ''
  ended = false
  resetReason: StreamResetReason | undefined
  cancelled = false
  readDisables = 0

  constructor(decoder: ResponseDecoder, poolCallbacks: HttpPoolCallbacks, host: Host) {
    this.decoder = decoder
    this.poolCallbacks = poolCallbacks
    this.host = host
  }

  readonly stream = {
    resetStream: (reason: StreamResetReason): void => void (this.resetReason = reason),
    readDisable: (disable: boolean): void => void (this.readDisables += disable ? 1 : -1),
    setCallbacks: (callbacks: StreamCallbacks): void => void (this.callbacks = callbacks),
    bufferedBytes: 0,
    codecDetails: '',
    wireBytesReceived: 0,
    wireBytesSent: 0,
    headerBytesReceived: 0,
    headerBytesSent: 0,
    decompressedHeaderBytesReceived: 0,
    decompressedHeaderBytesSent: 0,
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.headers = headers.copy()
    this.ended = endStream
  }

  encodeData(data: Uint8Array | string, endStream: boolean): void {
    this.body += Buffer.from(data as Uint8Array).toString('latin1')
    this.ended = endStream
  }

  encodeTrailers(): void {
    this.ended = true
  }

  ready(): void {
    const info = { id: 1, localAddress: address, remoteAddress: address, protocol: 'HTTP/1.1' } as const
    this.poolCallbacks.onPoolReady(this, this.host, info)
  }

  respond(status: number, endStream = true, more: Readonly<Record<string, string>> = {}): void {
    this.decoder.decodeHeaders(HeaderMap.of({ ':status': String(status), ...more }), endStream)
  }
}

export class FakeCluster implements Cluster {
  readonly counts = new Counts()
  readonly retries = new FakeResource()
  readonly streams: FakeStream[] = []
  hosts: Host[] = [fakeHost('a')]
  /** Whether a connection is there at once. */
  ready = true
  #next = 0
  readonly info: ClusterInfo & { maintenanceMode: boolean; policies: ClusterRequestPolicies }

  constructor(name = 'up') {
    const limit = new FakeResource()
    this.info = {
      name,
      statName: name,
      connectTimeoutMs: 1000,
      perConnectionBufferLimitBytes: 0,
      maxRequestsPerConnection: 0,
      maxStreamDurationMs: 0,
      policies: { retryPolicy: undefined, shadowPolicies: undefined },
      metadata: undefined,
      http1: true,
      http2: false,
      maintenanceMode: false,
      runtime: fakeRuntime,
      upstreamFilters: undefined,
      resourceManager: () => ({
        connections: limit,
        pendingRequests: limit,
        requests: limit,
        retries: this.retries,
        connectionPools: limit,
        maxConnectionsPerHost: Number.POSITIVE_INFINITY,
        onRequest: () => {},
      }),
      stats: clusterStats(this.counts),
    }
  }

  get last(): FakeStream {
    const last = this.streams.at(-1)
    if (last === undefined) throw new Error('no stream was opened')
    return last
  }

  chooseHost(context?: LoadBalancerContext): Host | undefined {
    let host = this.hosts[this.#next++ % this.hosts.length]
    for (let i = context?.hostSelectionRetryCount ?? 0; i > 0 && host && context?.shouldSelectAnotherHost(host); i--)
      host = this.hosts[this.#next++ % this.hosts.length]
    return host
  }

  httpConnectionPool(host: Host): HttpConnectionPool {
    return {
      host,
      newStream: (decoder, callbacks) => {
        const stream = new FakeStream(decoder, callbacks, host)
        this.streams.push(stream)
        if (this.ready) stream.ready()
        return this.ready ? undefined : { cancel: () => void (stream.cancelled = true) }
      },
    }
  }

  newTcpConnection(): undefined {
    return undefined
  }
}

export function factoryContext(
  clusters: ReadonlyMap<string, Cluster> = new Map(),
  counts = new Counts(),
): FactoryContext {
  return {
    clusters: { get: name => clusters.get(name), clusters },
    stats: counts.scope(),
    shared: new SharedCells(0),
    workerIndex: 0,
    node: { id: '', cluster: '', zone: '' },
    drainClose: () => false,
    healthCheckFailed: () => false,
    runtime: fakeRuntime,
    openAccessLog: () => ({ write() {} }),
    extensions: {
      knows: () => false,
      networkFilter: unexpected,
      upstreamHttpFilters: () => undefined,
      httpFilter: unexpected,
      accessLog: unexpected,
      accessLogFilter: unexpected,
      formatter: unexpected,
      downstreamTransportSocket: unexpected,
      upstreamTransportSocket: unexpected,
      originalIpDetection: unexpected,
      earlyHeaderMutation: unexpected,
      requestIds: unexpected,
      headerKeyFormatter: unexpected,
      clusterSpecifier: () => {
        throw new Error('not here')
      },
      statSink: unexpected,
      bootstrapExtension: unexpected,
      perFilterConfig: (_, config) => config.value,
    },
    singletons: new Map(),
    discovery: new ThreadDiscovery(new Map()),
    onClose() {},
    onThreadEnd() {},
  }
}

export function filterContext(context: FactoryContext): HttpFilterContext {
  return {
    ...context,
    listenerName: 'l',
    trafficDirection: 'UNSPECIFIED',
    listenerMetadata: undefined,
    listenerStats: context.stats,
    httpStats: context.stats,
  }
}

function unexpected(): never {
  throw new Error('not expected')
}

/** The stream of one request as the router sees it, with everything that it did. */
export class FakeCallbacks implements HttpFilterCallbacks {
  readonly connection = { id: 7 } as Connection
  readonly downstream = downstreamInfo
  readonly streamInfo = streamInfo()
  readonly streamId = 1
  readonly random = 5
  readonly filterConfigName = 'envoy.filters.http.router'
  requestHeaders: HeaderMap | undefined = undefined
  requestTrailers: HeaderMap | undefined = undefined
  responseHeaders: HeaderMap | undefined = undefined
  responseTrailers: HeaderMap | undefined = undefined
  decoderBufferLimitBytes = 0
  encoderBufferLimitBytes = 0
  readonly #route: Route | undefined
  reply: LocalReply | undefined
  informational: number[] = []
  body = ''
  ended = false
  readPauses = 0
  readonly metadata: (readonly string[])[] = []
  watermarks: DownstreamWatermarkCallbacks | undefined

  constructor(route: Route | undefined) {
    this.#route = route
  }

  route(): Route | undefined {
    return this.#route
  }

  sendLocalReply(reply: LocalReply): void {
    this.reply = reply
    this.streamInfo.responseFlags |= reply.flags ?? 0
    const headers = new HeaderMap([':status', String(reply.status)])
    if (this.#route?.entry) this.#route.finalizeResponseHeaders(headers, this.streamInfo, this.requestHeaders)
    reply.modifyHeaders?.(headers)
    this.responseHeaders = headers
    this.body = Buffer.from(reply.body ?? '').toString()
    this.ended = true
  }

  encode1xxHeaders(headers: HeaderMap): void {
    this.informational.push(headers.status)
  }
  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.responseHeaders = headers
    this.ended = endStream
  }
  encodeData(data: Uint8Array, endStream: boolean): void {
    this.body += Buffer.from(data).toString('latin1')
    this.ended = endStream
  }
  encodeMetadata(list: readonly string[]): void {
    this.metadata.push(list)
  }
  encodeTrailers(trailers: HeaderMap): void {
    this.responseTrailers = trailers
    this.ended = true
  }
  onDecoderFilterAboveWriteBufferHighWatermark(): void {
    this.readPauses++
  }
  onDecoderFilterBelowWriteBufferLowWatermark(): void {
    this.readPauses--
  }
  addDownstreamWatermarkCallbacks(callbacks: DownstreamWatermarkCallbacks): void {
    this.watermarks = callbacks
  }
  removeDownstreamWatermarkCallbacks(): void {
    this.watermarks = undefined
  }

  clearRouteCache(): void {}
  recreateStream(response: HeaderMap, body: readonly Uint8Array[]): boolean {
    this.redirected = { response, body: Buffer.concat(body).toString('latin1') }
    return true
  }
  redirected: { readonly response: HeaderMap; readonly body: string } | undefined
  continueDecoding = unexpected
  continueEncoding = unexpected
  resetStream = unexpected
  decodingBuffer = unexpected
  encodingBuffer = unexpected
  replaceCurrentData = unexpected
  addDecodedData = unexpected
  addEncodedData = unexpected
  injectDecodedData = unexpected
  injectEncodedData = unexpected
  addDecodedTrailers = unexpected
  addEncodedTrailers = unexpected
}
