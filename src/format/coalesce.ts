/** `%COALESCE({"operators": […]})%`: the first of several commands that has a value. Follows Envoy's `CoalesceFormatter`. */
import { ConfigError } from '../base/errors.ts'
import type { Getter } from '../core/format.ts'

/** Makes the getter of a command; throws ConfigError. */
export type MakeCommand = (name: string, args: string | undefined, length: string | undefined) => Getter

const form = '{"operators": ["COMMAND", {"command": "…", "param": "…", "max_length": 1}]}'

/** Throws Error for another form. */
export function coalesce(args: string, make: MakeCommand): Getter {
  const getters = operatorsOf(args).map((entry, index) => {
    try {
      return makeOne(entry, make)
    } catch (error) {
      if (error instanceof ConfigError) throw new Error(`operator ${index}: ${error.reason}`, { cause: error })
      throw error
    }
  })
  return Object.assign(firstOf(getters), { typed: firstOf(getters.map(get => get.typed ?? get)) })
}

function firstOf(getters: readonly Getter[]): Getter {
  return context => {
    for (const get of getters) {
      const value = get(context)
      if (value !== undefined && value !== null && value !== '') return value
    }
    return undefined
  }
}

function operatorsOf(text: string): readonly unknown[] {
  let config: unknown
  try {
    config = JSON.parse(text)
  } catch {
    throw new Error(`takes JSON: ${form}`)
  }
  const operators = (config as { operators?: unknown } | null)?.operators
  if (!Array.isArray(operators) || operators.length === 0) throw new Error(`takes a list of operators: ${form}`)
  return operators as readonly unknown[]
}

function makeOne(entry: unknown, make: MakeCommand): Getter {
  if (typeof entry === 'string') return make(entry, undefined, undefined)
  const { command, param, max_length: length, ...rest } = (entry ?? {}) as Readonly<Record<string, unknown>>
  const known = Object.keys(rest).length === 0 && (param === undefined || typeof param === 'string')
  if (
    typeof command !== 'string' ||
    !known ||
    !(length === undefined || (typeof length === 'number' && Number.isInteger(length)))
  )
    throw new ConfigError(`takes ${form}`)
  return make(command, param, length === undefined ? undefined : String(length))
}
