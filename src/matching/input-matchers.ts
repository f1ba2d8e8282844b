/** What unified matchers ask of one input: string matchers and those that a type URL selects. Follows Envoy's `source/extensions/matching/input_matchers`. */
import { xxHash64 } from '../base/xxhash64.ts'
import { configError } from '../config/position.ts'
import {
  ConsistentHashing,
  Ip,
  type Matcher_MatcherList_Predicate_SinglePredicate,
  MetadataInputMatcher,
  RuntimeFraction,
  type XdsCoreTypedExtensionConfig,
} from '../config/v3.ts'
import { makeCidrMatcher } from './cidr.ts'
import type { InputMatcher, MatchContext } from './match-data.ts'
import { makeRuntimeFraction } from './runtime-fraction.ts'
import { makeStringMatcher } from './string-matcher.ts'
import { makeValueMatcher } from './value-matcher.ts'

/** Throws `ConfigError`. */
export function makeInputMatcher(
  message: Matcher_MatcherList_Predicate_SinglePredicate,
  context: MatchContext<unknown>,
): InputMatcher {
  if (message.valueMatch !== undefined) return ofText(makeStringMatcher(message.valueMatch))
  if (message.customMatch !== undefined) return makeCustomMatcher(message.customMatch, context)
  throw configError(message, undefined, 'needs value_match or custom_match')
}

function makeCustomMatcher(config: XdsCoreTypedExtensionConfig, context: MatchContext<unknown>): InputMatcher {
  const any = config.typedConfig
  const message = any?.value as object
  switch (any?.typeUrl) {
    case Ip.typeUrl:
      return ofText(makeCidrMatcher((message as Ip).cidrRanges))
    case ConsistentHashing.typeUrl: {
      const { threshold, modulo, seed } = message as ConsistentHashing
      if (threshold > modulo)
        throw configError(message, 'threshold', `cannot be greater than modulo: ${threshold} > ${modulo}`)
      return ofText(value => xxHash64(value, seed) % BigInt(modulo) >= BigInt(threshold))
    }
    case RuntimeFraction.typeUrl: {
      const { runtimeFraction, seed } = message as RuntimeFraction
      if (runtimeFraction === undefined) throw configError(message, 'runtimeFraction', 'is required')
      const enabled = makeRuntimeFraction(runtimeFraction, context.runtime)
      // All denominators divide a million.
      return ofText(value => enabled(Number(xxHash64(value, seed) % 1_000_000n)))
    }
    case MetadataInputMatcher.typeUrl: {
      const { value, invert } = message as MetadataInputMatcher
      if (value === undefined) throw configError(message, 'value', 'a value matcher is required')
      const matches = makeValueMatcher(value)
      return { kind: 'metadata', matches: input => matches(input) !== invert }
    }
    default: {
      const make = context.matchers?.[any?.typeUrl ?? '']
      if (make !== undefined) return make(message)
      throw configError(config, 'typedConfig', `${any?.typeUrl ?? 'nothing'} is no input matcher that can be used here`)
    }
  }
}

/** What has no value does not match. */
function ofText(matches: (value: string) => boolean): InputMatcher {
  return { kind: 'string', matches: value => value !== undefined && matches(value as string) }
}
