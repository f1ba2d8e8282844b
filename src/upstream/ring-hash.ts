/** Consistent hashing on a ring: each host stands at many places, a request goes to the next one. Follows Envoy's `RingHashLoadBalancer`. */
import { murmurHash2 } from '../base/murmur-hash2.ts'
import { xxHash64 } from '../base/xxhash64.ts'
import type { Gauge, Scope } from '../stats/scope.ts'
import { weightedHosts } from './consistent-hashing.ts'
import type { UpstreamHost } from './host.ts'
import type { Picker, PickerFactory } from './load-balancer.ts'
import type { Localities } from './localities.ts'

export interface RingHashSettings {
  readonly hashFunction: 'XX_HASH' | 'MURMUR_HASH_2'
  readonly minimumRingSize: number
  readonly maximumRingSize: number
  readonly useHostnameForHashing: boolean
}

export function makeRingHash(settings: RingHashSettings, scope: Scope): PickerFactory {
  const stats = makeStats(scope.scope('ring_hash_lb'))
  return (hosts, _random, localities) => new Ring(hosts, settings, stats, localities)
}

interface RingStats {
  readonly size: Gauge
  readonly min: Gauge
  readonly max: Gauge
}

function makeStats(scope: Scope): RingStats {
  return {
    size: scope.gauge('size'),
    min: scope.gauge('min_hashes_per_host'),
    max: scope.gauge('max_hashes_per_host'),
  }
}

class Ring implements Picker {
  /** Ascending. */
  readonly #hashes: BigUint64Array
  readonly #hosts: readonly UpstreamHost[]

  constructor(hosts: readonly UpstreamHost[], settings: RingHashSettings, stats: RingStats, localities?: Localities) {
    const hash = settings.hashFunction === 'XX_HASH' ? xxHash64 : murmurHash2
    const weighted = weightedHosts(hosts, settings.useHostnameForHashing, localities)
    // The host with the least weight gets a whole number of places, unless that makes too many of them.
    const least = weighted.reduce((min, each) => Math.min(min, each.weight), 1)
    const scale = Math.min(Math.ceil(least * settings.minimumRingSize) / least, settings.maximumRingSize)
    const places: { readonly hash: bigint; readonly host: UpstreamHost }[] = []
    let target = 0
    let fewest = Number.POSITIVE_INFINITY
    let most = 0
    for (const { host, key, weight } of weighted) {
      // A running sum: shares that are no whole numbers even out over the hosts.
      target += scale * weight
      let i = 0
      for (; places.length < target; i++) places.push({ hash: hash(`${key}_${i}`), host })
      fewest = Math.min(fewest, i)
      most = Math.max(most, i)
    }
    places.sort((a, b) => (a.hash < b.hash ? -1 : a.hash > b.hash ? 1 : 0))
    this.#hashes = BigUint64Array.from(places, place => place.hash)
    this.#hosts = places.map(place => place.host)
    stats.size.set(places.length)
    stats.min.set(weighted.length === 0 ? 0 : fewest)
    stats.max.set(most)
  }

  pick(hash = 0n, attempt = 0): UpstreamHost | undefined {
    const hashes = this.#hashes
    let from = 0
    let to = hashes.length
    while (from < to) {
      const middle = (from + to) >>> 1
      if ((hashes[middle] as bigint) < hash) from = middle + 1
      else to = middle
    }
    return this.#hosts[(from + attempt) % hashes.length]
  }
}
