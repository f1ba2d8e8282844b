/** `envoy.config.route.v3.HeaderMatcher` as a predicate. Follows Envoy's `HeaderUtility::HeaderData`. */
import { configError } from '../config/position.ts'
import type { HeaderMatcher } from '../config/v3.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { makeRegex } from './regex.ts'
import { contains, exact, makeStringMatcher, prefix, type StringPredicate, suffix } from './string-matcher.ts'

export type HeaderPredicate = (headers: HeaderMap) => boolean

/**
 * Of several fields of the name one must match, each taken by itself; a missing header matches nothing, inverted or not.
 * Throws `ConfigError` for a bad regex or range.
 */
export function makeHeaderMatcher(message: HeaderMatcher): HeaderPredicate {
  const name = headerName(message.name)
  const invert = message.invertMatch
  const test = valueTest(message)
  if (test === undefined) {
    const present = message.presentMatch ?? true
    // Of a missing header taken as empty, presence is asked as if it were there.
    if (message.treatMissingHeaderAsEmpty) return () => present !== invert
    return headers => (headers.has(name) === present) !== invert
  }
  const whenMissing = message.treatMissingHeaderAsEmpty && test('') !== invert
  return headers => {
    const list = headers.list
    let present = false
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] !== name) continue
      present = true
      if (test(list[i + 1] as string)) return !invert
    }
    return present ? invert : whenMissing
  }
}

/** Whether all match; true for none. */
export function allMatch(matchers: readonly HeaderPredicate[], headers: HeaderMap): boolean {
  for (let i = 0; i < matchers.length; i++) if (!(matchers[i] as HeaderPredicate)(headers)) return false
  return true
}

/** The name under which header maps hold a header: lower case, `host` as `:authority`. */
function headerName(name: string): string {
  const lower = name.toLowerCase()
  return lower === 'host' ? ':authority' : lower
}

/** `undefined` for a presence match. */
function valueTest(message: HeaderMatcher): StringPredicate | undefined {
  if (message.stringMatch !== undefined) return makeStringMatcher(message.stringMatch)
  if (message.exactMatch !== undefined) return exact(message.exactMatch)
  if (message.prefixMatch !== undefined) return prefix(message.prefixMatch)
  if (message.suffixMatch !== undefined) return suffix(message.suffixMatch)
  if (message.containsMatch !== undefined) return contains(message.containsMatch)
  if (message.safeRegexMatch !== undefined) {
    const regex = makeRegex(message.safeRegexMatch)
    return value => regex.matches(value)
  }
  if (message.rangeMatch === undefined) return undefined
  const { start, end } = message.rangeMatch
  if (start >= end) throw configError(message, 'rangeMatch', `the range [${start}, ${end}) holds no number`)
  return value => {
    if (!/^[+-]?\d{1,19}$/.test(value)) return false
    const number = BigInt(value.startsWith('+') ? value.slice(1) : value)
    return number >= start && number < end
  }
}
