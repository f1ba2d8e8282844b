/** How long a request and each of its attempts may take: what it asks for itself, else its route. Follows Envoy's `FilterUtility::finalTimeout`. */
import type { ClusterInfo } from '../core/cluster.ts'
import { grpcTimeoutMs, setGrpcTimeout } from '../core/grpc.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { RouteEntry } from '../core/route.ts'
import { type EnvoyHeaders, parseInteger } from './envoy-headers.ts'

/** All in ms; 0 = no limit. */
export class Timeouts {
  /** From the end of the request to the end of the response, over all attempts. */
  globalMs = 0
  perTryMs = 0
  perTryIdleMs = 0
  /** Of one attempt, from the moment it has a connection. */
  maxStreamDurationMs = 0
  /** An attempt that takes too long goes on while another one begins. */
  hedges = false
  /** Status of the answer to a request that took too long. */
  status = 504
  /** Upstream reads the limit in `grpc-timeout` too. */
  #inGrpcTimeout = false

  static of(
    entry: RouteEntry,
    asked: EnvoyHeaders,
    headers: HeaderMap,
    cluster: ClusterInfo,
    respectExpected: boolean,
  ): Timeouts {
    const timeouts = new Timeouts()
    const policy = entry.retryPolicy
    const isGrpc = entry.maxGrpcTimeoutMs !== undefined && asked.isGrpc && !entry.usesMaxStreamDuration
    const expected = respectExpected ? asked.expectedTimeout : undefined
    const globalMs =
      parseInteger(expected ?? asked.timeout) ?? (isGrpc ? grpcTimeoutOf(entry, headers) : entry.timeoutMs)
    const perTryMs = parseInteger(asked.perTryTimeout) ?? policy?.perTryTimeoutMs ?? 0
    timeouts.globalMs = globalMs
    // One as long as the whole has no effect.
    timeouts.perTryMs = globalMs !== 0 && perTryMs >= globalMs ? 0 : perTryMs
    timeouts.perTryIdleMs = policy?.perTryIdleTimeoutMs ?? 0
    timeouts.maxStreamDurationMs = parseInteger(asked.streamDuration) ?? cluster.maxStreamDurationMs
    timeouts.hedges = asked.hedgeOnPerTryTimeout ?? entry.hedgeOnPerTryTimeout
    if (asked.timeoutAltResponse) timeouts.status = 204
    timeouts.#inGrpcTimeout = isGrpc
    return timeouts
  }

  /** Writes what is left for an attempt that begins now into its request. */
  tellUpstream(headers: HeaderMap, elapsedMs: number, addEnvoyHeaders: boolean): void {
    const { globalMs } = this
    let expectedMs = this.hedges ? globalMs : this.perTryMs || globalMs
    if (expectedMs === 0) return
    // 0 would mean no timeout.
    if (globalMs > 0) expectedMs = Math.max(Math.min(expectedMs, globalMs - elapsedMs), 1)
    if (addEnvoyHeaders) headers.set('x-envoy-expected-rq-timeout-ms', String(Math.trunc(expectedMs)))
    if (this.#inGrpcTimeout) setGrpcTimeout(headers, expectedMs)
  }
}

/** Before the route of a request is known. */
export const noTimeouts = new Timeouts()

/** With `max_grpc_timeout` the call says itself how long it may take. */
function grpcTimeoutOf({ maxGrpcTimeoutMs = 0, grpcTimeoutOffsetMs }: RouteEntry, headers: HeaderMap): number {
  let timeoutMs = grpcTimeoutMs(headers) ?? 0
  // 0 would mean no timeout.
  if (grpcTimeoutOffsetMs < timeoutMs) timeoutMs -= grpcTimeoutOffsetMs
  return maxGrpcTimeoutMs !== 0 && (timeoutMs === 0 || timeoutMs > maxGrpcTimeoutMs) ? maxGrpcTimeoutMs : timeoutMs
}
