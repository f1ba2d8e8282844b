/**
 * Format strings with `%COMMANDS%`: parsed once to a list of getters, run for every log line or header.
 * Follows Envoy's `source/common/formatter/substitution_formatter.cc`.
 */
import { ConfigError } from '../base/errors.ts'
import { toBytes } from '../base/latin1.ts'
import type { JsonValue } from '../config/json-source.ts'
import type { LogContext } from '../core/access-log.ts'
import type { Command, FormatContext, Getter } from '../core/format.ts'
import { coalesce } from './coalesce.ts'
import { operator } from './operators.ts'
import { unsupportedCommands } from './unsupported.ts'

/** The result is a byte string (one character a byte), as header values are: write it as latin1. */
export type Formatter = (context: LogContext) => string

/** Commands of formatter extensions. */
export type Commands = ReadonlyMap<string, Command>

const noCommands: Commands = new Map<string, Command>()

/** A literal (byte string) or the getter of a command. */
export type Piece = string | Getter

/** Throws `ConfigError` (without a place) for an unknown command or bad arguments. `omitEmpty`: '' instead of `-`. */
export function makeTextFormatter(
  format: string,
  context: FormatContext,
  omitEmpty = false,
  commands = noCommands,
): Formatter {
  const pieces = parseFormat(format, context, commands)
  const [only] = pieces
  if (pieces.length === 1 && typeof only === 'string') return () => only
  const absent = omitEmpty ? '' : '-'
  return logContext => {
    let text = ''
    for (let i = 0; i < pieces.length; i++) {
      const piece = pieces[i] as Piece
      text += typeof piece === 'string' ? piece : textOf(piece(logContext), absent)
    }
    return text
  }
}

/** As text: a list or struct is JSON. */
export function textOf(value: JsonValue | undefined, absent: string): string {
  if (typeof value === 'string') return value
  if (value === undefined || value === null) return absent
  return typeof value === 'object' ? toBytes(JSON.stringify(value)) : String(value)
}

/** Throws `ConfigError` (without a place). A format without commands is one literal. */
export function parseFormat(format: string, context: FormatContext, commands = noCommands): Piece[] {
  const pieces: Piece[] = []
  const command = /%([A-Z0-9_]+)(?:\((.*?)\))?(?::(\d+))?%/sy
  let literal = ''
  for (let i = 0; i < format.length; ) {
    if (format[i] !== '%') {
      literal += format[i++]
      continue
    }
    if (format[i + 1] === '%') {
      literal += '%'
      i += 2
      continue
    }
    command.lastIndex = i
    const match = command.exec(format)
    if (match === null)
      throw new ConfigError(
        `"${format}" has no valid command at position ${i}: write %COMMAND(args):length%, or %% for a percent sign`,
      )
    if (literal !== '') pieces.push(toBytes(literal))
    literal = ''
    pieces.push(makeGetter(match[1] as string, match[2], match[3], context, commands))
    i = command.lastIndex
  }
  if (literal !== '' || pieces.length === 0) pieces.push(toBytes(literal))
  return pieces
}

function makeGetter(
  name: string,
  args: string | undefined,
  length: string | undefined,
  context: FormatContext,
  commands: Commands,
): Getter {
  const found = commands.get(name) ?? (name === 'COALESCE' ? coalesceCommand(commands) : operator(name))
  const unsupported = unsupportedCommands.get(name)
  if (found === undefined)
    throw new ConfigError(
      `%${name}% is ${unsupported === undefined ? 'no command' : `not supported by sluice: ${unsupported}`}`,
    )
  if (found.args === 'none' && args !== undefined) throw new ConfigError(`%${name}% takes no parameters`)
  if (found.args === 'required' && !args) throw new ConfigError(`%${name}% requires parameters: %${name}(…)%`)
  if (length !== undefined && !found.length) throw new ConfigError(`%${name}% takes no length`)
  try {
    const get = found.make(args ?? '', context)
    return length === undefined ? get : truncated(get, Number(length))
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError(`%${name}% ${(error as Error).message}`)
  }
}

function coalesceCommand(commands: Commands): Command {
  return {
    args: 'required',
    length: true,
    make: (args, context) =>
      coalesce(args, (name, inner, length) => makeGetter(name, inner, length, context, commands)),
  }
}

/** In JSON only strings are cut. */
function truncated(get: Getter, length: number): Getter {
  const text: Getter = context => {
    const value = get(context)
    return value === undefined ? undefined : textOf(value, '').slice(0, length)
  }
  const typed: Getter = context => {
    const value = (get.typed ?? get)(context)
    return typeof value === 'string' ? value.slice(0, length) : value
  }
  return Object.assign(text, { typed })
}
