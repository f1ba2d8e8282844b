/** Protobuf's MergeFrom on decoded messages: `--config-yaml` over `-c`. */
import { type AnyMessage, buildMessage, isSet } from './build-message.ts'
import { copyOrigin } from './position.ts'
import { messageSchema } from './protos.ts'
import { defaultOf, type Field, type Message, wellKnown, wrappedScalar } from './schema.ts'

/** What is set in `over` wins; messages merge, lists append, map entries replace; a oneof holds the later member. */
export function mergeMessage(fullName: string, base: Message, over: Message): Message {
  const schema = messageSchema(fullName)
  const values = schema.fields.map(field => {
    const below = base[field.key]
    const above = over[field.key]
    if (isSet(field, above)) return below === undefined ? above : mergeField(field, below, above)
    const otherMember = field.oneof?.fields.some(member => member !== field && isSet(member, over[member.key]))
    return otherMember === true ? undefined : below
  })
  const merged = buildMessage(schema, values)
  copyOrigin(base, merged)
  return merged
}

function mergeField(field: Field, below: unknown, above: unknown): unknown {
  if (field.repeated) return Object.freeze([...(below as unknown[]), ...(above as unknown[])])
  if (field.mapKey !== undefined) return Object.freeze({ ...(below as object), ...(above as object) })
  if (field.type.kind !== 'message') return above
  switch (wellKnown(field.type.typeName)) {
    case undefined:
      return mergeMessage(field.type.typeName, below as Message, above as Message)
    case 'struct':
      return { ...(below as object), ...(above as object) }
    case 'list-value':
      return [...(below as unknown[]), ...(above as unknown[])]
    case 'wrapper':
      // A wrapper's own value merges as a plain scalar: a default does not replace.
      return above === defaultOf(wrappedScalar(field.type.typeName)) ? below : above
    case 'any':
      return (above as AnyMessage).typeUrl === '' ? below : above
    default:
      return above
  }
}
