/** `envoy.type.matcher.v3.StringMatcher` as a predicate. Follows Envoy's `source/common/common/matchers.cc`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { StringMatcher } from '../config/v3.ts'
import { makeRegex } from './regex.ts'

/** Takes a byte string (a header value, a path). */
export type StringPredicate = (value: string) => boolean

/** Throws `ConfigError` for a bad regex and for a matcher that says nothing. `ignore_case` has no effect on a regex. */
export function makeStringMatcher(message: StringMatcher): StringPredicate {
  if (message.safeRegex !== undefined) {
    const regex = makeRegex(message.safeRegex)
    return value => regex.matches(value)
  }
  const ignoreCase = message.ignoreCase
  if (message.exact !== undefined) return exact(message.exact, ignoreCase)
  if (message.prefix !== undefined) return prefix(message.prefix, ignoreCase)
  if (message.suffix !== undefined) return suffix(message.suffix, ignoreCase)
  if (message.contains !== undefined) return contains(message.contains, ignoreCase)
  throw configError(message, undefined, 'needs exact, prefix, suffix, contains or safe_regex')
}

export function exact(text: string, ignoreCase = false): StringPredicate {
  const wanted = bytesOf(text, ignoreCase)
  if (!ignoreCase) return value => value === wanted
  return value => value.length === wanted.length && value.toLowerCase() === wanted
}

export function prefix(text: string, ignoreCase = false): StringPredicate {
  const wanted = bytesOf(text, ignoreCase)
  if (!ignoreCase) return value => value.startsWith(wanted)
  return value => value.slice(0, wanted.length).toLowerCase() === wanted
}

export function suffix(text: string, ignoreCase = false): StringPredicate {
  const wanted = bytesOf(text, ignoreCase)
  if (!ignoreCase) return value => value.endsWith(wanted)
  return value => value.toLowerCase().endsWith(wanted)
}

export function contains(text: string, ignoreCase = false): StringPredicate {
  const wanted = bytesOf(text, ignoreCase)
  if (!ignoreCase) return value => value.includes(wanted)
  return value => value.toLowerCase().includes(wanted)
}

function bytesOf(text: string, lowerCase: boolean): string {
  const bytes = toBytes(text)
  return lowerCase ? bytes.toLowerCase() : bytes
}
