/** What a reset of the upstream stream is in logs. Follows Envoy's `streamResetReasonToResponseFlag`. */
import type { StreamResetReason } from '../core/codec.ts'
import { ResponseFlag } from '../core/stream-info.ts'

export const resetFlags: Readonly<Record<StreamResetReason, number>> = {
  'connection-failure': ResponseFlag.upstreamConnectionFailure,
  'local-connection-failure': ResponseFlag.upstreamConnectionFailure,
  'connection-timeout': ResponseFlag.upstreamConnectionFailure,
  'connection-termination': ResponseFlag.upstreamConnectionTermination,
  'local-reset': ResponseFlag.localReset,
  'local-refused-stream-reset': ResponseFlag.localReset,
  'remote-reset': ResponseFlag.upstreamRemoteReset,
  'remote-refused-stream-reset': ResponseFlag.upstreamRemoteReset,
  overflow: ResponseFlag.upstreamOverflow,
  'protocol-error': ResponseFlag.upstreamProtocolError,
  'connect-error': ResponseFlag.upstreamRemoteReset,
  'overload-manager': ResponseFlag.overloadManagerTerminated,
}
