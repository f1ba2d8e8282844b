/**
 * Unified matchers (`xds.type.matcher.v3.Matcher`): lists of predicates, maps and custom trees over inputs, each leading to an
 * action or to a further matcher. Follows Envoy's `source/common/matcher`.
 */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import {
  IPMatcher,
  type Matcher,
  type Matcher_MatcherList,
  type Matcher_MatcherList_Predicate,
  type Matcher_MatcherTree,
  type Matcher_OnMatch,
  type OldMatcher,
  ServerNameMatcher,
  type XdsCoreTypedExtensionConfig,
} from '../config/v3.ts'
import { makeInputMatcher } from './input-matchers.ts'
import { IpRanges } from './ip-ranges.ts'
import { type Input, insufficientData, type MatchContext, type MatchData } from './match-data.ts'

/** Told of actions that matched but have `keep_matching`. */
export type OnSkipped<Action> = (action: Action) => void

/** The action, undefined when nothing matches, or `insufficientData`. */
export type MatchTree<Action> = (
  data: MatchData,
  onSkipped?: OnSkipped<Action>,
) => Action | undefined | typeof insufficientData

/** Throws `ConfigError`. */
export function makeMatchTree<Action>(message: Matcher | OldMatcher, context: MatchContext<Action>): MatchTree<Action> {
  const onNoMatch = message.onNoMatch === undefined ? noMatch : makeOnMatch(message.onNoMatch, context)
  if (message.matcherList !== undefined) return makeList(message.matcherList, onNoMatch, context)
  if (message.matcherTree !== undefined) return makeTree(message.matcherTree, onNoMatch, context)
  return onNoMatch
}

function noMatch(): undefined {}

function makeOnMatch<Action>(message: Matcher_OnMatch, context: MatchContext<Action>): MatchTree<Action> {
  const found = makeFound(message, context)
  if (!message.keepMatching) return found
  if (context.keepsMatching !== true)
    throw configError(message, 'keepMatching', 'keep_matching is not supported in this context')
  return (data, onSkipped) => {
    const action = found(data, onSkipped)
    if (action === undefined || action === insufficientData) return action
    onSkipped?.(action)
    return undefined
  }
}

function makeFound<Action>(message: Matcher_OnMatch, context: MatchContext<Action>): MatchTree<Action> {
  if (message.matcher !== undefined) return makeMatchTree(message.matcher, context)
  if (message.action?.typedConfig === undefined) throw configError(message, undefined, 'needs an action or a matcher')
  const action = context.makeAction(message.action.typedConfig, message.action)
  return () => action
}

// ── lists ──

type Predicate = (data: MatchData) => boolean | typeof insufficientData

function makeList<Action>(
  message: Matcher_MatcherList,
  onNoMatch: MatchTree<Action>,
  context: MatchContext<Action>,
): MatchTree<Action> {
  const entries = message.matchers.map(each => {
    if (each.predicate === undefined) throw configError(each, 'predicate', 'a predicate is required')
    if (each.onMatch === undefined) throw configError(each, 'onMatch', 'on_match is required')
    return { test: makePredicate(each.predicate, context), found: makeOnMatch(each.onMatch, context) }
  })
  return (data, onSkipped) => {
    for (let i = 0; i < entries.length; i++) {
      const { test, found } = entries[i] as (typeof entries)[number]
      const matches = test(data)
      if (matches === insufficientData) return insufficientData
      if (!matches) continue
      const action = found(data, onSkipped)
      if (action !== undefined) return action
    }
    return onNoMatch(data, onSkipped)
  }
}

function makePredicate(message: Matcher_MatcherList_Predicate, context: MatchContext<unknown>): Predicate {
  const { singlePredicate, orMatcher, andMatcher, notMatcher } = message
  if (singlePredicate !== undefined) {
    const input = makeInput(singlePredicate, singlePredicate.input, context)
    const matcher = makeInputMatcher(singlePredicate, context)
    if (matcher.kind !== input.kind)
      throw configError(
        singlePredicate,
        'input',
        `is of the kind ${input.kind}, and its matcher takes the kind ${matcher.kind}`,
      )
    return data => {
      const value = input.get(data)
      return value === insufficientData ? insufficientData : matcher.matches(value)
    }
  }
  if (andMatcher !== undefined) {
    const all = andMatcher.predicate.map(each => makePredicate(each, context))
    return data => {
      for (let i = 0; i < all.length; i++) {
        const matches = (all[i] as Predicate)(data)
        if (matches !== true) return matches
      }
      return true
    }
  }
  if (orMatcher !== undefined) {
    const any = orMatcher.predicate.map(each => makePredicate(each, context))
    return data => {
      let result: false | typeof insufficientData = false
      for (let i = 0; i < any.length; i++) {
        const matches = (any[i] as Predicate)(data)
        if (matches === true) return true
        if (matches === insufficientData) result = insufficientData
      }
      return result
    }
  }
  if (notMatcher === undefined)
    throw configError(message, undefined, 'needs single_predicate, or_matcher, and_matcher or not_matcher')
  const test = makePredicate(notMatcher, context)
  return data => {
    const matches = test(data)
    return matches === insufficientData ? insufficientData : !matches
  }
}

