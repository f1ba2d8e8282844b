/**
 * Decodes JSON values to messages as Envoy does (protobuf's JSON parser in legacy mode): a single value for a list, either
 * spelling of a name, null for unset, wrappers as scalars. Unknown fields and types are errors; all faults are collected.
 *
 * Shape of a message: a frozen plain object, the same from JSON and from protobuf bytes (see docs of `buildMessage`):
 * lowerCamelCase names; scalars, lists and maps always there; message fields, oneof members and `optional` ones only when
 * set; wrappers as their value; Duration and Timestamp in milliseconds; 64-bit integers as bigint; enums by name; Struct,
 * Value and ListValue as JSON; Any as `{ typeUrl, value }` with the decoded value, TypedStruct of a known type unwrapped.
 */
import { ConfigError } from '../base/errors.ts'
import { type AnyMessage, buildMessage, emptyAny } from './build-message.ts'
import { type JsonObject, type JsonValue, setOwn } from './json-source.ts'
import { nearest } from './nearest.ts'
import { type PathNode, placeOf, type Source, setOrigin } from './position.ts'
import { allMessageNames, findMessage, messageSchema } from './protos.ts'
import { parseDuration, parseEnum, parseScalar, parseTimestamp, show, ValueError } from './scalars.ts'
import {
  type Field,
  type Message,
  type MessageSchema,
  type ScalarType,
  typeNameOf,
  typeUrlPrefix,
  type ValueType,
  wellKnown,
  wrappedScalar,
} from './schema.ts'

const maxErrors = 100
const maxDepth = 100

/** Decodes one message; what could not be decoded is left out of it and told in `errors`. */
export function decodeJson(
  fullName: string,
  value: JsonValue,
  source: Source,
  errors: ConfigError[],
  path?: PathNode,
): Message {
  return new JsonDecoder(source, errors).message(messageSchema(fullName), value, path)
}

export class JsonDecoder {
  readonly #source: Source
  readonly #errors: ConfigError[]
  #depth = 0

  constructor(source: Source, errors: ConfigError[]) {
    this.#source = source
    this.#errors = errors
  }

  /** `inAny`: `@type` stands among the fields. */
  message(schema: MessageSchema, input: JsonValue, path: PathNode | undefined, inAny = false): Message {
    const values: unknown[] = []
    if (!isObject(input)) this.#error(path, `expected an object (${schema.fullName}), got ${show(input)}`)
    else if (++this.#depth > maxDepth) this.#error(path, `nested deeper than ${maxDepth}`)
    else {
      const setIn = new Map<object, string>()
      for (const key of Object.keys(input)) {
        if (inAny && key === '@type') continue
        const at = { parent: path, key }
        const field = schema.byName.get(key)
        const value = input[key] ?? null
        if (field === undefined) this.#error(at, unknownField(schema, key))
        else if (value !== null || takesNull(field.type)) {
          if (field.oneof !== undefined) {
            const other = setIn.get(field.oneof)
            if (other !== undefined && other !== field.name) {
              this.#error(at, `only one of ${other} and ${field.name} can be set`)
            }
            setIn.set(field.oneof, field.name)
          }
          values[field.index] = this.#field(field, value, at)
        }
      }
    }
    this.#depth--
    const message = buildMessage(schema, values)
    setOrigin(message, this.#source, path)
    return message
  }

  #field(field: Field, input: JsonValue, path: PathNode): unknown {
    if (field.repeated) return this.#list(field.type, input, path)
    if (field.mapKey !== undefined) return this.#map(field.mapKey, field.type, input, path)
    return this.#value(field.type, input, path)
  }

  #list(type: ValueType, input: JsonValue, path: PathNode): unknown {
    const list: unknown[] = []
    // A single value stands for a list of one, except that a Value or ListValue may itself be a list.
    this.#addItems(type, Array.isArray(input) ? input : [input], path, list)
    return Object.freeze(list)
  }

