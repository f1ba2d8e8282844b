/**
 * Which fields of the configuration are implemented. A configured field that the tables do not list is refused by name,
 * so that nothing is silently ignored. The tables are in support/, one file an area.
 */
import type { ConfigError } from '../base/errors.ts'
import { type AnyMessage, buildMessage, isSet } from './build-message.ts'
import { configError, copyOrigin } from './position.ts'
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
import { tlsSupport } from './support/tls.ts'
import { wasmSupport } from './support/wasm.ts'

export const supportTable: SupportTable = {
  ...commonSupport,
  ...serverSupport,
  ...listenerSupport,
  ...httpSupport,
  ...routeSupport,
  ...clusterSupport,
  ...accessLogSupport,
  ...tlsSupport,
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
  for (const field of messageSchema(fullName).fields) {
    const value = message[field.key]
    if (!isSet(field, value)) continue
    const fault = fieldFault(fullName, field, value, table)
    if (fault === undefined) checkInside(message, field, value, table, result)
    else (fault.harmless ? result.harmless : result.refused).push(configError(message, field.key, fault.reason))
  }
}

/** What is not supported about a field that is set, not looking into it. */
function fieldFault(
  fullName: string,
  field: Field,
  value: unknown,
  table: SupportTable,
): { reason: string; harmless: boolean } | undefined {
  const listed = table[fullName] ?? []
  if (listed === 'all') return undefined
  const entry = findEntry(listed, field.name)
  const name = `${fullName}.${field.name}`
  if (entry === undefined) return { reason: `${name} is not supported by sluice`, harmless: false }
  if (entry.startsWith('?')) return { reason: `${name} is not supported by sluice and has no effect`, harmless: true }
  if (allowsValue(entry, value)) return undefined
  const allowed = entry.slice(entry.indexOf('=') + 1).replaceAll('|', ', ')
  return { reason: `${name}: ${String(value)} is not supported by sluice, only ${allowed}`, harmless: false }
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
  if (!isSupportedType(inner, table)) {
    const place = any.value !== null && typeof any.value === 'object' ? any.value : message
    const fieldName = place === message ? field.key : undefined
    result.refused.push(configError(place, fieldName, `the extension ${inner} is not supported by sluice`))
  } else checkMessage(inner, any.value as Message, table, result)
}

function isSupportedType(fullName: string, table: SupportTable): boolean {
  return wellKnown(fullName) !== undefined || table[fullName] !== undefined
}

/**
 * The message without what `checkSupport` refuses, for `--allow-unsupported`. An element of a list that is nothing
 * without its extension, such as an HTTP filter, goes whole.
 */
export function withoutUnsupported(fullName: string, message: Message, table: SupportTable = supportTable): Message {
  const values = messageSchema(fullName).fields.map(field => {
    const value = message[field.key]
    if (!isSet(field, value)) return value
    const fault = fieldFault(fullName, field, value, table)
    if (fault !== undefined && !fault.harmless) return undefined
    return field.type.kind === 'message' ? supportedValue(field, field.type.typeName, value, table) : value
  })
  const kept = buildMessage(messageSchema(fullName), values)
  copyOrigin(message, kept)
  return kept
}

function supportedValue(field: Field, typeName: string, value: unknown, table: SupportTable): unknown {
  const keep = (item: unknown) => supportedItem(typeName, item, table)
  if (field.repeated) {
    const items = (value as readonly unknown[]).filter(item => !hasForeignExtension(typeName, item, table))
    return Object.freeze(items.map(keep))
  }
  if (field.mapKey === undefined) return keep(value)
  const entries = Object.entries(value as object).map(([key, item]) => [key, keep(item)] as const)
  return Object.freeze(Object.fromEntries(entries.filter(([, item]) => item !== undefined)))
}

/** `undefined` for an extension that is not supported. */
function supportedItem(typeName: string, item: unknown, table: SupportTable): unknown {
  const kind = wellKnown(typeName)
  if (kind === undefined) return withoutUnsupported(typeName, item as Message, table)
  if (kind !== 'any') return item
  const any = item as AnyMessage
  const inner = typeNameOf(any.typeUrl)
  if (!isSupportedType(inner, table)) return undefined
  const kept = Object.freeze({ typeUrl: any.typeUrl, value: supportedItem(inner, any.value, table) })
  copyOrigin(any, kept)
  return kept
}

function hasForeignExtension(typeName: string, item: unknown, table: SupportTable): boolean {
  if (wellKnown(typeName) !== undefined) return false
  const any = (item as Message)['typedConfig'] as AnyMessage | undefined
  return any !== undefined && !isSupportedType(typeNameOf(any.typeUrl), table)
}
