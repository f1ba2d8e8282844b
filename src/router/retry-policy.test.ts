import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { fakeHost, messageOf } from '../../test/support/routing.ts'
import type { RetryPolicy as Message } from '../config/v3.ts'
import type { Host, PriorityLoad } from '../core/cluster.ts'
import { HeaderMap } from '../core/header-map.ts'
import type { RetryPolicy } from '../core/route.ts'
import { exponentialBackOff, rateLimitedBackOff } from './retry-back-off.ts'
import { makeRetryPolicy } from './retry-policy.ts'
import { PreviousPriorities } from './retry-priority.ts'

const policyOf = (yaml: string): RetryPolicy =>
  makeRetryPolicy(messageOf<Message>('envoy.config.route.v3.RetryPolicy', yaml))

const predicate = (type: string, more = ''): RetryPolicy['hostPredicates'][number] => {
  const [made] = policyOf(
    `{retry_host_predicate: [{name: p, typed_config: {"@type": type.googleapis.com/envoy.extensions.retry.host.${type} ${more}}}]}`,
  ).hostPredicates
  assert.ok(made)
  return made
}
const host = (name: string, metadata: Readonly<Record<string, unknown>> = {}, priority = 0): Host => ({
  ...fakeHost(name),
  metadata: { 'envoy.lb': metadata },
  priority,
})

test('previous_hosts refuses hosts that were tried', () => {
  const refuses = predicate('previous_hosts.v3.PreviousHostsPredicate')
  assert.equal(refuses(host('a'), [host('b'), host('a')]), true)
  assert.equal(refuses(host('c'), [host('b'), host('a')]), false)
})

test('omit_canary_hosts refuses canaries', () => {
  const refuses = predicate('omit_canary_hosts.v3.OmitCanaryHostsPredicate')
  assert.equal(refuses(host('a', { canary: true }), []), true)
  assert.equal(refuses(host('a', { canary: 'true' }), []), false)
  assert.equal(refuses(fakeHost('a'), []), false)
})

test('omit_host_metadata refuses hosts that have all of it', () => {
  const refuses = predicate(
    'omit_host_metadata.v3.OmitHostMetadataConfig',
    ', metadata_match: {filter_metadata: {envoy.lb: {stage: dev, size: 2}}}',
  )
  assert.equal(refuses(host('a', { stage: 'dev', size: 2, more: 1 }), []), true)
  assert.equal(refuses(host('a', { stage: ['test', 'dev'], size: 2 }), []), true)
  assert.equal(refuses(host('a', { stage: 'dev' }), []), false)
  assert.equal(refuses(host('a', { stage: 'prod', size: 2 }), []), false)
  assert.equal(refuses(fakeHost('a'), []), false)
})

test('an unknown predicate or priority is refused with its place', () => {
  const any = '{name: p, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}}'
  assert.throws(() => policyOf(`{retry_host_predicate: [${any}]}`), /typed_config.*must be one of/s)
  assert.throws(() => policyOf(`{retry_priority: ${any}}`), /typed_config.*must be/s)
})

const available: PriorityLoad = { healthy: [100, 100, 40], degraded: [0, 0, 0] }
const original: PriorityLoad = { healthy: [100, 0, 0], degraded: [0, 0, 0] }

test('previous_priorities goes on to the next priorities, and begins anew', () => {
  const priority = new PreviousPriorities(1)
  const load = (): readonly number[] => priority.determinePriorityLoad(original, available).healthy
  assert.equal(priority.determinePriorityLoad(original, available), original)
  priority.onHostAttempted(host('a', {}, 0))
  assert.deepEqual(load(), [0, 100, 0])
  priority.onHostAttempted(host('b', {}, 1))
  assert.deepEqual(load(), [0, 0, 100])
  priority.onHostAttempted(host('c', {}, 2))
  assert.deepEqual(load(), [100, 0, 0])
})

test('previous_priorities leaves priorities out after as many attempts as update_frequency says', () => {
  const priority = new PreviousPriorities(2)
  priority.onHostAttempted(host('a', {}, 0))
  assert.equal(priority.determinePriorityLoad(original, available), original)
  priority.onHostAttempted(host('a', {}, 0))
  assert.deepEqual(priority.determinePriorityLoad(original, available).healthy, [0, 100, 0])
  priority.onHostAttempted(host('b', {}, 1))
  assert.deepEqual(priority.determinePriorityLoad(original, available).healthy, [0, 100, 0])
})

test('previous_priorities with nothing available keeps the load', () => {
  const priority = new PreviousPriorities(1)
  priority.onHostAttempted(host('a', {}, 0))
  const none = { healthy: [0], degraded: [0] }
  assert.equal(priority.determinePriorityLoad(original, none), original)
})

test('previous_priorities: loads make 100, and what was tried gets none while others are left', () => {
  const percent = fc.integer({ min: 0, max: 100 })
  const levels = fc.array(fc.tuple(percent, percent), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(levels, fc.array(fc.nat(4), { minLength: 1, maxLength: 8 }), (shares, tried) => {
      const set = { healthy: shares.map(([part]) => part), degraded: shares.map(([, part]) => part) }
      const priority = new PreviousPriorities(1)
      for (const each of tried) {
        const at = each % shares.length
        priority.onHostAttempted(host('h', {}, at))
        const load = priority.determinePriorityLoad(original, set)
        if (load === original) continue
        const all = [...load.healthy, ...load.degraded]
        assert.equal(
          all.reduce((sum, part) => sum + part, 0),
          100,
        )
        all.forEach((part, i) => {
          if (part > 0) assert.ok(([...set.healthy, ...set.degraded][i] as number) > 0)
        })
      }
    }),
  )
})

test('exponential back-off doubles up to its limit', () => {
  const most = [1, 2, 3, 4, 5].map(attempt => exponentialBackOff(25, 250, attempt, 0.999_999))
  assert.deepEqual(most, [24, 74, 174, 249, 249])
  assert.equal(exponentialBackOff(25, 250, 3, 0), 0)
})

const reset = policyOf(
  '{rate_limited_retry_back_off: {reset_headers: [{name: Retry-After}, {name: x-at, format: UNIX_TIMESTAMP}], max_interval: 60s}}',
).rateLimitedBackOff
const asked = (headers: Readonly<Record<string, string>>, random = 0): number | undefined =>
  reset && rateLimitedBackOff(reset, HeaderMap.of(headers), 1_000_500, random)

test('rate limited back-off waits for what the response says, and up to half as long more', () => {
  assert.equal(asked({ 'retry-after': '10' }), 10_000)
  assert.equal(asked({ 'retry-after': '10' }, 0.999_999), 14_999)
  assert.equal(asked({ 'x-at': '1002' }), 1500)
  assert.equal(asked({ 'retry-after': 'soon', 'x-at': '1002' }), 1500)
})

test('rate limited back-off takes nothing that is over, too long or no number', () => {
  for (const headers of [
    {},
    { 'retry-after': '61' },
    { 'retry-after': '0' },
    { 'retry-after': '-1' },
    { 'x-at': '1000' },
  ])
    assert.equal(asked(headers), undefined)
})
