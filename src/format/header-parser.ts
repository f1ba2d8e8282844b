/** `…_headers_to_add` and `…_headers_to_remove`. Follows Envoy's `source/common/router/header_parser.cc`. */
import { toBytes } from '../base/latin1.ts'
import { ConfigError } from '../base/errors.ts'
import { configError } from '../config/position.ts'
import type { HeaderValueOption } from '../config/v3.ts'
import type { LogContext } from '../core/access-log.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import type { FormatContext } from '../core/format.ts'
import { type Commands, type Formatter, makeTextFormatter } from './text-formatter.ts'

export interface Addition {
  readonly name: string
  /** A byte string, or what makes it. */
  readonly value: string | Formatter
  readonly keepEmpty: boolean
  /** Takes the place of the fields of that name, at the end of the list. */
  readonly overwrites: boolean
  /** Whether the header must be there, or must not; undefined for neither. */
  readonly onlyIfPresent: boolean | undefined
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
    add.map(each => {
      const { key } = each.header ?? { key: '' }
      if (key.startsWith(':') || key.toLowerCase() === 'host')
        throw configError(each.header ?? each, 'key', `":"-prefixed or host headers may not be modified: "${key}"`)
      return makeAddition(each, context)
    }),
    removals,
  )
}

/** Throws `ConfigError` for a bad format. */
export function makeAddition(option: HeaderValueOption, context: FormatContext, commands?: Commands): Addition {
  const header = option.header
  if (header === undefined) throw configError(option, 'header', 'a header is required')
  const { appendAction, append } = option
  if (append !== undefined && appendAction !== 'APPEND_IF_EXISTS_OR_ADD')
    throw configError(option, 'append', 'append and append_action cannot both be set: use append_action')
  return {
    name: header.key.toLowerCase().replace(/^host$/, ':authority'),
    value: makeValue(header, context, commands),
    keepEmpty: option.keepEmptyValue,
    overwrites: append === false || appendAction.startsWith('OVERWRITE'),
    onlyIfPresent: appendAction === 'OVERWRITE_IF_EXISTS' ? true : appendAction === 'ADD_IF_ABSENT' ? false : undefined,
  }
}

function makeValue(
  header: NonNullable<HeaderValueOption['header']>,
  context: FormatContext,
  commands: Commands | undefined,
): string | Formatter {
  const text = header.rawValue.length > 0 ? Buffer.from(header.rawValue).toString('utf8') : header.value
  if (!text.includes('%')) return toBytes(text)
  try {
    return makeTextFormatter(text, context, true, commands)
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
    // Values and conditions see the headers as they were before any of the additions.
    const changes = additions.map(each => valueOf(each, headers, context))
    for (let i = 0; i < additions.length; i++) {
      const { name, overwrites } = additions[i] as Addition
      const value = changes[i]
      if (value === undefined || !overwrites) continue
      headers.remove(name)
      headers.add(name, value)
    }
    for (let i = 0; i < additions.length; i++) {
      const { name, overwrites } = additions[i] as Addition
      const value = changes[i]
      if (value !== undefined && !overwrites) headers.add(name, value)
    }
  }
}

/** `undefined` when the header is not to be added. */
function valueOf(addition: Addition, headers: HeaderMap, context: LogContext): string | undefined {
  const value = typeof addition.value === 'string' ? addition.value : addition.value(context)
  if (value === '' && !addition.keepEmpty) return undefined
  const { onlyIfPresent } = addition
  return onlyIfPresent === undefined || headers.has(addition.name) === onlyIfPresent ? value : undefined
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
