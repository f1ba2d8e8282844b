import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClusterStats } from '../core/cluster.ts'
import { StatsStore } from '../stats/store.ts'
import { GrpcStatsByCluster } from './request-stats.ts'

test('clients cannot make more than a thousand names', () => {
  const store = new StatsStore()
  const cluster = { scope: store.scope('cluster.a') } as unknown as ClusterStats
  const stats = new GrpcStatsByCluster()
  for (let i = 0; i < 1100; i += 1) stats.ofPath(cluster, `/S/M${i}`)?.chargeStatus('0')
  const value = (name: string) => store.counter(`cluster.a.grpc.${name}`).value
  assert.equal(value('S.M999.total'), 1)
  assert.equal(value('S.M1000.total'), 0)
  assert.equal(value('request_names_overflow'), 100)
  assert.equal(value('success'), 100)
})
