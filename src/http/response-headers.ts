/** What the connection manager does to response headers. Follows Envoy's `ConnectionManagerUtility::mutateResponseHeaders`. */
import type { HeaderMap } from '../core/header-map.ts'
import { httpDate } from './date.ts'
import { isUpgrade } from './header-utility.ts'
import type { HttpConnectionManagerSettings } from './settings.ts'

export function mutateResponseHeaders(
  headers: HeaderMap,
  requestHeaders: HeaderMap | undefined,
  settings: HttpConnectionManagerSettings,
): void {
  const list = headers.list
  let hasDate = false
  let serverAt = -1
  let connectionAt = -1
  let hopByHop = false
  for (let i = 0; i < list.length; i += 2) {
    switch (list[i]) {
      case 'date':
        hasDate = true
        break
      case 'server':
        if (serverAt < 0) serverAt = i
        break
      case 'connection':
        connectionAt = i
        break
      case 'transfer-encoding':
      case 'keep-alive':
      case 'proxy-connection':
      case 'upgrade':
        hopByHop = true
        break
      default:
    }
  }
  if (!hasDate) list.push('date', httpDate())
  if (serverAt < 0) {
    if (settings.serverHeaderTransformation !== 'PASS_THROUGH') list.push('server', settings.serverName)
  } else if (settings.serverHeaderTransformation === 'OVERWRITE') headers.set('server', settings.serverName)

  if (connectionAt >= 0 || hopByHop) {
    const upgrading = requestHeaders !== undefined && isUpgrade(requestHeaders) && isUpgrade(headers)
    headers.removeIf(upgrading ? isHopByHopOfUpgrade : isHopByHop)
  }
  if (requestHeaders !== undefined) addRequestId(headers, requestHeaders, settings)
  if (settings.via !== '') appendVia(headers, settings.via)
}

/** Of 1xx: as of a response, without what only the final one tells. */
export function mutateInformationalHeaders(
  headers: HeaderMap,
  requestHeaders: HeaderMap | undefined,
  settings: HttpConnectionManagerSettings,
): void {
  headers.removeIf(isHopByHop)
  if (requestHeaders !== undefined) addRequestId(headers, requestHeaders, settings)
}

function addRequestId(headers: HeaderMap, requestHeaders: HeaderMap, settings: HttpConnectionManagerSettings): void {
  if (settings.alwaysSetRequestIdInResponse || requestHeaders.has('x-envoy-force-trace'))
    setRequestId(headers, requestHeaders)
}

function setRequestId(headers: HeaderMap, requestHeaders: HeaderMap): void {
  const id = requestHeaders.get('x-request-id')
  if (id !== undefined) headers.set('x-request-id', id)
}

export function appendVia(headers: HeaderMap, via: string): void {
  const before = headers.get('via')
  headers.set('via', before === undefined || before === '' ? via : `${before}, ${via}`)
}

function isHopByHop(name: string): boolean {
  return name === 'connection' || name === 'upgrade' || isHopByHopOfUpgrade(name)
}

function isHopByHopOfUpgrade(name: string): boolean {
  return name === 'transfer-encoding' || name === 'keep-alive' || name === 'proxy-connection'
}
