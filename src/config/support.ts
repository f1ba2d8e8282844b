/**
 * Which fields of the configuration are implemented. A configured field that the tables do not list is refused by name,
 * so that nothing is silently ignored. The tables are in support/, one file an area.
 */
import type { ConfigError } from '../base/errors.ts'
import { type AnyMessage, isSet } from './build-message.ts'
import { configError } from './position.ts'
import { messageSchema } from './protos.ts'
import { type Field, type Message, typeNameOf, wellKnown } from './schema.ts'
import { accessLogSupport } from './support/access-log.ts'
import { clusterSupport } from './support/cluster.ts'
import { commonSupport } from './support/common.ts'
import { httpSupport } from './support/http.ts'
import { listenerSupport } from './support/listener.ts'
import { routeSupport } from './support/route.ts'
import { serverSupport } from './support/server.ts'
import type { SupportTable } from './support/table.ts'
import { wasmSupport } from './support/wasm.ts'

export const supportTable: SupportTable = {
  ...commonSupport,
  ...serverSupport,
  ...listenerSupport,
  ...httpSupport,
  ...routeSupport,
  ...clusterSupport,
  ...accessLogSupport,
  ...wasmSupport,
}

export interface Unsupported {
  /** Configured, but not implemented. */
  readonly refused: ConfigError[]
  /** Not implemented, without effect. */
  readonly harmless: ConfigError[]
}

/** Looks at everything that is set in a message. A field's explicit default counts as not set, except in a oneof. */
export function checkSupport(fullName: string, message: Message, table: SupportTable = supportTable): Unsupported {
  const result: Unsupported = { refused: [], harmless: [] }
  checkMessage(fullName, message, table, result)
  return result
}

function checkMessage(fullName: string, message: Message, table: SupportTable, result: Unsupported): void {
  const listed = table[fullName] ?? []
  for (const field of messageSchema(fullName).fields) {
    const value = message[field.key]
    if (!isSet(field, value)) continue
    const entry = listed === 'all' ? field.name : findEntry(listed, field.name)
    const name = `${fullName}.${field.name}`
    if (entry === undefined) result.refused.push(configError(message, field.key, `${name} is not supported by sluice`))
    else if (entry.startsWith('?')) {
      result.harmless.push(configError(message, field.key, `${name} is not supported by sluice and has no effect`))
    } else if (!allowsValue(entry, value)) {
      const reason = `${name}: ${String(value)} is not supported by sluice (${entry.slice(entry.indexOf('=') + 1).replaceAll('|', ', ')} are)`
      result.refused.push(configError(message, field.key, reason))
    } else checkInside(message, field, value, table, result)
  }
}

function findEntry(listed: readonly string[], name: string): string | undefined {
  return listed.find(entry => entry === name || entry === `?${name}` || entry.startsWith(`${name}=`))
}

function allowsValue(entry: string, value: unknown): boolean {
  const equals = entry.indexOf('=')
  if (equals < 0) return true
  const allowed = entry.slice(equals + 1).split('|')
  return (Array.isArray(value) ? value : [value]).every(item => allowed.includes(String(item)))
}

function checkInside(message: Message, field: Field, value: unknown, table: SupportTable, result: Unsupported): void {
  if (field.type.kind !== 'message') return
  const { typeName } = field.type
  const kind = wellKnown(typeName)
  if (kind !== undefined && kind !== 'any') return
  const items = field.repeated
    ? (value as readonly unknown[])
    : field.mapKey === undefined
      ? [value]
      : Object.values(value as object)
  for (const item of items) {
    if (kind === undefined) checkMessage(typeName, item as Message, table, result)
    else checkAny(message, field, item as AnyMessage, table, result)
  }
}

function checkAny(message: Message, field: Field, any: AnyMessage, table: SupportTable, result: Unsupported): void {
  const inner = typeNameOf(any.typeUrl)
  if (wellKnown(inner) !== undefined) return
  if (table[inner] === undefined) {
    const place = any.value !== null && typeof any.value === 'object' ? (any.value as object) : message
    const fieldName = place === message ? field.key : undefined
    result.refused.push(configError(place, fieldName, `the extension ${inner} is not supported by sluice`))
  } else checkMessage(inner, any.value as Message, table, result)
}
