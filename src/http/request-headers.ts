/**
 * What the connection manager does to request headers before filters see them: client address, hop-by-hop and
 * internal headers, request id. Follows Envoy's `ConnectionManagerUtility::mutateRequestHeaders`.
 */
import { isIPv4, isIPv6 } from 'node:net'
import type { Address } from '../core/address.ts'
import type { OriginalIpDetection } from '../core/connection-manager-extensions.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { DownstreamInfo, StreamInfo } from '../core/stream-info.ts'
import { setClientCert } from './client-cert.ts'
import { isUpgrade } from './header-utility.ts'
import { appendVia } from './response-headers.ts'
import type { RequestHeaderSettings } from './settings.ts'

// What a header name means here. One pass over the request finds all; most requests have few.
const hopByHop = 1
const connection = 2
const internalOnly = 3
const edgeOnly = 4
const xff = 5
const xfp = 6
const xfPort = 7
const requestId = 8
const referer = 9
const te = 10
const clientCert = 11
const dropped = 12

const meanings = new Map<string, number>([
  ['keep-alive', hopByHop],
  ['proxy-connection', hopByHop],
  ['transfer-encoding', hopByHop],
  ['x-envoy-internal', hopByHop],
  ['connection', connection],
  ['upgrade', connection],
  ['x-envoy-retry-on', internalOnly],
  ['x-envoy-retry-grpc-on', internalOnly],
  ['x-envoy-max-retries', internalOnly],
  ['x-envoy-upstream-alt-stat-name', internalOnly],
  ['x-envoy-upstream-rq-timeout-ms', internalOnly],
  ['x-envoy-upstream-rq-per-try-timeout-ms', internalOnly],
  ['x-envoy-upstream-rq-timeout-alt-response', internalOnly],
  ['x-envoy-expected-rq-timeout-ms', internalOnly],
  ['x-envoy-force-trace', internalOnly],
  ['x-envoy-ip-tags', internalOnly],
  ['x-envoy-original-url', internalOnly],
  ['x-envoy-hedge-on-per-try-timeout', internalOnly],
  ['x-envoy-upstream-stream-duration-ms', internalOnly],
  ['x-envoy-retriable-status-codes', internalOnly],
  ['x-envoy-retriable-header-names', internalOnly],
  ['x-envoy-decorator-operation', edgeOnly],
  ['x-envoy-downstream-service-cluster', edgeOnly],
  ['x-envoy-downstream-service-node', edgeOnly],
  ['x-envoy-original-path', edgeOnly],
  ['x-envoy-original-host', edgeOnly],
  ['x-forwarded-for', xff],
  ['x-forwarded-proto', xfp],
  ['x-forwarded-port', xfPort],
  ['x-request-id', requestId],
  ['referer', referer],
  ['te', te],
  ['x-forwarded-client-cert', clientCert],
])

