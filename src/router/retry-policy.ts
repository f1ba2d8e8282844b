/** `envoy.config.route.v3.RetryPolicy` as the router reads it. Follows Envoy's `RetryPolicyImpl`. */
import { configError } from '../config/position.ts'
import type { RetryPolicy as RetryPolicyMessage, RetryPolicy_RetryBackOff } from '../config/v3.ts'
import type { RetryPolicy } from '../core/route.ts'
import { makeHeaderMatcher } from '../matching/header-matcher.ts'
import { makeRetryHostPredicate } from './retry-host-predicate.ts'
import { makeRetryPriorityFactory } from './retry-priority.ts'

const httpWords = new Set([
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'http3-post-connect-failure',
])
const grpcWords = new Set(['cancelled', 'deadline-exceeded', 'internal', 'resource-exhausted', 'unavailable'])

function parse(text: string, known: ReadonlySet<string>): string[] {
  return text
    .split(',')
    .map(word => word.trim())
    .filter(word => known.has(word))
}

/** The words of `retry_on` that are known; Envoy lets others pass. */
function parseRetryOn(text: string): Set<string> {
  return new Set([...parse(text, httpWords), ...parse(text, grpcWords)])
}

/** Of the headers `x-envoy-retry-on` and `x-envoy-retry-grpc-on`, each of which has words of its own. */
export function parseRetryOnHeaders(http: string | undefined, grpc: string | undefined): string[] {
  return [...parse(http ?? '', httpWords), ...parse(grpc ?? '', grpcWords)]
}

/** Without one in the configuration or the runtime. */
export const defaultBaseIntervalMs = 25
const defaultResetMaxIntervalMs = 300_000

/** Throws `ConfigError` for a bad interval and for extensions that sluice does not have. */
export function makeRetryPolicy(message: RetryPolicyMessage): RetryPolicy {
  return {
    refreshClusterOnRetry: message.refreshClusterOnRetry,
    retryOn: parseRetryOn(message.retryOn),
    retriableStatusCodes: message.retriableStatusCodes,
    retriableHeaders: message.retriableHeaders.map(makeHeaderMatcher),
    retriableRequestHeaders: message.retriableRequestHeaders.map(makeHeaderMatcher),
    numRetries: message.numRetries ?? 1,
    perTryTimeoutMs: message.perTryTimeout ?? 0,
    perTryIdleTimeoutMs: message.perTryIdleTimeout ?? 0,
    backOff: message.retryBackOff && makeBackOff(message.retryBackOff),
    hostSelectionMaxAttempts: Number(message.hostSelectionRetryMaxAttempts) || 1,
    hostPredicates: message.retryHostPredicate.map(makeRetryHostPredicate),
    makeRetryPriority: message.retryPriority && makeRetryPriorityFactory(message.retryPriority),
    rateLimitedBackOff: message.rateLimitedRetryBackOff && {
      resetHeaders: message.rateLimitedRetryBackOff.resetHeaders.map(({ name, format }) => ({
        name: name.toLowerCase(),
        format,
      })),
      maxIntervalMs: message.rateLimitedRetryBackOff.maxInterval ?? defaultResetMaxIntervalMs,
    },
  }
}

function makeBackOff(message: RetryPolicy_RetryBackOff): RetryPolicy['backOff'] {
  const baseIntervalMs = message.baseInterval ?? defaultBaseIntervalMs
  const maxIntervalMs = message.maxInterval ?? baseIntervalMs * 10
  if (maxIntervalMs < baseIntervalMs)
    throw configError(message, 'maxInterval', 'must be greater than or equal to the base_interval')
  return { baseIntervalMs: Math.max(baseIntervalMs, 1), maxIntervalMs: Math.max(maxIntervalMs, 1) }
}
