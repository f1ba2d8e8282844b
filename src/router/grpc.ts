/** What the router must know of gRPC. Follows Envoy's `source/common/grpc/{common,status}.cc`. */

/** `application/grpc`, with a suffix (`+proto`) or parameters. */
export function isGrpcContentType(type: string | undefined): boolean {
  if (type === undefined || !type.startsWith('application/grpc')) return false
  return type.length === 16 || type[16] === '+' || type[16] === ';'
}

/** By `grpc-status`. */
const httpStatuses = [200, 499, 500, 400, 504, 404, 409, 403, 429, 400, 409, 400, 501, 500, 503, 500, 401]

/** The HTTP status that a `grpc-status` counts as; 500 for one that is unknown or missing. */
export function httpStatusOfGrpc(grpcStatus: string | undefined): number {
  return grpcStatus !== undefined && /^\d{1,2}$/.test(grpcStatus) ? (httpStatuses[Number(grpcStatus)] ?? 500) : 500
}
