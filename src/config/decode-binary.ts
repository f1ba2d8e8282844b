/** Decodes protobuf bytes, as xDS brings them, to the same message shape that decode-json.ts makes. */
import { ConfigError, ConfigErrors } from '../base/errors.ts'
import { type AnyMessage, buildMessage, emptyAny } from './build-message.ts'
import { JsonDecoder, unknownType, unwrapTypedStruct } from './decode-json.ts'
import { type JsonObject, type JsonValue, setOwn } from './json-source.ts'
import { type PathNode, placeOf, type Source, setOrigin } from './position.ts'
import { enumSchema, findMessage, messageSchema } from './protos.ts'
import { durationMs, ValueError } from './scalars.ts'
import {
  defaultOf,
  type Field,
  type Message,
  type MessageSchema,
  type ScalarType,
  typeNameOf,
  typeUrlPrefix,
  type ValueType,
  wellKnown,
  wireTypeOf,
  wrappedScalar,
} from './schema.ts'
import { WireError, WireReader } from './wire.ts'

const maxDepth = 100

/**
 * Decodes the bytes of a known type. `label` stands for the file in errors (`xds`, a resource name). Throws `ConfigErrors`
 * for malformed bytes, an unknown type URL (here or in an Any inside), and unknown fields with `rejectUnknown`. With `rawAny`
 * the value of an Any is its bytes, whatever its type.
 */
export function decodeBinary(
  typeUrl: string,
  bytes: Uint8Array,
  options: { label?: string; rejectUnknown?: boolean; rawAny?: boolean } = {},
): Message {
  const source: Source = { file: options.label ?? '', locate: () => ({ line: 0, column: 0 }) }
  const schema = findMessage(typeNameOf(typeUrl))
  const errors: ConfigError[] = []
  if (schema === undefined) throw new ConfigErrors([new ConfigError(unknownType(typeUrl), placeOf(source, undefined))])
  const message = new BinaryDecoder(source, errors, options).message(schema, bytes, undefined)
  if (errors.length > 0) throw new ConfigErrors(errors)
  return message
}

/** `validate.FieldRules` and other plain messages of the descriptors themselves. */
export function decodePlain(fullName: string, bytes: Uint8Array): Message {
  return decodeBinary(typeUrlPrefix + fullName, bytes)
}

class BinaryDecoder {
  readonly #source: Source
  readonly #errors: ConfigError[]
  readonly #rejectUnknown: boolean
  readonly #rawAny: boolean
  #depth = 0

  constructor(source: Source, errors: ConfigError[], options: { rejectUnknown?: boolean; rawAny?: boolean }) {
    this.#source = source
    this.#errors = errors
    this.#rejectUnknown = options.rejectUnknown ?? false
    this.#rawAny = options.rawAny ?? false
  }

