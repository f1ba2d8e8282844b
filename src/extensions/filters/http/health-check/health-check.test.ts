import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Harness } from '../../../../../test/support/http-harness.ts'
import { factoryContext, filterContext, messageOf } from '../../../../../test/support/routing.ts'
import type { HealthCheckFilter } from '../../../../config/v3.ts'
import { healthCheckFilter } from './health-check.ts'

const server = { failed: false }
const context = { ...filterContext(factoryContext()), healthCheckFailed: () => server.failed }

function make(yaml: string): ReturnType<typeof healthCheckFilter.create> {
  const type = 'envoy.extensions.filters.http.health_check.v3.HealthCheck'
  return healthCheckFilter.create(messageOf<HealthCheckFilter>(type, yaml), context)
}

function harness(yaml: string): Harness {
  return new Harness({ filters: [make(yaml)] })
}

const onHealth = 'headers: [{name: ":path", string_match: {exact: /x}}]'

test('after /healthcheck/fail checks fail, in whichever mode, and other answers say so', t => {
  server.failed = true
  t.after(() => (server.failed = false))
  for (const mode of ['true', 'false']) {
    const run = harness(`{pass_through_mode: ${mode}, ${onHealth}}`)
    const exchange = run.request()
    assert.deepEqual(run.received, ['destroy'])
    assert.equal(exchange.status, '503')
    assert.equal(run.terminal.streamInfo.responseCodeDetails, 'health_check_failed')
    assert.equal(run.counter('downstream_rq_completed'), 0, 'health checks are left out of the stats')
  }
  const run = harness(`{pass_through_mode: false, ${onHealth}}`)
  const exchange = run.request({ ':path': '/other' })
  run.respond()
  assert.equal(exchange.headers?.get('x-envoy-immediate-health-check-fail'), 'true')
})

test('what cannot be said together is refused', () => {
  assert.throws(() => make('{pass_through_mode: false, cache_time: 1s}'), /cache_time: must not be set/)
  assert.throws(
    () => make('{pass_through_mode: true, cluster_min_healthy_percentages: {a: {value: 1}}}'),
    /cluster_min_healthy_percentages: must not be set/,
  )
})
