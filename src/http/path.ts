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
  // Of slashes alone, two stay: Envoy takes them for a first and a last one.
  if (settings.mergeSlashes && path.includes('//')) path = /^\/+$/.test(path) ? '//' : path.replace(/\/{2,}/g, '/')
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
  const segments: string[] = []
  const parts = unescapeUnreserved(path).replaceAll('\\', '/').split('/')
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

const isEscape = /^%[0-9A-Fa-f]{2}/

/** A stray `%` that would become an escape by what is unescaped after it is itself escaped. */
function unescapeUnreserved(path: string): string {
  let text = ''
  let strayPercent = -2
  for (let i = 0; i < path.length; i++) {
    const character = path[i] as string
    if (character !== '%') {
      text += character
    } else if (!isEscape.test(path.slice(i, i + 3))) {
      strayPercent = text.length
      text += '%'
    } else {
      const plain = String.fromCharCode(Number.parseInt(path.slice(i + 1, i + 3), 16))
      if (/[A-Za-z0-9\-._~]/.test(plain)) {
        text += plain
        if (isEscape.test((text + (path[i + 3] ?? '')).slice(strayPercent)) && text.length - strayPercent <= 3)
          text = `${text.slice(0, strayPercent)}%25${text.slice(strayPercent + 1)}`
      } else text += path.slice(i, i + 3)
      i += 2
    }
  }
  return text
}

/** Takes the port and the trailing dot from `:authority`, as far as configured. */
export function normalizeHost(headers: HeaderMap, settings: RequestHeaderSettings, local: Address): void {
  const original = headers.authority
  let host = original
  if (settings.stripTrailingHostDot) host = host.endsWith('.') ? host.slice(0, -1) : host.replace(/\.(:\d*)$/, '$1')
  if (settings.stripPort !== 'none') {
    const port = /:(\d+)$/.exec(host)
    const matches = settings.stripPort === 'any' || (local.kind === 'ip' && Number(port?.[1]) === local.port)
    if (port !== null && matches) host = host.slice(0, port.index)
  }
  if (host !== original) headers.set(':authority', host)
}
