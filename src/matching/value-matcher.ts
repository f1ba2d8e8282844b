/** `envoy.type.matcher.v3.ValueMatcher` as a predicate over JSON values. Follows Envoy's `source/common/common/matchers.cc`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { DoubleMatcher, ValueMatcher } from '../config/v3.ts'
import { makeStringMatcher } from './string-matcher.ts'

/** Takes a value of a `google.protobuf.Struct`; undefined when there is none. */
export type ValuePredicate = (value: unknown) => boolean

/** Throws `ConfigError` for a bad regex and for a matcher that says nothing. */
export function makeValueMatcher(message: ValueMatcher): ValuePredicate {
  const { nullMatch, doubleMatch, stringMatch, boolMatch, presentMatch, listMatch, orMatch } = message
  if (nullMatch !== undefined) return value => value === null
  if (doubleMatch !== undefined) return makeDoubleMatcher(doubleMatch)
  if (stringMatch !== undefined) {
    const matches = makeStringMatcher(stringMatch)
    return value => typeof value === 'string' && matches(toBytes(value))
  }
  if (boolMatch !== undefined) return value => value === boolMatch
  // Absence cannot be asked for: that is what `invert` is for.
  if (presentMatch !== undefined) return value => presentMatch && value !== undefined
  if (listMatch !== undefined) {
    if (listMatch.oneOf === undefined) throw configError(listMatch, 'oneOf', 'needs one_of')
    const matches = makeValueMatcher(listMatch.oneOf)
    return value => Array.isArray(value) && value.some(each => matches(each))
  }
  if (orMatch !== undefined) {
    const matchers = orMatch.valueMatchers.map(makeValueMatcher)
    return value => matchers.some(matches => matches(value))
  }
  throw configError(
    message,
    undefined,
    'needs null_match, double_match, string_match, bool_match, present_match, list_match or or_match',
  )
}

function makeDoubleMatcher(message: DoubleMatcher): ValuePredicate {
  const { range, exact } = message
  if (exact !== undefined) return value => value === exact
  if (range !== undefined) return value => typeof value === 'number' && value >= range.start && value < range.end
  throw configError(message, undefined, 'needs range or exact')
}
