/** What a reset of the upstream stream looks like downstream. Follows Envoy's `resetReasonToString` and `streamResetReasonToResponseFlag`. */
import type { PoolFailureReason } from '../core/cluster.ts'
import type { StreamResetReason } from '../core/codec.ts'
import { ResponseFlag } from '../core/stream-info.ts'

interface Reset {
  /** In bodies and details. */
  readonly text: string
  readonly flag: number
}

export const resets: Readonly<Record<StreamResetReason, Reset>> = {
  'connection-failure': { text: 'remote connection failure', flag: ResponseFlag.upstreamConnectionFailure },
  'local-connection-failure': { text: 'local connection failure', flag: ResponseFlag.upstreamConnectionFailure },
  'connection-timeout': { text: 'connection timeout', flag: ResponseFlag.upstreamConnectionFailure },
  'connection-termination': { text: 'connection termination', flag: ResponseFlag.upstreamConnectionTermination },
  'local-reset': { text: 'local reset', flag: ResponseFlag.localReset },
  'local-refused-stream-reset': { text: 'local refused stream reset', flag: ResponseFlag.localReset },
  'remote-reset': { text: 'remote reset', flag: ResponseFlag.upstreamRemoteReset },
  'remote-refused-stream-reset': { text: 'remote refused stream reset', flag: ResponseFlag.upstreamRemoteReset },
  overflow: { text: 'overflow', flag: ResponseFlag.upstreamOverflow },
  'protocol-error': { text: 'protocol error', flag: ResponseFlag.upstreamProtocolError },
  'connect-error': { text: 'remote error with CONNECT request', flag: ResponseFlag.upstreamRemoteReset },
  'overload-manager': { text: 'overload manager reset', flag: ResponseFlag.overloadManagerTerminated },
}

export const resetOfPoolFailure: Readonly<Record<PoolFailureReason, StreamResetReason>> = {
  overflow: 'overflow',
  'local-connection-failure': 'local-connection-failure',
  'remote-connection-failure': 'connection-failure',
  timeout: 'connection-timeout',
}
