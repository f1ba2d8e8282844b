/** `envoy.type.matcher.v3.FilterStateMatcher` as a predicate. Follows Envoy's `filter_state_object_matchers.cc`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { AddressMatcher, FilterStateMatcher } from '../config/v3.ts'
import { filterStateOf, type StreamInfo } from '../core/stream-info.ts'
import { makeCidrMatcher } from './cidr.ts'
import { makeStringMatcher } from './string-matcher.ts'

export type StreamPredicate = (streamInfo: StreamInfo) => boolean

/** What is not there, or is not of the kind that is asked for, does not match. Throws `ConfigError`. */
export function makeFilterStateMatcher(message: FilterStateMatcher): StreamPredicate {
  const { key, stringMatch, addressMatch } = message
  if (stringMatch !== undefined) {
    const matches = makeStringMatcher(stringMatch)
    return info => {
      const text = filterStateOf(info, key)?.serializeAsString()
      return text !== undefined && matches(toBytes(text))
    }
  }
  if (addressMatch === undefined) throw configError(message, undefined, 'needs string_match or address_match')
  const matches = makeAddressMatcher(addressMatch)
  return info => {
    const ip = filterStateOf(info, key)?.ip
    return ip !== undefined && matches(ip)
  }
}

/** `envoy.type.matcher.v3.AddressMatcher`, over an address without port. Throws `ConfigError`. */
export function makeAddressMatcher(message: AddressMatcher): (ip: string) => boolean {
  const inside = makeCidrMatcher(message.ranges)
  return message.invertMatch ? ip => !inside(ip) : inside
}
