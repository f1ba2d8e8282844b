/** Consistent hashing by Maglev's lookup table (Eisenbud et al., NSDI 2016, §3.4). Follows Envoy's `MaglevLoadBalancer`. */
import { xxHash64 } from '../base/xxhash64.ts'
import type { Gauge, Scope } from '../stats/scope.ts'
import { weightedHosts } from './consistent-hashing.ts'
import type { UpstreamHost } from './host.ts'
import type { Picker, PickerFactory } from './load-balancer.ts'
import type { Localities } from './localities.ts'

export interface MaglevSettings {
  /** A prime. */
  readonly tableSize: number
  readonly useHostnameForHashing: boolean
}

export function makeMaglev(settings: MaglevSettings, scope: Scope): PickerFactory {
  const own = scope.scope('maglev_lb')
  const stats: MaglevStats = { min: own.gauge('min_entries_per_host'), max: own.gauge('max_entries_per_host') }
  return (hosts, _random, localities) => new Table(hosts, settings, stats, localities)
}

interface MaglevStats {
  readonly min: Gauge
  readonly max: Gauge
}

class Table implements Picker {
  readonly #hosts: readonly UpstreamHost[]
  /** Indices into the hosts. */
  readonly #table: Int32Array
  readonly #size: bigint

  constructor(hosts: readonly UpstreamHost[], settings: MaglevSettings, stats: MaglevStats, localities?: Localities) {
    const weighted = weightedHosts(hosts, settings.useHostnameForHashing, localities)
    this.#hosts = weighted.map(each => each.host)
    const size = settings.tableSize
    this.#size = BigInt(size)
    const table = new Int32Array(size).fill(-1)
    this.#table = table
    // Each host walks the table in an order of its own, and takes the next free place whenever its turn comes.
    const builders = weighted.map(({ key, weight }) => ({
      weight,
      at: Number(xxHash64(key) % this.#size),
      skip: Number(xxHash64(key, 1n) % (this.#size - 1n)) + 1,
      target: 0,
      count: 0,
    }))
    const heaviest = builders.reduce((max, each) => Math.max(max, each.weight), 0)
    let filled = builders.length === 0 ? size : 0
    for (let turn = 1; filled < size; turn++)
      for (let i = 0; i < builders.length && filled < size; i++) {
        const each = builders[i] as (typeof builders)[number]
        // The heaviest takes a place in every turn, one of a third of its weight in every third.
        if (turn * each.weight < each.target) continue
        each.target += heaviest
        while (table[each.at] !== -1) each.at = (each.at + each.skip) % size
        table[each.at] = i
        each.count++
        filled++
      }
    const counts = builders.length === 0 ? [0] : builders.map(each => each.count)
    stats.min.set(Math.min(...counts))
    stats.max.set(Math.max(...counts))
  }

  pick(wanted = 0n, attempt = 0): UpstreamHost | undefined {
    let hash = wanted
    // Changes the high bits most, so that the hosts of retries differ.
    if (attempt > 0) hash ^= BigInt.asUintN(64, -BigInt(attempt))
    return this.#hosts[this.#table[Number(hash % this.#size)] as number]
  }
}

export function isPrime(n: number): boolean {
  if (n < 2) return false
  for (let i = 2; i * i <= n; i++) if (n % i === 0) return false
  return true
}
