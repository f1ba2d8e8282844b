/** Questions about header maps that several places ask. Follows Envoy's `Http::HeaderUtility` and `Http::Utility`. */
import type { HeaderMap } from '../core/header-map.ts'

const grpcContentType = 'application/grpc'

/** `application/grpc` or `application/grpc+…`; not `application/grpc-web`. */
export function isGrpcRequest(headers: HeaderMap): boolean {
  const type = headers.get('content-type')
  if (type === undefined || !type.startsWith(grpcContentType)) return false
  return type.length === grpcContentType.length || type[grpcContentType.length] === '+'
}

/** An `upgrade` header and `connection: …, upgrade`. */
export function isUpgrade(headers: HeaderMap): boolean {
  const connection = headers.get('connection')
  return connection !== undefined && hasToken(connection, 'upgrade') && (headers.get('upgrade') ?? '') !== ''
}

/** Whether a comma-separated list has a (lower-case) token, in any case. */
export function hasToken(list: string, token: string): boolean {
  if (list.length < token.length) return false
  if (list === token) return true
  for (const part of list.toLowerCase().split(',')) if (part.trim() === token) return true
  return false
}
