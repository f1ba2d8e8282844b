/** `%GRPC_STATUS%`: from the trailers, the headers, or the HTTP status. Follows Envoy's `GrpcStatusFormatter`. */
import type { LogContext } from '../core/access-log.ts'
import type { Getter } from './operators.ts'

const snakeNames = (
  'OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED ' +
  'RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED'
).split(' ')
/** Envoy spells the camel-case name of 1 with one l. */
const camelNames = snakeNames.map(name =>
  name === 'OK'
    ? name
    : name === 'CANCELLED'
      ? 'Canceled'
      : name.toLowerCase().replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase()),
)

/** Status of the last gRPC status header seen; only for gRPC requests. */
function statusOf(context: LogContext): number | undefined {
  const type = context.requestHeaders?.get('content-type') ?? ''
  if (!/^application\/grpc(?:$|[+;])/.test(type)) return undefined
  const text = context.responseTrailers?.get('grpc-status') ?? context.responseHeaders?.get('grpc-status')
  if (text !== undefined) return /^\d{1,9}$/.test(text) ? Number(text) : -1
  return context.responseHeaders === undefined ? undefined : grpcStatusOfHttp(context.streamInfo.responseCode)
}

/** The gRPC status that a plain HTTP status stands for: gRPC's http-grpc-status-mapping, Envoy's `httpToGrpcStatus`. */
export function grpcStatusOfHttp(status: number): number {
  switch (status) {
    case 400:
      return 13
    case 401:
      return 16
    case 403:
      return 7
    case 404:
      return 12
    case 429:
    case 502:
    case 503:
    case 504:
      return 14
    default:
      return 2
  }
}

/** `args`: CAMEL_STRING (default), SNAKE_STRING or NUMBER. */
export function grpcStatusGetter(args: string): Getter {
  const format = args.replace(/^$/, 'CAMEL_STRING')
  if (format === 'NUMBER') return statusOf
  if (format !== 'CAMEL_STRING' && format !== 'SNAKE_STRING')
    throw new Error(`takes CAMEL_STRING, SNAKE_STRING or NUMBER, not "${args}"`)
  const names = format === 'CAMEL_STRING' ? camelNames : snakeNames
  return context => {
    const status = statusOf(context)
    if (status === undefined) return undefined
    return names[status] ?? (status < 0 ? 'Invalid' : String(status))
  }
}
