/** Whether and when a request is tried again. Follows Envoy's `retry_state_impl.cc`. */
import type { ClusterInfo, Host, Priority, Resource, RetryPriority } from '../core/cluster.ts'
import type { StreamResetReason } from '../core/codec.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { RequestStats, RetryPolicy } from '../core/route.ts'
import type { EnvoyHeaders } from './envoy-headers.ts'
import { parseInteger } from './envoy-headers.ts'
import { exponentialBackOff, rateLimitedBackOff } from './retry-back-off.ts'
import { parseRetryOnHeaders, defaultBaseIntervalMs } from './retry-policy.ts'

export type RetryDecision = 'yes' | 'no' | 'overflow' | 'limit-exceeded'

/** Called when the back-off is over. */
export interface RetryCallbacks {
  onRetry(): void
  /** With `refresh_cluster_on_retry`, before it: the cluster that the retry goes to, undefined for one that is not there. */
  refreshCluster(): ClusterInfo | undefined
}

const defaultPolicy: RetryPolicy = {
  refreshClusterOnRetry: false,
  retryOn: new Set(),
  retriableStatusCodes: [],
  retriableHeaders: [],
  retriableRequestHeaders: [],
  numRetries: 1,
  perTryTimeoutMs: 0,
  perTryIdleTimeoutMs: 0,
  backOff: undefined,
  hostSelectionMaxAttempts: 1,
  hostPredicates: [],
  makeRetryPriority: undefined,
  rateLimitedBackOff: undefined,
}

/** `undefined` when neither route nor request ask for retries. */
export function makeRetryState(
  policy: RetryPolicy | undefined,
  asked: EnvoyHeaders,
  requestHeaders: HeaderMap,
  cluster: ClusterInfo,
  priority: Priority,
  callbacks: RetryCallbacks,
  accounts: readonly RequestStats[],
): RetryState | undefined {
  const configured = policy !== undefined && policy.retryOn.size > 0
  if (!configured && asked.retryOn === undefined && asked.retryGrpcOn === undefined) return undefined
  return new RetryState(policy ?? defaultPolicy, asked, requestHeaders, cluster, priority, callbacks, accounts)
}

function randomShare(): number {
  return Math.floor(Math.random() * 1_000_000)
}

export class RetryState {
  readonly #policy: RetryPolicy
  readonly #retryOn: ReadonlySet<string>
  readonly #statusCodes: readonly number[]
  /** The client has sent it before its handshake was complete, and must be told of 425 (RFC 8470). */
  readonly #earlyData: boolean
  readonly #headerNames: readonly string[]
  /** Whose retries are counted. */
  #cluster: ClusterInfo
  readonly #retries: Resource
  readonly #callbacks: RetryCallbacks
  readonly #accounts: readonly RequestStats[]
  readonly #attempted: Host[] = []
  readonly retryPriority: RetryPriority | undefined
  #remaining: number
  #attempt = 0
  #timer: NodeJS.Timeout | undefined = undefined
  /** A retry is counted in the circuit breaker, waiting or under way. */
  #armed = false

  constructor(
    policy: RetryPolicy,
    asked: EnvoyHeaders,
    requestHeaders: HeaderMap,
    cluster: ClusterInfo,
    priority: Priority,
    callbacks: RetryCallbacks,
    accounts: readonly RequestStats[],
  ) {
    this.#accounts = accounts
    this.#policy = policy
    this.#retryOn = mergeRetryOn(policy, asked, requestHeaders)
    this.#statusCodes = mergeStatusCodes(policy, asked)
    this.#earlyData = requestHeaders.has('early-data')
    this.#headerNames = asked.retriableHeaderNames?.split(',').map(name => name.trim().toLowerCase()) ?? []
    this.#remaining = parseInteger(asked.maxRetries) ?? policy.numRetries
    this.#cluster = cluster
    this.#retries = cluster.resourceManager(priority).retries
    this.#callbacks = callbacks
    this.retryPriority = policy.makeRetryPriority?.()
  }

  get enabled(): boolean {
    return this.#retryOn.size > 0
  }

