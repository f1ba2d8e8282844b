/** `%COMMON_DURATION(START:END:PRECISION)%`. Follows Envoy's `CommonDurationFormatter`. */
import type { StreamInfo } from '../core/stream-info.ts'
import type { Getter } from '../core/format.ts'

/** Milliseconds since the stream began. */
type TimePoint = (info: StreamInfo) => number | undefined

/** Of a connection's `performance.now()`. */
function since(info: StreamInfo, atMs: number | undefined): number | undefined {
  return atMs === undefined ? undefined : atMs - info.startMonotonicMs
}

const points: Readonly<Record<string, TimePoint>> = {
  DS_CX_BEG: info => since(info, info.downstream.timing?.beginMs),
  DS_CX_END: info => since(info, info.downstream.timing?.endMs),
  DS_HS_BEG: info => since(info, info.downstream.timing?.handshakeBeginMs),
  DS_HS_END: info => since(info, info.downstream.timing?.handshakeEndMs),
  DS_RX_BEG: () => 0,
  DS_RX_HDR_END: info => info.downstreamHeadersMs,
  DS_RX_END: info => info.lastDownstreamRxMs,
  US_CX_BEG: info => since(info, info.upstreamTiming?.beginMs),
  US_CX_END: info => since(info, info.upstreamTiming?.connectedMs),
  US_HS_END: info => since(info, info.upstreamTiming?.handshakeEndMs),
  US_TX_BEG: info => info.firstUpstreamTxMs,
  US_TX_END: info => info.lastUpstreamTxMs,
  US_RX_BEG: info => info.firstUpstreamRxMs,
  US_RX_BODY_BEG: info => info.firstUpstreamBodyMs,
  US_RX_END: info => info.lastUpstreamRxMs,
  DS_TX_BEG: info => info.firstDownstreamTxMs,
  DS_TX_END: info => info.lastDownstreamTxMs,
}

const units: Readonly<Record<string, number>> = { ms: 1, us: 1e3, ns: 1e6 }

/** Other names are for time points that extensions set: there is nothing to print as long as none does. */
const never: TimePoint = () => undefined

/** Throws Error for arguments of another form. */
export function commonDuration(args: string): Getter {
  const [from, to, unit = 'ms', ...rest] = args.split(':')
  if (!from || !to || rest.length > 0) throw new Error(`takes two of ${Object.keys(points).join(', ')}, not "${args}"`)
  const factor = units[unit]
  if (factor === undefined) throw new Error(`takes the precision ms, us or ns, not "${unit}"`)
  const start = points[from] ?? never
  const end = points[to] ?? never
  return ({ streamInfo }) => {
    const fromMs = start(streamInfo)
    const toMs = end(streamInfo)
    return fromMs === undefined || toMs === undefined || toMs < fromMs
      ? undefined
      : Math.trunc((toMs - fromMs) * factor)
  }
}
