/** Scalars from JSON by protobuf's rules with the leniencies of its legacy mode, which Envoy uses. */
import type { JsonValue } from './json-source.ts'
import { enumSchema } from './protos.ts'
import type { EnumSchema, ScalarType } from './schema.ts'
import { nearest } from './nearest.ts'

/** What is wrong with a value; the decoder adds the place. */
export class ValueError extends Error {}

export function parseScalar(scalar: ScalarType, value: JsonValue): unknown {
  switch (scalar) {
    case 'string':
      if (typeof value === 'string') return value
      throw new ValueError(`expected a string, got ${show(value)}${quoteHint(value)}`)
    case 'bool':
      return parseBool(value)
    case 'bytes':
      return parseBytes(value)
    case 'double':
      return parseNumber(value)
    case 'float':
      return Math.fround(parseNumber(value))
    case 'int32':
    case 'sint32':
    case 'sfixed32':
      return Number(parseInteger(value, -(2n ** 31n), 2n ** 31n - 1n))
    case 'uint32':
    case 'fixed32':
      return Number(parseInteger(value, 0n, 2n ** 32n - 1n))
    case 'int64':
    case 'sint64':
    case 'sfixed64':
      return parseInteger(value, -(2n ** 63n), 2n ** 63n - 1n)
    case 'uint64':
    case 'fixed64':
      return parseInteger(value, 0n, 2n ** 64n - 1n)
  }
}

/** The name of the value; names may be written in any case, and as numbers. */
export function parseEnum(typeName: string, value: JsonValue): string {
  const schema = enumSchema(typeName)
  if (typeof value === 'string') {
    const upper = value.toUpperCase()
    const named = schema.values.find(known => known.name.toUpperCase() === upper)
    if (named !== undefined) return canonicalName(schema, named.number)
    if (!/^-?\d+$/.test(value)) throw new ValueError(`${show(value)} is none of ${enumNames(schema, value)}`)
  } else if (typeof value !== 'number' || !Number.isInteger(value)) {
    throw new ValueError(`expected one of ${enumNames(schema, '')}, got ${show(value)}`)
  }
  const numbered = schema.values.find(known => known.number === Number(value))
  if (numbered === undefined) throw new ValueError(`${show(value)} is none of ${enumNames(schema, '')}`)
  return numbered.name
}

/** One name where several stand for a number, as from binary. */
function canonicalName(schema: EnumSchema, number: number): string {
  return schema.values.find(known => known.number === number)?.name ?? ''
}

function enumNames(schema: EnumSchema, given: string): string {
  const names = schema.values.map(value => value.name)
  const best = names.length > 12 ? nearest(given.toUpperCase(), names) : undefined
  return best === undefined ? names.join(', ') : `the values of ${schema.fullName}; did you mean ${best}?`
}

function parseBool(value: JsonValue): boolean {
  if (typeof value === 'boolean') return value
  if (typeof value === 'string') {
    if (/^(true|t|yes|y|1)$/i.test(value)) return true
    if (/^(false|f|no|n|0)$/i.test(value)) return false
  }
  throw new ValueError(`expected true or false, got ${show(value)}`)
}

function parseNumber(value: JsonValue): number {
  if (typeof value === 'number') return value
  if (typeof value === 'string') {
    if (value === 'NaN' || value === 'Infinity' || value === '-Infinity') return Number(value)
    if (decimalNumber.test(value)) return Number(value)
  }
  throw new ValueError(`expected a number, got ${show(value)}`)
}

const decimalNumber = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$/

function parseInteger(value: JsonValue, min: bigint, max: bigint): bigint {
  const integer = toInteger(value)
  if (integer === undefined) throw new ValueError(`expected an integer, got ${show(value)}`)
  if (integer < min || integer > max)
    throw new ValueError(`expected an integer from ${min} to ${max}, got ${show(value)}`)
  return integer
}

function toInteger(value: JsonValue): bigint | undefined {
  if (typeof value === 'string') {
    if (/^-?\d+$/.test(value)) return BigInt(value)
    if (/^-?0[xX][0-9a-fA-F]+$/.test(value)) return value.startsWith('-') ? -BigInt(value.slice(1)) : BigInt(value)
    if (!decimalNumber.test(value)) return undefined
    value = Number(value)
  }
  return typeof value === 'number' && Number.isInteger(value) ? BigInt(value) : undefined
}

function parseBytes(value: JsonValue): Uint8Array {
  if (typeof value !== 'string') throw new ValueError(`expected base64 text, got ${show(value)}`)
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) throw new ValueError(`${show(value)} is not base64`)
  // A copy: small buffers are cut from a pool, which could not be posted to a worker.
  return new Uint8Array(Buffer.from(value, 'base64'))
}

/** Milliseconds from `0.25s` or `{seconds, nanos}`. */
export function parseDuration(value: JsonValue): number {
  if (typeof value === 'string') {
    const match = /^(-?)(\d+)(?:\.(\d{1,9}))?s$/.exec(value)
    if (match === null) throw new ValueError(`expected a duration in seconds as "0.25s", got ${show(value)}`)
    const [, sign, seconds = '0', fraction = ''] = match
    return durationMs(BigInt(`${sign}${seconds}`), Number(`${sign}${fraction.padEnd(9, '0')}`))
  }
  const parts = secondsAndNanos(value)
  if (parts === undefined) throw new ValueError(`expected a duration in seconds as "0.25s", got ${show(value)}`)
  return durationMs(parts.seconds, parts.nanos)
}

const maxDurationSeconds = 315_576_000_000n

export function durationMs(seconds: bigint, nanos: number): number {
  if (seconds > maxDurationSeconds || seconds < -maxDurationSeconds || Math.abs(nanos) > 999_999_999) {
    throw new ValueError(`duration of ${seconds} seconds and ${nanos} nanoseconds is out of range`)
  }
  return Number(seconds) * 1000 + nanos / 1_000_000
}

/** Milliseconds since 1970 from RFC 3339 or `{seconds, nanos}`. */
export function parseTimestamp(value: JsonValue): number {
  if (typeof value === 'string') {
    const time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)$/.test(value) ? Date.parse(value) : NaN
    if (!Number.isNaN(time)) return time
  } else {
    const parts = secondsAndNanos(value)
    if (parts !== undefined) return Number(parts.seconds) * 1000 + parts.nanos / 1_000_000
  }
  throw new ValueError(`expected a time as "2026-01-31T12:00:00Z", got ${show(value)}`)
}

function secondsAndNanos(value: JsonValue): { seconds: bigint; nanos: number } | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const { seconds = 0, nanos = 0, ...rest } = value
  if (Object.keys(rest).length > 0) return undefined
  return {
    seconds: parseInteger(seconds ?? 0, -(2n ** 63n), 2n ** 63n - 1n),
    nanos: Number(parseInteger(nanos ?? 0, -(2n ** 31n), 2n ** 31n - 1n)),
  }
}

/** A value in an error message: short, and secrets are seldom long. */
export function show(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list'
  if (value instanceof Uint8Array) return `${value.length} bytes`
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'bigint') return String(value)
  const text = JSON.stringify(value)
  return text.length > 80 ? `${text.slice(0, 77)}…"` : text
}

function quoteHint(value: JsonValue): string {
  if (typeof value === 'number') return `; write "${value}"`
  return typeof value === 'boolean' ? '; put it in quotes' : ''
}
