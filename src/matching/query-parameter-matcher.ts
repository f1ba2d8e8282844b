/** `envoy.config.route.v3.QueryParameterMatcher` as a predicate. Follows Envoy's `config_utility.cc`. */
import { toBytes } from '../base/latin1.ts'
import type { QueryParameterMatcher } from '../config/v3.ts'
import { makeStringMatcher } from './string-matcher.ts'

/** Takes the `:path`. */
export type QueryParameterPredicate = (path: string) => boolean

/** Throws `ConfigError` for a bad regex. */
export function makeQueryParameterMatcher(message: QueryParameterMatcher): QueryParameterPredicate {
  const name = toBytes(message.name)
  if (message.stringMatch !== undefined) {
    const test = makeStringMatcher(message.stringMatch)
    return path => {
      const value = queryParameter(path, name)
      return value !== undefined && test(value)
    }
  }
  const present = message.presentMatch ?? true
  return path => (queryParameter(path, name) !== undefined) === present
}

/** The first value of a parameter, not decoded; '' without `=`; undefined when it is not there. */
export function queryParameter(path: string, name: string): string | undefined {
  let start = path.indexOf('?')
  while (start >= 0 && start < path.length) {
    start++
    const next = path.indexOf('&', start)
    const end = next < 0 ? path.length : next
    if (path.startsWith(name, start)) {
      const after = start + name.length
      if (after === end) return ''
      if (path[after] === '=') return path.slice(after + 1, end)
    }
    start = next
  }
  return undefined
}
