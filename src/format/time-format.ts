/** Times as `strftime` formats them, with Envoy's `%s`, `%f` and `%3f`. Follows Envoy's `DateFormatter`. */

/** Milliseconds since the epoch, fractional. */
export type TimeFormatter = (timeMs: number) => string

type Piece = string | ((date: Parts) => string)

/** A moment, cut to pieces in UTC or in the local zone. */
interface Parts {
  readonly timeMs: number
  readonly year: number
  /** 0 to 11 */
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  /** 0 = Sunday */
  readonly weekday: number
  readonly offsetMinutes: number
}

const days = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday']
const months = 'January February March April May June July August September October November December'.split(' ')

/** `2026-01-31T12:00:00.123Z`, or with the zone's offset when local. */
function isoTime(timeMs: number): string {
  return new Date(timeMs).toISOString()
}

/** '' gives ISO 8601 with milliseconds. A letter that is no conversion stays as it is written. */
export function makeTimeFormatter(format: string, local = false): TimeFormatter {
  if (format === '' && !local) return isoTime
  const pieces = parse(format === '' ? '%Y-%m-%dT%H:%M:%S.%3f%z' : format)
  return timeMs => {
    const parts = local ? localParts(timeMs) : utcParts(timeMs)
    let text = ''
    for (const piece of pieces) text += typeof piece === 'string' ? piece : piece(parts)
    return text
  }
}

function parse(format: string): Piece[] {
  const pieces: Piece[] = []
  let end = 0
  for (const match of format.matchAll(/%(?:E([1-9]|\*)S|([1-9])f|[EO-]?([a-zA-Z%]))/g)) {
    pieces.push(format.slice(end, match.index))
    end = match.index + match[0].length
    const [whole, secondDigits, digits, letter = 'f'] = match
    if (secondDigits !== undefined) pieces.push(secondsWithFraction(secondDigits === '*' ? 9 : Number(secondDigits)))
    else if (letter === 'f') pieces.push(parts => fraction(parts.timeMs, Number(digits ?? 9)))
    else pieces.push(conversions[letter] ?? whole)
  }
  pieces.push(format.slice(end))
  return pieces
}

const conversions: Readonly<Record<string, (parts: Parts) => string>> = {
  a: p => (days[p.weekday] as string).slice(0, 3),
  A: p => days[p.weekday] as string,
  b: p => (months[p.month] as string).slice(0, 3),
  h: p => (months[p.month] as string).slice(0, 3),
  B: p => months[p.month] as string,
  C: p => pad(Math.floor(p.year / 100)),
  d: p => pad(p.day),
  D: p => `${pad(p.month + 1)}/${pad(p.day)}/${pad(p.year % 100)}`,
  e: p => String(p.day).padStart(2, ' '),
  F: p => `${p.year}-${pad(p.month + 1)}-${pad(p.day)}`,
  H: p => pad(p.hour),
  I: p => pad(p.hour % 12 === 0 ? 12 : p.hour % 12),
  j: p => String(dayOfYear(p)).padStart(3, '0'),
  k: p => String(p.hour).padStart(2, ' '),
  m: p => pad(p.month + 1),
  M: p => pad(p.minute),
  p: p => (p.hour < 12 ? 'AM' : 'PM'),
  r: p => `${conversions['I']?.(p)}:${pad(p.minute)}:${pad(p.second)} ${conversions['p']?.(p)}`,
  R: p => `${pad(p.hour)}:${pad(p.minute)}`,
  s: p => String(Math.floor(p.timeMs / 1000)),
  S: p => pad(p.second),
  t: () => '\t',
  T: p => `${pad(p.hour)}:${pad(p.minute)}:${pad(p.second)}`,
  u: p => String(p.weekday === 0 ? 7 : p.weekday),
  w: p => String(p.weekday),
  y: p => pad(p.year % 100),
  Y: p => String(p.year),
  z: p => offset(p.offsetMinutes),
  Z: p => (p.offsetMinutes === 0 ? 'UTC' : offset(p.offsetMinutes)),
  c: p =>
    `${conversions['a']?.(p)} ${conversions['b']?.(p)} ${conversions['e']?.(p)} ${conversions['T']?.(p)} ${p.year}`,
  x: p => conversions['D']?.(p) ?? '',
  X: p => conversions['T']?.(p) ?? '',
  '%': () => '%',
}

function utcParts(timeMs: number): Parts {
  const date = new Date(timeMs)
  return {
    timeMs,
    year: date.getUTCFullYear(),
    month: date.getUTCMonth(),
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    weekday: date.getUTCDay(),
    offsetMinutes: 0,
  }
}

function localParts(timeMs: number): Parts {
  const offsetMinutes = -new Date(timeMs).getTimezoneOffset()
  return { ...utcParts(timeMs + offsetMinutes * 60_000), timeMs, offsetMinutes }
}

/** `%E3S` → `08.192` */
function secondsWithFraction(digits: number): (parts: Parts) => string {
  return parts => `${pad(parts.second)}.${fraction(parts.timeMs, digits)}`
}

function fraction(timeMs: number, digits: number): string {
  const nanoseconds = Math.floor((timeMs - Math.floor(timeMs / 1000) * 1000) * 1e6)
  return String(nanoseconds).padStart(9, '0').slice(0, digits)
}

function dayOfYear(p: Parts): number {
  return Math.round((Date.UTC(p.year, p.month, p.day) - Date.UTC(p.year, 0, 1)) / 86_400_000) + 1
}

function offset(minutes: number): string {
  const absolute = Math.abs(minutes)
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(absolute / 60))}${pad(absolute % 60)}`
}

function pad(n: number): string {
  return n < 10 ? `0${n}` : String(n)
}
