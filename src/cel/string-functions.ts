/** cel-cpp's string extension, where `enable_string_functions` is set. Positions count code points. */
import { toBytes, toText } from '../base/latin1.ts'
import { CelError, type CelValue, isList, noOverload } from './cel-value.ts'
import { type CelFunction, methods, type Overload } from './functions.ts'

const outOfRange = new CelError('index out of range')
/** What `replace` and `join` may make. */
const maxLength = 1024 * 1024
const tooLong = new CelError('the string is too long')

const characters = (bytes: string): string[] => Array.from(toText(bytes))
const join = (parts: readonly string[]): string => toBytes(parts.join(''))
const ascii =
  (pattern: RegExp, change: (text: string) => string): CelFunction =>
  value =>
    typeof value === 'string' ? value.replace(pattern, change) : noOverload

function limited(text: string): CelValue {
  return text.length > maxLength ? tooLong : text
}

/** A limit of parts or replacements; negative: none. */
function count(value: CelValue | undefined): number | undefined {
  if (value === undefined) return Number.POSITIVE_INFINITY
  if (typeof value !== 'bigint') return undefined
  return value < 0n ? Number.POSITIVE_INFINITY : Number(value)
}

const split: CelFunction = (text, separator, limit) => {
  const most = count(limit)
  if (typeof text !== 'string' || typeof separator !== 'string' || most === undefined) return noOverload
  if (most === 0) return []
  const parts = separator === '' ? characters(text).map(toBytes) : text.split(separator)
  return parts.length <= most ? parts : [...parts.slice(0, most - 1), parts.slice(most - 1).join(separator)]
}

const replace: CelFunction = (text, from, to, limit) => {
  const most = count(limit)
  if (typeof text !== 'string' || typeof from !== 'string' || typeof to !== 'string' || most === undefined)
    return noOverload
  const parts = from === '' ? ['', ...characters(text).map(toBytes), ''] : text.split(from)
  if (text.length + Math.min(parts.length, most) * to.length > maxLength) return tooLong
  let result = parts[0] as string
  for (let i = 1; i < parts.length; i++) result += (i <= most ? to : from) + (parts[i] as string)
  return result
}

const joinList: CelFunction = (list, separator = '') => {
  if (list === undefined || !isList(list) || typeof separator !== 'string') return noOverload
  let joined = ''
  for (const [at, each] of list.entries()) {
    if (typeof each !== 'string') return noOverload
    joined += at === 0 ? each : separator + each
  }
  return limited(joined)
}

const substring: CelFunction = (text, from, to) => {
  if (typeof text !== 'string' || typeof from !== 'bigint') return noOverload
  const all = characters(text)
  const end = to === undefined ? BigInt(all.length) : to
  if (typeof end !== 'bigint') return noOverload
  if (from < 0n || from > end || end > BigInt(all.length)) return outOfRange
  return join(all.slice(Number(from), Number(end)))
}

const charAt: CelFunction = (text, at) => {
  if (typeof text !== 'string' || typeof at !== 'bigint') return noOverload
  const all = characters(text)
  return at < 0n || at > BigInt(all.length) ? outOfRange : toBytes(all[Number(at)] ?? '')
}

function position(last: boolean): CelFunction {
  return (text, part, from) => {
    if (typeof text !== 'string' || typeof part !== 'string') return noOverload
    const all = characters(text)
    const wanted = characters(part)
    const start = from === undefined ? (last ? all.length : 0) : typeof from === 'bigint' ? Number(from) : undefined
    if (start === undefined) return noOverload
    if (start < 0 || (from !== undefined && start > all.length)) return outOfRange
    const matchesAt = (at: number): boolean => wanted.every((each, index) => all[at + index] === each)
    const lastStart = all.length - wanted.length
    if (last) {
      for (let at = Math.min(start, lastStart); at >= 0; at--) if (matchesAt(at)) return BigInt(at)
    } else for (let at = start; at <= lastStart; at++) if (matchesAt(at)) return BigInt(at)
    return -1n
  }
}

export const stringFunctions: ReadonlyMap<string, readonly Overload[]> = new Map([
  ['split', methods(split, 2, 3)],
  ['join', methods(joinList, 1, 2)],
  ['replace', methods(replace, 3, 4)],
  ['substring', methods(substring, 2, 3)],
  ['charAt', methods(charAt, 2)],
  ['indexOf', methods(position(false), 2, 3)],
  ['lastIndexOf', methods(position(true), 2, 3)],
  [
    'lowerAscii',
    methods(
      ascii(/[A-Z]+/g, text => text.toLowerCase()),
      1,
    ),
  ],
  [
    'upperAscii',
    methods(
      ascii(/[a-z]+/g, text => text.toUpperCase()),
      1,
    ),
  ],
  ['trim', methods(value => (typeof value === 'string' ? toBytes(toText(value).trim()) : noOverload), 1)],
  ['reverse', methods(value => (typeof value === 'string' ? join(characters(value).toReversed()) : noOverload), 1)],
])
