/** `envoy.config.route.v3.RetryPolicy` as the router reads it. Follows Envoy's `RetryPolicyImpl`. */
import { configError } from '../config/position.ts'
import type { RetryPolicy as RetryPolicyMessage } from '../config/v3.ts'
import type { RetryPolicy } from '../core/route.ts'
import { makeHeaderMatcher } from '../matching/header-matcher.ts'

const words = new Set([
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
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
])

/** The words of `retry_on` or `x-envoy-retry-on` that are known; Envoy lets others pass. */
export function parseRetryOn(text: string): Set<string> {
  return new Set(
    text
      .split(',')
      .map(word => word.trim())
      .filter(word => words.has(word)),
  )
}

/** Throws `ConfigError` for a bad interval. */
export function makeRetryPolicy(message: RetryPolicyMessage): RetryPolicy {
  const baseIntervalMs = message.retryBackOff?.baseInterval ?? 25
  const maxIntervalMs = message.retryBackOff?.maxInterval ?? baseIntervalMs * 10
  if (message.retryBackOff !== undefined && maxIntervalMs < baseIntervalMs)
    throw configError(message.retryBackOff, 'maxInterval', 'must be greater than or equal to the base_interval')
  return {
    retryOn: parseRetryOn(message.retryOn),
    retriableStatusCodes: message.retriableStatusCodes,
    retriableHeaders: message.retriableHeaders.map(makeHeaderMatcher),
    retriableRequestHeaders: message.retriableRequestHeaders.map(makeHeaderMatcher),
    numRetries: message.numRetries ?? 1,
    perTryTimeoutMs: message.perTryTimeout ?? 0,
    perTryIdleTimeoutMs: message.perTryIdleTimeout ?? 0,
    baseIntervalMs: Math.max(baseIntervalMs, 1),
    maxIntervalMs: Math.max(maxIntervalMs, 1),
    hostSelectionMaxAttempts: Math.max(Number(message.hostSelectionRetryMaxAttempts), 1),
    previousHosts: message.retryHostPredicate.some(each =>
      each.typedConfig?.typeUrl.endsWith('.PreviousHostsPredicate'),
    ),
  }
}