  message(schema: MessageSchema, bytes: Uint8Array, path: PathNode | undefined): Message {
    const values: unknown[] = []
    if (++this.#depth > maxDepth) this.#error(path, `nested deeper than ${maxDepth}`)
    else {
      try {
        this.#fields(schema, new WireReader(bytes), values, path)
      } catch (error) {
        if (!(error instanceof WireError || error instanceof ValueError)) throw error
        this.#error(path, `malformed ${schema.fullName}: ${error.message}`)
      }
    }
    this.#depth--
    for (const value of values) if (Array.isArray(value)) Object.freeze(value)
    const message = buildMessage(schema, values)
    setOrigin(message, this.#source, path)
    return message
  }

  #fields(schema: MessageSchema, reader: WireReader, values: unknown[], path: PathNode | undefined): void {
    while (!reader.done) {
      const tag = reader.tag()
      const wireType = tag & 7
      const field = schema.byNumber.get(tag >>> 3)
      if (field === undefined) {
        reader.skip(wireType)
        if (this.#rejectUnknown) this.#error(path, `unknown field number ${tag >>> 3} in ${schema.fullName}`)
      } else this.#field(field, wireType, reader, values, path)
    }
  }

  #field(field: Field, wireType: number, reader: WireReader, values: unknown[], path: PathNode | undefined): void {
    const { index, type } = field
    const packed = wireType === 2 && field.repeated && isPackable(type)
    if (!packed && wireType !== (field.mapKey === undefined ? wireTypeOf(type) : 2)) {
      throw new WireError(`field ${field.name} has wire type ${wireType}`)
    }
    if (field.mapKey !== undefined) {
      const map = (values[index] ?? {}) as Record<string, unknown>
      this.#mapEntry(field, field.mapKey, reader.bytes(), map, { parent: path, key: field.name })
      values[index] = map
      return
    }
    const at = { parent: path, key: field.name }
    if (field.repeated) {
      const list = (values[index] ?? []) as unknown[]
      values[index] = list
      if (packed) {
        const items = new WireReader(reader.bytes())
        while (!items.done) list.push(this.#value(type, items, at))
      } else {
        const value = this.#value(type, reader, { parent: at, key: list.length })
        if (value !== undefined) list.push(value)
      }
      return
    }
    if (field.oneof !== undefined) for (const other of field.oneof.fields) values[other.index] = undefined
    values[index] = this.#value(type, reader, at)
  }

  #mapEntry(field: Field, keyType: ScalarType, bytes: Uint8Array, map: Record<string, unknown>, path: PathNode): void {
    const reader = new WireReader(bytes)
    let key = String(defaultOf(keyType))
    let value: unknown
    while (!reader.done) {
      const tag = reader.tag()
      if (tag >>> 3 === 1) key = String(readScalar(keyType, reader))
      else if (tag >>> 3 === 2) value = this.#value(field.type, reader, { parent: path, key })
      else reader.skip(tag & 7)
    }
    setOwn(map, key, value ?? this.#missing(field.type, path))
  }

  #missing(type: ValueType, path: PathNode): unknown {
    if (type.kind === 'scalar') return defaultOf(type.scalar)
    if (type.kind === 'enum') return enumSchema(type.typeName).values[0]?.name
    return this.#messageValue(type.typeName, new Uint8Array(0), path)
  }

  #value(type: ValueType, reader: WireReader, path: PathNode): unknown {
    if (type.kind === 'scalar') return readScalar(type.scalar, reader)
    if (type.kind === 'message') return this.#messageValue(type.typeName, reader.bytes(), path)
    const number = reader.int32()
    const known = enumSchema(type.typeName).values.find(value => value.number === number)
    if (known === undefined) this.#error(path, `${number} is no value of ${type.typeName}`)
    return known?.name
  }

  #messageValue(typeName: string, bytes: Uint8Array, path: PathNode): unknown {
    switch (wellKnown(typeName)) {
      case undefined:
      case 'field-mask':
        return this.message(messageSchema(typeName), bytes, path)
      case 'any':
        return this.#any(bytes, path)
      case 'wrapper':
        return readWrapper(wrappedScalar(typeName), bytes)
      case 'duration': {
        const { seconds, nanos } = readSecondsAndNanos(bytes)
        return durationMs(seconds, nanos)
      }
      case 'timestamp': {
        const { seconds, nanos } = readSecondsAndNanos(bytes)
        return Number(seconds) * 1000 + nanos / 1_000_000
      }
      case 'struct':
        return readStruct(bytes, 0)
      case 'value':
        return readValue(bytes, 0)
      case 'list-value':
        return readList(bytes, 0)
    }
  }

  #any(bytes: Uint8Array, path: PathNode): AnyMessage | undefined {
    let typeUrl = ''
    let content: Uint8Array = new Uint8Array(0)
    const reader = new WireReader(bytes)
    while (!reader.done) {
      const tag = reader.tag()
      if (tag >>> 3 === 1) typeUrl = reader.string()
      else if (tag >>> 3 === 2) content = reader.bytes()
      else reader.skip(tag & 7)
    }
    if (this.#rawAny) return { typeUrl, value: new Uint8Array(content) }
    if (typeUrl === '') return emptyAny
    const schema = findMessage(typeNameOf(typeUrl))
    if (schema === undefined) {
      this.#error(path, unknownType(typeUrl))
      return undefined
    }
    const value = this.#messageValue(schema.fullName, content, path)
    const any = unwrapTypedStruct({ typeUrl: typeUrlPrefix + schema.fullName, value }, (inner, struct) =>
      new JsonDecoder(this.#source, this.#errors).message(inner, struct, path),
    )
    setOrigin(any, this.#source, path)
    return any
  }

  #error(path: PathNode | undefined, reason: string): void {
    this.#errors.push(new ConfigError(reason, placeOf(this.#source, path)))
  }
}

