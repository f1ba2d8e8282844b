/** A connection manager over a codec that a test plays: requests go in as events, what comes out is remembered. */
import { makeUuidRequestIds } from '../../src/extensions/request-id/uuid/uuid.ts'
import { logger } from '../../src/base/log.ts'
import type {
  CodecStream,
  DispatchResult,
  RequestDecoder,
  ResponseEncoder,
  ServerConnection,
  ServerConnectionCallbacks,
  StreamCallbacks,
  StreamResetReason,
} from '../../src/core/codec.ts'
import type {
  CloseType,
  ConnectionCallbacks,
  ConnectionEvent,
  NetworkFilterCallbacks,
} from '../../src/core/connection.ts'
import { HeaderMap } from '../../src/core/header-map.ts'
import type { HttpFilter, HttpFilterCallbacks } from '../../src/core/http-filter.ts'
import type { Route, RouteTable } from '../../src/core/route.ts'
import type { DownstreamInfo, Protocol } from '../../src/core/stream-info.ts'
import { ConnectionManager } from '../../src/http/connection-manager.ts'
import type { HttpConnectionManagerSettings } from '../../src/http/settings.ts'
import { HttpStats } from '../../src/http/stats.ts'
import { StreamInformation } from '../../src/network/stream-info.ts'
import { StatsStore } from '../../src/stats/store.ts'
import { FakeConnection } from './fake-connection.ts'

// Bugs that tests plant are logged as errors.
logger('http').level = 'off'

/** FakeConnection with events and a limit. */
class EventedConnection extends FakeConnection {
  override readonly bufferLimitBytes: number
  readonly #callbacks: ConnectionCallbacks[] = []

  constructor(bufferLimitBytes: number) {
    super()
    this.bufferLimitBytes = bufferLimitBytes
  }

  override addCallbacks(callbacks?: ConnectionCallbacks): void {
    if (callbacks !== undefined) this.#callbacks.push(callbacks)
  }

  override close(type: CloseType, reason = ''): void {
    if (this.state === 'closed') return
    this.localCloseReason = reason
    super.close(type)
    this.fire('local-close')
  }

  fire(event: ConnectionEvent): void {
    if (event !== 'connected') this.state = 'closed'
    for (const each of this.#callbacks) each.onEvent(event)
  }
}

/** One exchange as the codec sees it. */
export class FakeExchange implements ResponseEncoder, CodecStream {
  readonly codec: FakeCodec
  decoder!: RequestDecoder
  callbacks: StreamCallbacks | undefined = undefined
  codecDetails = ''
  bufferedBytes = 0
  wireBytesReceived = 0
  wireBytesSent = 0
  headerBytesReceived = 0
  headerBytesSent = 0
  decompressedHeaderBytesReceived = 0
  decompressedHeaderBytesSent = 0
  readonly streamErrorOnInvalidHttpMessage = false
  /** `1xx 100`, `headers 200 end`, `data hi`, `trailers a=b`, `reset local-reset`, in order. */
  readonly events: string[] = []
  headers: HeaderMap | undefined = undefined
  body = ''
  readDisables = 0

  constructor(codec: FakeCodec) {
    this.codec = codec
  }

  get stream(): CodecStream {
    return this
  }

  /** `:status` of the final response, '' before it. */
  get status(): string {
    return this.headers?.get(':status') ?? ''
  }

  get ended(): boolean {
    return this.events.at(-1)?.endsWith('end') ?? false
  }

  setCallbacks(callbacks: StreamCallbacks): void {
    this.callbacks = callbacks
  }

  readDisable(disable: boolean): void {
    this.readDisables += disable ? 1 : -1
  }

  resetStream(reason: StreamResetReason): void {
    this.events.push(`reset ${reason}`)
    this.codec.exchanges.delete(this)
  }

  encode1xxHeaders(headers: HeaderMap): void {
    this.events.push(`1xx ${headers.get(':status')}`)
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    this.headers = headers.copy()
    this.events.push(`headers ${headers.get(':status')}${endStream ? ' end' : ''}`)
    if (endStream) this.codec.exchanges.delete(this)
  }

  encodeData(data: Uint8Array | string, endStream: boolean): void {
    const text = typeof data === 'string' ? data : Buffer.from(data).toString()
    this.body += text
    this.events.push(`data ${text}${endStream ? ' end' : ''}`)
    if (endStream) this.codec.exchanges.delete(this)
  }

