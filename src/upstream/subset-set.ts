/** The hosts of a cluster in subsets by their metadata, each with a load balancer of its own. Follows Envoy's `SubsetLoadBalancer`. */
import type { RetryPriority } from '../core/cluster.ts'
import type { Counter, Gauge, Scope } from '../stats/scope.ts'
import type { UpstreamHost } from './host.ts'
import { HostSet, type HostSetSettings } from './host-set.ts'
import { byBytes, type SubsetSelector, type SubsetSettings } from './subset-settings.ts'

/** What a request asks for: `metadata_match` under `envoy.lb`. */
type Criteria = Readonly<Record<string, unknown>>

/** The names, sorted and joined, and with them the values: the same for the same subset. */
interface Keys {
  readonly names: string
  readonly subset: string
}

interface Group {
  readonly single: boolean
  readonly hosts: UpstreamHost[]
}

interface Chooser {
  update(hosts: readonly UpstreamHost[]): void
  pick(
    hash?: bigint,
    attempt?: number,
    metadataMatch?: unknown,
    retryPriority?: RetryPriority,
  ): UpstreamHost | undefined
}

const fallbackListKey = 'fallback_list'

export class SubsetSet {
  readonly #settings: SubsetSettings
  readonly #hostSettings: HostSetSettings
  readonly #stats: ReturnType<typeof makeStats>
  readonly #subsets = new Map<string, Chooser>()
  readonly #any: HostSet | undefined
  readonly #default: HostSet | undefined
  /** By the names of their keys, joined. */
  readonly #selectors = new Map<string, SubsetSelector>()
  /** Of the criteria of routes, which are the same objects for all their requests. */
  readonly #keys = new WeakMap<Criteria, Keys>()
  #hosts: readonly UpstreamHost[] = []

  /** @param scope `cluster.<name>.` */
  constructor(settings: SubsetSettings, hostSettings: HostSetSettings, scope: Scope) {
    this.#settings = settings
    const localityWeighted = hostSettings.localityWeighted && settings.localityWeightAware
    this.#hostSettings = {
      ...hostSettings,
      localityWeighted,
      whole: () => ({ hosts: this.#hosts, scaled: settings.scaleLocalityWeight }),
    }
    this.#stats = makeStats(scope)
    const fallbacks = new Set<string>([settings.fallback, ...settings.selectors.map(each => each.fallback)])
    const usesAny = settings.panicModeAny || fallbacks.has('ANY_ENDPOINT')
    this.#any = usesAny ? new HostSet(this.#hostSettings) : undefined
    this.#default = fallbacks.has('DEFAULT_SUBSET') ? new HostSet(this.#hostSettings) : undefined
    for (const selector of settings.selectors) {
      const names = selector.keys.join('\0')
      // In Envoy's tree of keys only the first way to a node says what its fallback is.
      const known = [...this.#selectors.keys()].some(earlier => `${earlier}\0`.startsWith(`${names}\0`))
      this.#selectors.set(names, known ? { ...selector, fallback: 'NOT_DEFINED' } : selector)
    }
  }

  get hosts(): readonly UpstreamHost[] {
    return this.#hosts
  }

  update(hosts: readonly UpstreamHost[]): void {
    this.#hosts = hosts
    this.#any?.update(hosts)
    this.#default?.update(hosts.filter(host => this.#isInDefault(host)))
    const groups = this.#group(hosts)
    for (const [key, { single, hosts: members }] of groups) {
      let subset = this.#subsets.get(key)
      if (subset === undefined) {
        subset = single ? new SingleHost() : new HostSet(this.#hostSettings)
        this.#subsets.set(key, subset)
        this.#stats.created.inc()
        this.#stats.active.inc()
      }
      subset.update(members)
    }
    for (const key of this.#subsets.keys()) {
      if (groups.has(key)) continue
      this.#subsets.delete(key)
      this.#stats.removed.inc()
      this.#stats.active.dec()
    }
  }

  /** Undefined when no host may be used. @param hash as for `Picker` */
  pick(
    hash: bigint | undefined,
    attempt: number,
    criteria: Criteria | undefined,
    retryPriority?: RetryPriority,
  ): UpstreamHost | undefined {
    const list = this.#settings.fallbackList ? criteria?.[fallbackListKey] : undefined
    if (criteria === undefined || list === undefined) return this.#pickFor(criteria, hash, attempt, retryPriority)
    const { [fallbackListKey]: _, ...rest } = criteria
    if (!Array.isArray(list) || list.length === 0) return this.#pickFor(rest, hash, attempt, retryPriority)
    for (const override of list as Criteria[]) {
      const host = this.#pickFor({ ...rest, ...override }, hash, attempt, retryPriority)
      if (host !== undefined) return host
    }
    return undefined
  }

  #pickFor(
    asked: Criteria | undefined,
    hash: bigint | undefined,
    attempt: number,
    retryPriority: RetryPriority | undefined,
  ): UpstreamHost | undefined {
    if (asked !== undefined) {
      const criteria = this.#settings.allowRedundantKeys ? this.#withoutRedundant(asked) : asked
      const { names, subset } = this.#keysOf(criteria)
      const found = this.#subsets.get(subset)
      if (found !== undefined) {
        this.#stats.selected.inc()
        return found.pick(hash, attempt, undefined, retryPriority)
      }
      const selector = this.#selectors.get(names)
      switch (selector?.fallback) {
        case 'ANY_ENDPOINT':
          return this.#any?.pick(hash, attempt, undefined, retryPriority)
        case 'DEFAULT_SUBSET':
          return this.#default?.pick(hash, attempt, undefined, retryPriority)
        case 'KEYS_SUBSET':
          return this.#pickFor(only(criteria, selector.fallbackKeys), hash, attempt, retryPriority)
        case 'NO_FALLBACK':
          return undefined
        default:
      }
    }
    return this.#fallback(hash, attempt, retryPriority)
  }

  #fallback(
    hash: bigint | undefined,
    attempt: number,
    retryPriority: RetryPriority | undefined,
  ): UpstreamHost | undefined {
    const { fallback, panicModeAny } = this.#settings
    if (fallback === 'NO_FALLBACK') return undefined
    const host = (fallback === 'ANY_ENDPOINT' ? this.#any : this.#default)?.pick(
      hash,
      attempt,
      undefined,
      retryPriority,
    )
    if (host !== undefined) {
      this.#stats.fallback.inc()
      return host
    }
    const panicHost = panicModeAny ? this.#any?.pick(hash, attempt, undefined, retryPriority) : undefined
    if (panicHost !== undefined) this.#stats.fallbackPanic.inc()
    return panicHost
  }

  /** What the first selector that finds all its keys looks at. */
  #withoutRedundant(criteria: Criteria): Criteria {
    const selector = this.#settings.selectors.find(({ keys }) => keys.every(key => Object.hasOwn(criteria, key)))
    return selector === undefined ? criteria : only(criteria, selector.keys)
  }

