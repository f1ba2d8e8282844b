/** Visits a decoded message and all messages inside, those of extensions included. */
import type { AnyMessage } from './build-message.ts'
import { messageSchema } from './protos.ts'
import { type Message, typeNameOf, wellKnown } from './schema.ts'

export type Visit = (fullName: string, message: Message) => void

/** Outer messages come before inner ones. */
export function walkMessage(fullName: string, message: Message, visit: Visit): void {
  visit(fullName, message)
  for (const field of messageSchema(fullName).fields) {
    const value = message[field.key]
    if (value === undefined || field.type.kind !== 'message') continue
    const { typeName } = field.type
    if (field.repeated) for (const item of value as readonly unknown[]) walkValue(typeName, item, visit)
    else if (field.mapKey !== undefined)
      for (const item of Object.values(value as object)) walkValue(typeName, item, visit)
    else walkValue(typeName, value, visit)
  }
}

function walkValue(typeName: string, value: unknown, visit: Visit): void {
  const kind = wellKnown(typeName)
  if (kind === undefined) walkMessage(typeName, value as Message, visit)
  else if (kind === 'any') {
    const any = value as AnyMessage
    walkValue(typeNameOf(any.typeUrl), any.value, visit)
  }
}
