import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { SharedCells } from '../base/shared-cells.ts'
import type { ResourceManager } from '../core/cluster.ts'
import { StatsStore } from '../stats/store.ts'
import { decode, TestContext } from '../../test/support/clusters.ts'
import type { JsonValue } from '../config/json-source.ts'
import { makeResourceManager } from './circuit-breakers.ts'

function manager(thresholds: JsonValue, shared = new SharedCells(0), stats = new StatsStore()): ResourceManager {
  return managerOf({ thresholds: [thresholds] }, shared, stats)
}

function managerOf(
  json: JsonValue,
  shared = new SharedCells(0),
  stats = new StatsStore(),
  values: Readonly<Record<string, string>> = {},
): ResourceManager {
  const runtime = new TestContext().runtime
  runtime.getInteger = (key, value) => Number(values[key] ?? value)
  return makeResourceManager(
    'c',
    'default',
    decode('envoy.config.cluster.v3.CircuitBreakers', json),
    { shared, runtime },
    stats.scope('cluster.c'),
  )
}

describe('circuit breakers', () => {
  it('have Envoy’s defaults', () => {
    const { connections, pendingRequests, requests, retries, connectionPools } = manager({})
    assert.deepEqual(
      [connections, pendingRequests, requests, retries, connectionPools].map(each => each.max),
      [1024, 1024, 1024, 3, 4_294_967_295],
    )
  })

  it('count over all workers', () => {
    const first = new SharedCells(1)
    const second = new SharedCells(2, first.buffer)
    const a = manager({ max_requests: 2 }, first).requests
    const b = manager({ max_requests: 2 }, second).requests
    a.inc()
    assert.ok(b.canCreate())
    b.inc()
    assert.equal(a.canCreate(), false)
    assert.equal(b.count, 2)
    a.dec()
    assert.ok(b.canCreate())
  })

  it('show when they are open, and what remains', () => {
    const stats = new StatsStore()
    const { connections } = manager({ max_connections: 1, track_remaining: true }, new SharedCells(0), stats)
    const open = stats.gauge('cluster.c.circuit_breakers.default.cx_open')
    const remaining = stats.gauge('cluster.c.circuit_breakers.default.remaining_cx')
    assert.deepEqual([open.value, remaining.value], [0, 1])
    connections.inc()
    assert.deepEqual([open.value, remaining.value], [1, 0])
    connections.dec()
    assert.deepEqual([open.value, remaining.value], [0, 1])
  })

  it('give retries a share of what is active', () => {
    const { requests, retries } = manager({ retry_budget: { budget_percent: { value: 50 }, min_retry_concurrency: 1 } })
    assert.equal(retries.max, 1)
    for (let i = 0; i < 10; i++) requests.inc()
    assert.equal(retries.max, 5)
    for (let i = 0; i < 5; i++) retries.inc()
    assert.equal(retries.canCreate(), false)
  })

  it('give retries a share of what began lately', () => {
    const budget = { budget_percent: { value: 50 }, min_retry_concurrency: 1, budget_interval: '10s' }
    const resources = manager({ retry_budget: budget })
    for (let i = 0; i < 8; i++) resources.onRequest()
    assert.equal(resources.retries.max, 4)
  })

  it('do not tell what remains of a budget', () => {
    const stats = new StatsStore()
    manager({ track_remaining: true, retry_budget: {} }, new SharedCells(0), stats)
    assert.equal(stats.gauge('cluster.c.circuit_breakers.default.remaining_retries').value, 0)
  })

  it('limit the connections of a host, and nothing else of it', () => {
    assert.equal(managerOf({}).maxConnectionsPerHost, Number.POSITIVE_INFINITY)
    const hosts = [{ priority: 'HIGH', max_connections: 1 }, { max_connections: 2 }, { max_connections: 3 }]
    assert.equal(managerOf({ per_host_thresholds: hosts }).maxConnectionsPerHost, 2)
    for (const field of ['max_requests', 'max_pending_requests', 'max_retries', 'max_connection_pools'])
      assert.throws(
        () => managerOf({ per_host_thresholds: [{ [field]: 1 }] }),
        new RegExp(`${field}.*unsupported in per_host_thresholds`),
      )
  })

  it('go by runtime values', () => {
    const values = { 'circuit_breakers.c.default.max_requests': '1', 'circuit_breakers.c.default.max_retries': '0' }
    const { requests, retries } = managerOf({}, new SharedCells(0), new StatsStore(), values)
    assert.ok(requests.canCreate())
    requests.inc()
    assert.equal(requests.canCreate(), false)
    assert.equal(retries.canCreate(), false)
  })
})
