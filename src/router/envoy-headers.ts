/** The `x-envoy-…` request headers that steer the router, read and removed in one pass. Follows Envoy's `router.cc` (finalTimeout, createRetryState). */
import type { HeaderMap } from '../core/header-map.ts'
import { isGrpcContentType } from '../core/grpc.ts'

/** What a request said; undefined where it said nothing. Values are as sent. */
export class EnvoyHeaders {
  isGrpc = false
  /** `x-envoy-internal: true`: from inside the mesh. */
  isInternal = false
  expectedTimeout: string | undefined = undefined
  timeout: string | undefined = undefined
  perTryTimeout: string | undefined = undefined
  timeoutAltResponse = false
  streamDuration: string | undefined = undefined
  retryOn: string | undefined = undefined
  retryGrpcOn: string | undefined = undefined
  maxRetries: string | undefined = undefined
  retriableStatusCodes: string | undefined = undefined
  retriableHeaderNames: string | undefined = undefined
  hedgeOnPerTryTimeout: boolean | undefined = undefined
}

/** Reads all and removes those that are meant for this proxy alone. */
export function takeEnvoyHeaders(headers: HeaderMap): EnvoyHeaders {
  const taken = new EnvoyHeaders()
  const list = headers.list
  let to = 0
  for (let i = 0; i < list.length; i += 2) {
    const name = list[i] as string
    const value = list[i + 1] as string
    if (name === 'content-type') taken.isGrpc = isGrpcContentType(value)
    else if (name.charCodeAt(2) === 0x65 && name.startsWith('x-envoy-') && take(taken, name, value)) continue
    if (to !== i) {
      list[to] = name
      list[to + 1] = value
    }
    to += 2
  }
  if (to !== list.length) list.length = to
  return taken
}

/** Whether the header is to go. */
function take(taken: EnvoyHeaders, name: string, value: string): boolean {
  switch (name) {
    case 'x-envoy-internal':
      taken.isInternal = value === 'true'
      return false
    case 'x-envoy-expected-rq-timeout-ms':
      taken.expectedTimeout = value
      return false
    case 'x-envoy-upstream-rq-timeout-ms':
      taken.timeout = value
      return true
    case 'x-envoy-upstream-rq-per-try-timeout-ms':
      taken.perTryTimeout = value
      return true
    case 'x-envoy-upstream-rq-timeout-alt-response':
      taken.timeoutAltResponse = true
      return true
    case 'x-envoy-upstream-stream-duration-ms':
      taken.streamDuration = value
      return true
    case 'x-envoy-retry-on':
      taken.retryOn = value
      return true
    case 'x-envoy-retry-grpc-on':
      taken.retryGrpcOn = value
      return true
    case 'x-envoy-max-retries':
      taken.maxRetries = value
      return true
    case 'x-envoy-retriable-status-codes':
      taken.retriableStatusCodes = value
      return true
    case 'x-envoy-retriable-header-names':
      taken.retriableHeaderNames = value
      return true
    case 'x-envoy-hedge-on-per-try-timeout':
      if (value === 'true') taken.hedgeOnPerTryTimeout = true
      else if (value === 'false') taken.hedgeOnPerTryTimeout = false
      return true
    case 'x-envoy-upstream-alt-stat-name':
      return true
    default:
      return false
  }
}

/** A header's non-negative integer; undefined when it is none. */
export function parseInteger(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
