/** Access logs of the admin listener: makes of a `node:http` exchange what a log line is written from. */
import { addressOfSocketName } from '../network/address.ts'
import type { AccessLog } from '../core/access-log.ts'
import type { Address } from '../core/address.ts'
import { HeaderMap } from '../core/header-map.ts'
import { StreamInformation } from '../network/stream-info.ts'
import type { AdminExchange } from './admin-server.ts'

/** For `AdminServerOptions.onRequest`. */
export function adminAccessLog(logs: readonly AccessLog[]): (exchange: AdminExchange) => void {
  let connections = 0
  return exchange => {
    const { request, status, contentType, bytesSent, startMonotonicMs } = exchange
    const { socket } = request
    const remoteAddress = name(socket.remoteAddress, socket.remotePort)
    const streamInfo = new StreamInformation(
      {
        connectionId: ++connections,
        localAddress: name(socket.localAddress, socket.localPort),
        directRemoteAddress: remoteAddress,
        remoteAddress,
        requestedServerName: undefined,
        tls: undefined,
        listenerName: 'admin',
        filterChainName: '',
      },
      request.httpVersion === '1.0' ? 'HTTP/1.0' : 'HTTP/1.1',
    )
    const durationMs = performance.now() - startMonotonicMs
    Object.assign(streamInfo, {
      startMonotonicMs,
      startTimeMs: performance.timeOrigin + startMonotonicMs,
      durationMs,
      responseCode: status,
      bytesSent,
    })
    const context = {
      requestHeaders: requestHeaders(exchange, remoteAddress),
      responseHeaders: HeaderMap.of({ ':status': String(status), 'content-type': contentType }),
      responseTrailers: undefined,
      streamInfo,
      localReplyBody: '',
      logType: 'DownstreamEnd' as const,
    }
    for (const log of logs) log.log(context)
  }
}

function requestHeaders({ request }: AdminExchange, remoteAddress: Address): HeaderMap {
  const headers = HeaderMap.of({
    ':authority': request.headers.host ?? '',
    ':path': request.url ?? '',
    ':method': request.method ?? '',
    ':scheme': 'http',
  })
  for (let i = 0; i < request.rawHeaders.length; i += 2) {
    const header = (request.rawHeaders[i] as string).toLowerCase()
    if (header !== 'host') headers.add(header, request.rawHeaders[i + 1] as string)
  }
  if (remoteAddress.kind === 'ip' && !headers.has('x-forwarded-for')) headers.add('x-forwarded-for', remoteAddress.ip)
  return headers
}

function name(address: string | undefined, port: number | undefined): Address {
  if (address === undefined) return { kind: 'pipe', path: '' }
  return addressOfSocketName({ address, port: port ?? 0, family: address.includes(':') ? 'IPv6' : 'IPv4' })
}
