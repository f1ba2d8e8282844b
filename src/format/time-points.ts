/** `%COMMON_DURATION(START:END:PRECISION)%`. Follows Envoy's `CommonDurationFormatter`. */
import type { StreamInfo } from '../core/stream-info.ts'
import type { Getter } from './operators.ts'

/** Milliseconds since the stream began. */
type TimePoint = (info: StreamInfo) => number | undefined

const points: Readonly<Record<string, TimePoint>> = {
  DS_RX_BEG: () => 0,
  DS_RX_END: info => info.lastDownstreamRxMs,
  US_TX_BEG: info => info.firstUpstreamTxMs,
  US_TX_END: info => info.lastUpstreamTxMs,
  US_RX_BEG: info => info.firstUpstreamRxMs,
  US_RX_END: info => info.lastUpstreamRxMs,
  DS_TX_BEG: info => info.firstDownstreamTxMs,
  DS_TX_END: info => info.lastDownstreamTxMs,
}

const units: Readonly<Record<string, number>> = { ms: 1, us: 1e3, ns: 1e6 }

/** Throws Error for a time point that the stream does not keep. */
export function commonDuration(args: string): Getter {
  const [from = '', to = '', unit = 'ms'] = args.split(':')
  const start = points[from]
  const end = points[to]
  const factor = units[unit]
  if (start === undefined || end === undefined)
    throw new Error(`takes two of ${Object.keys(points).join(', ')}, not "${args}"`)
  if (factor === undefined) throw new Error(`takes the precision ms, us or ns, not "${unit}"`)
  return ({ streamInfo }) => {
    const fromMs = start(streamInfo)
    const toMs = end(streamInfo)
    return fromMs === undefined || toMs === undefined ? undefined : Math.trunc((toMs - fromMs) * factor)
  }
}
