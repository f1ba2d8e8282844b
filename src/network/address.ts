/** Socket addresses from configuration messages and from the kernel. */
import { isIP } from 'node:net'
import type { Address } from '../core/address.ts'
import type { SocketName } from './stream-handle.ts'

/** The parts of `envoy.config.core.v3.Address` that name a socket. */
export interface AddressMessage {
  readonly socketAddress?: { readonly address: string; readonly portValue?: number }
  readonly pipe?: { readonly path: string; readonly mode: number }
}

export const noAddress: Address = { kind: 'pipe', path: '' }

/** An IP address; undefined for a name. */
export function ipAddress(ip: string, port: number): Address | undefined {
  const version = isIP(ip)
  return version === 0 ? undefined : { kind: 'ip', ip, port, version: version === 4 ? 4 : 6 }
}

/** Undefined when the message names a host by DNS name or is of another kind. */
export function addressOf(message: AddressMessage): Address | undefined {
  const socket = message.socketAddress
  if (socket !== undefined) return ipAddress(socket.address, socket.portValue ?? 0)
  return message.pipe === undefined ? undefined : { kind: 'pipe', path: message.pipe.path, mode: message.pipe.mode }
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
