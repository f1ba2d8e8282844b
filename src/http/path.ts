/**
 * Changes of `:path` and `:authority` before routing: escaped slashes, normalisation, merging of slashes, port and
 * trailing dot of the host. Follows Envoy's `PathUtil` (whose canonical form is that of Chromium's url library).
 */
import type { Address } from '../core/address.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { RequestHeaderSettings } from './settings.ts'

export type PathAction = 'continue' | 'reject' | 'redirect'

/** Sets `:path`; 'redirect': the client is to ask for it by the new path. */
export function normalizePath(headers: HeaderMap, original: string, settings: RequestHeaderSettings): PathAction {
  if (original.includes('#')) return 'reject'
  const unescape = settings.escapedSlashesAction !== 'KEEP_UNCHANGED'
  if (!unescape && !settings.normalizePath && !settings.mergeSlashes) return 'continue'
  const query = original.indexOf('?')
  let path = query < 0 ? original : original.slice(0, query)
  let action: PathAction = 'continue'
  if (unescape) {
    const unescaped = unescapeSlashes(path)
    if (unescaped !== path) {
      if (settings.escapedSlashesAction === 'REJECT_REQUEST') {
        headers.set(':path', query < 0 ? unescaped : unescaped + original.slice(query))
        return 'reject'
      }
      if (settings.escapedSlashesAction === 'UNESCAPE_AND_REDIRECT') action = 'redirect'
      path = unescaped
    }
  }
  if (settings.normalizePath) {
    const canonical = canonicalPath(path)
    if (canonical === undefined) return 'reject'
    path = canonical
  }
  if (settings.mergeSlashes && path.includes('//')) path = path.replace(/\/{2,}/g, '/')
  if (query >= 0) path += original.slice(query)
  if (path !== original) headers.set(':path', path)
  return action
}

function unescapeSlashes(path: string): string {
  return path.includes('%') ? path.replace(/%(2[fF]|5[cC])/g, (_, hex: string) => (hex[0] === '2' ? '/' : '\\')) : path
}

/** Bytes that must be written as %XX in a path. */
const escaped = /[^A-Za-z0-9\-._~!$&'()*+,;=:@[\]%/]/g
/** What may stand in a canonical path as it is. */
const canonical = /^(?:\/(?!\.)[A-Za-z0-9\-._~!$&'()*+,;=:@[\]]*)+$/

/** RFC 3986 §6 normal form of a path without query: dot segments gone, unreserved characters unescaped. undefined: invalid. */
export function canonicalPath(path: string): string | undefined {
  if (canonical.test(path)) return path
  if (path.includes('\0') || path.includes('%00')) return undefined
  const unescaped = path.replace(/%([0-9A-Fa-f]{2})/g, (escape, hex: string) => {
    const character = String.fromCharCode(Number.parseInt(hex, 16))
    return /[A-Za-z0-9\-._~]/.test(character) ? character : escape
  })
  const segments: string[] = []
  const parts = unescaped.replaceAll('\\', '/').split('/')
  for (let i = 1; i < parts.length; i++) {
    const part = parts[i] as string
    const last = i === parts.length - 1
    if (part === '.') {
      if (last) segments.push('')
    } else if (part === '..') {
      segments.pop()
      if (last) segments.push('')
    } else segments.push(part)
  }
  return `/${segments.join('/')}`.replace(
    escaped,
    character => `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`,
  )
}

/** Takes the port and the trailing dot from `:authority`, as far as configured. */
export function normalizeHost(headers: HeaderMap, settings: RequestHeaderSettings, local: Address): void {
  const original = headers.authority
  let host = original
  if (settings.stripTrailingHostDot) host = host.endsWith('.') ? host.slice(0, -1) : host.replace(/\.(:\d+)$/, '$1')
  if (settings.stripPort !== 'none') {
    const port = /:(\d+)$/.exec(host)
    const matches = settings.stripPort === 'any' || (local.kind === 'ip' && Number(port?.[1]) === local.port)
    const isBareV6 = host.indexOf(':') !== host.lastIndexOf(':') && !host.startsWith('[')
    if (port !== null && matches && !isBareV6) host = host.slice(0, port.index)
  }
  if (host !== original) headers.set(':authority', host)
}
