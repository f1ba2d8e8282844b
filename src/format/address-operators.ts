/** The commands that print addresses, whole, masked or in parts. Follows Envoy's `stream_info_formatter.cc`. */
import { type Address, addressToString } from '../core/address.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import type { Command } from '../core/format.ts'

type AddressOf = (info: StreamInfo) => Address | undefined

export const addressOperators = new Map<string, Command>()

const addresses: readonly [prefix: string, get: AddressOf][] = [
  ['DOWNSTREAM_REMOTE', info => info.downstreamRemoteAddress],
  ['DOWNSTREAM_DIRECT_REMOTE', info => info.downstream.directRemoteAddress],
  ['DOWNSTREAM_LOCAL', info => info.downstream.localAddress],
  ['DOWNSTREAM_DIRECT_LOCAL', info => info.downstream.localAddress],
  ['UPSTREAM_LOCAL', info => info.upstreamLocalAddress],
  ['UPSTREAM_REMOTE', info => info.upstreamRemoteAddress],
]
const withEndpointId = new Set(['DOWNSTREAM_LOCAL', 'DOWNSTREAM_DIRECT_LOCAL', 'UPSTREAM_REMOTE'])

for (const [prefix, get] of addresses) {
  addressOperators.set(`${prefix}_ADDRESS`, {
    args: 'none',
    length: false,
    make: () => context => {
      const address = get(context.streamInfo)
      return address === undefined ? undefined : addressToString(address)
    },
  })
  addressOperators.set(`${prefix}_ADDRESS_WITHOUT_PORT`, {
    args: 'optional',
    length: false,
    make: args => {
      if (args === '') return context => ipOf(get(context.streamInfo))
      const bits = /^\d{1,3}$/.test(args) ? Number(args) : 129
      if (bits > 128) throw new Error(`takes a prefix length of 0 to 128, not "${args}"`)
      return context => maskedAddress(get(context.streamInfo), bits)
    },
  })
  addressOperators.set(`${prefix}_PORT`, {
    args: 'none',
    length: false,
    make: () => context => {
      const address = get(context.streamInfo)
      return address?.kind === 'ip' ? address.port : undefined
    },
  })
  if (withEndpointId.has(prefix))
    addressOperators.set(`${prefix}_ADDRESS_ENDPOINT_ID`, {
      args: 'none',
      length: false,
      // Only addresses of internal listeners have one.
      make: () => context => (get(context.streamInfo) === undefined ? undefined : ''),
    })
}

/** Without its port. */
export function ipOf(address: Address | undefined): string | undefined {
  if (address === undefined) return undefined
  return address.kind === 'ip' ? address.ip : addressToString(address)
}

/** `1.2.3.4` and 16 → `1.2.0.0/16` */
export function maskedAddress(address: Address | undefined, bits: number): string | undefined {
  if (address?.kind !== 'ip') return undefined
  const groups = address.version === 4 ? address.ip.split('.').map(Number) : ipv6Groups(address.ip)
  const groupBits = address.version === 4 ? 8 : 16
  const kept = groups.map((group, i) => {
    const keep = Math.min(Math.max(bits - i * groupBits, 0), groupBits)
    return group & (((1 << keep) - 1) << (groupBits - keep))
  })
  if (address.version === 4) return `${kept.join('.')}/${bits}`
  return `${new URL(`http://[${kept.map(group => group.toString(16)).join(':')}]`).hostname.slice(1, -1)}/${bits}`
}

function ipv6Groups(text: string): number[] {
  const [head = '', tail] = text.split('%', 1)[0]?.split('::') ?? []
  const parse = (part: string): number[] =>
    part === '' ? [] : part.split(':').map(group => Number.parseInt(group, 16))
  const left = parse(head)
  const right = tail === undefined ? [] : parse(tail)
  return [...left, ...Array.from({ length: 8 - left.length - right.length }, () => 0), ...right]
}
