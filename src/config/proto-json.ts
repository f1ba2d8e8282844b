/** Messages as proto-JSON with original field names, ordered by number, as Envoy's /config_dump writes them. */
import { type AnyMessage, isSet } from './build-message.ts'
import { splitMs } from './encode-binary.ts'
import type { JsonObject, JsonValue } from './json-source.ts'
import { messageSchema } from './protos.ts'
import { type Message, type ScalarType, typeNameOf, type ValueType, wellKnown, wrappedScalar } from './schema.ts'

/** What is not set is left out. */
export function toProtoJson(typeUrl: string, message: unknown): JsonObject {
  return messageJson(typeNameOf(typeUrl), message as Message)
}

/** An `Any` with its `@type`. */
function anyToJson(any: AnyMessage): JsonObject {
  const typeName = typeNameOf(any.typeUrl)
  if (wellKnown(typeName) === undefined) return { '@type': any.typeUrl, ...messageJson(typeName, any.value as Message) }
  return { '@type': any.typeUrl, value: valueJson({ kind: 'message', typeName }, any.value) }
}

function messageJson(fullName: string, message: Message): JsonObject {
  const json: JsonObject = {}
  for (const field of messageSchema(fullName).byNumber.values()) {
    const value = message[field.key]
    if (!isSet(field, value)) continue
    if (field.repeated) json[field.name] = (value as readonly unknown[]).map(item => valueJson(field.type, item))
    else if (field.mapKey !== undefined) {
      const entries = Object.entries(value as object).map(([key, item]) => [key, valueJson(field.type, item)] as const)
      json[field.name] = Object.fromEntries(entries)
    } else json[field.name] = valueJson(field.type, value)
  }
  return json
}

function valueJson(type: ValueType, value: unknown): JsonValue {
  if (type.kind === 'scalar') return scalarJson(type.scalar, value)
  if (type.kind === 'enum') return type.typeName === 'google.protobuf.NullValue' ? null : (value as string)
  switch (wellKnown(type.typeName)) {
    case undefined:
      return messageJson(type.typeName, value as Message)
    case 'any':
      return anyToJson(value as AnyMessage)
    case 'wrapper':
      return scalarJson(wrappedScalar(type.typeName), value)
    case 'duration':
      return durationText(value as number)
    case 'timestamp':
      return new Date(value as number).toISOString()
    case 'field-mask':
      return (value as { paths: readonly string[] }).paths.join(',')
    case 'struct':
    case 'value':
    case 'list-value':
      return value as JsonValue
  }
}

function scalarJson(scalar: ScalarType, value: unknown): JsonValue {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'bigint') return String(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  // The shortest text that gives the same 32-bit value, instead of the digits of the double.
  if (scalar === 'float') return shortestFloat(value as number)
  return value as JsonValue
}

function shortestFloat(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const candidate = Number(value.toPrecision(digits))
    if (Math.fround(candidate) === value) return candidate
  }
  return value
}

/** 0, 3, 6 or 9 digits after the point: `0.250s`, `5s`. */
export function durationText(ms: number): string {
  const { seconds, nanos } = splitMs(ms)
  const sign = ms < 0 ? '-' : ''
  const fraction = String(Math.abs(nanos)).padStart(9, '0')
  const digits = nanos === 0 ? '' : `.${fraction.replace(/(?:000){1,2}$/, '')}`
  return `${sign}${String(seconds).replace('-', '')}${digits}s`
}
