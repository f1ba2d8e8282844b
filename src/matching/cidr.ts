/** Lists of `envoy.config.core.v3.CidrRange`. Follows Envoy's `source/common/network/cidr_range.cc`. */
import { BlockList, isIP } from 'node:net'
import { configError } from '../config/position.ts'
import type { CidrRange, XdsCoreCidrRange } from '../config/v3.ts'

/** Takes an address without port or brackets. */
export type IpPredicate = (ip: string) => boolean

/** Whether one of the ranges holds an address. Throws `ConfigError` for a bad address or length. */
export function makeCidrMatcher(ranges: readonly (CidrRange | XdsCoreCidrRange)[]): IpPredicate {
  const list = new BlockList()
  for (const range of ranges) {
    const family = isIP(range.addressPrefix)
    if (family === 0) throw configError(range, 'addressPrefix', `"${range.addressPrefix}" is no IP address`)
    const bits = family === 4 ? 32 : 128
    const length = range.prefixLen ?? 0
    if (length > bits) throw configError(range, 'prefixLen', `must be at most ${bits} for ${range.addressPrefix}`)
    list.addSubnet(range.addressPrefix, length, family === 4 ? 'ipv4' : 'ipv6')
  }
  return ip => {
    const family = isIP(ip)
    return family !== 0 && list.check(ip, family === 4 ? 'ipv4' : 'ipv6')
  }
}
