/** How long a retry waits. Follows Envoy's `source/common/common/backoff_strategy.cc` and `reset_header_parser.cc`. */
import type { HeaderMap } from '../core/header-map.ts'
import type { RateLimitedBackOff } from '../core/route.ts'

/** Fully jittered exponential back-off in ms. @param attempt of the retry, from 1 @param random in [0, 1) */
export function exponentialBackOff(base: number, max: number, attempt: number, random: number): number {
  return Math.floor(random * Math.min(base * (2 ** attempt - 1), max))
}

/** What the response asks for, and up to half of it more, in ms; undefined: it asks for nothing that is allowed. */
export function rateLimitedBackOff(
  policy: RateLimitedBackOff,
  headers: HeaderMap,
  nowMs: number,
  random: number,
): number | undefined {
  for (const { name, format } of policy.resetHeaders) {
    const value = headers.get(name)
    if (value === undefined || !/^\d{1,12}$/.test(value)) continue
    const ms = Number(value) * 1000 - (format === 'SECONDS' ? 0 : nowMs)
    if (ms < 0 || ms > policy.maxIntervalMs) continue
    return ms > 1 ? Math.floor(ms + random * (ms / 2)) : undefined
  }
  return undefined
}
