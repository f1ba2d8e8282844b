/** Lists of string matchers of which one is enough. */
import type { StringMatcher } from '../config/v3.ts'
import { makeStringMatcher, type StringPredicate } from './string-matcher.ts'

/** Undefined for an empty list. Throws `ConfigError`. */
export function makeAnyOf(messages: readonly StringMatcher[]): StringPredicate | undefined {
  if (messages.length === 0) return undefined
  const all = messages.map(each => makeStringMatcher(each))
  return text => all.some(matches => matches(text))
}
