/**
 * The hosts of a cluster by priority, and how much traffic each priority gets: healthy hosts first, degraded ones when
 * those do not suffice, all of them in panic. Follows Envoy's `LoadBalancerBase` (priority load, panic threshold).
 */
import type { UpstreamHost } from './host.ts'
import type { Picker, PickerFactory, Random } from './load-balancer.ts'

export interface HostSetSettings {
  readonly makePicker: PickerFactory
  readonly random: Random
  /** `overprovisioning_factor`, percent. */
  readonly overprovisioningPercent: number
  /** `healthy_panic_threshold`, percent; 0 = never. */
  readonly panicThresholdPercent: number
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
  /** Percent by priority; healthy and degraded together make 100. */
  #healthyLoad: readonly number[] = []
  #degradedLoad: readonly number[] = []
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
    const { makePicker, random, overprovisioningPercent, panicThresholdPercent } = this.#settings
    const count = hosts.reduce((most, host) => Math.max(most, host.priority + 1), 1)
    const byPriority = Array.from({ length: count }, (_, priority) => hosts.filter(host => host.priority === priority))
    const share = (part: number, whole: number): number =>
      whole === 0 ? 0 : Math.min(100, Math.floor((part * overprovisioningPercent) / whole))
    const healthyCounts = byPriority.map(level => level.filter(host => host.healthy).length)
    const degradedCounts = byPriority.map(level => level.filter(host => host.degraded).length)
    const healthyShares = healthyCounts.map((n, i) => share(n, (byPriority[i] as UpstreamHost[]).length))
    const degradedShares = degradedCounts.map((n, i) => share(n, (byPriority[i] as UpstreamHost[]).length))
    const total = Math.min(100, sum(healthyShares) + sum(degradedShares))

    if (total === 0) {
      const all = Math.max(hosts.length, 1)
      this.#healthyLoad = byPriority.map(level => (level.length * 100) / all)
      this.#degradedLoad = byPriority.map(() => 0)
    } else {
      let left = 100
      const take = (part: number): number => {
        const load = Math.min(left, Math.round((part * 100) / total))
        left -= load
        return load
      }
      const healthy = healthyShares.map(take)
      this.#degradedLoad = degradedShares.map(take)
      const first = healthyShares.findIndex(part => part > 0)
      if (left > 0 && first >= 0) healthy[first] = (healthy[first] as number) + left
      this.#healthyLoad = healthy
    }

    const picker = (of: readonly UpstreamHost[]): Picker | undefined =>
      of.length === 0 ? undefined : makePicker(of, random)
    this.#levels = byPriority.map((level, i) => {
      const panic =
        total < 100 && level.length > 0 && (100 * (healthyCounts[i] as number)) / level.length < panicThresholdPercent
      return {
        hosts: level,
        healthy: panic ? undefined : picker(level.filter(host => host.healthy)),
        degraded: panic ? undefined : picker(level.filter(host => host.degraded)),
        all: panic ? picker(level) : undefined,
        panic,
      }
    })
    const [only] = this.#levels
    this.#only = count === 1 && only?.panic === false && this.#degradedLoad[0] === 0 ? only.healthy : undefined
  }

  /** Undefined when no host may be used. @param hash as for `Picker` @param _metadataMatch is for subsets */
  pick(hash?: bigint, attempt?: number, _metadataMatch?: unknown): UpstreamHost | undefined {
    return this.#only === undefined ? this.#pickByPriority(hash, attempt) : this.#only.pick(hash, attempt)
  }

  #pickByPriority(hash: bigint | undefined, attempt: number | undefined): UpstreamHost | undefined {
    if (this.#hosts.length === 0) {
      this.#settings.onPanic()
      return undefined
    }
    let at = hash === undefined ? this.#settings.random() * 100 : Number(hash % 100n)
    for (let i = 0; i < this.#levels.length; i++) {
      at -= this.#healthyLoad[i] as number
      if (at < 0) return this.#pickFrom(this.#levels[i] as Level, false, hash, attempt)
    }
    for (let i = 0; i < this.#levels.length; i++) {
      at -= this.#degradedLoad[i] as number
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
      return level.all?.pick(hash, attempt)
    }
    return (degraded ? level.degraded : level.healthy)?.pick(hash, attempt)
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
