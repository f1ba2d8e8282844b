/** CONNECT-UDP requests (RFC 9298): their path names the target. Follows `HeaderUtility::rewriteAuthorityForConnectUdp`. */
import { isIPv6 } from 'node:net'
import type { HeaderMap } from '../core/header-map.ts'

export function isConnectUdp(headers: HeaderMap): boolean {
  return headers.get('upgrade')?.toLowerCase() === 'connect-udp'
}

const udpPath = /^\/\.well-known\/masque\/udp\/([^/]+)\/([^/]+)\/$/
const printable = /^[\x21-\x24\x26-\x7e]+$/

/** The target becomes the authority. @returns false: the path names none */
export function setUdpAuthority(headers: HeaderMap, path: string): boolean {
  const [, encodedHost = '', encodedPort = ''] = udpPath.exec(path) ?? []
  const host = decode(encodedHost)
  const port = decode(encodedPort)
  if (!printable.test(host) || !printable.test(port)) return false
  headers.set(':authority', `${isIPv6(host) ? `[${host}]` : host}:${port}`)
  return true
}

function decode(text: string): string {
  return text.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
}
