/** How a cluster is configured to choose among its hosts: `lb_policy`, or the first known of `load_balancing_policy`. */
import { configError } from '../config/position.ts'
import {
  type Cluster as ClusterMessage,
  type ConsistentHashingLbConfig,
  type LeastRequest,
  LeastRequest as leastRequestType,
  type Maglev,
  Maglev as maglevType,
  type LocalityLbConfig,
  type LocalityLbConfig_ZoneAwareLbConfig,
  type Random,
  Random as randomType,
  type RingHash,
  RingHash as ringHashType,
  type RoundRobin,
  RoundRobin as roundRobinType,
  type LoadBalancingPolicy,
  type Subset,
  Subset as subsetType,
} from '../config/v3.ts'
import type { HashPolicy } from '../core/route.ts'
import { makeHashPolicy } from '../matching/hash-policy.ts'
import type { Scope } from '../stats/scope.ts'
import { boundLoad } from './bounded-load.ts'
import { makeLeastRequest, makeRandom, makeRoundRobin, type PickerFactory } from './load-balancer.ts'
import { spreadOverLocalities } from './localities.ts'
import { isPrime, makeMaglev } from './maglev.ts'
import { makeRingHash } from './ring-hash.ts'
import { makeSubsetSettings, type SubsetSettings } from './subset-settings.ts'

export interface LoadBalancing {
  readonly makePicker: PickerFactory
  /** The localities' weights count. */
  readonly localityWeighted: boolean
  /** No host, rather than any, when too few are healthy. */
  readonly failsOnPanic: boolean
  /** It asks for the request's hash. */
  readonly byHash: boolean
  /** Instead of the route's. */
  readonly hashPolicy?: HashPolicy | undefined
  /** First by the metadata of hosts. */
  readonly subsets?: SubsetSettings | undefined
}

/** @param scope `cluster.<name>.` @throws ConfigError */
export function makeLoadBalancing(message: ClusterMessage, scope: Scope): LoadBalancing {
  if (message.loadBalancingPolicy !== undefined) {
    refuseBoth(message)
    return ofExtensions(message, message.loadBalancingPolicy, scope)
  }
  const balancing = withLocalities(ofPolicy(message, scope), message.commonLbConfig)
  const subsets = message.lbSubsetConfig && makeSubsetSettings(message.lbSubsetConfig)
  return subsets === undefined ? balancing : { ...balancing, subsets }
}

function refuseBoth({ commonLbConfig }: ClusterMessage): void {
  if (commonLbConfig === undefined) return
  for (const field of ['zoneAwareLbConfig', 'localityWeightedLbConfig', 'consistentHashingLbConfig'] as const)
    if (commonLbConfig[field] !== undefined)
      throw configError(commonLbConfig, field, 'cannot be combined with load_balancing_policy, which has it itself')
}

type WithoutLocalities = Omit<LoadBalancing, 'localityWeighted' | 'failsOnPanic'>

function withLocalities(
  balancing: WithoutLocalities,
  settings: Pick<LocalityLbConfig, 'localityWeightedLbConfig'> & {
    readonly zoneAwareLbConfig?: Pick<LocalityLbConfig_ZoneAwareLbConfig, 'failTrafficOnPanic'>
  } = {},
): LoadBalancing {
  const localityWeighted = settings.localityWeightedLbConfig !== undefined
  const { makePicker, byHash } = balancing
  return {
    ...balancing,
    makePicker: localityWeighted && !byHash ? spreadOverLocalities(makePicker) : makePicker,
    localityWeighted,
    failsOnPanic: settings.zoneAwareLbConfig?.failTrafficOnPanic ?? false,
  }
}

function ofPolicy(message: ClusterMessage, scope: Scope): WithoutLocalities {
  const hashing = message.commonLbConfig?.consistentHashingLbConfig
  switch (message.lbPolicy) {
    case 'ROUND_ROBIN':
      return { makePicker: makeRoundRobin, byHash: false }
    case 'RANDOM':
      return { makePicker: makeRandom, byHash: false }
    case 'LEAST_REQUEST':
      return leastRequest(message.leastRequestLbConfig)
    case 'RING_HASH':
      return ringHash(message, message.ringHashLbConfig, hashing, scope)
    case 'MAGLEV':
      return maglev(message, message.maglevLbConfig, hashing, scope)
    case 'LOAD_BALANCING_POLICY_CONFIG':
      throw configError(message, 'lbPolicy', 'LOAD_BALANCING_POLICY_CONFIG needs a load_balancing_policy')
    default:
      throw configError(message, 'lbPolicy', `${message.lbPolicy} is not supported by sluice yet`)
  }
}

