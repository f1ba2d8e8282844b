/** Name resolution for DNS clusters, behind an interface so that another thread or a test can answer. */
import { promises as dns } from 'node:dns'
import type { Cluster_DnsLookupFamily as DnsLookupFamily } from '../config/v3.ts'

export interface ResolvedAddress {
  readonly ip: string
  readonly version: 4 | 6
  /** Undefined when the resolver did not say (hosts file, getaddrinfo). */
  readonly ttlSeconds: number | undefined
}

export interface DnsResolver {
  /** Rejects when the name cannot be resolved; [] when it exists without addresses of the wanted family. */
  resolve(name: string, family: DnsLookupFamily, wantTtl: boolean): Promise<readonly ResolvedAddress[]>
}

/** The system's: getaddrinfo, which reads the hosts file, or the DNS servers themselves where the TTL is needed. */
export const systemResolver: DnsResolver = {
  async resolve(name, family, wantTtl) {
    if (wantTtl) {
      const found = await byDnsServers(name, family)
      if (found.length > 0) return found
    }
    const all = await dns.lookup(name, { all: true, family: onlyFamily(family) })
    return choose(
      all.map(each => ({ ip: each.address, version: each.family === 6 ? 6 : 4, ttlSeconds: undefined })),
      family,
    )
  },
}

async function byDnsServers(name: string, family: DnsLookupFamily): Promise<readonly ResolvedAddress[]> {
  const resolver = new dns.Resolver({ timeout: 5000, tries: 2 })
  const only = onlyFamily(family)
  const none = (): [] => []
  const [v4, v6] = await Promise.all([
    only === 6 ? [] : resolver.resolve4(name, { ttl: true }).catch(none),
    only === 4 ? [] : resolver.resolve6(name, { ttl: true }).catch(none),
  ])
  return choose(
    [
      ...v4.map((each): ResolvedAddress => ({ ip: each.address, version: 4, ttlSeconds: each.ttl })),
      ...v6.map((each): ResolvedAddress => ({ ip: each.address, version: 6, ttlSeconds: each.ttl })),
    ],
    family,
  )
}

function onlyFamily(family: DnsLookupFamily): 0 | 4 | 6 {
  return family === 'V4_ONLY' ? 4 : family === 'V6_ONLY' ? 6 : 0
}

/** AUTO: IPv6 if there is any, else IPv4; V4_PREFERRED the other way round; ALL: both. */
export function choose(addresses: readonly ResolvedAddress[], family: DnsLookupFamily): readonly ResolvedAddress[] {
  const v4 = addresses.filter(each => each.version === 4)
  const v6 = addresses.filter(each => each.version === 6)
  switch (family) {
    case 'V4_ONLY':
      return v4
    case 'V6_ONLY':
      return v6
    case 'AUTO':
      return v6.length > 0 ? v6 : v4
    case 'V4_PREFERRED':
      return v4.length > 0 ? v4 : v6
    case 'ALL':
      return addresses
  }
}
