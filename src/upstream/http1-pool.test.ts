import assert from 'node:assert/strict'
import type { Socket } from 'node:net'
import { describe, it } from 'node:test'
import { makeClusters, noContext, staticCluster, type TestContext } from '../../test/support/clusters.ts'
import { makePeer, type Peer, refusedPort, Signal } from '../../test/support/sockets.ts'
import type { JsonValue } from '../config/json-source.ts'
import type { Cancellable, PoolFailureReason } from '../core/cluster.ts'
import type { RequestEncoder } from '../core/codec.ts'
import { Http1ClientConnection } from '../codec/http1/client.ts'
import { defaultUpstreamHttp1Settings } from '../codec/http1/settings.ts'
import { HeaderMap } from '../core/header-map.ts'
import { SocketConnection } from '../network/connection.ts'
import { makeTcpHandle } from '../network/stream-handle.ts'
import type { UpstreamCluster } from './cluster.ts'
import { HttpPool } from './http-pool.ts'

/** One request of a test. */
class Call {
  readonly ready = new Signal<RequestEncoder>()
  readonly done = new Signal<string>()
  readonly failed = new Signal<string>()
  readonly handle: Cancellable | undefined
  body = ''
  failure: PoolFailureReason | undefined

  constructor(cluster: UpstreamCluster) {
    const host = cluster.chooseHost(noContext)
    assert.ok(host)
    const ended = (endStream: boolean): void => {
      if (endStream) this.done.fire(this.body)
    }
    this.handle = cluster.httpConnectionPool(host, 'default', 'HTTP/1.1').newStream(
      {
        decode1xxHeaders: () => {},
        decodeHeaders: (_headers, endStream) => ended(endStream),
        decodeData: (data, endStream) => {
          this.body += Buffer.from(data).toString()
          ended(endStream)
        },
        decodeTrailers: () => ended(true),
      },
      {
        onPoolReady: encoder => {
          encoder.stream.setCallbacks({
            onResetStream: reason => this.failed.fire(`reset ${reason}`),
            onAboveWriteBufferHighWatermark: () => {},
            onBelowWriteBufferLowWatermark: () => {},
          })
          encoder.encodeHeaders(HeaderMap.of({ ':authority': 'a', ':path': '/', ':method': 'GET' }), true)
          this.ready.fire(encoder)
        },
        onPoolFailure: (reason, transportFailureReason) => {
          this.failure = reason
          this.failed.fire(`${reason} ${transportFailureReason}`)
        },
      },
    )
  }
}

function call(cluster: UpstreamCluster): Call {
  return new Call(cluster)
}

interface Setup extends AsyncDisposable {
  readonly peer: Peer
  readonly cluster: UpstreamCluster
  readonly context: TestContext
}

async function setup(
  more: Record<string, JsonValue> = {},
  onSocket?: (socket: Socket, n: number) => void,
): Promise<Setup> {
  const peer = await makePeer(onSocket)
  const { clusters, context } = makeClusters([staticCluster([peer.port], more)])
  return {
    peer,
    context,
    cluster: clusters.get('c') as UpstreamCluster,
    async [Symbol.asyncDispose]() {
      clusters.close()
      await peer[Symbol.asyncDispose]()
    },
  }
}

