/** Round robin, random and least request among equal hosts. Follows Envoy's `load_balancing_policies` of these names. */
import { EdfScheduler } from './edf.ts'
import type { UpstreamHost } from './host.ts'
import type { Localities } from './localities.ts'

/** Chooses among the hosts that it was made with; never called for an empty list. */
export interface Picker {
  /**
   * Undefined: no host of those may be used.
   * @param hash of the request, and the how manieth attempt it is, from 0: for those who choose by hash
   */
  pick(hash?: bigint, attempt?: number): UpstreamHost | undefined
}

/** Uniform in [0, 1). */
export type Random = () => number

/** @param localities of the priority of the hosts, where their weights count */
export type PickerFactory = (hosts: readonly UpstreamHost[], random: Random, localities?: Localities) => Picker

export const makeRoundRobin: PickerFactory = (hosts, random) =>
  weightsDiffer(hosts) ? new WeightedPicker(hosts, random, host => host.weight) : new RoundRobinPicker(hosts, random)

export const makeRandom: PickerFactory = (hosts, random) => ({
  pick: () => hosts[Math.floor(random() * hosts.length)],
})

/** @param activeRequestBias how much active requests lower the weight of a host, where weights differ */
export function makeLeastRequest(choiceCount: number, activeRequestBias: number): PickerFactory {
  const weightOf = (host: UpstreamHost): number =>
    activeRequestBias === 0 ? host.weight : host.weight / (host.activeRequests + 1) ** activeRequestBias
  return (hosts, random) =>
    weightsDiffer(hosts)
      ? new WeightedPicker(hosts, random, weightOf)
      : new LeastRequestPicker(hosts, random, choiceCount)
}

class RoundRobinPicker implements Picker {
  readonly #hosts: readonly UpstreamHost[]
  #next: number

  constructor(hosts: readonly UpstreamHost[], random: Random) {
    this.#hosts = hosts
    this.#next = Math.floor(random() * hosts.length)
  }

  pick(): UpstreamHost {
    const host = this.#hosts[this.#next] as UpstreamHost
    this.#next = this.#next + 1 === this.#hosts.length ? 0 : this.#next + 1
    return host
  }
}

class LeastRequestPicker implements Picker {
  readonly #hosts: readonly UpstreamHost[]
  readonly #random: Random
  readonly #choices: number

  constructor(hosts: readonly UpstreamHost[], random: Random, choices: number) {
    this.#hosts = hosts
    this.#random = random
    this.#choices = choices
  }

  pick(): UpstreamHost {
    const hosts = this.#hosts
    let best = hosts[Math.floor(this.#random() * hosts.length)] as UpstreamHost
    for (let i = 1; i < this.#choices; i++) {
      const other = hosts[Math.floor(this.#random() * hosts.length)] as UpstreamHost
      if (other.activeRequests < best.activeRequests) best = other
    }
    return best
  }
}

class WeightedPicker implements Picker {
  readonly #scheduler = new EdfScheduler<UpstreamHost>()
  readonly #weightOf: (host: UpstreamHost) => number

  /** Workers must not all begin with the same host: some picks are thrown away. */
  constructor(hosts: readonly UpstreamHost[], random: Random, weightOf: (host: UpstreamHost) => number) {
    this.#weightOf = weightOf
    for (const host of hosts) this.#scheduler.add(weightOf(host), host)
    for (let skip = Math.floor(random() * hosts.length); skip > 0; skip--) this.pick()
  }

  pick(): UpstreamHost {
    return this.#scheduler.pick(this.#weightOf) as UpstreamHost
  }
}

function weightsDiffer(hosts: readonly UpstreamHost[]): boolean {
  const first = hosts[0]?.weight
  return hosts.some(host => host.weight !== first)
}
