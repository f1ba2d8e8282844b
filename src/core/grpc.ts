/**
 * What gRPC over HTTP means to a proxy: its content types and statuses. Follows Envoy's `source/common/grpc/{common,status}.cc`
 * and gRPC's PROTOCOL-HTTP2.md and http-grpc-status-mapping.md.
 */
import type { HeaderMap } from './header-map.ts'

/** The codes that sluice gives by itself (`google.rpc.Code`). */
export const GrpcStatus = {
  ok: 0,
  unknown: 2,
  permissionDenied: 7,
  resourceExhausted: 8,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const

const grpcContentType = 'application/grpc'

/** `application/grpc` or `application/grpc+…`; not `application/grpc-web`. */
export function isGrpcContentType(type: string | undefined): boolean {
  if (type === undefined || !type.startsWith(grpcContentType)) return false
  return type.length === grpcContentType.length || type[grpcContentType.length] === '+'
}

export function isGrpcRequest(headers: HeaderMap): boolean {
  return isGrpcContentType(headers.get('content-type'))
}

/** Headers that end the response need a `grpc-status`, others 200 and the content type. */
export function isGrpcResponse(headers: HeaderMap, endStream: boolean): boolean {
  if (endStream) return headers.has('grpc-status')
  return headers.get(':status') === '200' && isGrpcContentType(headers.get('content-type'))
}

/** The service and method of `/package.Service/Method`; undefined for any other path. */
export function serviceAndMethod(path: string): { readonly service: string; readonly method: string } | undefined {
  const query = path.indexOf('?')
  const parts = (query < 0 ? path : path.slice(0, query)).split('/').filter(part => part !== '')
  return parts.length === 2 ? { service: parts[0] as string, method: parts[1] as string } : undefined
}

/** The `grpc-status` that a plain HTTP status stands for. */
export function grpcStatusOfHttp(status: number): number {
  switch (status) {
    case 400:
      return GrpcStatus.internal
    case 401:
      return GrpcStatus.unauthenticated
    case 403:
      return GrpcStatus.permissionDenied
    case 404:
      return GrpcStatus.unimplemented
    case 429:
    case 502:
    case 503:
    case 504:
      return GrpcStatus.unavailable
    default:
      return GrpcStatus.unknown
  }
}

/** By `grpc-status`. */
const httpStatuses = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401]

/** The HTTP status that a `grpc-status` counts as; 500 for one that is unknown or missing. */
export function httpStatusOfGrpc(grpcStatus: string | undefined): number {
  return grpcStatus !== undefined && /^\d{1,2}$/.test(grpcStatus) ? (httpStatuses[Number(grpcStatus)] ?? 500) : 500
}

/** gRPC's percent-encoding of `grpc-message`. */
export function percentEncode(bytes: Uint8Array): string {
  let text = ''
  for (const byte of bytes)
    text +=
      byte < 0x20 || byte >= 0x7e || byte === 0x25
        ? `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
        : String.fromCharCode(byte)
  return text
}

const timeoutUnitsMs: Readonly<Record<string, number>> = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 }

/** What `grpc-timeout` says, in ms and rounded up; undefined without one that is well-formed. */
export function grpcTimeoutMs(headers: HeaderMap): number | undefined {
  const value = headers.get('grpc-timeout')
  if (value === undefined || !/^\d{1,8}[HMSmun]$/.test(value)) return undefined
  return Math.ceil(Number(value.slice(0, -1)) * (timeoutUnitsMs[value.slice(-1)] as number))
}

/** Writes `grpc-timeout`: at most eight digits. */
export function setGrpcTimeout(headers: HeaderMap, timeoutMs: number): void {
  let value = Math.trunc(timeoutMs)
  let unit = 'm'
  for (const [next, factor] of [
    ['S', 1000],
    ['M', 60],
    ['H', 60],
  ] as const) {
    if (value < 100_000_000) break
    value = Math.trunc(value / factor)
    unit = next
  }
  headers.set('grpc-timeout', `${Math.min(value, 99_999_999)}${unit}`)
}
