/** CEL values as text, as Envoy's formatter prints them (`source/extensions/filters/common/expr/evaluator.cc`), and as JSON. */
import { AttributeMessage, Duration, JsonAttributes, Timestamp, Uint } from '../attributes/attribute-value.ts'
import { toBytes, toText } from '../base/latin1.ts'
import type { JsonValue } from '../config/json-source.ts'
import { CelError, CelType, type CelValue, isList, isMap, keysOf, lookUp } from './cel-value.ts'
import { formatDuration, formatTimestamp } from './time.ts'

/** A byte string; undefined for an error. Whole messages, which Envoy prints in an unstable way, are JSON. */
export function printCel(value: CelValue): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint' || typeof value === 'boolean') return String(value)
  if (typeof value === 'number') return formatDouble(value)
  if (value === null) return 'NULL'
  if (value instanceof CelError) return undefined
  if (value instanceof Uint) return String(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('latin1')
  if (value instanceof Duration) return formatDuration(value.ns)
  if (value instanceof Timestamp) return formatTimestamp(value.ns)
  if (value instanceof AttributeMessage) return toBytes(JSON.stringify(value.message))
  if (value instanceof CelType) return 'CelType value'
  return isMap(value) ? 'CelMap value' : 'CelList value'
}

/** As C's `%g`: six digits. */
function formatDouble(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value > 0 ? 'inf' : '-inf'
  const [mantissa = '', exponentText] = value.toExponential(5).split('e')
  const exponent = Number(exponentText)
  const trim = (digits: string): string => (digits.includes('.') ? digits.replace(/\.?0+$/, '') : digits)
  if (exponent >= -4 && exponent < 6) return trim(value.toFixed(5 - exponent))
  return `${trim(mantissa)}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
}

/** Strings are text. Undefined for errors and types. */
export function celToJson(value: CelValue): JsonValue | undefined {
  if (typeof value === 'string') return toText(value)
  if (typeof value === 'boolean' || typeof value === 'number' || value === null) return value
  if (typeof value === 'bigint') return bigNumber(value)
  if (value instanceof Uint) return bigNumber(value.value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (value instanceof Duration) return `${Number(value.ns) / 1e9}s`
  if (value instanceof Timestamp) return formatTimestamp(value.ns).replace('+00:00', 'Z')
  if (value instanceof AttributeMessage) return value.message as JsonValue
  if (value instanceof JsonAttributes) return value.json as JsonValue
  if (value instanceof CelError || value instanceof CelType) return undefined
  if (isList(value)) return value.map(each => celToJson(each) ?? null)
  return Object.fromEntries(
    keysOf(value).map(key => [toText(printCel(key) ?? ''), celToJson(lookUp(value, key) ?? null) ?? null]),
  )
}

/** A string where a double is not exact. */
function bigNumber(value: bigint): number | string {
  const number = Number(value)
  return Number.isSafeInteger(number) ? number : String(value)
}
