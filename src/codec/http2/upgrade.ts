/**
 * Upgrades are `connection: upgrade` inside of the proxy and extended CONNECT (RFC 8441) on an HTTP/2 connection.
 * Follows `transformUpgrade…` of Envoy's `source/common/http/utility.cc`.
 */
import type { HeaderMap } from '../../core/header-map.ts'
import { hasToken } from '../http1/tokens.ts'

function isUpgrade(headers: HeaderMap): boolean {
  const connection = headers.get('connection')
  return connection !== undefined && hasToken(connection, 'upgrade') && headers.has('upgrade')
}

function removeUpgrade(headers: HeaderMap): void {
  headers.remove('upgrade')
  headers.remove('connection')
  if (headers.get('content-length') === '0') headers.remove('content-length')
}

/** A received extended CONNECT becomes an upgrade request, in place. */
export function requestFromHttp2(headers: HeaderMap): void {
  const protocol = headers.get(':protocol') ?? ''
  headers.set(':method', 'GET')
  headers.remove(':protocol')
  headers.set('upgrade', protocol)
  headers.set('connection', 'upgrade')
}

/** @returns the headers to send, a copy for an upgrade or a CONNECT, and the type of the upgrade or '' */
export function requestToHttp2(headers: HeaderMap): { headers: HeaderMap; upgradeType: string } {
  if (isUpgrade(headers)) {
    const copy = headers.copy()
    const upgradeType = copy.get('upgrade') ?? ''
    copy.set(':method', 'CONNECT')
    copy.add(':protocol', upgradeType)
    removeUpgrade(copy)
    return { headers: copy, upgradeType }
  }
  if (headers.method !== 'CONNECT') return { headers, upgradeType: '' }
  const copy = headers.copy()
  copy.remove(':scheme')
  copy.remove(':path')
  copy.remove(':protocol')
  return { headers: copy, upgradeType: '' }
}

/** A response to an upgrade that we sent as extended CONNECT, in place. */
export function responseFromHttp2(headers: HeaderMap, upgradeType: string): void {
  if (headers.get(':status') !== '200') return
  headers.set(':status', '101')
  headers.set('upgrade', upgradeType)
  headers.set('connection', 'upgrade')
}

/** @returns the headers to send, a copy for a 101 */
export function responseToHttp2(headers: HeaderMap): HeaderMap {
  if (headers.get(':status') !== '101' || !isUpgrade(headers)) return headers
  const copy = headers.copy()
  copy.set(':status', '200')
  removeUpgrade(copy)
  return copy
}
