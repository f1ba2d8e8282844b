/** `envoy.filters.http.local_ratelimit`: token buckets of this process. Follows Envoy's `source/extensions/filters/http/local_ratelimit`. */
import { statusNumber } from '../../../../config/http-status.ts'
import { configError } from '../../../../config/position.ts'
import { LocalRateLimit } from '../../../../config/v3.ts'
import type { FactoryContext, HttpFilterExtension } from '../../../../core/extension.ts'
import { GrpcStatus } from '../../../../core/grpc.ts'
import type { HeaderMap } from '../../../../core/header-map.ts'
import type { HeadersStatus, HttpFilter, HttpFilterCallbacks } from '../../../../core/http-filter.ts'
import type { RateLimitDescriptor, RateLimitEntry } from '../../../../core/rate-limit.ts'
import type { Route } from '../../../../core/route.ts'
import { ResponseFlag } from '../../../../core/stream-info.ts'
import { type HeaderMutations, headerContext, makeHeaderMutations } from '../../../../format/header-parser.ts'
import { makeRuntimeFraction } from '../../../../matching/runtime-fraction.ts'
import { makeRateLimits } from '../../../../router/rate-limits.ts'
import type { Counter } from '../../../../stats/scope.ts'
import type { TokenBucket } from '../../../common/token-bucket.ts'
import { LocalRateLimiter, makeLimiterSettings } from './limiter.ts'

const tooManyRequests = 429
const sharedCount = 'local_ratelimit buckets'

interface Settings {
  readonly message: LocalRateLimit
  readonly status: number
  readonly stats: Readonly<Record<'enabled' | 'enforced' | 'rateLimited' | 'ok' | 'shadowMode', Counter>>
  readonly limits: readonly RateLimitEntry[]
  readonly responseHeaders: HeaderMutations | undefined
  readonly requestHeaders: HeaderMutations | undefined
  enabled(random: number): boolean
  enforced(random: number): boolean
  limiter(connection: object): LocalRateLimiter
}

export const localRateLimitFilter: HttpFilterExtension<LocalRateLimit, LocalRateLimit> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.local_ratelimit',
  message: LocalRateLimit,
  terminal: false,
  perRoute: { message: LocalRateLimit, parse: makeSettings },
  create(message, context) {
    const own = makeSettings(message, context)
    return callbacks => new LocalRateLimitFilter(callbacks, own)
  },
}

function makeSettings(message: LocalRateLimit, context: FactoryContext): Settings {
  const { runtime } = context
  const limiterSettings = makeLimiterSettings(message)
  const scope = context.stats.scope(`${message.statPrefix}.http_local_rate_limit`)
  const counter = (name: string): Counter => scope.counter(name)
  const fraction = (of: LocalRateLimit['filterEnabled']) =>
    of === undefined ? () => false : makeRuntimeFraction(of, runtime)
  const status = message.status === undefined ? 0 : statusNumber(message.status.code)
  return {
    message,
    status: status < 400 ? tooManyRequests : status,
    stats: {
      enabled: counter('enabled'),
      enforced: counter('enforced'),
      rateLimited: counter('rate_limited'),
      ok: counter('ok'),
      shadowMode: counter('shadow_mode'),
    },
    limits: makeOwnLimits(message, context),
    responseHeaders: makeHeaderMutations(message.responseHeadersToAdd, [], context, message, ''),
    requestHeaders: makeHeaderMutations(message.requestHeadersToAddWhenNotEnforced, [], context, message, ''),
    enabled: fraction(message.filterEnabled),
    enforced: fraction(message.filterEnforced),
    limiter: makeLimiterOf(message, limiterSettings, context),
  }
}

function makeOwnLimits(message: LocalRateLimit, context: FactoryContext): readonly RateLimitEntry[] {
  for (const each of message.rateLimits)
    if (each.stage !== undefined || each.disableKey !== '')
      throw configError(each, 'stage', "'stage' field and 'disable_key' field are not supported")
  return makeRateLimits(message.rateLimits, context)
}

/** One for all connections of all workers, or one for each connection. */
function makeLimiterOf(
  message: LocalRateLimit,
  settings: ReturnType<typeof makeLimiterSettings>,
  context: FactoryContext,
): (connection: object) => LocalRateLimiter {
  if (!message.localRateLimitPerDownstreamConnection) {
    // All threads read the same configuration in the same order.
    const number = Number(context.singletons.get(sharedCount) ?? 0)
    context.singletons.set(sharedCount, number + 1)
    const limiter = new LocalRateLimiter(settings, name => context.shared.register(`${sharedCount} ${number} ${name}`))
    return () => limiter
  }
  const limiters = new WeakMap<object, LocalRateLimiter>()
  return connection => {
    let limiter = limiters.get(connection)
    if (limiter === undefined) {
      limiter = new LocalRateLimiter(settings)
      limiters.set(connection, limiter)
    }
    return limiter
  }
}

