import assert from 'node:assert/strict'
import { once } from 'node:events'
import http2 from 'node:http2'
import type { AddressInfo } from 'node:net'
import { describe, it } from 'node:test'
import { makeClusters, noContext, staticCluster, type TestContext } from '../../test/support/clusters.ts'
import { refusedPort, Signal } from '../../test/support/sockets.ts'
import type { JsonValue } from '../config/json-source.ts'
import type { Cancellable } from '../core/cluster.ts'
import type { RequestEncoder } from '../core/codec.ts'
import { HeaderMap } from '../core/header-map.ts'
import type { UpstreamCluster } from './cluster.ts'

/** One request of a test. */
class Call {
  readonly ready = new Signal<RequestEncoder>()
  readonly result = new Signal<string>()
  readonly handle: Cancellable | undefined

  constructor(cluster: UpstreamCluster, path = '/') {
    const host = cluster.chooseHost(noContext)
    assert.ok(host)
    let text = ''
    const take = (more: string, endStream: boolean): void => {
      text += more
      if (endStream) this.result.fire(text)
    }
    this.handle = cluster.httpConnectionPool(host, 'default', 'HTTP/1.1').newStream(
      {
        decode1xxHeaders: () => {},
        decodeHeaders: (headers, endStream) => take(`${headers.status} `, endStream),
        decodeData: (data, endStream) => take(Buffer.from(data).toString(), endStream),
        decodeTrailers: () => take(' trailers', true),
      },
      {
        onPoolReady: (encoder, _host, info) => {
          assert.equal(info.protocol, 'HTTP/2')
          encoder.stream.setCallbacks({
            onResetStream: reason => this.result.fire(`reset ${reason}`),
            onAboveWriteBufferHighWatermark: () => {},
            onBelowWriteBufferLowWatermark: () => {},
          })
          encoder.encodeHeaders(
            HeaderMap.of({ ':method': 'GET', ':path': path, ':scheme': 'http', ':authority': 'a' }),
            true,
          )
          this.ready.fire(encoder)
        },
        onPoolFailure: reason => this.result.fire(`failed ${reason}`),
      },
    )
  }
}

interface Setup extends AsyncDisposable {
  readonly cluster: UpstreamCluster
  readonly context: TestContext
  readonly server: http2.Http2Server
  readonly sessions: http2.ServerHttp2Session[]
  /** Requests to `/wait`, unanswered. */
  readonly waiting: http2.ServerHttp2Stream[]
}

const http2Options = (more: Record<string, JsonValue> = {}): Record<string, JsonValue> => ({
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: {} },
      ...more,
    },
  },
})