  #addItems(type: ValueType, items: readonly JsonValue[], path: PathNode, list: unknown[]): void {
    for (const [index, item] of items.entries()) {
      const at = { parent: path, key: index }
      // Lists in a list are one list.
      if (Array.isArray(item) && !takesList(type)) this.#addItems(type, item, at, list)
      else {
        const value = this.#value(type, item ?? emptyItem(type), at)
        if (value !== undefined) list.push(value)
      }
    }
  }

  #map(keyType: ScalarType, type: ValueType, input: JsonValue, path: PathNode): unknown {
    if (!isObject(input)) {
      this.#error(path, `expected an object, got ${show(input)}`)
      return undefined
    }
    const map: Record<string, unknown> = {}
    for (const key of Object.keys(input)) {
      const at = { parent: path, key }
      if (keyType !== 'string') this.#attempt(at, () => parseScalar(keyType, key))
      const value = this.#value(type, input[key] ?? emptyItem(type), at)
      if (value !== undefined) setOwn(map, key, value)
    }
    return Object.freeze(map)
  }

  #value(type: ValueType, input: JsonValue, path: PathNode): unknown {
    if (type.kind === 'scalar') return this.#attempt(path, () => parseScalar(type.scalar, input))
    if (type.kind === 'enum') {
      if (type.typeName === 'google.protobuf.NullValue' && input === null) return 'NULL_VALUE'
      return this.#attempt(path, () => parseEnum(type.typeName, input))
    }
    switch (wellKnown(type.typeName)) {
      case undefined:
        return this.message(messageSchema(type.typeName), input, path)
      case 'any':
        return this.#any(input, path)
      case 'wrapper':
        return this.#wrapper(type.typeName, input, path)
      case 'duration':
        return this.#attempt(path, () => parseDuration(input))
      case 'timestamp':
        return this.#attempt(path, () => parseTimestamp(input))
      case 'value':
        return input
      case 'struct':
        return this.#attempt(path, () => expectStruct(input))
      case 'list-value':
        return this.#attempt(path, () => expectList(input))
      case 'field-mask':
        return this.#attempt(path, () => parseFieldMask(input))
    }
  }

  #wrapper(typeName: string, input: JsonValue, path: PathNode): unknown {
    const scalar = wrappedScalar(typeName)
    if (!isObject(input)) return this.#attempt(path, () => parseScalar(scalar, input))
    const { value = null, ...rest } = input
    for (const key of Object.keys(rest)) this.#error({ parent: path, key }, `${typeName} has only the field value`)
    if (value === null) return scalar === 'string' ? '' : parseScalar(scalar, scalar === 'bytes' ? '' : '0')
    return this.#attempt({ parent: path, key: 'value' }, () => parseScalar(scalar, value))
  }

  #any(input: JsonValue, path: PathNode): AnyMessage | undefined {
    if (!isObject(input)) {
      this.#error(path, `expected an object with "@type", got ${show(input)}`)
      return undefined
    }
    const typeUrl = input['@type']
    if (Object.keys(input).length === 0) return emptyAny
    if (typeof typeUrl !== 'string') {
      this.#error(path, 'has no "@type": it must name the type, as "type.googleapis.com/envoy…"')
      return undefined
    }
    const at = { parent: path, key: '@type' }
    if (typeUrl.lastIndexOf('/') < 1) {
      this.#error(at, `"@type" must have a host, as "${typeUrlPrefix}${typeNameOf(typeUrl)}", got ${show(typeUrl)}`)
      return undefined
    }
    const schema = findMessage(typeNameOf(typeUrl))
    if (schema === undefined) {
      this.#error(at, unknownType(typeUrl))
      return undefined
    }
    const any = this.#anyOf(schema, input, path)
    if (any !== undefined) setOrigin(any, this.#source, path)
    return any
  }

  #anyOf(schema: MessageSchema, input: JsonObject, path: PathNode): AnyMessage | undefined {
    const typeUrl = typeUrlPrefix + schema.fullName
    if (wellKnown(schema.fullName) === undefined) {
      return unwrapTypedStruct({ typeUrl, value: this.message(schema, input, path, true) }, (inner, struct) =>
        this.message(inner, struct, { parent: path, key: 'value' }),
      )
    }
    const { '@type': _, value = null, ...rest } = input
    for (const key of Object.keys(rest)) {
      this.#error({ parent: path, key }, `${schema.fullName} in an Any has only the field value`)
    }
    const type: ValueType = { kind: 'message', typeName: schema.fullName }
    const decoded = this.#value(type, value ?? emptyItem(type), { parent: path, key: 'value' })
    return decoded === undefined ? undefined : Object.freeze({ typeUrl, value: decoded })
  }

  #attempt<T>(path: PathNode, parse: () => T): T | undefined {
    try {
      return parse()
    } catch (error) {
      if (!(error instanceof ValueError)) throw error
      this.#error(path, error.message)
      return undefined
    }
  }

  #error(path: PathNode | undefined, reason: string): void {
    if (this.#errors.length < maxErrors) this.#errors.push(new ConfigError(reason, placeOf(this.#source, path)))
  }
}

