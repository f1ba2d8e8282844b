/**
 * CEL expressions over attributes, as Envoy evaluates them (`source/extensions/filters/common/expr`): compiled once to
 * closures. What an evaluation costs is limited by the expression's length, and where macros are allowed by a budget.
 */
import type { AttributeEnvironment, AttributeSource } from '../attributes/attribute-source.ts'
import type { Expr } from '../config/v3.ts'
import type { CelValue } from './cel-value.ts'
import { type CelFeatures, compile, type Evaluate } from './compile.ts'
import { EvaluationBudget } from './comprehensions.ts'
import { parseCel } from './parse.ts'

export interface CelOptions extends Partial<CelFeatures> {
  /** Known by name beside the attributes. */
  readonly variables?: ReadonlyMap<string, Evaluate>
}

export class CelExpression {
  readonly #evaluate: Evaluate
  readonly #budget: EvaluationBudget

  constructor(evaluate: Evaluate, budget: EvaluationBudget) {
    this.#evaluate = evaluate
    this.#budget = budget
  }

  /** A value, or a `CelError`. Strings are byte strings; `printCel` and `celToJson` (cel-text.ts) make text and JSON. */
  evaluate(source: AttributeSource): CelValue {
    this.#budget.begin()
    return this.#evaluate(source)
  }

  /** Whether the value is true: neither another one nor an error. */
  matches(source: AttributeSource): boolean {
    return this.evaluate(source) === true
  }
}

/** Throws CelSyntaxError with what is wrong, and where. */
export function compileCel(text: string, environment: AttributeEnvironment, options?: CelOptions): CelExpression {
  return compileExpr(parseCel(text), environment, options)
}

/**
 * The same for a tree of the configuration: `CheckedExpr.expr` and `ParsedExpr.expr`, of `google.api.expr.v1alpha1` or
 * `cel.expr`. Throws CelSyntaxError.
 */
export function compileExpr(
  expr: Expr | undefined,
  environment: AttributeEnvironment,
  options: CelOptions = {},
): CelExpression {
  const budget = new EvaluationBudget()
  const allOff: CelFeatures = {
    ...{ enableStringConversion: false, enableStringConcat: false, enableStringFunctions: false },
    ...{ enableListConcat: false, enableComprehension: false },
  }
  const variables = options.variables ?? new Map<string, Evaluate>()
  return new CelExpression(
    compile(expr, { ...allOff, ...options, variables, environment, budget, scope: new Map() }),
    budget,
  )
}
