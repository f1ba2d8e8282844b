/** Socket addresses from configuration messages and from the kernel. */
import { isIP } from 'node:net'
import { configError } from '../config/position.ts'
import type { Address as AddressMessage } from '../config/v3.ts'
import type { Address } from '../core/address.ts'
import type { SocketName } from './stream-handle.ts'

export const noAddress: Address = { kind: 'pipe', path: '' }

/** An IP address; undefined for a name. */
export function ipAddress(ip: string, port: number): Address | undefined {
  const version = isIP(ip)
  return version === 0 ? undefined : { kind: 'ip', ip, port, version: version === 4 ? 4 : 6 }
}

/** @throws ConfigError for a host name, a named port or an address of another kind, where an IP address must stand */
export function addressFromMessage(message: AddressMessage): Address {
  const { socketAddress: socket, pipe } = message
  if (socket !== undefined) {
    if (socket.namedPort !== undefined)
      throw configError(socket, 'namedPort', 'named ports are not supported by sluice')
    const address = ipAddress(socket.address, socket.portValue ?? 0)
    if (address === undefined)
      throw configError(
        socket,
        'address',
        `malformed IP address: ${socket.address}. Consider setting resolver_name or setting cluster type to 'STRICT_DNS' or 'LOGICAL_DNS'`,
      )
    return address
  }
  if (pipe !== undefined) return { kind: 'pipe', path: pipe.path, mode: pipe.mode }
  throw configError(message, undefined, 'a socket_address or a pipe is needed here')
}

/** What `getsockname` or `getpeername` told; IPv4-mapped IPv6 becomes IPv4, as Envoy shows it. */
export function addressOfSocketName(name: SocketName): Address {
  if (name.address === undefined) return noAddress
  const port = name.port ?? 0
  if (name.family !== 'IPv6') return { kind: 'ip', ip: name.address, port, version: 4 }
  if (name.address.startsWith('::ffff:') && name.address.includes('.'))
    return { kind: 'ip', ip: name.address.slice(7), port, version: 4 }
  return { kind: 'ip', ip: name.address, port, version: 6 }
}

export function localAddressOf(handle: { getsockname?(out: SocketName): number }): Address {
  const name: SocketName = {}
  return handle.getsockname?.(name) === 0 ? addressOfSocketName(name) : noAddress
}

export function remoteAddressOf(handle: { getpeername?(out: SocketName): number }): Address {
  const name: SocketName = {}
  return handle.getpeername?.(name) === 0 ? addressOfSocketName(name) : noAddress
}
