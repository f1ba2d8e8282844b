/**
 * The macros over lists and maps, where they are allowed: Envoy has them in expressions of wasm plugins only. What an
 * evaluation may iterate and concatenate is limited.
 */
import { CelError, type CelValue, isList, isMap, keysOf, noOverload } from './cel-value.ts'
import type { Evaluate } from './compile.ts'

/** cel-cpp's limit. */
const maxIterations = 10_000
const maxConcatenated = 1024 * 1024

/** Of one expression; evaluations do not overlap. */
export class EvaluationBudget {
  #iterations = maxIterations
  #concatenated = maxConcatenated

  begin(): void {
    this.#iterations = maxIterations
    this.#concatenated = maxConcatenated
  }

  iterate(): boolean {
    return this.#iterations-- > 0
  }

  concatenate(length: number): boolean {
    this.#concatenated -= length
    return this.#concatenated >= 0
  }
}

/** What `x` stands for in `list.all(x, …)`. */
export interface Variable {
  value: CelValue
}

const tooLong = new CelError('Iteration budget exceeded')

/** Number of arguments of each macro. */
export const macros: ReadonlyMap<string, readonly number[]> = new Map([
  ['all', [2]],
  ['exists', [2]],
  ['exists_one', [2]],
  ['filter', [2]],
  ['map', [2, 3]],
])

/**
 * @param predicate of `map` with three arguments, and of the others
 * @param transform of `map`
 */
export function comprehension(
  name: string,
  range: Evaluate,
  variable: Variable,
  predicate: Evaluate | undefined,
  transform: Evaluate | undefined,
  budget: EvaluationBudget,
): Evaluate {
  const quantifier = name === 'all' ? false : name === 'exists' ? true : undefined
  return source => {
    const container = range(source)
    if (container instanceof CelError) return container
    const items = isList(container) ? container : isMap(container) ? keysOf(container) : undefined
    if (items === undefined) return noOverload
    const kept: CelValue[] = []
    let failed: CelValue | undefined
    for (const item of items) {
      if (!budget.iterate()) return tooLong
      variable.value = item
      const holds = predicate === undefined ? true : predicate(source)
      if (quantifier !== undefined) {
        // One that decides is enough, whatever the others are.
        if (holds === quantifier) return quantifier
        if (typeof holds !== 'boolean') failed ??= holds instanceof CelError ? holds : noOverload
        continue
      }
      if (typeof holds !== 'boolean') return holds instanceof CelError ? holds : noOverload
      if (!holds) continue
      const value = transform === undefined ? item : transform(source)
      if (value instanceof CelError) return value
      kept.push(value)
    }
    if (quantifier !== undefined) return failed ?? !quantifier
    return name === 'exists_one' ? kept.length === 1 : kept
  }
}