  encodeTrailers(trailers: HeaderMap): void {
    this.events.push(`trailers ${[...trailers].map(([name, value]) => `${name}=${value}`).join(' ')} end`)
    this.codec.exchanges.delete(this)
  }
}

export class FakeCodec implements ServerConnection {
  protocol: Protocol = 'HTTP/1.1'
  closeAfterResponse = false
  errorDetails = ''
  readonly exchanges = new Set<FakeExchange>()
  readonly callbacks: ServerConnectionCallbacks
  dispatchResult: DispatchResult = 'ok'
  readonly calls: string[] = []

  constructor(callbacks: ServerConnectionCallbacks) {
    this.callbacks = callbacks
  }

  get activeStreams(): number {
    return this.exchanges.size
  }

  dispatch(): DispatchResult {
    return this.dispatchResult
  }

  goAway(): void {
    this.calls.push('goAway')
  }

  shutdownNotice(): void {
    this.calls.push('shutdownNotice')
  }

  onUnderlyingConnectionAboveWriteBufferHighWatermark(): void {
    for (const each of this.exchanges) each.callbacks?.onAboveWriteBufferHighWatermark()
  }

  onUnderlyingConnectionBelowWriteBufferLowWatermark(): void {
    for (const each of this.exchanges) each.callbacks?.onBelowWriteBufferLowWatermark()
  }

  onConnectionClosed(reason: StreamResetReason): void {
    for (const each of this.exchanges) each.callbacks?.onResetStream(reason, '')
    this.exchanges.clear()
  }
}

export interface HarnessOptions {
  readonly settings?: Partial<HttpConnectionManagerSettings>
  /** In order; a terminal filter that answers nothing follows unless `terminal` is given. */
  readonly filters?: readonly ((callbacks: HttpFilterCallbacks) => HttpFilter)[]
  readonly terminal?: (callbacks: HttpFilterCallbacks) => HttpFilter
  readonly bufferLimitBytes?: number
  readonly route?: Route | undefined
}

export const plainRoute: Route = {
  routeName: 'r',
  virtualHostName: 'v',
  metadata: undefined,
  virtualHostMetadata: undefined,
  directResponse: undefined,
  entry: undefined,
  perFilterConfig: () => undefined,
  allPerFilterConfigs: () => [],
  filterDisabled: () => undefined,
  finalizeResponseHeaders: () => undefined,
}

export class Harness {
  readonly stats = new StatsStore()
  readonly connection: EventedConnection
  readonly manager: ConnectionManager
  /** Handle of the terminal filter of the newest stream. */
  terminal!: HttpFilterCallbacks
  /** What the terminal filter was called with: `headers /path end`, `data x end`, `trailers a=b`, `destroy`. */
  readonly received: string[] = []
  codec!: FakeCodec

