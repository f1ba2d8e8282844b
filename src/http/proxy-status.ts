/** `Proxy-Status` (RFC 9209): why an answer is not the upstream's. Follows Envoy's `StreamInfo::ProxyStatusUtils`. */
import type { HeaderMap } from '../core/header-map.ts'
import { flagNames, ResponseFlag, type StreamInfo, responseFlagNames } from '../core/stream-info.ts'

export interface ProxyStatusSettings {
  /** What stands for this proxy. */
  readonly proxyName: string
  readonly removeDetails: boolean
  readonly removeConnectionTerminationDetails: boolean
  readonly removeResponseFlags: boolean
  readonly setRecommendedResponseCode: boolean
}

/**
 * Error types by response flag, the first that is set counts; and the status that the RFC recommends, 0 for none.
 * What the codec refuses is answered before its flag is set.
 */
const errors: readonly (readonly [flag: number, error: string, status: number])[] = [
  [ResponseFlag.failedLocalHealthCheck, 'destination_unavailable', 503],
  [ResponseFlag.noHealthyUpstream, 'destination_unavailable', 503],
  [ResponseFlag.upstreamRequestTimeout, 'http_response_timeout', 504],
  [ResponseFlag.localReset, 'connection_timeout', 504],
  [ResponseFlag.upstreamRemoteReset, 'connection_terminated', 502],
  [ResponseFlag.upstreamConnectionFailure, 'connection_refused', 502],
  [ResponseFlag.upstreamConnectionTermination, 'connection_terminated', 502],
  [ResponseFlag.upstreamOverflow, 'connection_limit_reached', 503],
  [ResponseFlag.noRouteFound, 'destination_not_found', 500],
  [ResponseFlag.rateLimited, 'connection_limit_reached', 503],
  [ResponseFlag.rateLimitServiceError, 'connection_limit_reached', 503],
  [ResponseFlag.upstreamRetryLimitExceeded, 'destination_unavailable', 503],
  [ResponseFlag.streamIdleTimeout, 'http_response_timeout', 504],
  [ResponseFlag.invalidEnvoyRequestHeaders, 'http_request_error', 0],
  [ResponseFlag.upstreamMaxStreamDurationReached, 'http_response_timeout', 504],
  [ResponseFlag.noFilterConfigFound, 'proxy_configuration_error', 500],
  [ResponseFlag.upstreamProtocolError, 'http_protocol_error', 502],
  [ResponseFlag.noClusterFound, 'destination_unavailable', 503],
  [ResponseFlag.dnsResolutionFailed, 'dns_error', 502],
]

/** Adds the header to an answer that a response flag explains. */
export function setProxyStatus(headers: HeaderMap, info: StreamInfo, settings: ProxyStatusSettings): void {
  const found = errors.find(([flag]) => (info.responseFlags & flag) !== 0)
  if (found === undefined) return
  const [, error, status] = found
  let value = `${settings.proxyName}; error=${error}`
  if (!settings.removeDetails && info.responseCodeDetails !== undefined) {
    const details = [info.responseCodeDetails]
    if (!settings.removeConnectionTerminationDetails && info.connectionTerminationDetails !== undefined)
      details.push(info.connectionTerminationDetails)
    if (!settings.removeResponseFlags) details.push(flagNames(info, responseFlagNames))
    value += `; details="${details.join('; ')}"`
  }
  const before = headers.getAll('proxy-status').join(', ')
  headers.set('proxy-status', before === '' ? value : `${before}, ${value}`)
  if (settings.setRecommendedResponseCode && status !== 0) headers.set(':status', String(status))
}
