/** What ring hash and maglev have in common: by what a host is hashed, and its share. Follows Envoy's `ThreadAwareLoadBalancerBase`. */
import { toBytes } from '../base/latin1.ts'
import type { UpstreamHost } from './host.ts'
import type { Localities } from './localities.ts'

export interface WeightedHost {
  readonly host: UpstreamHost
  readonly key: string
  /** Of all hosts together 1, where localities have weights at most. */
  readonly weight: number
}

/** In the order of the hosts; those of localities without weight are left out. */
export function weightedHosts(
  hosts: readonly UpstreamHost[],
  useHostname: boolean,
  localities?: Localities,
): WeightedHost[] {
  if (localities === undefined) return shared(hosts, useHostname, 1)
  const sum = [...localities.weights.values()].reduce((total, weight) => total + weight, 0)
  return [...Map.groupBy(hosts, host => host.localityKey)].flatMap(([key, members]) => {
    const weight = localities.weights.get(key) as number
    return weight === 0 ? [] : shared(members, useHostname, weight / sum)
  })
}

function shared(hosts: readonly UpstreamHost[], useHostname: boolean, weight: number): WeightedHost[] {
  const sum = hosts.reduce((total, host) => total + host.weight, 0)
  return hosts.map(host => ({ host, key: hashKey(host, useHostname), weight: (host.weight * weight) / sum }))
}

function hashKey(host: UpstreamHost, useHostname: boolean): string {
  const own = host.metadata?.['envoy.lb']?.['hash_key']
  if (typeof own === 'string' && own !== '') return toBytes(own)
  return useHostname ? toBytes(host.hostname) : host.addressString
}

/** Uniform over 64 bits, for requests without a hash. */
export function randomHash(random: () => number): bigint {
  return (BigInt(Math.floor(random() * 2 ** 32)) << 32n) | BigInt(Math.floor(random() * 2 ** 32))
}