  constructor(options: HarnessOptions = {}) {
    this.connection = new EventedConnection(options.bufferLimitBytes ?? 0)
    const address = this.connection.localAddress
    const downstream: DownstreamInfo = {
      connectionId: 1,
      localAddress: address,
      directRemoteAddress: this.connection.remoteAddress,
      remoteAddress: this.connection.remoteAddress,
      requestedServerName: undefined,
      tls: undefined,
      listenerName: 'l',
      filterChainName: '',
    }
    const routes: { current: RouteTable } = {
      current: {
        name: 't',
        internalOnlyHeaders: () => [],
        route: () => ('route' in options ? options.route : plainRoute),
      },
    }
    const factories = [...(options.filters ?? []), options.terminal ?? (callbacks => this.#recorder(callbacks))]
    const settings: HttpConnectionManagerSettings = {
      ...defaults,
      stats: new HttpStats(this.stats.scope('http.p'), this.stats.scope('listener.l.http.p'), this.stats),
      makeServerCodec: (_connection, callbacks) => {
        this.codec = new FakeCodec(callbacks)
        return this.codec
      },
      routes,
      filters: factories.map((factory, index) => ({ name: `f${index}`, factory, disabled: false })),
      ...options.settings,
    }
    const callbacks: NetworkFilterCallbacks = {
      connection: this.connection,
      downstream,
      streamInfo: new StreamInformation(downstream),
      continueReading: () => undefined,
      injectReadData: () => undefined,
      injectWriteData: () => undefined,
    }
    this.manager = new ConnectionManager(settings, callbacks)
    this.manager.onData(Buffer.from('x'), false)
  }

  #recorder(callbacks: HttpFilterCallbacks): HttpFilter {
    const received = this.received
    this.terminal = callbacks
    return {
      decodeHeaders(headers, endStream) {
        received.push(`headers ${headers.path}${endStream ? ' end' : ''}`)
        return 'stop'
      },
      decodeData(data, endStream) {
        received.push(`data ${Buffer.from(data).toString()}${endStream ? ' end' : ''}`)
        return 'stop-no-buffer'
      },
      decodeTrailers(trailers) {
        received.push(`trailers ${[...trailers].map(([name, value]) => `${name}=${value}`).join(' ')}`)
        return 'stop'
      },
      onDestroy() {
        received.push('destroy')
      },
    }
  }

  /** A new stream without headers. */
  open(): FakeExchange {
    const exchange = new FakeExchange(this.codec)
    this.codec.exchanges.add(exchange)
    exchange.decoder = this.codec.callbacks.newStream(exchange)
    return exchange
  }

  request(
    headers: Readonly<Record<string, string>> = {},
    endStream = true,
    base: Readonly<Record<string, string>> = getRequest,
  ): FakeExchange {
    const exchange = this.open()
    exchange.decoder.decodeHeaders(HeaderMap.of({ ...base, ...headers }), endStream)
    return exchange
  }

  /** Answers the newest stream from the terminal filter. */
  respond(body = '', headers: Readonly<Record<string, string>> = {}): void {
    const terminal = this.terminal
    terminal.encodeHeaders(HeaderMap.of({ ':status': '200', ...headers }), body === '')
    if (body !== '') terminal.encodeData(Buffer.from(body), true)
  }

  counter(name: string): number {
    return this.stats.counter(`http.p.${name}`).value
  }

  gauge(name: string): number {
    return this.stats.gauge(`http.p.${name}`).value
  }
}

export const getRequest: Readonly<Record<string, string>> = {
  ':authority': 'a.test',
  ':path': '/x',
  ':method': 'GET',
  ':scheme': '',
}

/** Envoy's defaults, without what needs a factory. */
export const defaults: Omit<HttpConnectionManagerSettings, 'stats' | 'makeServerCodec' | 'routes' | 'filters'> = {
  accessLogs: [],
  clusters: { get: () => undefined },
  localReplyRewriter: undefined,
  headersWithUnderscores: 'ALLOW',
  streamErrorOnInvalidHttpMessage: false,
  accessLogOnNewRequest: false,
  accessLogFlushIntervalMs: 0,
  accessLogOnTunnelEstablished: false,
  serverName: 'envoy',
  serverHeaderTransformation: 'OVERWRITE',
  alwaysSetRequestIdInResponse: false,
  proxy100Continue: false,
  delayedCloseTimeoutMs: 1000,
  upgrades: new Map(),
  streamIdleTimeoutMs: 300_000,
  idleTimeoutIsFlushTimeout: true,
  requestTimeoutMs: 0,
  requestHeadersTimeoutMs: 0,
  maxStreamDurationMs: 0,
  idleTimeoutMs: 3_600_000,
  maxConnectionDurationMs: 0,
  maxConnectionDurationJitterPercent: 0,
  drainTimeoutJitterPercent: 0,
  http1SafeMaxConnectionDuration: false,
  drainTimeoutMs: 5000,
  maxRequestsPerConnection: 0,
  prematureResets: { totalStreams: () => 500, minLifetimeSeconds: () => 1 },
  drainClose: () => false,
  useRemoteAddress: false,
  xffNumTrustedHops: 0,
  skipXffAppend: false,
  localAddress: '192.0.2.2',
  appendXForwardedPort: false,
  isInternalAddress: () => false,
  unixSocketsAreInternal: false,
  userAgent: undefined,
  nodeId: '',
  via: '',
  generateRequestId: true,
  preserveExternalRequestId: false,
  originalIpDetection: [],
  requestIds: makeUuidRequestIds(true),
  earlyHeaderMutations: [],
  proxyStatus: undefined,
  schemeMatchesUpstream: false,
  routeResolution: undefined,
  schemeOfPort: undefined,
  schemeToSet: undefined,
  normalizePath: false,
  mergeSlashes: false,
  escapedSlashesAction: 'KEEP_UNCHANGED',
  stripPort: 'none',
  stripTrailingHostDot: false,
  forwardClientCert: 'SANITIZE',
  clientCertOf: undefined,
  clientCertDetails: { subject: false, cert: false, chain: false, dns: false, uri: false, issuer: false, json: false },
}
