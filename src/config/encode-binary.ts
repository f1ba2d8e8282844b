/** Encodes messages to protobuf bytes: xDS requests, gRPC calls, and an `Any` that a filter passes on. */
import { type AnyMessage, isSet } from './build-message.ts'
import type { JsonObject, JsonValue } from './json-source.ts'
import { enumSchema, findMessage, messageSchema } from './protos.ts'
import {
  defaultOf,
  type Field,
  type Message,
  type MessageSchema,
  type ScalarType,
  typeNameOf,
  type ValueType,
  wellKnown,
  wireTypeOf,
  wrappedScalar,
} from './schema.ts'
import { WireWriter } from './wire.ts'

/** Bytes of a message of this type; absent properties count as not set. Throws for an unknown type. */
export function encodeBinary(typeUrl: string, message: unknown): Uint8Array {
  const name = typeNameOf(typeUrl)
  if (findMessage(name) === undefined) throw new Error(`no message ${name} in the API descriptors`)
  const writer = new WireWriter()
  writeMessage(writer, name, message)
  return writer.finish()
}

function writeMessage(writer: WireWriter, typeName: string, value: unknown): void {
  switch (wellKnown(typeName)) {
    case undefined:
    case 'field-mask':
      writeFields(writer, messageSchema(typeName), value as Message)
      break
    case 'any': {
      const { typeUrl, value: content } = value as AnyMessage
      writeValue(writer, 1, { kind: 'scalar', scalar: 'string' }, typeUrl)
      writeNested(writer, 2, () => writeMessage(writer, typeNameOf(typeUrl), content))
      break
    }
    case 'wrapper':
      if (!isDefault(wrappedScalar(typeName), value)) {
        writeValue(writer, 1, { kind: 'scalar', scalar: wrappedScalar(typeName) }, value)
      }
      break
    case 'duration':
    case 'timestamp': {
      const { seconds, nanos } = splitMs(value as number)
      if (seconds !== 0n) writeValue(writer, 1, { kind: 'scalar', scalar: 'int64' }, seconds)
      if (nanos !== 0) writeValue(writer, 2, { kind: 'scalar', scalar: 'int32' }, nanos)
      break
    }
    case 'struct':
      writeStruct(writer, value as JsonObject)
      break
    case 'value':
      writeJson(writer, value as JsonValue)
      break
    case 'list-value':
      for (const item of value as JsonValue[]) writeNested(writer, 1, () => writeJson(writer, item))
  }
}

function writeFields(writer: WireWriter, schema: MessageSchema, message: Message): void {
  for (const field of schema.fields) {
    const value = message[field.key]
    if (!isSet(field, value)) continue
    if (field.mapKey !== undefined) {
      for (const [key, item] of Object.entries(value as object)) writeMapEntry(writer, field, field.mapKey, key, item)
    } else if (field.repeated) writeList(writer, field, value as readonly unknown[])
    else writeValue(writer, field.number, field.type, value)
  }
}

function writeMapEntry(writer: WireWriter, field: Field, keyType: ScalarType, key: string, item: unknown): void {
  writeNested(writer, field.number, () => {
    writeValue(writer, 1, { kind: 'scalar', scalar: keyType }, parseKey(keyType, key))
    writeValue(writer, 2, field.type, item)
  })
}

function parseKey(keyType: ScalarType, key: string): unknown {
  if (keyType === 'string') return key
  if (keyType === 'bool') return key === 'true'
  return keyType.includes('64') ? BigInt(key) : Number(key)
}

function writeList(writer: WireWriter, field: Field, list: readonly unknown[]): void {
  const { type } = field
  if (type.kind === 'message' || (type.kind === 'scalar' && (type.scalar === 'string' || type.scalar === 'bytes'))) {
    for (const item of list) writeValue(writer, field.number, type, item)
    return
  }
  writeNested(writer, field.number, () => {
    for (const item of list) writePlain(writer, type, item)
  })
}

function writeNested(writer: WireWriter, number: number, write: () => void): void {
  writer.tag(number, 2)
  writer.nested(write)
}

function writeValue(writer: WireWriter, number: number, type: ValueType, value: unknown): void {
  writer.tag(number, wireTypeOf(type))
  writePlain(writer, type, value)
}

function writePlain(writer: WireWriter, type: ValueType, value: unknown): void {
  if (type.kind === 'message') writer.nested(() => writeMessage(writer, type.typeName, value))
  else if (type.kind === 'enum') {
    const known = enumSchema(type.typeName).values.find(candidate => candidate.name === value)
    if (known === undefined) throw new Error(`${String(value)} is no value of ${type.typeName}`)
    writer.int64(BigInt(known.number))
  } else writeScalar(writer, type.scalar, value)
}

function writeScalar(writer: WireWriter, scalar: ScalarType, value: unknown): void {
  switch (scalar) {
    case 'string':
      return writer.string(value as string)
    case 'bytes':
      return writer.bytes(value as Uint8Array)
    case 'bool':
      return writer.uint32(value === true ? 1 : 0)
    case 'double':
      return writer.double(value as number)
    case 'float':
      return writer.float(value as number)
    case 'uint32':
      return writer.uint32(value as number)
    case 'int32':
      return writer.int64(BigInt(value as number))
    case 'sint32':
      return writer.uint32((((value as number) << 1) ^ ((value as number) >> 31)) >>> 0)
    case 'fixed32':
    case 'sfixed32':
      return writer.fixed32(value as number)
    case 'fixed64':
    case 'sfixed64':
      return writer.fixed64(value as bigint)
    case 'sint64':
      return writer.int64(((value as bigint) << 1n) ^ ((value as bigint) >> 63n))
    case 'int64':
    case 'uint64':
      return writer.int64(value as bigint)
  }
}

function isDefault(scalar: ScalarType, value: unknown): boolean {
  return value instanceof Uint8Array ? value.length === 0 : value === defaultOf(scalar)
}

/** Both parts have the sign of the whole, as a Duration asks. */
export function splitMs(ms: number): { seconds: bigint; nanos: number } {
  const seconds = Math.trunc(ms / 1000)
  return { seconds: BigInt(seconds), nanos: Math.round((ms - seconds * 1000) * 1_000_000) }
}

function writeStruct(writer: WireWriter, object: JsonObject): void {
  for (const [key, value] of Object.entries(object)) {
    writeNested(writer, 1, () => {
      writeValue(writer, 1, { kind: 'scalar', scalar: 'string' }, key)
      writeNested(writer, 2, () => writeJson(writer, value))
    })
  }
}

function writeJson(writer: WireWriter, value: JsonValue): void {
  if (value === null) writeValue(writer, 1, { kind: 'scalar', scalar: 'uint32' }, 0)
  else if (typeof value === 'number') writeValue(writer, 2, { kind: 'scalar', scalar: 'double' }, value)
  else if (typeof value === 'string') writeValue(writer, 3, { kind: 'scalar', scalar: 'string' }, value)
  else if (typeof value === 'boolean') writeValue(writer, 4, { kind: 'scalar', scalar: 'bool' }, value)
  else if (Array.isArray(value)) {
    writeNested(writer, 6, () => {
      for (const item of value) writeNested(writer, 1, () => writeJson(writer, item))
    })
  } else writeNested(writer, 5, () => writeStruct(writer, value))
}
