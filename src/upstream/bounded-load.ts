/**
 * `hash_balance_factor`: a host that has more than its share of the active requests is passed over, for others in an order
 * that depends on the hash alone. Follows Envoy's `BoundedLoadHashingLoadBalancer`.
 */
import type { Gauge } from '../stats/scope.ts'
import { type WeightedHost, weightedHosts } from './consistent-hashing.ts'
import type { UpstreamHost } from './host.ts'
import type { Picker, PickerFactory } from './load-balancer.ts'
import { MersenneTwister } from './mersenne-twister.ts'

/** @param factorPercent of the mean load, at least 100  @param active requests of the whole cluster */
export function boundLoad(makePicker: PickerFactory, factorPercent: number, active: Gauge): PickerFactory {
  return (hosts, random, localities) =>
    new BoundedLoad(
      weightedHosts(hosts, false, localities),
      makePicker(hosts, random, localities),
      factorPercent,
      active,
    )
}

class BoundedLoad implements Picker {
  readonly #picker: Picker
  readonly #factorPercent: number
  readonly #active: Gauge
  readonly #hosts: readonly UpstreamHost[]
  readonly #weights: ReadonlyMap<UpstreamHost, number>

  constructor(weighted: readonly WeightedHost[], picker: Picker, factorPercent: number, active: Gauge) {
    this.#picker = picker
    this.#factorPercent = factorPercent
    this.#active = active
    this.#hosts = weighted.map(({ host }) => host)
    this.#weights = new Map(weighted.map(({ host, weight }) => [host, weight]))
  }

  pick(hash = 0n, attempt = 0): UpstreamHost | undefined {
    const first = this.#picker.pick(hash, attempt)
    if (first === undefined) return undefined
    let least = first
    let leastLoad = this.#load(first)
    if (leastLoad <= 1) return first
    const count = this.#hosts.length
    const order = Array.from({ length: count }, (_, i) => i)
    const random = new MersenneTwister(Number(hash & 0xffff_ffffn))
    for (let i = 0; i < count; i++) {
      const at = i + random.below(count - i)
      const chosen = order[at] as number
      order[at] = order[i] as number
      const host = this.#hosts[chosen] as UpstreamHost
      if (host === first) continue
      const load = this.#load(host)
      if (load <= 1) return host
      if (load >= leastLoad) continue
      least = host
      leastLoad = load
    }
    return least
  }

  /** Above 1: too much. */
  #load(host: UpstreamHost): number {
    const slots = Math.floor(((this.#active.value + 1) * this.#factorPercent + 99) / 100)
    const own = Math.max(Math.ceil(slots * (this.#weights.get(host) ?? 0)), 1)
    return host.stats.rqActive / own
  }
}
