/** What a reset of a stream is called towards clients. Follows Envoy's `Http::Utility::resetReasonToString`. */
import type { PoolFailureReason } from './cluster.ts'
import type { StreamResetReason } from './codec.ts'

/** In bodies and details. */
export const resetWords: Readonly<Record<StreamResetReason, string>> = {
  'connection-failure': 'remote connection failure',
  'local-connection-failure': 'local connection failure',
  'connection-timeout': 'connection timeout',
  'connection-termination': 'connection termination',
  'local-reset': 'local reset',
  'local-refused-stream-reset': 'local refused stream reset',
  'remote-reset': 'remote reset',
  'remote-refused-stream-reset': 'remote refused stream reset',
  overflow: 'overflow',
  'protocol-error': 'protocol error',
  'connect-error': 'remote error with CONNECT request',
  'overload-manager': 'overload manager reset',
}

export const resetOfPoolFailure: Readonly<Record<PoolFailureReason, StreamResetReason>> = {
  overflow: 'overflow',
  'local-connection-failure': 'local-connection-failure',
  'remote-connection-failure': 'connection-failure',
  timeout: 'connection-timeout',
}

/** The body of the answer in place of one that upstream broke off before its headers. */
export function resetBody(reason: StreamResetReason, retried = false): string {
  const which = retried ? 'retried and the latest ' : ''
  return `upstream connect error or disconnect/reset before headers. ${which}reset reason: ${resetWords[reason]}`
}

/** `responseStarted`: after its headers. */
export function resetDetails(
  reason: StreamResetReason,
  transportFailureReason: string,
  responseStarted: boolean,
): string {
  const cause = transportFailureReason === '' ? resetWords[reason] : `${resetWords[reason]}|${transportFailureReason}`
  const when = responseStarted ? 'after' : 'before'
  return `upstream_reset_${when}_response_started{${cause}}`.replace(/\s/g, '_')
}

/** 502 where upstream broke its protocol. */
export function resetStatus(reason: StreamResetReason): number {
  return reason === 'protocol-error' ? 502 : 503
}
