/** What routes say of rate limits, as the filters that enforce them see it. Follows `envoy/router/router_ratelimit.h`. */
import type { HeaderMap } from './header-map.ts'
import type { RouteEntry } from './route.ts'
import type { StreamInfo } from './stream-info.ts'

/** What requests are counted by: all that have the same entries count together. Keys and values are byte strings. */
export interface RateLimitDescriptor {
  readonly entries: readonly (readonly [key: string, value: string])[]
  /** How much the request counts; undefined: as the filter says, usually 1. */
  readonly hitsAddend: number | undefined
  /** Instead of the filter's own setting. */
  readonly rateLimitHeaders: boolean | undefined
}

/** A `RateLimit` of a route, a virtual host or a filter. */
export interface RateLimitEntry {
  readonly stage: number
  readonly disableKey: string
  /** Counts when the stream is over, not when it begins. */
  readonly onStreamDone: boolean
  /** Undefined: the request lacks something that an action needs. @param withHits whether `hits_addend` counts */
  descriptor(request: RateLimitInput, withHits: boolean): RateLimitDescriptor | undefined
}

export interface RateLimitInput {
  readonly requestHeaders: HeaderMap
  /** Of a stream that is over. */
  readonly responseHeaders?: HeaderMap | undefined
  readonly streamInfo: StreamInfo
  readonly entry: RouteEntry | undefined
}

/** Of a route: its own entries and those of its virtual host. */
export interface RateLimits {
  readonly route: readonly RateLimitEntry[]
  readonly virtualHost: readonly RateLimitEntry[]
  /** `include_vh_rate_limits`: both count. */
  readonly includeVirtualHost: boolean
}