/** @returns the client's address, from the peer or `x-forwarded-for`, or the status with which the request is refused */
export function mutateRequestHeaders(
  headers: HeaderMap,
  downstream: DownstreamInfo,
  settings: RequestHeaderSettings,
  internalOnlyHeaders: readonly string[],
  streamInfo: StreamInfo,
): Address | number {
  const list = headers.list
  let found = 0
  for (let i = 0; i < list.length; i += 2) {
    const meaning = meanings.get(list[i] as string)
    if (meaning !== undefined) found |= 1 << meaning
  }
  if (found & (1 << connection) && !isUpgrade(headers)) found |= 1 << dropped
  if (found & (1 << referer)) sanitizeReferer(headers)
  if (found & (1 << te)) sanitizeTe(headers)

  const peer = downstream.remoteAddress
  const scheme = schemeOf(downstream, settings)
  let client: Address | undefined
  let mayBeInternal = false
  if (settings.useRemoteAddress) {
    const forwardedFor = found & (1 << xff) ? headers.getAll('x-forwarded-for').join(',') : undefined
    mayBeInternal = forwardedFor === undefined
    if (settings.xffNumTrustedHops > 0 && forwardedFor !== undefined)
      client = addressFromXff(forwardedFor, settings.xffNumTrustedHops - 1)
    client ??= peer
    if (!settings.skipXffAppend) appendXff(headers, forwardedFor, peer, settings)
    if (settings.xffNumTrustedHops === 0 || !(found & (1 << xfp))) headers.set('x-forwarded-proto', scheme)
    const local = downstream.localAddress
    if (settings.appendXForwardedPort && local.kind === 'ip') {
      if (settings.xffNumTrustedHops === 0 || !(found & (1 << xfPort)))
        headers.set('x-forwarded-port', String(local.port))
    }
  } else {
    const detections = settings.originalIpDetection
    for (let i = 0; i < detections.length; i++) {
      const detected = (detections[i] as OriginalIpDetection).detect(headers, peer)
      if (!detected.skipXffAppend) appendXff(headers, headers.get('x-forwarded-for'), peer, settings)
      if (detected.address !== undefined) {
        client = detected.address
        mayBeInternal = detected.trusted
        break
      }
      if (detected.rejectWith !== undefined) return detected.rejectWith
    }
    if (detections.length === 0 && found & (1 << xff)) {
      const forwardedFor = headers.getAll('x-forwarded-for').join(',')
      client = addressFromXff(forwardedFor, settings.xffNumTrustedHops)
      mayBeInternal = !forwardedFor.includes(',')
    }
    if (!(found & (1 << xfp))) list.push('x-forwarded-proto', scheme)
    const local = downstream.localAddress
    if (settings.appendXForwardedPort && local.kind === 'ip' && !(found & (1 << xfPort)))
      list.push('x-forwarded-port', String(local.port))
  }
  setScheme(headers, settings, scheme)

  const internal = mayBeInternal && client !== undefined && isInternal(client, settings)
  const edge = !internal && settings.useRemoteAddress
  client ??= peer

  let unwanted = 1 << hopByHop
  if (found & (1 << dropped)) unwanted |= 1 << connection
  if (!internal) unwanted |= edge ? (1 << internalOnly) | (1 << edgeOnly) : 1 << internalOnly
  const chosen = settings.clientCertOf?.(headers, streamInfo)
  const forwardClientCert = chosen === undefined ? settings.forwardClientCert : chosen.mode
  const certified = downstream.tls !== undefined && downstream.tls.peerChain.length > 0
  if (forwardClientCert === 'SANITIZE' || (forwardClientCert !== 'ALWAYS_FORWARD_ONLY' && !certified))
    unwanted |= 1 << clientCert
  if (found & unwanted)
    headers.removeIf(name => {
      const meaning = meanings.get(name)
      return meaning !== undefined && (unwanted & (1 << meaning)) !== 0
    })
  if (certified && (forwardClientCert === 'APPEND_FORWARD' || forwardClientCert === 'SANITIZE_SET'))
    setClientCert(
      headers,
      downstream.tls,
      chosen?.details ?? settings.clientCertDetails,
      forwardClientCert === 'APPEND_FORWARD',
    )
  if (internal) list.push('x-envoy-internal', 'true')
  else for (let i = 0; i < internalOnlyHeaders.length; i++) headers.remove(internalOnlyHeaders[i] as string)

  if (settings.userAgent !== undefined) {
    headers.set('x-envoy-downstream-service-cluster', settings.userAgent)
    if ((headers.get('user-agent') ?? '') === '') headers.set('user-agent', settings.userAgent)
    if (settings.nodeId !== '') headers.set('x-envoy-downstream-service-node', settings.nodeId)
  }
  if (settings.via !== '') appendVia(headers, settings.via)
  if (edge && client.kind === 'ip') headers.set('x-envoy-external-address', client.ip)
  if (settings.generateRequestId) {
    const { requestIds } = settings
    const id = found & (1 << requestId) ? headers.get('x-request-id') : undefined
    if (id === undefined) list.push('x-request-id', requestIds.make())
    else if (id === '' || (edge && !settings.preserveExternalRequestId)) headers.set('x-request-id', requestIds.make())
    else if (edge) headers.set('x-request-id', requestIds.keep(id))
  }
  return client
}

