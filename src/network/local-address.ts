/** The address by which this machine tells others of itself. Follows Envoy's `Network::Utility::getLocalAddress`. */
import { networkInterfaces } from 'node:os'

/** The first IPv4 address that is no loopback. */
export function localAddress(): string {
  for (const list of Object.values(networkInterfaces()))
    for (const each of list ?? []) if (each.family === 'IPv4' && !each.internal) return each.address
  return '127.0.0.1'
}
