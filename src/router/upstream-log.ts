/** `upstream_log` of the router: what access logs see of one attempt. Follows Envoy's `UpstreamRequest` (upstream_request.cc). */
import { performance } from '../base/clock.ts'
import { stackOf } from '../base/errors.ts'
import { logger } from '../base/log.ts'
import type { Router_UpstreamAccessLogOptions as Options } from '../config/v3.ts'
import type { AccessLog, AccessLogType, LogContext } from '../core/access-log.ts'
import type { Host, UpstreamConnectionInfo } from '../core/cluster.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { HttpFilterCallbacks } from '../core/http-filter.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { showUpstreamConnection, StreamInformation } from '../network/stream-info.ts'

const log = logger('router')

export interface UpstreamLogSettings {
  readonly logs: readonly AccessLog[]
  /** A line when the attempt has a connection, too. */
  readonly whenReady: boolean
  /** A line as often as this while it lasts; 0 = none. */
  readonly flushIntervalMs: number
}

/** Undefined without logs. */
export function makeUpstreamLogSettings(
  logs: readonly AccessLog[],
  options: Options | undefined,
): UpstreamLogSettings | undefined {
  if (logs.length === 0) return undefined
  return {
    logs,
    whenReady: options?.flushUpstreamLogOnUpstreamStream ?? false,
    flushIntervalMs: options?.upstreamLogFlushInterval ?? 0,
  }
}

export class AttemptLog implements LogContext {
  readonly #settings: UpstreamLogSettings
  readonly #router: HttpFilterCallbacks
  readonly #timer: NodeJS.Timeout | undefined
  /** Of this attempt alone. */
  readonly streamInfo: StreamInfo
  responseHeaders: HeaderMap | undefined = undefined
  responseTrailers: HeaderMap | undefined = undefined
  readonly localReplyBody = ''
  logType: AccessLogType = 'NotSet'

  constructor(settings: UpstreamLogSettings, router: HttpFilterCallbacks, host: Host) {
    this.#settings = settings
    this.#router = router
    const { downstream, streamInfo } = router
    const info = new StreamInformation(downstream)
    info.upstreamHost = host
    info.upstreamClusterName = streamInfo.upstreamClusterName
    info.route = streamInfo.route
    info.routeName = streamInfo.routeName
    info.virtualHostName = streamInfo.virtualHostName
    info.healthCheck = streamInfo.healthCheck
    this.streamInfo = info
    const { flushIntervalMs } = settings
    this.#timer = flushIntervalMs > 0 ? setInterval(onInterval, flushIntervalMs, this) : undefined
  }

  get requestHeaders(): HeaderMap | undefined {
    return this.#router.requestHeaders
  }

  onPoolReady(host: Host, connection: UpstreamConnectionInfo): void {
    const info = this.streamInfo
    showUpstreamConnection(info, host, connection)
    info.protocol = connection.protocol
    info.upstreamProtocol = connection.protocol
    // As in Envoy of all attempts so far.
    info.upstreamBytes = this.#router.streamInfo.upstreamBytes
    info.downstreamBytes = this.#router.streamInfo.downstreamBytes
    info.firstUpstreamTxMs = performance.now() - info.startMonotonicMs
    if (this.#settings.whenReady) this.log('UpstreamPoolReady')
  }

  onHeaders(headers: HeaderMap): void {
    // Filters and routes go on to change them.
    this.responseHeaders = headers.copy()
    this.streamInfo.responseCode = headers.status
    this.streamInfo.firstUpstreamRxMs = performance.now() - this.streamInfo.startMonotonicMs
  }

  onData(bytes: number): void {
    this.streamInfo.bytesReceived += bytes
    this.streamInfo.firstUpstreamBodyMs ??= performance.now() - this.streamInfo.startMonotonicMs
  }

  onRequestEnd(): void {
    this.streamInfo.lastUpstreamTxMs = performance.now() - this.streamInfo.startMonotonicMs
  }

  onResponseEnd(): void {
    this.streamInfo.lastUpstreamRxMs = performance.now() - this.streamInfo.startMonotonicMs
  }

  /** Once, and the last. */
  end(): void {
    clearInterval(this.#timer)
    const info = this.streamInfo
    info.durationMs = performance.now() - info.startMonotonicMs
    this.log('UpstreamEnd')
  }

  log(type: AccessLogType): void {
    this.logType = type
    for (const each of this.#settings.logs) {
      try {
        each.log(this)
      } catch (error) {
        log.error(`upstream_log: ${stackOf(error)}`)
      }
    }
  }
}

function onInterval(attempt: AttemptLog): void {
  attempt.log('UpstreamPeriodic')
}