function makeInput(of: object, config: XdsCoreTypedExtensionConfig | undefined, context: MatchContext<unknown>): Input {
  const any = config?.typedConfig
  if (config === undefined || any === undefined)
    throw configError(of, 'input', 'an input with a typed_config is required')
  const make = context.inputs[any.typeUrl]
  if (make === undefined) throw configError(config, 'typedConfig', `${any.typeUrl} is no input that can be used here`)
  return make(any.value as object)
}

// ── trees ──

function makeTree<Action>(
  message: Matcher_MatcherTree,
  onNoMatch: MatchTree<Action>,
  context: MatchContext<Action>,
): MatchTree<Action> {
  const input = makeInput(message, message.input, context)
  if (input.kind !== 'string')
    throw configError(message, 'input', `is of the kind ${input.kind}; a tree takes the kind string`)
  const find = makeFind(message, context)
  return (data, onSkipped) => {
    const value = input.get(data)
    if (value === insufficientData) return insufficientData
    if (value !== undefined) {
      const action = find(value as string, data, onSkipped)
      if (action !== undefined) return action
    }
    return onNoMatch(data, onSkipped)
  }
}

type Find<Action> = (value: string, ...rest: Parameters<MatchTree<Action>>) => ReturnType<MatchTree<Action>>

function makeFind<Action>(message: Matcher_MatcherTree, context: MatchContext<Action>): Find<Action> {
  const { exactMatchMap, prefixMatchMap, customMatch } = message
  if (exactMatchMap !== undefined) {
    const found = makeMap(exactMatchMap.map, context)
    return (value, data, onSkipped) => found.get(value)?.(data, onSkipped)
  }
  if (prefixMatchMap !== undefined) return makePrefixMap(makeMap(prefixMatchMap.map, context))
  const any = customMatch?.typedConfig
  if (any?.typeUrl === IPMatcher.typeUrl) return makeIpMatcher(any.value as IPMatcher, context)
  if (any?.typeUrl === ServerNameMatcher.typeUrl) return makeDomainMatcher(any.value as ServerNameMatcher, context)
  throw configError(message, undefined, 'needs exact_match_map, prefix_match_map or a custom_match that sluice has')
}

function makeMap<Action>(
  map: Readonly<Record<string, Matcher_OnMatch>>,
  context: MatchContext<Action>,
): Map<string, MatchTree<Action>> {
  return new Map(Object.entries(map).map(([key, each]) => [toBytes(key), makeOnMatch(each, context)]))
}

/** The longest prefix first. */
function makePrefixMap<Action>(map: ReadonlyMap<string, MatchTree<Action>>): Find<Action> {
  const lengths = [...new Set([...map.keys()].map(key => key.length))].sort((a, b) => b - a)
  return (value, data, onSkipped) => {
    for (let i = 0; i < lengths.length; i++) {
      const length = lengths[i] as number
      if (length > value.length) continue
      const action = map.get(value.slice(0, length))?.(data, onSkipped)
      if (action !== undefined) return action
    }
    return undefined
  }
}

function makeIpMatcher<Action>(message: IPMatcher, context: MatchContext<Action>): Find<Action> {
  const ranges = new IpRanges<{ exclusive: boolean; found: MatchTree<Action> }>()
  for (const each of message.rangeMatchers) {
    if (each.onMatch === undefined) throw configError(each, 'onMatch', 'on_match is required')
    const entry = { exclusive: each.exclusive, found: makeOnMatch(each.onMatch, context) }
    for (const range of each.ranges) {
      try {
        ranges.add(range.addressPrefix, range.prefixLen ?? 0, entry)
      } catch (error) {
        throw configError(range, undefined, (error as Error).message)
      }
    }
  }
  return (value, data, onSkipped) => {
    let first = true
    for (const { exclusive, found } of ranges.find(value)) {
      // Only of the longest prefix that holds the address.
      if (exclusive && !first) continue
      const action = found(data, onSkipped)
      if (action !== undefined) return action
      first = false
    }
    return undefined
  }
}

/** Exact names, then wildcards by the longest suffix, then `*`. */
function makeDomainMatcher<Action>(message: ServerNameMatcher, context: MatchContext<Action>): Find<Action> {
  const domains = new Map<string, MatchTree<Action>>()
  for (const each of message.domainMatchers) {
    if (each.onMatch === undefined) throw configError(each, 'onMatch', 'on_match is required')
    const found = makeOnMatch(each.onMatch, context)
    for (const [i, domain] of each.domains.entries()) {
      if (domains.has(domain)) throw configError(each, 'domains', `duplicate domain ${domain}`, i)
      if (domain !== '*' && !/^(\*\.)?[^*]+$/.test(domain))
        throw configError(each, 'domains', `"${domain}": only "*" and "*.domain" are supported as wildcards`, i)
      domains.set(domain, found)
    }
  }
  return (value, data, onSkipped) => {
    if (value === '') return undefined
    const exact = domains.get(value)?.(data, onSkipped)
    if (exact !== undefined) return exact
    for (let dot = value.indexOf('.'); dot >= 0; dot = value.indexOf('.', dot + 1)) {
      const action = domains.get(`*${value.slice(dot)}`)?.(data, onSkipped)
      if (action !== undefined) return action
    }
    return domains.get('*')?.(data, onSkipped)
  }
}
