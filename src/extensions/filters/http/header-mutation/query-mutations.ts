/** `query_parameter_mutations`. Follows Envoy's `Http::Utility::QueryParamsMulti`: what is changed comes out decoded, sorted and encoded again. */
import { ConfigError } from '../../../../base/errors.ts'
import { toBytes } from '../../../../base/latin1.ts'
import { configError } from '../../../../config/position.ts'
import type { KeyValueMutation } from '../../../../config/v3.ts'
import type { LogContext } from '../../../../core/access-log.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type { FormatContext } from '../../../../core/format.ts'
import { type Commands, makeTextFormatter } from '../../../../format/text-formatter.ts'

export type QueryMutations = (headers: HeaderMap, context: LogContext) => void

type Parameters = Map<string, string[]>
type Step = (parameters: Parameters, context: LogContext) => void

/** `undefined` for an empty list. Throws `ConfigError`. */
export function makeQueryMutations(
  messages: readonly KeyValueMutation[],
  context: FormatContext,
  commands?: Commands,
): QueryMutations | undefined {
  if (messages.length === 0) return undefined
  const steps = messages.map(each => makeStep(each, context, commands))
  return (headers, logContext) => {
    const path = headers.get(':path')
    if (path === undefined) return
    const start = path.indexOf('?')
    const parameters = parse(start < 0 ? '' : path.slice(start + 1))
    for (const step of steps) step(parameters, logContext)
    headers.set(':path', (start < 0 ? path : path.slice(0, start)) + serialize(parameters))
  }
}

function makeStep(message: KeyValueMutation, context: FormatContext, commands: Commands | undefined): Step {
  const { append, remove } = message
  if (append === undefined) {
    if (remove === '') throw configError(message, undefined, 'needs append or remove')
    const name = toBytes(remove)
    return parameters => parameters.delete(name)
  }
  const { record, action } = append
  if (record === undefined) throw configError(append, 'record', 'a record is required')
  if (typeof record.value !== 'string')
    throw configError(record, 'value', 'only a string may be the value of a parameter')
  const key = toBytes(record.key)
  const format = formatOf(record, record.value, context, commands)
  return (parameters, logContext) => {
    const before = parameters.get(key)
    if (action === 'ADD_IF_ABSENT' && before !== undefined) return
    if (action === 'OVERWRITE_IF_EXISTS' && before === undefined) return
    const value = format(logContext)
    if (action === 'APPEND_IF_EXISTS_OR_ADD' && before !== undefined) before.push(value)
    else parameters.set(key, [value])
  }
}

function formatOf(
  of: object,
  text: string,
  context: FormatContext,
  commands: Commands | undefined,
): (context: LogContext) => string {
  try {
    return makeTextFormatter(text, context, true, commands)
  } catch (error) {
    if (error instanceof ConfigError) throw configError(of, 'value', error.reason)
    throw error
  }
}

function parse(query: string): Parameters {
  const parameters: Parameters = new Map()
  const fragment = query.indexOf('#')
  for (const part of (fragment < 0 ? query : query.slice(0, fragment)).split('&')) {
    if (part === '') continue
    const equals = part.indexOf('=')
    const name = decode(equals < 0 ? part : part.slice(0, equals))
    const value = equals < 0 ? '' : decode(part.slice(equals + 1))
    const values = parameters.get(name)
    if (values === undefined) parameters.set(name, [value])
    else values.push(value)
  }
  return parameters
}

/** Byte order of the names, as they stand in Envoy's map. */
function serialize(parameters: Parameters): string {
  const pairs: string[] = []
  for (const name of [...parameters.keys()].toSorted((a, b) => (a < b ? -1 : 1)))
    for (const value of parameters.get(name) ?? []) pairs.push(`${encode(name)}=${encode(value)}`)
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`
}

function decode(text: string): string {
  return text.replace(/%([0-9a-fA-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}

function encode(bytes: string): string {
  return bytes.replace(
    /[^\w.~-]/g,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}