  onHostAttempted(host: Host): void {
    if (this.#policy.hostPredicates.length > 0) this.#attempted.push(host)
    this.retryPriority?.onHostAttempted(host)
  }

  /** How often another host may be asked for. */
  get hostSelectionMaxAttempts(): number {
    return this.#policy.hostSelectionMaxAttempts
  }

  shouldSelectAnotherHost(host: Host): boolean {
    return this.#policy.hostPredicates.some(refuses => refuses(host, this.#attempted))
  }

  shouldRetryHeaders(status: number, headers: HeaderMap): RetryDecision {
    const would = this.wouldRetryFromHeaders(status, headers)
    const { rateLimitedBackOff: policy } = this.#policy
    const asked = would && policy ? rateLimitedBackOff(policy, headers, Date.now(), Math.random()) : undefined
    return this.#shouldRetry(would, asked, status === 425 && this.#retriesStatus(status))
  }

  /** `started`: the request was given to a connection. */
  shouldRetryReset(reason: StreamResetReason, started: boolean): RetryDecision {
    return this.#shouldRetry(this.#wouldRetryFromReset(reason, started))
  }

  /** The attempt goes on, another one joins it. */
  shouldHedge(): RetryDecision {
    return this.#shouldRetry(true)
  }

  onBackOff(): void {
    this.#timer = undefined
    if (this.#policy.refreshClusterOnRetry) {
      const cluster = this.#callbacks.refreshCluster()
      if (cluster !== undefined) {
        this.#cluster = cluster
        cluster.stats.upstreamRqRetry.inc()
      }
    }
    this.#callbacks.onRetry()
  }

  /** For the back-off to end. */
  get waiting(): boolean {
    return this.#timer !== undefined
  }

  /** Gives up a waiting retry and its place in the circuit breaker. */
  close(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    if (!this.#armed) return
    this.#armed = false
    this.#retries.dec()
  }

  /** @param askedMs what the response asks to wait  @param atOnce without a back-off */
  #shouldRetry(would: boolean, askedMs?: number, atOnce = false): RetryDecision {
    const stats = this.#cluster.stats
    // An earlier retry brought something that needs no other.
    if (this.#armed && !would) {
      stats.upstreamRqRetrySuccess.inc()
      for (const account of this.#accounts) account.retrySuccess.inc()
    }
    this.close()
    if (!would) return 'no'
    if (this.#remaining === 0) {
      stats.upstreamRqRetryLimitExceeded.inc()
      for (const account of this.#accounts) account.retryLimitExceeded.inc()
      return 'limit-exceeded'
    }
    this.#remaining--
    if (!this.#retries.canCreate()) {
      stats.upstreamRqRetryOverflow.inc()
      for (const account of this.#accounts) account.retryOverflow.inc()
      return 'overflow'
    }
    if (!this.#cluster.runtime.featureEnabled('upstream.use_retry', 100, 100, randomShare())) return 'no'
    this.#armed = true
    this.#retries.inc()
    if (!this.#policy.refreshClusterOnRetry) stats.upstreamRqRetry.inc()
    for (const account of this.#accounts) account.retry.inc()
    if (atOnce) return this.#wait(0)
    if (askedMs === undefined) stats.upstreamRqRetryBackoffExponential.inc()
    else stats.upstreamRqRetryBackoffRatelimited.inc()
    return this.#wait(askedMs ?? this.#backOffMs())
  }

  #wait(ms: number): RetryDecision {
    this.#timer = setTimeout(onBackOff, ms, this)
    return 'yes'
  }

  #backOffMs(): number {
    const { backOff } = this.#policy
    const base = backOff?.baseIntervalMs ?? this.#runtimeBaseMs()
    return exponentialBackOff(base, backOff?.maxIntervalMs ?? base * 10, ++this.#attempt, Math.random())
  }

  #runtimeBaseMs(): number {
    return Math.max(this.#cluster.runtime.getInteger('upstream.base_retry_backoff_ms', defaultBaseIntervalMs), 1)
  }

  wouldRetryFromHeaders(status: number, headers: HeaderMap): boolean {
    const on = this.#retryOn
    if (headers.has('x-envoy-ratelimited')) return on.has('envoy-ratelimited')
    if (status >= 500 && status < 600 && on.has('5xx')) return true
    if (status >= 502 && status <= 504 && on.has('gateway-error')) return true
    if (status === 409 && on.has('retriable-4xx')) return true
    if (this.#retriesStatus(status)) return true
    if (on.has('retriable-headers')) {
      if (this.#policy.retriableHeaders.some(matches => matches(headers))) return true
      if (this.#headerNames.some(name => headers.has(name))) return true
    }
    const word = grpcWords[headers.get('grpc-status') ?? '']
    return word !== undefined && on.has(word)
  }

  #retriesStatus(status: number): boolean {
    if (status === 425 && this.#earlyData) return false
    return this.#retryOn.has('retriable-status-codes') && this.#statusCodes.includes(status)
  }

  #wouldRetryFromReset(reason: StreamResetReason, started: boolean): boolean {
    const on = this.#retryOn
    if (reason === 'overflow') return false
    if (on.has('reset') || on.has('5xx') || on.has('gateway-error')) return true
    if (on.has('reset-before-request') && !started) return true
    if (reason === 'remote-refused-stream-reset') return on.has('refused-stream')
    const connecting =
      reason === 'connection-failure' || reason === 'local-connection-failure' || reason === 'connection-timeout'
    return connecting && on.has('connect-failure')
  }
}

function onBackOff(state: RetryState): void {
  state.onBackOff()
}

const grpcWords: Readonly<Record<string, string>> = {
  '1': 'cancelled',
  '4': 'deadline-exceeded',
  '8': 'resource-exhausted',
  '13': 'internal',
  '14': 'unavailable',
}

const none: ReadonlySet<string> = new Set()

function mergeRetryOn(policy: RetryPolicy, asked: EnvoyHeaders, requestHeaders: HeaderMap): ReadonlySet<string> {
  const limits = policy.retriableRequestHeaders
  if (limits.length > 0 && !limits.some(matches => matches(requestHeaders))) return none
  if (asked.retryOn === undefined && asked.retryGrpcOn === undefined) return policy.retryOn
  return new Set([...policy.retryOn, ...parseRetryOnHeaders(asked.retryOn, asked.retryGrpcOn)])
}

function mergeStatusCodes(policy: RetryPolicy, asked: EnvoyHeaders): readonly number[] {
  if (asked.retriableStatusCodes === undefined) return policy.retriableStatusCodes
  const codes = asked.retriableStatusCodes.split(',').map(code => parseInteger(code.trim()))
  return [...policy.retriableStatusCodes, ...codes.filter(code => code !== undefined)]
}