/** Envoy takes the first policy that it has. */
function ofExtensions(message: ClusterMessage, policy: LoadBalancingPolicy, scope: Scope): LoadBalancing {
  for (const each of policy.policies) {
    const any = each.typedExtensionConfig?.typedConfig
    switch (any?.typeUrl) {
      case roundRobinType.typeUrl:
        return withLocalities({ makePicker: makeRoundRobin, byHash: false }, (any.value as RoundRobin).localityLbConfig)
      case randomType.typeUrl:
        return withLocalities({ makePicker: makeRandom, byHash: false }, (any.value as Random).localityLbConfig)
      case leastRequestType.typeUrl: {
        const settings = any.value as LeastRequest
        return withLocalities(leastRequest(settings), settings.localityLbConfig)
      }
      case ringHashType.typeUrl: {
        const settings = any.value as RingHash
        return withLocalities(
          ringHash(message, settings, settings.consistentHashingLbConfig ?? settings, scope),
          settings,
        )
      }
      case maglevType.typeUrl: {
        const settings = any.value as Maglev
        return withLocalities(maglev(message, settings, settings.consistentHashingLbConfig, scope), settings)
      }
      case subsetType.typeUrl: {
        const settings = any.value as Subset
        if (settings.subsetLbPolicy === undefined) throw configError(settings, 'subsetLbPolicy', 'is required')
        return { ...ofExtensions(message, settings.subsetLbPolicy, scope), subsets: makeSubsetSettings(settings) }
      }
      default:
    }
  }
  throw configError(
    policy,
    'policies',
    'none of the load balancing policies is one that sluice has: round_robin, least_request, random, ring_hash, maglev, subset',
  )
}

function leastRequest(
  settings: Pick<LeastRequest, 'choiceCount' | 'activeRequestBias'> | undefined,
): WithoutLocalities {
  const makePicker = makeLeastRequest(settings?.choiceCount ?? 2, settings?.activeRequestBias?.defaultValue ?? 1)
  return { makePicker, byHash: false }
}

type Hashing =
  | (Pick<ConsistentHashingLbConfig, 'useHostnameForHashing'> &
      Partial<Pick<ConsistentHashingLbConfig, 'hashBalanceFactor' | 'hashPolicy'>>)
  | undefined

/** What both ways of hashing may have besides. */
function hashed(makePicker: PickerFactory, hashing: Hashing, scope: Scope): WithoutLocalities {
  const factor = hashing?.hashBalanceFactor
  return {
    makePicker: factor === undefined ? makePicker : boundLoad(makePicker, factor, scope.gauge('upstream_rq_active')),
    byHash: true,
    hashPolicy: makeHashPolicy(hashing?.hashPolicy ?? []),
  }
}

function usesHostname(hashing: Hashing, cluster: ClusterMessage): boolean {
  if (hashing?.useHostnameForHashing !== true) return false
  if ((cluster.type ?? 'STATIC') === 'STATIC')
    throw configError(
      hashing,
      'useHostnameForHashing',
      "cannot use hostname for consistent hashing loadbalancing for cluster of type: 'STATIC'",
    )
  return true
}

function ringHash(
  cluster: ClusterMessage,
  settings: Partial<Pick<RingHash, 'minimumRingSize' | 'maximumRingSize' | 'hashFunction'>> | undefined,
  hashing: Hashing,
  scope: Scope,
): WithoutLocalities {
  const minimumRingSize = Number(settings?.minimumRingSize ?? 1024)
  const maximumRingSize = Number(settings?.maximumRingSize ?? 8_388_608)
  if (minimumRingSize > maximumRingSize)
    throw configError(
      settings ?? cluster,
      'minimumRingSize',
      `ring hash: minimum_ring_size (${minimumRingSize}) > maximum_ring_size (${maximumRingSize})`,
    )
  const makePicker = makeRingHash(
    {
      hashFunction: settings?.hashFunction === 'MURMUR_HASH_2' ? 'MURMUR_HASH_2' : 'XX_HASH',
      minimumRingSize,
      maximumRingSize,
      useHostnameForHashing: usesHostname(hashing, cluster),
    },
    scope,
  )
  return hashed(makePicker, hashing, scope)
}

function maglev(
  cluster: ClusterMessage,
  settings: Pick<Maglev, 'tableSize'> | undefined,
  hashing: Hashing,
  scope: Scope,
): WithoutLocalities {
  const tableSize = Number(settings?.tableSize ?? 65_537)
  if (!isPrime(tableSize)) throw configError(settings ?? cluster, 'tableSize', 'must be a prime number')
  const useHostnameForHashing = usesHostname(hashing, cluster)
  return hashed(makeMaglev({ tableSize, useHostnameForHashing }, scope), hashing, scope)
}
