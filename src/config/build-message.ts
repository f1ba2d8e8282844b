/** Puts decoded field values into the one shape that messages have, whatever they were decoded from. */
import { enumSchema } from './protos.ts'
import { defaultOf, type Field, type Message, type MessageSchema } from './schema.ts'

/** An `Any`: the decoded message and the URL of its type. */
export interface AnyMessage {
  readonly typeUrl: string
  readonly value: unknown
}

/** What an Any without a type is read as. */
export const emptyAny: AnyMessage = Object.freeze({
  typeUrl: 'type.googleapis.com/google.protobuf.Empty',
  value: Object.freeze({}),
})

const emptyList: readonly unknown[] = Object.freeze([])
const emptyMap: Message = Object.freeze({})

/** `values` by `Field.index`; properties come in the order of the descriptor, so that objects of a type are alike. */
export function buildMessage(schema: MessageSchema, values: readonly unknown[]): Message {
  const message: Record<string, unknown> = {}
  const defaults = defaultsOf(schema)
  for (const field of schema.fields) {
    const value = values[field.index] ?? defaults[field.index]
    if (value !== undefined) message[field.key] = value
  }
  return Object.freeze(message)
}

const knownDefaults = new WeakMap<MessageSchema, readonly unknown[]>()

/** Values of unset fields, `undefined` for those that may be absent. */
function defaultsOf(schema: MessageSchema): readonly unknown[] {
  let defaults = knownDefaults.get(schema)
  if (defaults === undefined) {
    defaults = schema.fields.map(field => (field.presence ? undefined : defaultValue(field)))
    knownDefaults.set(schema, defaults)
  }
  return defaults
}

function defaultValue(field: Field): unknown {
  if (field.repeated) return emptyList
  if (field.mapKey !== undefined) return emptyMap
  if (field.type.kind === 'enum') return enumSchema(field.type.typeName).values[0]?.name
  return field.type.kind === 'scalar' ? defaultOf(field.type.scalar) : undefined
}

/** Whether the user said something here that differs from saying nothing. */
export function isSet(field: Field, value: unknown): boolean {
  if (value === undefined) return false
  if (field.presence) return true
  if (Array.isArray(value)) return value.length > 0
  if (value instanceof Uint8Array) return value.length > 0
  if (field.mapKey !== undefined) return Object.keys(value as object).length > 0
  return value !== defaultValue(field)
}
