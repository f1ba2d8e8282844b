/** An address as proto-JSON of `envoy.config.core.v3.Address`. */
import type { Address } from '../core/address.ts'

export function addressJson(address: Address): object {
  if (address.kind === 'ip') return { socket_address: { address: address.ip, port_value: address.port } }
  if (address.kind === 'pipe') return { pipe: { path: address.path } }
  return { envoy_internal_address: { server_listener_name: address.listener } }
}
