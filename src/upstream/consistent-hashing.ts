/** What ring hash and maglev have in common: by what a host is hashed, and its share. Follows Envoy's `ThreadAwareLoadBalancerBase`. */
import { toBytes } from '../base/latin1.ts'
import type { UpstreamHost } from './host.ts'

export interface WeightedHost {
  readonly host: UpstreamHost
  readonly key: string
  /** Of all hosts together 1. */
  readonly weight: number
}

/** In the order of the hosts. */
export function weightedHosts(hosts: readonly UpstreamHost[], useHostname: boolean): WeightedHost[] {
  const sum = hosts.reduce((total, host) => total + host.weight, 0)
  return hosts.map(host => ({ host, key: hashKey(host, useHostname), weight: host.weight / sum }))
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