/** That the client has used: of this connection, or of the one before the proxy that sent it. */
function schemeOf(downstream: DownstreamInfo, settings: RequestHeaderSettings): string {
  const local = downstream.localAddress
  if (settings.schemeOfPort !== undefined && downstream.localAddressRestored === true && local.kind === 'ip') {
    const told = settings.schemeOfPort.get(local.port)
    if (told !== undefined) return told
  }
  return downstream.tls === undefined ? 'http' : 'https'
}

function appendXff(
  headers: HeaderMap,
  before: string | undefined,
  peer: Address,
  settings: RequestHeaderSettings,
): void {
  if (peer.kind !== 'ip') return
  const own = isLoopback(peer.ip) ? settings.localAddress : peer.ip
  headers.set('x-forwarded-for', before === undefined || before === '' ? own : `${before},${own}`)
}

function setScheme(headers: HeaderMap, settings: RequestHeaderSettings, connectionScheme: string): void {
  if (settings.schemeToSet !== undefined) {
    headers.set(':scheme', settings.schemeToSet)
    headers.set('x-forwarded-proto', settings.schemeToSet)
    return
  }
  const scheme = headers.get(':scheme')
  if (scheme === 'http' || scheme === 'https') return
  const lower = scheme?.toLowerCase()
  if (lower === 'http' || lower === 'https') headers.set(':scheme', lower)
  else {
    const forwarded = headers.get('x-forwarded-proto')?.toLowerCase()
    headers.set(':scheme', forwarded === 'http' || forwarded === 'https' ? forwarded : connectionScheme)
  }
}

const refererUrl =
  /^[A-Za-z][A-Za-z0-9+.-]*:\/\/(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9\-._~%!$&'()*+,;=]+)(?::(\d{1,5}))?(?:[/?][^#]*)?$/
/** A relative reference: no colon before the first slash. */
const refererPath = /^[A-Za-z0-9\-._~%!$&'()*+,;=@?]*(?:\/[A-Za-z0-9\-._~%!$&'()*+,;=@?:/]*)?$/

/** A referer that is neither a URL (without user and fragment) nor a relative reference is dropped, and so are several. */
function sanitizeReferer(headers: HeaderMap): void {
  const values = headers.getAll('referer')
  const [value = ''] = values
  const url = refererUrl.exec(value)
  const valid = url === null ? refererPath.test(value) : Number(url[1] ?? 0) <= 65_535
  if (values.length > 1 || !valid) headers.remove('referer')
}

/** `te` is hop-by-hop but for `trailers`. */
function sanitizeTe(headers: HeaderMap): void {
  const values = headers.getAll('te').flatMap(value => value.split(','))
  if (values.some(value => value.trim() === 'trailers')) headers.set('te', 'trailers')
  else headers.remove('te')
}

/** The address that stands `skip` places before the last one of `x-forwarded-for`; undefined when there is none. */
export function addressFromXff(forwardedFor: string, skip: number): Address | undefined {
  let end = forwardedFor.length
  for (let i = 0; i < skip; i++) {
    end = forwardedFor.lastIndexOf(',', end - 1)
    if (end <= 0) return undefined
  }
  const ip = forwardedFor.slice(forwardedFor.lastIndexOf(',', end - 1) + 1, end).trim()
  if (isIPv4(ip)) return { kind: 'ip', ip, port: 0, version: 4 }
  if (isIPv6(ip)) return { kind: 'ip', ip, port: 0, version: 6 }
  return undefined
}

function isLoopback(ip: string): boolean {
  return ip === '127.0.0.1' || ip === '::1'
}

function isInternal(address: Address, settings: RequestHeaderSettings): boolean {
  return address.kind === 'ip' ? settings.isInternalAddress(address.ip) : settings.unixSocketsAreInternal
}
