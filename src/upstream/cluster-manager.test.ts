import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { clusterMessage, makeClusters, noContext, socketAddress, staticCluster } from '../../test/support/clusters.ts'
import type { JsonValue } from '../config/json-source.ts'

const policy = (type: string): Record<string, JsonValue> => ({
  load_balancing_policy: {
    policies: [{ typed_extension_config: { name: 'x', typed_config: { '@type': `type.googleapis.com/${type}` } } }],
  },
})

describe('cluster manager', () => {
  it('refuses what it cannot do, with the place', () => {
    const refuses = (more: Record<string, JsonValue>, reason: RegExp): void => {
      assert.throws(() => makeClusters([staticCluster([1], more)]), reason)
    }
    refuses({ lb_policy: 'CLUSTER_PROVIDED' }, /test.json.* lb_policy: CLUSTER_PROVIDED is not supported/)
    refuses(
      { lb_policy: 'RING_HASH', ring_hash_lb_config: { minimum_ring_size: 9, maximum_ring_size: 8 } },
      /minimum_ring_size \(9\) > maximum_ring_size \(8\)/,
    )
    refuses({ lb_policy: 'MAGLEV', maglev_lb_config: { table_size: 100 } }, /table_size: must be a prime number/)
    refuses(
      {
        lb_policy: 'MAGLEV',
        common_lb_config: { consistent_hashing_lb_config: { use_hostname_for_hashing: true } },
      },
      /cannot use hostname for consistent hashing/,
    )
    refuses({ type: 'EDS' }, /clusters of type EDS are not supported/)
    refuses({ lb_policy: 'LOAD_BALANCING_POLICY_CONFIG' }, /needs a load_balancing_policy/)
    refuses(
      policy('envoy.extensions.load_balancing_policies.cluster_provided.v3.ClusterProvided'),
      /none of the load balancing policies is one that sluice has/,
    )
    assert.throws(
      () =>
        makeClusters([
          clusterMessage({
            name: 'c',
            load_assignment: {
              cluster_name: 'c',
              endpoints: [{ lb_endpoints: [{ endpoint: { address: socketAddress('example.com', 80) } }] }],
            },
          }),
        ]),
      /address: malformed IP address: example.com/,
    )
    assert.throws(() => makeClusters([staticCluster([1]), staticCluster([2])]), /duplicate cluster 'c'/)
  })

  it('takes load balancing policies by type', () => {
    const names = ['round_robin.v3.RoundRobin', 'random.v3.Random', 'least_request.v3.LeastRequest']
    for (const name of [...names, 'ring_hash.v3.RingHash', 'maglev.v3.Maglev']) {
      const { clusters } = makeClusters([
        staticCluster([1, 2], policy(`envoy.extensions.load_balancing_policies.${name}`)),
      ])
      assert.ok(clusters.get('c')?.chooseHost(noContext))
    }
  })

  it('adds, replaces and removes clusters', async () => {
    const { clusters, context } = makeClusters([])
    await clusters.start()
    await clusters.addOrUpdate(staticCluster([1]))
    const first = clusters.get('c')
    await clusters.addOrUpdate(staticCluster([2]))
    assert.notEqual(clusters.get('c'), first)
    assert.equal(clusters.get('c')?.hosts[0]?.addressString, '127.0.0.1:2')
    assert.equal(context.gauge('cluster_manager.active_clusters'), 1)
    assert.ok(clusters.remove('c'))
    assert.equal(clusters.remove('c'), false)
    assert.equal(clusters.get('c'), undefined)
    const counts = ['added', 'modified', 'removed'].map(name => context.counter(`cluster_manager.cluster_${name}`))
    assert.deepEqual(counts, [1, 1, 1])
  })

  it('tells the state of clusters and hosts as plain data', () => {
    const { clusters } = makeClusters([
      staticCluster([7], { alt_stat_name: 'other', circuit_breakers: { thresholds: [{ max_connections: 5 }] } }),
    ])
    const status = structuredClone(clusters.status())
    assert.deepEqual(status, [
      {
        name: 'c',
        observabilityName: 'other',
        addedViaApi: false,
        defaultPriority: { maxConnections: 5, maxPendingRequests: 1024, maxRequests: 1024, maxRetries: 3 },
        highPriority: { maxConnections: 1024, maxPendingRequests: 1024, maxRequests: 1024, maxRetries: 3 },
        hosts: [
          {
            address: { kind: 'ip', ip: '127.0.0.1', port: 7, version: 4 },
            hostname: '',
            healthFlags: 'healthy',
            edsHealthStatus: 'HEALTHY',
            weight: 1,
            priority: 0,
            locality: { region: '', zone: '', subZone: '' },
            stats: {
              cxTotal: 0,
              cxActive: 0,
              cxConnectFail: 0,
              rqTotal: 0,
              rqActive: 0,
              rqSuccess: 0,
              rqError: 0,
              rqTimeout: 0,
              rqPendingActive: 0,
            },
          },
        ],
      },
    ])
  })

  it('counts responses under all their names', () => {
    const { clusters, context } = makeClusters([staticCluster([1])])
    const stats = clusters.get('c')?.stats
    stats?.chargeResponseCode(503, false)
    stats?.chargeResponseCode(503, true)
    for (const name of ['upstream_rq_503', 'upstream_rq_5xx', 'upstream_rq_completed']) {
      assert.equal(context.counter(`cluster.c.${name}`), 2)
      assert.equal(context.counter(`cluster.c.external.${name}`), 1)
      assert.equal(context.counter(`cluster.c.internal.${name}`), 1)
    }
  })
})
