/** `%GRPC_STATUS%`: from the trailers, the headers, or the HTTP status. Follows Envoy's `GrpcStatusFormatter`. */
import type { LogContext } from '../core/access-log.ts'
import { grpcStatusOfHttp, isGrpcContentType } from '../core/grpc.ts'
import type { Getter } from '../core/format.ts'

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
  if (!isGrpcContentType(context.requestHeaders?.get('content-type'))) return undefined
  const text = context.responseTrailers?.get('grpc-status') ?? context.responseHeaders?.get('grpc-status')
  if (text !== undefined) return /^\d{1,9}$/.test(text) ? Number(text) : -1
  return context.responseHeaders === undefined ? undefined : grpcStatusOfHttp(context.streamInfo.responseCode)
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
