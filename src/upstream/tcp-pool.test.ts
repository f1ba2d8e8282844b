import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { it } from 'node:test'
import { makeClusters, noContext, staticCluster } from '../../test/support/clusters.ts'
import { Signal } from '../../test/support/sockets.ts'

it('a connection that nobody waits for any more is closed, and nobody else learns of it', {
  timeout: 20_000,
}, async () => {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { clusters, context } = makeClusters([staticCluster([(server.address() as net.AddressInfo).port])])
  const cluster = clusters.get('c')
  const host = cluster?.chooseHost(noContext)
  assert.ok(cluster !== undefined && host !== undefined)
  const ready = new Signal<void>()
  const first = cluster.newTcpConnection(host, 'default', {
    onPoolReady: () => assert.fail(),
    onPoolFailure: () => assert.fail(),
  })
  cluster.newTcpConnection(host, 'default', {
    onPoolReady: () => ready.fire(),
    // It failed with the connection of the other one.
    onPoolFailure: reason => assert.fail(reason),
  })
  first?.cancel()
  await ready.promise
  assert.equal(context.counter('cluster.c.upstream_rq_cancelled'), 1)
  assert.equal(context.counter('cluster.c.upstream_cx_destroy_local'), 1)
  clusters.close()
  server.close()
})
