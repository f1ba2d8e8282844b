/** `%CEL(EXPRESSION)%` and `%TYPED_CEL(EXPRESSION)%`. Follows Envoy's `source/extensions/formatter/cel`. */
import { attributeEnvironment } from '../attributes/attribute-source.ts'
import { type CelExpression, type CelOptions, compileCel } from '../cel/cel.ts'
import { celToJson, printCel } from '../cel/cel-text.ts'
import { CelSyntaxError } from '../cel/syntax-error.ts'
import type { Command, FormatContext, Getter } from '../core/format.ts'
import { sortedJson } from './json-value.ts'

/** Both commands, with the functions that a configuration allows. */
export function celOperators(options: CelOptions): ReadonlyMap<string, Command> {
  return new Map<string, Command>([
    ['CEL', { args: 'required', length: true, make: (args, context) => asText(compiled(args, context, options)) }],
    [
      'TYPED_CEL',
      {
        args: 'required',
        length: true,
        make(args, context) {
          const expression = compiled(args, context, options)
          const typed: Getter = logContext => {
            const value = expression.evaluate(logContext)
            if (typeof value === 'string') return value
            const json = celToJson(value)
            return json === undefined ? undefined : sortedJson(json)
          }
          return Object.assign(asText(expression), { typed })
        },
      },
    ],
  ])
}

function asText(expression: CelExpression): Getter {
  return logContext => printCel(expression.evaluate(logContext))
}

function compiled(text: string, context: FormatContext, options: CelOptions): CelExpression {
  try {
    return compileCel(text, attributeEnvironment(context), options)
  } catch (error) {
    if (error instanceof CelSyntaxError) throw new Error(`${error.message} in "${text}"`, { cause: error })
    throw error
  }
}
