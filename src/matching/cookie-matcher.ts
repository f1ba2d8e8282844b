/** Cookies of a request, and `envoy.config.route.v3.CookieMatcher`. Follows Envoy's `Http::Utility` and `ConfigUtility`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { CookieMatcher } from '../config/v3.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { HeaderPredicate } from './header-matcher.ts'
import { makeStringMatcher } from './string-matcher.ts'

/** A cookie that is not there does not match, so that it does when inverted. Throws `ConfigError`. */
export function makeCookieMatcher(message: CookieMatcher): HeaderPredicate {
  if (message.stringMatch === undefined) throw configError(message, 'stringMatch', 'string_match is required')
  const matches = makeStringMatcher(message.stringMatch)
  const name = toBytes(message.name)
  const invert = message.invertMatch
  return headers => {
    const value = cookie(headers, name)
    return (value !== undefined && matches(value)) !== invert
  }
}

/** The first of its name; undefined when there is none. */
export function cookie(headers: HeaderMap, name: string): string | undefined {
  const { list } = headers
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] !== 'cookie') continue
    for (const part of (list[i + 1] as string).split(';')) {
      const equals = part.indexOf('=')
      if (equals < 0 || part.slice(0, equals).trimStart() !== name) continue
      const value = part.slice(equals + 1).trim()
      return value.length >= 2 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value
    }
  }
  return undefined
}
