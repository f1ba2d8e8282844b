/** Headers of the PROXY protocol, versions 1 and 2, as they are written. Follows Envoy's `extensions/common/proxy_protocol`. */
import { isIPv4 } from 'node:net'
import type { Address } from '../core/address.ts'

/** Text that says where a connection comes from and where it went to. Addresses of two kinds are not told. */
export function proxyProtocolV1(source: Address, destination: Address): string {
  if (source.kind !== 'ip' || destination.kind !== 'ip' || source.version !== destination.version)
    return 'PROXY UNKNOWN\r\n'
  return `PROXY TCP${source.version} ${source.ip} ${destination.ip} ${source.port} ${destination.port}\r\n`
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1')

/** As `proxyProtocolV1`, in binary. */
export function proxyProtocolV2(source: Address, destination: Address): Buffer {
  if (source.kind !== 'ip' || destination.kind !== 'ip' || source.version !== destination.version)
    return Buffer.concat([signature, Buffer.from([0x20, 0, 0, 0])])
  const addresses = Buffer.concat([addressBytes(source.ip), addressBytes(destination.ip)])
  const tail = Buffer.alloc(4)
  tail.writeUInt16BE(source.port, 0)
  tail.writeUInt16BE(destination.port, 2)
  const head = Buffer.from([0x21, source.version === 4 ? 0x11 : 0x21, 0, addresses.length + tail.length])
  return Buffer.concat([signature, head, addresses, tail])
}

/** Four or sixteen bytes. */
function addressBytes(ip: string): Buffer {
  if (isIPv4(ip)) return Buffer.from(ip.split('.').map(Number))
  const [plain = ''] = ip.split('%')
  // The last 32 bits may be written as IPv4.
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(plain)
  const [a = 0, b = 0, c = 0, d = 0] = dotted?.[2]?.split('.').map(Number) ?? []
  const text = dotted === null ? plain : `${dotted[1]}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`
  const [before = '', after] = text.split('::')
  const words = (part: string): string[] => (part === '' ? [] : part.split(':'))
  const front = words(before)
  const back = after === undefined ? [] : words(after)
  const bytes = Buffer.alloc(16)
  front.forEach((word, i) => bytes.writeUInt16BE(Number.parseInt(word, 16), i * 2))
  back.forEach((word, i) => bytes.writeUInt16BE(Number.parseInt(word, 16), 16 - (back.length - i) * 2))
  return bytes
}
