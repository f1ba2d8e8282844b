/** `…_headers_to_add` and `…_headers_to_remove`. Follows Envoy's `source/common/router/header_parser.cc`. */
import { toBytes } from '../base/latin1.ts'
import { ConfigError } from '../base/errors.ts'
import { configError } from '../config/position.ts'
import type { HeaderValueOption } from '../config/v3.ts'
import type { LogContext } from '../core/access-log.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import type { FormatContext } from './operators.ts'
import { type Formatter, makeTextFormatter } from './text-formatter.ts'

interface Addition {
  readonly name: string
  /** A byte string, or what makes it. */
  readonly value: string | Formatter
  readonly keepEmpty: boolean
  readonly action: HeaderValueOption['appendAction']
}

/** Header changes of one level of the configuration. */
export interface HeaderMutations {
  /** Removes first, then evaluates all values on what is left, then overwrites, then adds. */
  apply(headers: HeaderMap, context: LogContext): void
}

/**
 * `undefined` when there is nothing to do. Throws `ConfigError` for a bad format and for headers that no route may
 * change (`:path`, `host`). `of` is the message that has the lists, `addField` and `removeField` name them.
 */
export function makeHeaderMutations(
  add: readonly HeaderValueOption[],
  remove: readonly string[],
  context: FormatContext,
  of: object,
  removeField: string,
): HeaderMutations | undefined {
  if (add.length === 0 && remove.length === 0) return undefined
  const removals = remove.map((name, i) => {
    if (name.startsWith(':') || name.toLowerCase() === 'host')
      throw configError(of, removeField, `":"-prefixed or host headers may not be removed: "${name}"`, i)
    return name.toLowerCase()
  })
  return new Mutations(
    add.map(each => makeAddition(each, context)),
    removals,
  )
}

function makeAddition(option: HeaderValueOption, context: FormatContext): Addition {
  const header = option.header
  if (header === undefined) throw configError(option, 'header', 'a header is required')
  if (header.key.startsWith(':') || header.key.toLowerCase() === 'host')
    throw configError(header, 'key', `":"-prefixed or host headers may not be modified: "${header.key}"`)
  const { appendAction, append } = option
  if (append !== undefined && appendAction !== 'APPEND_IF_EXISTS_OR_ADD')
    throw configError(option, 'append', 'append and append_action cannot both be set: use append_action')
  return {
    name: header.key.toLowerCase(),
    value: makeValue(header, context),
    keepEmpty: option.keepEmptyValue,
    action: append === false ? 'OVERWRITE_IF_EXISTS_OR_ADD' : appendAction,
  }
}

function makeValue(header: NonNullable<HeaderValueOption['header']>, context: FormatContext): string | Formatter {
  const text = header.rawValue.length > 0 ? Buffer.from(header.rawValue).toString('utf8') : header.value
  if (!text.includes('%')) return toBytes(text)
  try {
    return makeTextFormatter(text, context, true)
  } catch (error) {
    if (error instanceof ConfigError) throw configError(header, 'value', error.reason)
    throw error
  }
}

class Mutations implements HeaderMutations {
  readonly #additions: readonly Addition[]
  readonly #removals: readonly string[]

  constructor(additions: readonly Addition[], removals: readonly string[]) {
    this.#additions = additions
    this.#removals = removals
  }

  apply(headers: HeaderMap, context: LogContext): void {
    for (const name of this.#removals) headers.remove(name)
    const additions = this.#additions
    if (additions.length === 1) {
      const only = additions[0] as Addition
      change(headers, only, valueOf(only, context))
      return
    }
    const values = additions.map(each => valueOf(each, context))
    const present = additions.map(each => headers.has(each.name))
    for (let i = 0; i < additions.length; i++) {
      const { name, action, keepEmpty } = additions[i] as Addition
      const value = values[i] as string
      if ((value === '' && !keepEmpty) || !action.startsWith('OVERWRITE')) continue
      if (action === 'OVERWRITE_IF_EXISTS_OR_ADD' || present[i]) headers.set(name, value)
    }
    for (let i = 0; i < additions.length; i++) {
      const { name, action, keepEmpty } = additions[i] as Addition
      const value = values[i] as string
      if ((value === '' && !keepEmpty) || action.startsWith('OVERWRITE')) continue
      if (action === 'APPEND_IF_EXISTS_OR_ADD' || !present[i]) headers.add(name, value)
    }
  }
}

function valueOf(addition: Addition, context: LogContext): string {
  return typeof addition.value === 'string' ? addition.value : addition.value(context)
}

function change(headers: HeaderMap, addition: Addition, value: string): void {
  const { name, action } = addition
  if (value === '' && !addition.keepEmpty) return
  if (action === 'APPEND_IF_EXISTS_OR_ADD') headers.add(name, value)
  else if (action === 'OVERWRITE_IF_EXISTS_OR_ADD') headers.set(name, value)
  else if (action === 'ADD_IF_ABSENT' ? !headers.has(name) : headers.has(name)) headers.set(name, value)
}

/** The context of header values, where no log is written. */
export function headerContext(
  requestHeaders: HeaderMap | undefined,
  responseHeaders: HeaderMap | undefined,
  streamInfo: StreamInfo,
): LogContext {
  return {
    requestHeaders,
    responseHeaders,
    responseTrailers: undefined,
    streamInfo,
    localReplyBody: '',
    logType: 'NotSet',
  }
}