class LocalRateLimitFilter implements HttpFilter {
  readonly #callbacks: HttpFilterCallbacks
  readonly #own: Settings
  #settings: Settings
  #bucket: TokenBucket | undefined = undefined
  #showsLimit = false

  constructor(callbacks: HttpFilterCallbacks, own: Settings) {
    this.#callbacks = callbacks
    this.#own = own
    this.#settings = own
  }

  decodeHeaders(headers: HeaderMap): HeadersStatus {
    const callbacks = this.#callbacks
    const route = callbacks.route()
    const settings =
      (route?.perFilterConfig(callbacks.filterConfigName, LocalRateLimit) as Settings | undefined) ?? this.#own
    this.#settings = settings
    const { stats, message } = settings
    if (!settings.enabled(callbacks.random)) return 'continue'
    stats.enabled.inc()
    const descriptors = this.#descriptors(route, false)
    const { allowed, bucket, shadow, rateLimitHeaders } = settings.limiter(callbacks.connection).decide(descriptors)
    this.#bucket = bucket
    this.#showsLimit = rateLimitHeaders ?? message.enableXRatelimitHeaders === 'DRAFT_VERSION_03'
    if (allowed) {
      stats.ok.inc()
      return 'continue'
    }
    stats.rateLimited.inc()
    if (shadow) {
      stats.shadowMode.inc()
      return 'continue'
    }
    if (!settings.enforced(callbacks.random)) {
      settings.requestHeaders?.apply(headers, headerContext(headers, undefined, callbacks.streamInfo))
      return 'continue'
    }
    stats.enforced.inc()
    callbacks.sendLocalReply({
      status: settings.status,
      body: 'local_rate_limited',
      details: 'local_rate_limited',
      flags: ResponseFlag.rateLimited,
      grpcStatus: message.rateLimitedAsResourceExhausted ? GrpcStatus.resourceExhausted : GrpcStatus.unavailable,
      modifyHeaders: response => {
        settings.responseHeaders?.apply(response, headerContext(headers, response, callbacks.streamInfo))
        if (message.enableRetryAfterHeader && bucket !== undefined)
          response.set('retry-after', String(Math.ceil(bucket.nextTokenSeconds)))
      },
    })
    return 'stop'
  }

  encodeHeaders(headers: HeaderMap): HeadersStatus {
    const bucket = this.#bucket
    if (bucket === undefined || !this.#showsLimit) return 'continue'
    headers.set('x-ratelimit-limit', String(bucket.settings.maxTokens))
    headers.set('x-ratelimit-remaining', String(Math.floor(bucket.remainingTokens)))
    headers.set('x-ratelimit-reset', String(Math.ceil(bucket.nextTokenSeconds)))
    return 'continue'
  }

  /** Those that count when the stream is over. */
  onStreamComplete(): void {
    if (this.#bucket === undefined) return
    const late = this.#descriptors(this.#callbacks.route(), true)
    if (late.length > 0) this.#settings.limiter(this.#callbacks.connection).charge(late)
  }

  #descriptors(route: Route | undefined, onStreamDone: boolean): readonly RateLimitDescriptor[] {
    const { limits, message } = this.#settings
    if (message.rateLimits.length > 0) return this.#make(limits, route, onStreamDone)
    const entry = route?.entry
    // As in Envoy, what routes say counts 1, when the request comes.
    if (entry === undefined || onStreamDone) return none
    const { rateLimits } = entry
    const both =
      rateLimits.includeVirtualHost ||
      message.vhRateLimits === 'INCLUDE' ||
      (message.vhRateLimits === 'OVERRIDE' && rateLimits.route.length === 0)
    const all = both ? [...rateLimits.route, ...rateLimits.virtualHost] : rateLimits.route
    const applicable = all.filter(each => each.stage === message.stage && each.disableKey === '')
    return this.#make(applicable, route, undefined)
  }

  /** @param onStreamDone undefined: of the route, which say neither when nor how much */
  #make(
    limits: readonly RateLimitEntry[],
    route: Route | undefined,
    onStreamDone: boolean | undefined,
  ): readonly RateLimitDescriptor[] {
    const { requestHeaders, responseHeaders, streamInfo } = this.#callbacks
    if (limits.length === 0 || requestHeaders === undefined) return none
    const input = { requestHeaders, responseHeaders, streamInfo, entry: route?.entry }
    const descriptors: RateLimitDescriptor[] = []
    for (const each of limits) {
      const descriptor =
        onStreamDone === undefined || each.onStreamDone === onStreamDone
          ? each.descriptor(input, onStreamDone !== undefined)
          : undefined
      if (descriptor !== undefined) descriptors.push(descriptor)
    }
    return descriptors
  }
}

const none: readonly RateLimitDescriptor[] = []
