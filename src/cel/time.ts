/** Times of CEL: texts as abseil reads and writes them, and the parts of a date in a time zone. */

const second = 1_000_000_000n
const minute = 60n * second
const hour = 60n * minute
const unitNs: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1000n],
  ['ms', 1_000_000n],
  ['s', second],
  ['m', minute],
  ['h', hour],
])
/** Protobuf's. */
const maxDurationNs = 315_576_000_000n * second

/** `1h30m`, `-1.5s`; undefined when it is no duration. */
export function parseDuration(text: string): bigint | undefined {
  if (/^[-+]?0$/.test(text)) return 0n
  if (!/^[-+]?(?:(?:\d{1,20}(?:\.\d{0,20})?|\.\d{1,20})(?:ns|us|ms|s|m|h))+$/.test(text)) return undefined
  let ns = 0n
  for (const [, whole = '', fraction = '', unit = ''] of text.matchAll(/(\d*)(?:\.(\d*))?(ns|us|ms|s|m|h)/g))
    ns += (BigInt(whole + fraction) * (unitNs.get(unit) as bigint)) / 10n ** BigInt(fraction.length)
  if (ns > maxDurationNs) return undefined
  return text.startsWith('-') ? -ns : ns
}

/** `1h30m0.5s` without what is zero; below a second in the biggest unit: `1.5us`. */
export function formatDuration(ns: bigint): string {
  if (ns === 0n) return '0'
  if (ns < 0n) return `-${formatDuration(-ns)}`
  if (ns < second) {
    const unit = ns < 1000n ? 'ns' : ns < 1_000_000n ? 'us' : 'ms'
    return decimal(ns, unitNs.get(unit) as bigint) + unit
  }
  const hours = ns / hour
  const minutes = (ns / minute) % 60n
  const rest = ns % minute
  const parts = [hours > 0n ? `${hours}h` : '', minutes > 0n ? `${minutes}m` : '']
  return parts.join('') + (rest > 0n ? `${decimal(rest, second)}s` : '')
}

function decimal(value: bigint, unit: bigint): string {
  const digits = String(value % unit).padStart(String(unit).length - 1, '0')
  const fraction = unit === 1n ? '' : digits.replace(/0+$/, '')
  return fraction === '' ? String(value / unit) : `${value / unit}.${fraction}`
}

/** RFC 3339; undefined for anything else. */
export function parseTimestamp(text: string): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,30}))?(Z|[-+]\d\d:\d\d)$/i.exec(text)
  if (match === null) return undefined
  const [, seconds = '', fraction = '', zone = ''] = match
  const ms = Date.parse(`${seconds}${zone}`.toUpperCase())
  if (Number.isNaN(ms)) return undefined
  return BigInt(ms) * 1_000_000n + BigInt(fraction.slice(0, 9).padEnd(9, '0'))
}

export function formatTimestamp(ns: bigint): string {
  const fractionNs = ((ns % second) + second) % second
  const date = new Date(Number((ns - fractionNs) / 1_000_000n))
  if (Number.isNaN(date.getTime())) return ns > 0n ? 'infinite-future' : 'infinite-past'
  const text = date
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/^\+0?/, '')
  const fraction = fractionNs === 0n ? '' : `.${String(fractionNs).padStart(9, '0').replace(/0+$/, '')}`
  return `${text}${fraction}+00:00`
}

const maxZones = 64
const zones = new Map<string, Intl.DateTimeFormat>()

/**
 * A date whose UTC parts are those of the time zone.
 * @param zone `America/New_York`, `+02:30`, '' for UTC
 * @returns undefined when there is no such zone
 */
export function localDate(ns: bigint, zone: string): Date | undefined {
  const ms = Number(ns / 1_000_000n)
  if (zone === '') return new Date(ms)
  const offset = /^([-+]?)(\d{1,2}):(\d\d)$/.exec(zone)
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3])
    return new Date(ms + (offset[1] === '-' ? -minutes : minutes) * 60_000)
  }
  try {
    const parts = zoneFormat(zone).formatToParts(ms)
    const part = (wanted: string): number => Number(parts.find(({ type }) => type === wanted)?.value)
    const [day, time] = [
      [part('year'), part('month') - 1, part('day')],
      [part('hour'), part('minute'), part('second'), ((ms % 1000) + 1000) % 1000],
    ] as const
    return new Date(Date.UTC(...(day as [number, number, number]), ...time))
  } catch {
    return undefined
  }
}

/** Throws RangeError. */
function zoneFormat(timeZone: string): Intl.DateTimeFormat {
  const known = zones.get(timeZone)
  if (known !== undefined) return known
  const numbers = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
  const format = new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', ...numbers, second: 'numeric' })
  if (zones.size < maxZones) zones.set(timeZone, format)
  return format
}