/**
 * `xds.type.v3.TypedStruct` and its older twin stand for a message of another type, written as a Struct. One of an
 * unknown type is kept: it is the configuration of a plugin.
 */
export function unwrapTypedStruct(
  any: AnyMessage,
  decode: (schema: MessageSchema, struct: JsonObject) => Message,
): AnyMessage {
  const name = typeNameOf(any.typeUrl)
  if (name === 'xds.type.v3.TypedStruct' || name === 'udpa.type.v1.TypedStruct') {
    const { typeUrl, value = {} } = any.value as { typeUrl: string; value?: JsonObject }
    const inner = findMessage(typeNameOf(typeUrl))
    if (inner !== undefined && wellKnown(inner.fullName) === undefined) {
      return Object.freeze({ typeUrl: typeUrlPrefix + inner.fullName, value: decode(inner, value) })
    }
  }
  return Object.freeze(any)
}

export function unknownType(typeUrl: string): string {
  const name = typeNameOf(typeUrl)
  const lastName = name.slice(name.lastIndexOf('.'))
  const same = allMessageNames().filter(known => known.endsWith(lastName))
  const best = nearest(name, same) ?? (same.length === 1 ? same[0] : undefined)
  const hint = best === undefined ? '' : `; did you mean ${typeUrlPrefix}${best}?`
  const v2 = /\.v[12](alpha\d*)?\./.test(name) ? ' (Envoy no longer has the v2 API)' : ''
  return `unknown type ${show(typeUrl)}${v2}${hint}`
}

function unknownField(schema: MessageSchema, key: string): string {
  if (key === '<<') return 'YAML merge keys are not supported, by Envoy neither'
  const best = nearest(
    key,
    schema.fields.map(field => field.name),
  )
  return `no such field in ${schema.fullName}${best === undefined ? '' : `; did you mean ${best}?`}`
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function takesNull(type: ValueType): boolean {
  return (
    type.kind !== 'scalar' &&
    (type.typeName === 'google.protobuf.Value' || type.typeName === 'google.protobuf.NullValue')
  )
}

function takesList(type: ValueType): boolean {
  return type.kind === 'message' && ['value', 'list-value'].includes(wellKnown(type.typeName) ?? '')
}

/** What null inside a list or a map stands for. */
function emptyItem(type: ValueType): JsonValue {
  if (takesNull(type)) return null
  if (type.kind === 'scalar') return type.scalar === 'string' || type.scalar === 'bytes' ? '' : '0'
  if (type.kind === 'enum') return 0
  return wellKnown(type.typeName) === 'list-value' ? [] : {}
}

function expectStruct(input: JsonValue): JsonObject {
  if (!isObject(input)) throw new ValueError(`expected an object, got ${show(input)}`)
  return input
}

function expectList(input: JsonValue): JsonValue[] {
  if (!Array.isArray(input)) throw new ValueError(`expected a list, got ${show(input)}`)
  return input
}

/** `"a.b,c"` → `{ paths: ["a.b", "c"] }` */
function parseFieldMask(input: JsonValue): Message {
  if (typeof input === 'string') return Object.freeze({ paths: Object.freeze(input === '' ? [] : input.split(',')) })
  if (isObject(input) && Array.isArray(input['paths'])) return Object.freeze({ paths: Object.freeze(input['paths']) })
  throw new ValueError(`expected field names with commas between, got ${show(input)}`)
}
