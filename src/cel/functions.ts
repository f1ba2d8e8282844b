/**
 * CEL's functions, by name. Those of Envoy's `createBuilder` (`source/extensions/filters/common/expr/evaluator.cc`):
 * the standard ones without string conversion, and `re.…`; optionally string conversion and cel-cpp's string extensions.
 */
import { AttributeMessage, Duration, Timestamp, Uint } from '../attributes/attribute-value.ts'
import { toText } from '../base/latin1.ts'
import { printCel } from './cel-text.ts'
import { CelError, CelType, type CelValue, isList, isMap, keysOf, noOverload, typeName } from './cel-value.ts'
import { int, uint } from './operators.ts'
import { regexFunctions } from './regex-functions.ts'
import { localDate, parseDuration, parseTimestamp } from './time.ts'

/** Arguments are values that are no errors; of methods the first one is the target. */
export type CelFunction = (...args: readonly CelValue[]) => CelValue

export interface Overload {
  readonly kind: 'function' | 'method'
  /** With the target. */
  readonly arity: number
  readonly run: CelFunction
}

const badConversion = new CelError('the value cannot be converted')
const badZone = new CelError('unknown time zone')

function size(value: CelValue): CelValue {
  if (typeof value === 'string') return BigInt(codePoints(value))
  if (value instanceof Uint8Array || isList(value)) return BigInt(value.length)
  return isMap(value) ? BigInt(keysOf(value).length) : noOverload
}

/** Of a byte string: bytes that begin a character. */
function codePoints(bytes: string): number {
  let count = 0
  for (let i = 0; i < bytes.length; i++) if ((bytes.charCodeAt(i) & 0xc0) !== 0x80) count++
  return count
}

function onStrings(run: (a: string, b: string) => CelValue): CelFunction {
  return (a, b) => (typeof a === 'string' && typeof b === 'string' ? run(a, b) : noOverload)
}

function toInt(value: CelValue): CelValue {
  if (typeof value === 'bigint') return value
  if (typeof value === 'number') return Number.isFinite(value) ? int(BigInt(Math.trunc(value))) : badConversion
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (typeof value === 'string')
    return /^\s*[-+]?\d{1,19}\s*$/.test(value) ? int(BigInt(value.trim().replace('+', ''))) : badConversion
  if (value instanceof Uint) return int(value.value)
  return value instanceof Timestamp ? value.ns / 1_000_000_000n : noOverload
}

function toUint(value: CelValue): CelValue {
  if (value instanceof Uint) return value
  if (typeof value === 'bigint') return uint(value)
  if (typeof value === 'number') return Number.isFinite(value) ? uint(BigInt(Math.trunc(value))) : badConversion
  if (typeof value === 'string') return /^\s*\d{1,20}\s*$/.test(value) ? uint(BigInt(value.trim())) : badConversion
  return noOverload
}

function toDouble(value: CelValue): CelValue {
  if (typeof value === 'number') return value
  if (typeof value === 'bigint') return Number(value)
  if (value instanceof Uint) return Number(value.value)
  if (typeof value !== 'string') return noOverload
  const text = value.trim()
  if (/^[-+]?inf(inity)?$/i.test(text))
    return text.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY
  if (/^[-+]?nan$/i.test(text)) return Number.NaN
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(text) ? Number(text) : badConversion
}

function toBool(value: CelValue): CelValue {
  if (typeof value === 'boolean') return value
  if (typeof value !== 'string') return noOverload
  if (['true', 'True', 'TRUE', 't', '1'].includes(value)) return true
  return ['false', 'False', 'FALSE', 'f', '0'].includes(value) ? false : badConversion
}

function toTimestamp(value: CelValue): CelValue {
  if (value instanceof Timestamp) return value
  if (typeof value === 'bigint') return new Timestamp(value * 1_000_000_000n)
  if (typeof value !== 'string') return noOverload
  const ns = parseTimestamp(value)
  return ns === undefined ? badConversion : new Timestamp(ns)
}