function isPackable(type: ValueType): boolean {
  return type.kind === 'enum' || (type.kind === 'scalar' && type.scalar !== 'string' && type.scalar !== 'bytes')
}

function readScalar(scalar: ScalarType, reader: WireReader): unknown {
  switch (scalar) {
    case 'double':
      return reader.double()
    case 'float':
      return reader.float()
    case 'int64':
      return BigInt.asIntN(64, reader.uint64())
    case 'uint64':
      return reader.uint64()
    case 'int32':
      return reader.int32()
    case 'fixed64':
      return reader.fixed64()
    case 'fixed32':
      return reader.fixed32()
    case 'bool':
      return reader.bool()
    case 'string':
      return reader.string()
    case 'bytes':
      // A copy, so that the message does not hold the whole input.
      return new Uint8Array(reader.bytes())
    case 'uint32':
      return reader.uint32()
    case 'sfixed32':
      return reader.sfixed32()
    case 'sfixed64':
      return BigInt.asIntN(64, reader.fixed64())
    case 'sint32': {
      const value = reader.uint32()
      return (value >>> 1) ^ -(value & 1)
    }
    case 'sint64': {
      const value = reader.uint64()
      return (value >> 1n) ^ -(value & 1n)
    }
  }
}

function readWrapper(scalar: ScalarType, bytes: Uint8Array): unknown {
  let value = defaultOf(scalar)
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag >>> 3 === 1) value = readScalar(scalar, reader)
    else reader.skip(tag & 7)
  }
  return value
}

function readSecondsAndNanos(bytes: Uint8Array): { seconds: bigint; nanos: number } {
  let seconds = 0n
  let nanos = 0
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag >>> 3 === 1) seconds = BigInt.asIntN(64, reader.uint64())
    else if (tag >>> 3 === 2) nanos = reader.int32()
    else reader.skip(tag & 7)
  }
  return { seconds, nanos }
}

/** google.protobuf.Struct: map<string, Value> fields = 1. */
function readStruct(bytes: Uint8Array, depth: number): JsonObject {
  if (depth > maxDepth) throw new WireError(`Struct nested deeper than ${maxDepth}`)
  const object: JsonObject = {}
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag >>> 3 !== 1) {
      reader.skip(tag & 7)
      continue
    }
    const entry = new WireReader(reader.bytes())
    let key = ''
    let value: JsonValue = null
    while (!entry.done) {
      const entryTag = entry.tag()
      if (entryTag >>> 3 === 1) key = entry.string()
      else if (entryTag >>> 3 === 2) value = readValue(entry.bytes(), depth + 1)
      else entry.skip(entryTag & 7)
    }
    setOwn(object, key, value)
  }
  return object
}

/** Throws WireError. google.protobuf.Value: null 1, number 2, string 3, bool 4, struct 5, list 6. */
export function readValue(bytes: Uint8Array, depth = 0): JsonValue {
  let value: JsonValue = null
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    switch (tag >>> 3) {
      case 2:
        value = reader.double()
        break
      case 3:
        value = reader.string()
        break
      case 4:
        value = reader.bool()
        break
      case 5:
        value = readStruct(reader.bytes(), depth + 1)
        break
      case 6:
        value = readList(reader.bytes(), depth + 1)
        break
      default:
        reader.skip(tag & 7)
    }
  }
  return value
}

function readList(bytes: Uint8Array, depth: number): JsonValue[] {
  if (depth > maxDepth) throw new WireError(`list nested deeper than ${maxDepth}`)
  const list: JsonValue[] = []
  const reader = new WireReader(bytes)
  while (!reader.done) {
    const tag = reader.tag()
    if (tag >>> 3 === 1) list.push(readValue(reader.bytes(), depth + 1))
    else reader.skip(tag & 7)
  }
  return list
}
