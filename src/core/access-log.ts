/** Access logs: who writes a line when a stream or connection ends. Follows `envoy/access_log/access_log.h`. */
import type { HeaderMap } from './header-map.ts'
import type { StreamInfo } from './stream-info.ts'

export type AccessLogType =
  | 'NotSet'
  | 'TcpUpstreamConnected'
  | 'TcpPeriodic'
  | 'TcpConnectionEnd'
  | 'TcpConnectionStart'
  | 'DownstreamStart'
  | 'DownstreamPeriodic'
  | 'DownstreamEnd'
  | 'DownstreamTunnelSuccessfullyEstablished'
  | 'UpstreamPoolReady'
  | 'UpstreamPeriodic'
  | 'UpstreamEnd'

/** What a formatter or log sees. Header maps are absent for TCP or when they never came. */
export interface LogContext {
  readonly requestHeaders: HeaderMap | undefined
  readonly responseHeaders: HeaderMap | undefined
  readonly responseTrailers: HeaderMap | undefined
  readonly streamInfo: StreamInfo
  /** Body of a local reply (`%LOCAL_REPLY_BODY%`), '' otherwise. */
  readonly localReplyBody: string
  readonly logType: AccessLogType
}

/** Whether an entry is to be written. */
export type AccessLogPredicate = (context: LogContext) => boolean

export interface AccessLog {
  log(context: LogContext): void
}

/** Files (and stdout, stderr) that access logs append to: buffered, flushed on a timer, reopened on request. */
export interface AccessLogFile {
  write(line: string): void
}