  #keysOf(criteria: Criteria): Keys {
    let keys = this.#keys.get(criteria)
    if (keys === undefined) {
      const names = Object.keys(criteria).sort(byBytes)
      keys = {
        names: names.join('\0'),
        subset: subsetKey(
          names,
          names.map(name => criteria[name]),
        ),
      }
      this.#keys.set(criteria, keys)
    }
    return keys
  }

  #group(hosts: readonly UpstreamHost[]): Map<string, Group> {
    const groups = new Map<string, Group>()
    let duplicates = 0
    for (const host of hosts) {
      for (const { keys, singleHost } of this.#settings.selectors) {
        for (const values of valuesOf(keys, host, this.#settings.listAsAny)) {
          const key = subsetKey(keys, values)
          const group = groups.get(key)
          if (group === undefined) groups.set(key, { single: singleHost, hosts: [host] })
          else if (group.single) duplicates++
          else if (group.hosts.at(-1) !== host) group.hosts.push(host)
        }
      }
    }
    this.#stats.singleDuplicate.set(duplicates)
    return groups
  }

  #isInDefault(host: UpstreamHost): boolean {
    const metadata = host.metadata?.['envoy.lb']
    return Object.entries(this.#settings.defaultSubset).every(([key, wanted]) => {
      const value = metadata?.[key]
      const text = canonical(wanted)
      if (this.#settings.listAsAny && Array.isArray(value)) return value.some(each => canonical(each) === text)
      return value !== undefined && canonical(value) === text
    })
  }
}

/** Of `single_host_per_subset`: healthy or not. */
class SingleHost implements Chooser {
  #host: UpstreamHost | undefined = undefined

  update(hosts: readonly UpstreamHost[]): void {
    this.#host = hosts[0]
  }

  pick(): UpstreamHost | undefined {
    return this.#host
  }
}

function makeStats(scope: Scope): {
  active: Gauge
  created: Counter
  removed: Counter
  selected: Counter
  fallback: Counter
  fallbackPanic: Counter
  singleDuplicate: Gauge
} {
  return {
    active: scope.gauge('lb_subsets_active'),
    created: scope.counter('lb_subsets_created'),
    removed: scope.counter('lb_subsets_removed'),
    selected: scope.counter('lb_subsets_selected'),
    fallback: scope.counter('lb_subsets_fallback'),
    fallbackPanic: scope.counter('lb_subsets_fallback_panic'),
    singleDuplicate: scope.gauge('lb_subsets_single_host_per_subset_duplicate'),
  }
}

/** A host is in one subset for each combination of values; in none when it lacks a key. */
function valuesOf(keys: readonly string[], host: UpstreamHost, listAsAny: boolean): unknown[][] {
  const metadata = host.metadata?.['envoy.lb']
  let all: unknown[][] = [[]]
  for (const key of keys) {
    const value = metadata?.[key]
    if (value === undefined) return []
    const choices: readonly unknown[] = listAsAny && Array.isArray(value) ? value : [value]
    all = all.flatMap(values => choices.map(choice => values.concat([choice])))
  }
  return all
}

function only(criteria: Criteria, keys: readonly string[]): Criteria {
  return Object.fromEntries(Object.entries(criteria).filter(([key]) => keys.includes(key)))
}

function subsetKey(names: readonly string[], values: readonly unknown[]): string {
  return names.map((name, i) => `${name}\0${canonical(values[i])}`).join('\0')
}

/** The same text for equal values. */
function canonical(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  const fields = Object.entries(value).sort(([a], [b]) => byBytes(a, b))
  return `{${fields.map(([key, each]) => `${JSON.stringify(key)}:${canonical(each)}`).join(',')}}`
}
