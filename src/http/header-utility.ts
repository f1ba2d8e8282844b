/** Questions about header maps that several places ask. Follows Envoy's `Http::HeaderUtility` and `Http::Utility`. */
import type { HeaderMap } from '../core/header-map.ts'

/** An `upgrade` header and `connection: …, upgrade`. */
export function isUpgrade(headers: HeaderMap): boolean {
  const connection = headers.get('connection')
  return connection !== undefined && hasToken(connection, 'upgrade') && headers.has('upgrade')
}

/** Whether a comma-separated list has a (lower-case) token, in any case. */
export function hasToken(list: string, token: string): boolean {
  if (list.length < token.length) return false
  if (list === token) return true
  for (const part of list.toLowerCase().split(',')) if (part.trim() === token) return true
  return false
}
