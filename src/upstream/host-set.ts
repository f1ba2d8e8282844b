/**
 * The hosts of a cluster by priority, and how much traffic each priority gets: healthy hosts first, degraded ones when
 * those do not suffice, all of them in panic. Follows Envoy's `LoadBalancerBase` (priority load, panic threshold).
 */
import type { PriorityLoad, RetryPriority } from '../core/cluster.ts'
import type { UpstreamHost } from './host.ts'
import type { Picker, PickerFactory, Random } from './load-balancer.ts'
import { localitiesOf, type Whole } from './localities.ts'

export interface HostSetSettings {
  readonly makePicker: PickerFactory
  readonly random: Random
  /** `overprovisioning_factor`, percent. */
  readonly overprovisioningPercent: number
  /** `healthy_panic_threshold`, percent; 0 = never. */
  readonly panicThresholdPercent: number
  /** `fail_traffic_on_panic`: no host rather than any. */
  readonly failsOnPanic: boolean
  /** `locality_weighted_lb_config`. */
  readonly localityWeighted: boolean
  /** Of a subset; asked for with each update. */
  readonly whole?: () => Whole
  onPanic(): void
}

interface Level {
  readonly hosts: readonly UpstreamHost[]
  readonly healthy: Picker | undefined
  readonly degraded: Picker | undefined
  readonly all: Picker | undefined
  readonly panic: boolean
}

export class HostSet {
  readonly #settings: HostSetSettings
  #hosts: readonly UpstreamHost[] = []
  #levels: readonly Level[] = []
  #load: PriorityLoad = { healthy: [], degraded: [] }
  /** Percent of each priority's hosts that are so, with overprovisioning. */
  #available: PriorityLoad = { healthy: [], degraded: [] }
  /** The usual case: one priority, not in panic, nothing degraded. */
  #only: Picker | undefined

  constructor(settings: HostSetSettings) {
    this.#settings = settings
  }

  get hosts(): readonly UpstreamHost[] {
    return this.#hosts
  }

  update(hosts: readonly UpstreamHost[]): void {
    this.#hosts = hosts
    const { makePicker, random, overprovisioningPercent, panicThresholdPercent, localityWeighted, whole } =
      this.#settings
    const count = hosts.reduce((most, host) => Math.max(most, host.priority + 1), 1)
    const byPriority = Array.from({ length: count }, (_, priority) => hosts.filter(host => host.priority === priority))
    const share = (part: number, whole: number): number =>
      whole === 0 ? 0 : Math.min(100, Math.floor((part * overprovisioningPercent) / whole))
    const healthyCounts = byPriority.map(level => level.filter(host => host.healthy).length)
    const degradedCounts = byPriority.map(level => level.filter(host => host.degraded).length)
    const healthyShares = healthyCounts.map((n, i) => share(n, (byPriority[i] as UpstreamHost[]).length))
    const degradedShares = degradedCounts.map((n, i) => share(n, (byPriority[i] as UpstreamHost[]).length))
    this.#available = { healthy: healthyShares, degraded: degradedShares }
    const total = totalOf(this.#available)
    const all = Math.max(hosts.length, 1)
    this.#load = loadOf(this.#available) ?? {
      healthy: byPriority.map(level => (level.length * 100) / all),
      degraded: byPriority.map(() => 0),
    }

    this.#levels = byPriority.map((level, i) => {
      const panic =
        total < 100 && level.length > 0 && (100 * (healthyCounts[i] as number)) / level.length < panicThresholdPercent
      const localities = localityWeighted ? localitiesOf(level, overprovisioningPercent, panic, whole?.()) : undefined
      const picker = (of: readonly UpstreamHost[]): Picker | undefined =>
        of.length === 0 ? undefined : makePicker(of, random, localities)
      return {
        hosts: level,
        healthy: panic ? undefined : picker(level.filter(host => host.healthy)),
        degraded: panic ? undefined : picker(level.filter(host => host.degraded)),
        all: panic ? picker(level) : undefined,
        panic,
      }
    })
    const [only] = this.#levels
    this.#only = count === 1 && only?.panic === false && this.#load.degraded[0] === 0 ? only.healthy : undefined
  }

  /** Undefined when no host may be used. @param hash as for `Picker` @param _metadataMatch is for subsets */
  pick(
    hash?: bigint,
    attempt?: number,
    _metadataMatch?: unknown,
    retryPriority?: RetryPriority,
  ): UpstreamHost | undefined {
    return this.#only === undefined
      ? this.#pickByPriority(hash, attempt, retryPriority)
      : this.#only.pick(hash, attempt)
  }

  #pickByPriority(
    hash: bigint | undefined,
    attempt: number | undefined,
    retryPriority: RetryPriority | undefined,
  ): UpstreamHost | undefined {
    if (this.#hosts.length === 0) {
      this.#settings.onPanic()
      return undefined
    }
    const { healthy, degraded } =
      retryPriority === undefined ? this.#load : retryPriority.determinePriorityLoad(this.#load, this.#available)
    let at = hash === undefined ? this.#settings.random() * 100 : Number(hash % 100n)
    for (let i = 0; i < this.#levels.length; i++) {
      at -= healthy[i] as number
      if (at < 0) return this.#pickFrom(this.#levels[i] as Level, false, hash, attempt)
    }
    for (let i = 0; i < this.#levels.length; i++) {
      at -= degraded[i] as number
      if (at < 0) return this.#pickFrom(this.#levels[i] as Level, true, hash, attempt)
    }
    return undefined
  }

  #pickFrom(
    level: Level,
    degraded: boolean,
    hash: bigint | undefined,
    attempt: number | undefined,
  ): UpstreamHost | undefined {
    if (level.panic) {
      this.#settings.onPanic()
      return this.#settings.failsOnPanic ? undefined : level.all?.pick(hash, attempt)
    }
    return (degraded ? level.degraded : level.healthy)?.pick(hash, attempt)
  }
}

function totalOf(available: PriorityLoad): number {
  return Math.min(100, sum(available.healthy) + sum(available.degraded))
}

/** Undefined when nothing is available. */
function loadOf(available: PriorityLoad): PriorityLoad | undefined {
  const total = totalOf(available)
  if (total === 0) return undefined
  let left = 100
  const take = (part: number): number => {
    const load = Math.min(left, Math.round((part * 100) / total))
    left -= load
    return load
  }
  const healthy = available.healthy.map(take)
  const degraded = available.degraded.map(take)
  const first = available.healthy.findIndex(part => part > 0)
  if (left > 0 && first >= 0) healthy[first] = (healthy[first] as number) + left
  return { healthy, degraded }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