const answer = (socket: Socket, body = 'ok', more = ''): void => {
  socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${body.length}\r\n${more}\r\n${body}`)
}
/** Answers every request at once; requests come one a packet here. */
const answering = (socket: Socket): void => {
  socket.on('data', () => answer(socket))
}
const thresholds = (limits: Record<string, JsonValue>): Record<string, JsonValue> => ({
  circuit_breakers: { thresholds: [limits] },
})

describe('HTTP/1 pool', { timeout: 20_000 }, () => {
  it('uses a connection again', async () => {
    await using s = await setup({}, answering)
    for (let i = 0; i < 3; i++) assert.equal(await new Call(s.cluster).done.promise, 'ok')
    assert.equal(s.peer.sockets.length, 1)
    assert.equal(s.context.counter('cluster.c.upstream_cx_total'), 1)
    assert.equal(s.context.counter('cluster.c.upstream_cx_http1_total'), 1)
    assert.equal(s.context.counter('cluster.c.upstream_rq_total'), 3)
    assert.equal(s.context.counter('cluster.c.upstream_rq_pending_total'), 1)
    assert.equal(s.context.gauge('cluster.c.upstream_rq_active'), 0)
    assert.equal(s.context.gauge('cluster.c.upstream_cx_active'), 1)
    assert.ok(s.context.counter('cluster.c.upstream_cx_rx_bytes_total') > 0)
    assert.ok(s.context.counter('cluster.c.upstream_cx_tx_bytes_total') > 0)
    const [host] = s.cluster.hosts
    assert.deepEqual([host?.stats.rqTotal, host?.stats.rqActive, host?.stats.cxActive], [3, 0, 1])
  })

  it('uses the connection that was used last', async () => {
    await using s = await setup()
    const first = new Call(s.cluster)
    const second = new Call(s.cluster)
    await Promise.all([first.ready.promise, second.ready.promise])
    const [a, b] = [await s.peer.socket(0), await s.peer.socket(1)]
    for (const socket of [a, b]) socket.on('data', () => {})
    answer(b)
    await Promise.race([first.done.promise, second.done.promise])
    answer(a)
    await Promise.all([first.done.promise, second.done.promise])
    const got = new Signal<Socket>()
    for (const socket of [a, b]) socket.on('data', () => got.fire(socket))
    call(s.cluster)
    assert.equal(await got.promise, a)
  })

  it('queues at the connection limit, and serves in order', async () => {
    await using s = await setup(thresholds({ max_connections: 1 }), answering)
    const calls = Array.from({ length: 5 }, () => new Call(s.cluster))
    await Promise.all(calls.map(call => call.done.promise))
    assert.equal(s.peer.sockets.length, 1)
    assert.ok(s.context.counter('cluster.c.upstream_cx_overflow') > 0)
    assert.equal(s.context.gauge('cluster.c.upstream_rq_pending_active'), 0)
  })

  it('refuses beyond max_pending_requests and max_requests', async () => {
    await using s = await setup(thresholds({ max_connections: 1, max_pending_requests: 1 }))
    call(s.cluster)
    const refused = new Call(s.cluster)
    assert.equal(refused.failure, 'overflow')
    assert.equal(refused.handle, undefined)
    assert.equal(s.context.counter('cluster.c.upstream_rq_pending_overflow'), 1)

    await using t = await setup(thresholds({ max_requests: 1 }), answering)
    const one = new Call(t.cluster)
    const two = new Call(t.cluster)
    assert.equal(await Promise.race([one.done.promise, two.failed.promise, two.done.promise]), 'overflow ')
    assert.equal(await one.done.promise, 'ok')
    assert.equal(t.context.gauge('cluster.c.circuit_breakers.default.rq_open'), 0)
  })

  it('closes a connection after max_requests_per_connection', async () => {
    await using s = await setup({ max_requests_per_connection: 2 }, answering)
    for (let i = 0; i < 4; i++) await new Call(s.cluster).done.promise
    assert.equal(s.peer.sockets.length, 2)
    assert.equal(s.context.counter('cluster.c.upstream_cx_max_requests'), 2)
  })

  it('closes a connection that the upstream wants closed', async () => {
    await using s = await setup({}, socket => socket.on('data', () => answer(socket, 'ok', 'connection: close\r\n')))
    await new Call(s.cluster).done.promise
    await new Call(s.cluster).done.promise
    assert.equal(s.peer.sockets.length, 2)
    assert.equal(s.context.counter('cluster.c.upstream_cx_close_notify'), 2)
    assert.equal(s.context.counter('cluster.c.upstream_cx_destroy_local'), 2)
  })

  it('drops an idle connection that the upstream closes', async () => {
    await using s = await setup({}, answering)
    await new Call(s.cluster).done.promise
    const [socket] = s.peer.sockets
    const closed = new Promise(resolve => socket?.on('close', resolve))
    socket?.end()
    await closed
    assert.equal(s.context.counter('cluster.c.upstream_cx_destroy_remote'), 1)
    assert.equal(s.context.counter('cluster.c.upstream_cx_destroy_with_active_rq'), 0)
    assert.equal(await new Call(s.cluster).done.promise, 'ok')
    assert.equal(s.peer.sockets.length, 2)
  })

  it('closes idle connections after the idle timeout', async () => {
    await using s = await setup(
      {
        typed_extension_protocol_options: {
          'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
            '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
            common_http_protocol_options: { idle_timeout: '0.02s' },
            explicit_http_config: { http_protocol_options: {} },
          },
        },
      },
      answering,
    )
    await new Call(s.cluster).done.promise
    await new Promise(resolve => (s.peer.sockets[0] as Socket).on('end', resolve))
    assert.equal(s.context.counter('cluster.c.upstream_cx_idle_timeout'), 1)
    assert.equal(s.context.gauge('cluster.c.upstream_cx_active'), 0)
  })

  it('fails all who wait when a connection is refused', async () => {
    const { clusters, context } = makeClusters([staticCluster([await refusedPort()])])
    const cluster = clusters.get('c') as UpstreamCluster
    const calls = [new Call(cluster), new Call(cluster)]
    for (const call of calls)
      assert.equal(await call.failed.promise, 'remote-connection-failure delayed connect error: Connection refused')
    assert.ok(context.counter('cluster.c.upstream_cx_connect_fail') > 0)
    assert.equal(context.counter('cluster.c.upstream_rq_pending_failure_eject'), 2)
    assert.equal(cluster.resourceManager('default').pendingRequests.count, 0)
    clusters.close()
    assert.equal(cluster.resourceManager('default').connections.count, 0)
  })

  it('gives up connecting after the connect timeout', async () => {
    await using s = await setup()
    const host = s.cluster.hosts[0]
    assert.ok(host)
    const failed = new Signal<string>()
    // A handle that never connects stands for a host that does not answer.
    const pool = new HttpPool(
      host,
      {
        stats: s.cluster.stats,
        transportSocket: {
          connect: ({ address }) =>
            new SocketConnection(makeTcpHandle(), {
              localAddress: address,
              remoteAddress: address,
              bufferLimitBytes: 0,
              connected: false,
            }),
        },
        connectTimeoutMs: 20,
        bufferLimitBytes: 0,
        sourceAddress: undefined,
        keepAlive: undefined,
        idleTimeoutMs: 0,
        maxConnectionDurationMs: 0,
        maxConnectionDurationJitterPercent: 0,
        maxRequestsPerConnection: 0,
      },
      s.cluster.resourceManager('default'),
      'http1',
      {
        http1: (connection, callbacks) =>
          new Http1ClientConnection(connection, callbacks, defaultUpstreamHttp1Settings),
        http2: () => assert.fail(),
        maxConcurrentStreams: 1,
      },
    )
    pool.newStream(
      { decode1xxHeaders() {}, decodeHeaders() {}, decodeData() {}, decodeTrailers() {} },
      { onPoolReady: () => assert.fail(), onPoolFailure: reason => failed.fire(reason) },
    )
    assert.equal(await failed.promise, 'timeout')
    assert.equal(s.context.counter('cluster.c.upstream_cx_connect_timeout'), 1)
    assert.equal(s.context.counter('cluster.c.upstream_cx_connect_fail'), 1)
  })

  it('gives up a place in the queue', async () => {
    await using s = await setup(thresholds({ max_connections: 1 }))
    const first = new Call(s.cluster)
    const second = new Call(s.cluster)
    second.handle?.cancel()
    await first.ready.promise
    answer(await s.peer.socket(0))
    await first.done.promise
    assert.equal(s.context.counter('cluster.c.upstream_rq_cancelled'), 1)
    assert.equal(s.context.counter('cluster.c.upstream_rq_total'), 1)
  })

  it('ends a body without a length with the connection, and resets what is cut off', async () => {
    const answers = ['HTTP/1.1 200 OK\r\n\r\nuntil the end', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncut', '']
    await using s = await setup({}, (socket, n) => socket.on('data', () => socket.end(answers[n] ?? '')))
    assert.equal(await new Call(s.cluster).done.promise, 'until the end')
    assert.equal(s.context.counter('cluster.c.upstream_cx_destroy_with_active_rq'), 0)
    assert.equal(await new Call(s.cluster).failed.promise, 'reset protocol-error')
    assert.equal(await new Call(s.cluster).failed.promise, 'reset connection-termination')
    assert.equal(s.context.counter('cluster.c.upstream_cx_destroy_remote_with_active_rq'), 2)
    assert.equal(s.context.counter('cluster.c.upstream_cx_protocol_error'), 1)
    assert.equal(s.context.gauge('cluster.c.upstream_rq_active'), 0)
  })

  it('resets a stream whose upstream does not speak HTTP', async () => {
    await using s = await setup({}, socket => socket.on('data', () => socket.write('what?\r\n\r\n')))
    assert.equal(await new Call(s.cluster).failed.promise, 'reset protocol-error')
    assert.equal(s.context.counter('cluster.c.upstream_cx_protocol_error'), 1)
  })

  it('closes the connection of a request that is reset, and connects anew for those who wait', async () => {
    await using s = await setup(thresholds({ max_connections: 1 }), (socket, n) => {
      if (n > 0) answering(socket)
    })
    const first = new Call(s.cluster)
    const second = new Call(s.cluster)
    ;(await first.ready.promise).stream.resetStream('local-reset')
    assert.equal(await second.done.promise, 'ok')
    assert.equal(s.peer.sockets.length, 2)
    assert.equal(s.context.counter('cluster.c.upstream_cx_destroy_local_with_active_rq'), 1)
  })
})
