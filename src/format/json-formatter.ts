/** `json_format`: a Struct whose strings are formats. Follows Envoy's `JsonFormatterImpl`. */
import { toBytes } from '../base/latin1.ts'
import type { JsonObject, JsonValue } from '../config/json-source.ts'
import { jsonString, jsonText } from './json-value.ts'
import { type Formatter, type Piece, textOf } from './text-formatter.ts'
import type { LogContext } from '../core/access-log.ts'

/** Writes one value; '' leaves it out, with its key. */
type Writer = (context: LogContext) => string

/** Keys come sorted, the line ends with a newline. A value that is one command keeps its type, others are strings. */
export function makeJsonFormatter(
  format: JsonObject,
  omitEmpty: boolean,
  parse: (format: string) => Piece[],
): Formatter {
  const write = objectWriter(format, omitEmpty, parse)
  return context => `${write(context) || '{}'}\n`
}

function valueWriter(value: JsonValue, omitEmpty: boolean, parse: (format: string) => Piece[]): Writer {
  if (typeof value === 'string') return stringWriter(parse(value), omitEmpty)
  if (value === null || typeof value !== 'object') {
    const literal = value === null && omitEmpty ? '' : JSON.stringify(value)
    return () => literal
  }
  if (!Array.isArray(value)) return objectWriter(value, omitEmpty, parse)
  const writers = value.map(each => valueWriter(each, omitEmpty, parse))
  return context =>
    `[${writers
      .map(write => write(context))
      .filter(text => text !== '')
      .join(',')}]`
}

function objectWriter(value: JsonObject, omitEmpty: boolean, parse: (format: string) => Piece[]): Writer {
  const names = Object.keys(value).sort()
  const keys = names.map(name => `${JSON.stringify(toBytes(name))}:`)
  const writers = names.map(name => valueWriter(value[name] as JsonValue, omitEmpty, parse))
  return context => {
    let text = ''
    for (let i = 0; i < writers.length; i++) {
      const member = (writers[i] as Writer)(context)
      if (member !== '') text += `${text === '' ? '' : ','}${keys[i]}${member}`
    }
    return omitEmpty && text === '' ? '' : `{${text}}`
  }
}

function stringWriter(pieces: readonly Piece[], omitEmpty: boolean): Writer {
  const [only] = pieces
  if (pieces.length === 1 && typeof only === 'function') {
    const get = only.typed ?? only
    return context => {
      const value = get(context)
      if (value === undefined || value === null) return omitEmpty ? '' : 'null'
      return jsonText(value)
    }
  }
  const absent = omitEmpty ? '' : '-'
  return context => {
    let text = ''
    for (const piece of pieces) text += typeof piece === 'string' ? piece : textOf(piece(context), absent)
    return jsonString(text)
  }
}
