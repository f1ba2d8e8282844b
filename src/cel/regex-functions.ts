/** `matches` and cel-cpp's regular expression extension, in linear time and of limited size. */
import { makeSearch, type Search } from '../matching/search.ts'
import { CelError, type CelValue, LiteralMap, noOverload } from './cel-value.ts'

type RegexFunction = (...args: readonly CelValue[]) => CelValue

/** Envoy's `regex_max_program_size`. */
const maxProgramSize = 100
/** Expressions that are not known before a request, and long enough to matter. */
const maxDynamicLength = 1000
const maxKept = 100
const noMatch = new CelError('no match')
const badRegex = new CelError('invalid regular expression')

const kept = new Map<string, Search | undefined>()

/** Throws Error with what is wrong. */
export function compileRegex(pattern: string): Search {
  return makeSearch(pattern, maxProgramSize)
}

/** An expression made of a request's values: the latest are kept. */
function dynamicRegex(pattern: string): Search | undefined {
  if (kept.has(pattern)) return kept.get(pattern)
  if (pattern.length > maxDynamicLength) return undefined
  let search: Search | undefined
  try {
    search = compileRegex(pattern)
  } catch {
    search = undefined
  }
  if (kept.size >= maxKept) kept.delete(kept.keys().next().value as string)
  kept.set(pattern, search)
  return search
}

export function matches(text: CelValue, pattern: CelValue): CelValue {
  if (typeof text !== 'string' || typeof pattern !== 'string') return noOverload
  return dynamicRegex(pattern)?.test(text) ?? badRegex
}

function found(text: CelValue, pattern: CelValue, whole: boolean): readonly (string | undefined)[] | CelError {
  if (typeof text !== 'string' || typeof pattern !== 'string') return noOverload
  const search = dynamicRegex(pattern)
  return search === undefined ? badRegex : (search.match(text, whole) ?? noMatch)
}

/** The one group of an expression that matches the whole text. */
const capture: RegexFunction = (text = null, pattern = null) => {
  const groups = found(text, pattern, true)
  return groups instanceof CelError ? groups : (groups[1] ?? noMatch)
}

/** All its groups, by name or number. */
const captureN: RegexFunction = (text = null, pattern = null) => {
  const groups = found(text, pattern, true)
  if (groups instanceof CelError) return groups
  const names = Object.entries(dynamicRegex(pattern as string)?.names ?? {})
  const map = new LiteralMap()
  for (let group = 1; group < groups.length; group++) {
    const name = names.find(([, number]) => number === group)?.[0] ?? String(group)
    map.entries.set(`s${name}`, { key: name, value: groups[group] ?? '' })
  }
  return map
}

/** The first match rewritten: `\1` is a group. */
const extract: RegexFunction = (text = null, pattern = null, rewrite = null) => {
  if (typeof rewrite !== 'string') return noOverload
  const groups = found(text, pattern, false)
  if (groups instanceof CelError) return groups
  let valid = true
  const result = rewrite.replace(/\\(.?)/g, (_, next: string) => {
    if (next === '\\') return next
    if (/\d/.test(next) && Number(next) < groups.length) return groups[Number(next)] ?? ''
    valid = false
    return ''
  })
  return valid ? result : noMatch
}

export const regexFunctions: Readonly<Record<string, { readonly arity: number; readonly run: RegexFunction }>> = {
  're.extract': { arity: 3, run: extract },
  're.capture': { arity: 2, run: capture },
  're.captureN': { arity: 2, run: captureN },
}