async function setup(more: Record<string, JsonValue>, options: http2.ServerOptions = {}): Promise<Setup> {
  const server = http2.createServer(options)
  const sessions: http2.ServerHttp2Session[] = []
  const waiting: http2.ServerHttp2Stream[] = []
  server.on('session', session => {
    sessions.push(session)
    session.on('error', () => {})
  })
  server.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    if (headers[':path'] === '/wait') {
      waiting.push(stream)
      server.emit('wait')
    } else {
      stream.respond({ ':status': 200 })
      stream.end('ok')
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const { clusters, context } = makeClusters([staticCluster([port], more)])
  return {
    cluster: clusters.get('c') as UpstreamCluster,
    context,
    server,
    sessions,
    waiting,
    async [Symbol.asyncDispose]() {
      clusters.close()
      for (const session of sessions) session.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

describe('http2 pool', () => {
  it('requests share one connection, those that waited for it too', async () => {
    await using test = await setup(http2Options())
    const calls = Array.from({ length: 20 }, () => new Call(test.cluster))
    for (const call of calls) assert.equal(await call.result.promise, '200 ok')
    assert.equal(await new Call(test.cluster).result.promise, '200 ok')
    assert.equal(test.context.counter('cluster.c.upstream_cx_total'), 1)
    assert.equal(test.context.counter('cluster.c.upstream_cx_http2_total'), 1)
    assert.equal(test.context.counter('cluster.c.upstream_rq_total'), 21)
    assert.equal(test.context.gauge('cluster.c.upstream_rq_active'), 0)
    assert.equal(test.context.gauge('cluster.c.upstream_rq_pending_active'), 0)
  })

  it("the peer's limit on streams opens further connections", async () => {
    await using test = await setup(http2Options(), { settings: { maxConcurrentStreams: 2 } })
    assert.equal(await new Call(test.cluster).result.promise, '200 ok')
    const calls = Array.from({ length: 3 }, () => new Call(test.cluster, '/wait'))
    while (test.waiting.length < 3) await once(test.server, 'wait')
    assert.equal(test.context.counter('cluster.c.upstream_cx_total'), 2)
    for (const stream of test.waiting) stream.respond({ ':status': 204 }, { endStream: true })
    for (const call of calls) assert.equal(await call.result.promise, '204 ')
  })

  it('max_requests_per_connection', async () => {
    await using test = await setup(http2Options({ common_http_protocol_options: { max_requests_per_connection: 2 } }))
    for (let i = 0; i < 4; i++) assert.equal(await new Call(test.cluster).result.promise, '200 ok')
    assert.equal(test.context.counter('cluster.c.upstream_cx_total'), 2)
    assert.equal(test.context.counter('cluster.c.upstream_cx_max_requests'), 2)
  })

  it('after GOAWAY what runs ends there, what is new goes elsewhere', async () => {
    await using test = await setup(http2Options())
    const old = new Call(test.cluster, '/wait')
    await once(test.server, 'wait')
    const [session] = test.sessions
    const notified = new Promise<void>(resolve => {
      const check = (): void => {
        if (test.context.counter('cluster.c.upstream_cx_close_notify') === 1) resolve()
        else setImmediate(check)
      }
      check()
    })
    session?.goaway(0, 1)
    await notified
    assert.equal(await new Call(test.cluster).result.promise, '200 ok')
    assert.equal(test.sessions.length, 2)
    test.waiting[0]?.respond({ ':status': 204 }, { endStream: true })
    assert.equal(await old.result.promise, '204 ')
    assert.equal(test.context.counter('cluster.c.upstream_cx_destroy_local'), 1)
    assert.equal(test.context.gauge('cluster.c.upstream_cx_active'), 1)
  })

  it('the limit of active requests is kept', async () => {
    await using test = await setup({
      ...http2Options(),
      circuit_breakers: { thresholds: [{ max_requests: 1 }] },
    })
    const first = new Call(test.cluster, '/wait')
    await once(test.server, 'wait')
    assert.equal(await new Call(test.cluster).result.promise, 'failed overflow')
    test.waiting[0]?.respond({ ':status': 204 }, { endStream: true })
    assert.equal(await first.result.promise, '204 ')
    assert.equal(await new Call(test.cluster).result.promise, '200 ok')
  })

  it('a request that is given up frees its place; a broken connection resets all', async () => {
    await using test = await setup(http2Options())
    const first = new Call(test.cluster, '/wait')
    const second = new Call(test.cluster, '/wait')
    while (test.waiting.length < 2) await once(test.server, 'wait')
    ;(await first.ready.promise).stream.resetStream('local-reset')
    assert.equal(test.context.gauge('cluster.c.upstream_rq_active'), 1)
    test.sessions[0]?.destroy()
    assert.match(await second.result.promise, /^reset /)
    assert.equal(test.context.gauge('cluster.c.upstream_rq_active'), 0)
  })

  it('nobody listens', async () => {
    const { clusters } = makeClusters([staticCluster([await refusedPort()], http2Options())])
    const cluster = clusters.get('c') as UpstreamCluster
    const calls = [new Call(cluster), new Call(cluster)]
    for (const call of calls) assert.equal(await call.result.promise, 'failed remote-connection-failure')
    clusters.close()
  })

  it('is chosen by the old fields of the cluster too', async () => {
    await using test = await setup({ http2_protocol_options: {} })
    assert.equal(await new Call(test.cluster).result.promise, '200 ok')
    assert.equal(test.cluster.http1, false)
  })

  it('use_downstream_protocol_config follows the client', async () => {
    const { clusters } = makeClusters([
      staticCluster(
        [1],
        http2Options({ explicit_http_config: undefined as never, use_downstream_protocol_config: {} }),
      ),
    ])
    const cluster = clusters.get('c') as UpstreamCluster
    const host = cluster.chooseHost(noContext)
    assert.ok(host)
    const pool = cluster.httpConnectionPool(host, 'default', 'HTTP/2')
    assert.equal(pool, cluster.httpConnectionPool(host, 'default', 'HTTP/2'))
    assert.notEqual(pool, cluster.httpConnectionPool(host, 'default', 'HTTP/1.1'))
    clusters.close()
  })
})
