/** `lb_subset_config`, or the subset load balancing policy, as settings. Follows Envoy's `LoadBalancerSubsetInfoImpl`. */
import { configError } from '../config/position.ts'
import type { Cluster_LbSubsetConfig, Subset } from '../config/v3.ts'

export type SelectorFallback = 'NOT_DEFINED' | 'NO_FALLBACK' | 'ANY_ENDPOINT' | 'DEFAULT_SUBSET' | 'KEYS_SUBSET'

export interface SubsetSelector {
  /** Sorted. */
  readonly keys: readonly string[]
  readonly singleHost: boolean
  readonly fallback: SelectorFallback
  readonly fallbackKeys: readonly string[]
}

export interface SubsetSettings {
  readonly selectors: readonly SubsetSelector[]
  readonly fallback: 'NO_FALLBACK' | 'ANY_ENDPOINT' | 'DEFAULT_SUBSET'
  readonly defaultSubset: Readonly<Record<string, unknown>>
  readonly panicModeAny: boolean
  readonly listAsAny: boolean
  /** `metadata_fallback_policy: FALLBACK_LIST`. */
  readonly fallbackList: boolean
  readonly allowRedundantKeys: boolean
  /** The localities' weights count within subsets too. */
  readonly localityWeightAware: boolean
  /** By the share of a locality's hosts that are in the subset. */
  readonly scaleLocalityWeight: boolean
}

/** `undefined` without selectors: then there is nothing to choose by. Throws `ConfigError`. */
export function makeSubsetSettings(message: Cluster_LbSubsetConfig | Subset): SubsetSettings | undefined {
  if (message.subsetSelectors.length === 0) return undefined
  return {
    selectors: message.subsetSelectors.map(makeSelector),
    fallback: message.fallbackPolicy,
    defaultSubset: message.defaultSubset ?? {},
    panicModeAny: message.panicModeAny,
    listAsAny: message.listAsAny,
    fallbackList: message.metadataFallbackPolicy === 'FALLBACK_LIST',
    allowRedundantKeys: 'allowRedundantKeys' in message && message.allowRedundantKeys,
    localityWeightAware: message.localityWeightAware,
    scaleLocalityWeight: message.scaleLocalityWeight,
  }
}

function makeSelector(message: Subset['subsetSelectors'][number]): SubsetSelector {
  const keys = [...new Set(message.keys)].sort(byBytes)
  const fallbackKeys = [...new Set(message.fallbackKeysSubset)]
  if (message.fallbackPolicy !== 'KEYS_SUBSET') {
    if (fallbackKeys.length > 0)
      throw configError(message, 'fallbackKeysSubset', 'can be set only for KEYS_SUBSET fallback_policy')
  } else {
    if (fallbackKeys.length === 0) throw configError(message, 'fallbackKeysSubset', 'cannot be empty')
    if (!fallbackKeys.every(key => keys.includes(key)))
      throw configError(message, 'fallbackKeysSubset', 'must be a subset of selector keys')
    if (fallbackKeys.length === keys.length) throw configError(message, 'fallbackKeysSubset', 'cannot be equal to keys')
  }
  if (message.singleHostPerSubset && keys.length !== 1)
    throw configError(message, 'keys', 'subset selector must have exactly one key with single_host_per_subset')
  return { keys, singleHost: message.singleHostPerSubset, fallback: message.fallbackPolicy, fallbackKeys }
}

export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