function toDuration(value: CelValue): CelValue {
  if (value instanceof Duration) return value
  if (typeof value !== 'string') return noOverload
  const ns = parseDuration(value)
  return ns === undefined ? badConversion : new Duration(ns)
}

function toBytes(value: CelValue): CelValue {
  if (typeof value === 'string') return Buffer.from(value, 'latin1')
  return value instanceof Uint8Array ? value : noOverload
}

/** Where `enable_string_conversion` is set. */
function toString(value: CelValue): CelValue {
  if (value === null || isList(value) || isMap(value) || value instanceof CelType || value instanceof AttributeMessage)
    return noOverload
  if (typeof value === 'number') return String(value)
  if (value instanceof Duration) return `${Number(value.ns) / 1e9}s`
  return printCel(value)?.replace('+00:00', 'Z') ?? noOverload
}

function datePart(part: (date: Date) => number, ofDuration?: (ns: bigint) => bigint): CelFunction {
  return (value = null, zone = '') => {
    if (value instanceof Duration && ofDuration !== undefined && zone === '') return ofDuration(value.ns)
    if (!(value instanceof Timestamp) || typeof zone !== 'string') return noOverload
    const date = localDate(value.ns, toText(zone))
    return date === undefined ? badZone : BigInt(part(date))
  }
}

const dayMs = 86_400_000
const dateParts: Readonly<Record<string, CelFunction>> = {
  getFullYear: datePart(date => date.getUTCFullYear()),
  getMonth: datePart(date => date.getUTCMonth()),
  getDate: datePart(date => date.getUTCDate()),
  getDayOfMonth: datePart(date => date.getUTCDate() - 1),
  getDayOfWeek: datePart(date => date.getUTCDay()),
  getDayOfYear: datePart(date => Math.floor((date.getTime() - Date.UTC(date.getUTCFullYear(), 0)) / dayMs)),
  getHours: datePart(
    date => date.getUTCHours(),
    ns => ns / 3_600_000_000_000n,
  ),
  getMinutes: datePart(
    date => date.getUTCMinutes(),
    ns => ns / 60_000_000_000n,
  ),
  getSeconds: datePart(
    date => date.getUTCSeconds(),
    ns => ns / 1_000_000_000n,
  ),
  getMilliseconds: datePart(
    date => date.getUTCMilliseconds(),
    ns => (ns / 1_000_000n) % 1000n,
  ),
}

const conversions: Readonly<Record<string, CelFunction>> = {
  int: toInt,
  uint: toUint,
  double: toDouble,
  bool: toBool,
  bytes: toBytes,
  timestamp: toTimestamp,
  duration: toDuration,
  dyn: value => value,
  type: value => new CelType(typeName(value)),
}

const contains = onStrings((text, part) => text.includes(part))
const startsWith = onStrings((text, part) => text.startsWith(part))
const endsWith = onStrings((text, part) => text.endsWith(part))

export const standardFunctions: ReadonlyMap<string, readonly Overload[]> = new Map<string, readonly Overload[]>([
  ...Object.entries(conversions).map(([name, run]) => [name, [{ kind: 'function', arity: 1, run }]] as const),
  ...Object.entries(dateParts).map(([name, run]) => [name, methods(run, 1, 2)] as const),
  ['size', [{ kind: 'function', arity: 1, run: size }, ...methods(size, 1)]],
  ['contains', methods(contains, 2)],
  ['startsWith', methods(startsWith, 2)],
  ['endsWith', methods(endsWith, 2)],
  ...Object.entries(regexFunctions).map(
    ([name, { run, arity }]) => [name, [{ kind: 'function', arity, run }]] as const,
  ),
])

export const stringConversion: readonly Overload[] = [{ kind: 'function', arity: 1, run: toString }]

export function methods(run: CelFunction, ...arities: readonly number[]): Overload[] {
  return arities.map(arity => ({ kind: 'method', arity, run }))
}
