import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { describe, it } from 'node:test'
import { decode, makeClusters, staticCluster, type TestContext } from '../../../../../test/support/clusters.ts'
import { makePeer, portOf, refusedPort, Signal } from '../../../../../test/support/sockets.ts'
import type { JsonValue } from '../../../../config/json-source.ts'
import type { Cluster as ClusterMessage, TcpProxy } from '../../../../config/v3.ts'
import type { LogContext } from '../../../../core/access-log.ts'
import { responseFlagNames, type StreamInfo } from '../../../../core/stream-info.ts'
import { acceptHandles, makeServerConnection } from '../../../../network/accept.ts'
import { NetworkFilterChain } from '../../../../network/filter-chain.ts'
import { tcpProxy } from './tcp-proxy.ts'

interface Proxy extends AsyncDisposable {
  readonly context: TestContext
  /** What the access log got, one a connection, in order. */
  log(): Promise<StreamInfo>
  connect(): net.Socket
}

async function makeProxy(
  clusters: readonly ClusterMessage[],
  config: Record<string, JsonValue> = {},
  onPeriodic?: (info: StreamInfo) => void,
): Promise<Proxy> {
  const { clusters: manager, context } = makeClusters(clusters)
  const entries: Signal<StreamInfo>[] = [new Signal()]
  context.extensions = {
    ...context.extensions,
    accessLog: () => ({
      log: ({ streamInfo, logType }: LogContext) => {
        if (logType === 'TcpPeriodic') return onPeriodic?.(streamInfo)
        assert.equal(logType, 'TcpConnectionEnd')
        entries.at(-1)?.fire(streamInfo)
        entries.push(new Signal())
      },
    }),
  }
  const message = decode<TcpProxy>('envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy', {
    stat_prefix: 't',
    ...('weighted_clusters' in config ? {} : { cluster: 'c' }),
    access_log: [{ name: 'l' }],
    ...config,
  })
  const factory = tcpProxy.create(message, context)
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  acceptHandles(
    server,
    handle => {
      const connection = makeServerConnection(handle, 256 * 1024)
      new NetworkFilterChain(connection, [factory], { listenerName: 'l', filterChainName: '' }).start()
    },
    assert.fail,
  )
  const sockets: net.Socket[] = []
  let next = 0
  return {
    context,
    log: () => (entries[next++] as Signal<StreamInfo>).promise,
    connect() {
      const socket = net.connect({ port: portOf(server), allowHalfOpen: true })
      socket.on('error', () => {})
      sockets.push(socket)
      return socket
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      manager.close()
      server.close()
      await once(server, 'close')
    },
  }
}

function flags(info: StreamInfo): string {
  return responseFlagNames.filter((_name, bit) => info.responseFlags & (1 << bit)).join(',')
}

async function readAll(socket: net.Socket): Promise<string> {
  let text = ''
  socket.on('data', (data: Buffer) => (text += data.toString('latin1')))
  await new Promise<void>(resolve => {
    socket.on('end', resolve)
    socket.on('close', resolve)
  })
  return text
}

const closed = (socket: net.Socket): Promise<string | undefined> =>
  new Promise(resolve => {
    let code: string | undefined
    socket.on('error', (error: NodeJS.ErrnoException) => (code = error.code))
    socket.on('close', () => resolve(code))
    socket.on('end', () => socket.end())
    socket.resume()
  })

describe('tcp_proxy', { timeout: 20_000 }, () => {
  it('passes bytes both ways, half closes both ways, and logs the connection', async () => {
    await using peer = await makePeer()
    await using proxy = await makeProxy([staticCluster([peer.port])])
    const client = proxy.connect()
    client.end('request')
    const upstream = await peer.socket(0)
    const proxyPort = upstream.remotePort
    assert.equal(await readAll(upstream), 'request')
    const answer = readAll(client)
    upstream.end('the answer')
    assert.equal(await answer, 'the answer')
    const info = await proxy.log()
    assert.equal(flags(info), '')
    assert.deepEqual([info.bytesReceived, info.bytesSent], [7, 10])
    assert.equal(info.upstreamHost?.addressString, `127.0.0.1:${peer.port}`)
    assert.equal(info.upstreamClusterName, 'c')
    assert.equal(info.upstreamRequestAttemptCount, 1)
    assert.deepEqual(info.upstreamLocalAddress, {
      kind: 'ip',
      ip: '127.0.0.1',
      port: proxyPort,
      version: 4,
    })
    assert.ok((info.durationMs ?? -1) >= 0)
    const { context } = proxy
    assert.equal(context.counter('tcp.t.downstream_cx_total'), 1)
    assert.equal(context.counter('tcp.t.downstream_cx_rx_bytes_total'), 7)
    assert.equal(context.counter('tcp.t.downstream_cx_tx_bytes_total'), 10)
    assert.equal(context.gauge('cluster.c.upstream_cx_active'), 0)
    assert.equal(context.gauge('cluster.c.upstream_rq_active'), 0)
  })

  it('logs every access_log_flush_interval from the connection’s start', async () => {
    await using peer = await makePeer()
    const third = new Signal<StreamInfo>()
    let count = 0
    const began = performance.now()
    const options = { access_log_options: { access_log_flush_interval: '0.02s' } }
    await using proxy = await makeProxy([staticCluster([peer.port])], options, info => {
      if (++count === 3) third.fire(info)
    })
    const client = proxy.connect()
    client.write('request')
    const info = await third.promise
    assert.equal(info.upstreamClusterName, 'c')
    assert.ok(performance.now() - began >= 55)
  })

  it('lets the client go on after the upstream’s end', async () => {
    await using peer = await makePeer(socket => socket.end('banner'))
    await using proxy = await makeProxy([staticCluster([peer.port])])
    const client = proxy.connect()
    assert.equal(await readAll(client), 'banner')
    client.end('still there')
    assert.equal(await readAll(await peer.socket(0)), 'still there')
  })

  it('passes RST on', async () => {
    await using peer = await makePeer()
    await using proxy = await makeProxy([staticCluster([peer.port])])
    const client = proxy.connect()
    const upstream = await peer.socket(0)
    const gone = closed(client)
    upstream.write('x')
    await once(client, 'data')
    upstream.resetAndDestroy()
    assert.equal(await gone, 'ECONNRESET')
    assert.equal(flags(await proxy.log()), 'UR')

    const second = proxy.connect()
    const other = await peer.socket(1)
    const otherGone = closed(other)
    second.write('x')
    await once(other, 'data')
    second.resetAndDestroy()
    assert.equal(await otherGone, 'ECONNRESET')
    assert.equal(flags(await proxy.log()), '')
  })

  it('tries as often as it may, and says why it failed', async () => {
    await using proxy = await makeProxy([staticCluster([await refusedPort()])], { max_connect_attempts: 3 })
    await closed(proxy.connect())
    const info = await proxy.log()
    assert.equal(flags(info), 'UF,URX')
    assert.equal(info.upstreamRequestAttemptCount, 3)
    assert.equal(info.upstreamTransportFailureReason, 'delayed connect error: Connection refused')
    assert.equal(proxy.context.counter('cluster.c.upstream_cx_connect_fail'), 3)
    assert.equal(proxy.context.counter('cluster.c.upstream_cx_connect_attempts_exceeded'), 1)
  })

  it('has flags for no host, no cluster and too many connections', async () => {
    await using empty = await makeProxy([staticCluster([])])
    await closed(empty.connect())
    assert.equal(flags(await empty.log()), 'UH')
    assert.equal(empty.context.counter('cluster.c.upstream_cx_none_healthy'), 1)

    await using unknown = await makeProxy([], { cluster: 'nowhere' })
    await closed(unknown.connect())
    assert.equal(flags(await unknown.log()), 'NC')
    assert.equal(unknown.context.counter('tcp.t.downstream_cx_no_route'), 1)

    await using peer = await makePeer()
    const limits = { circuit_breakers: { thresholds: [{ max_connections: 1 }] } }
    await using full = await makeProxy([staticCluster([peer.port], limits)])
    full.connect()
    await peer.socket(0)
    await closed(full.connect())
    assert.equal(flags(await full.log()), 'UO')
    assert.equal(full.context.counter('cluster.c.upstream_cx_overflow'), 1)
  })

  it('closes idle and long connections', async () => {
    await using peer = await makePeer()
    await using idle = await makeProxy([staticCluster([peer.port])], { idle_timeout: '0.02s' })
    await closed(idle.connect())
    assert.equal(flags(await idle.log()), '')
    assert.equal(idle.context.counter('tcp.t.idle_timeout'), 1)

    await using long = await makeProxy([staticCluster([peer.port])], { max_downstream_connection_duration: '0.02s' })
    await closed(long.connect())
    assert.equal(flags(await long.log()), 'DT')
    assert.equal(long.context.counter('tcp.t.max_downstream_connection_duration'), 1)
  })

  it('chooses clusters by weight', async () => {
    await using a = await makePeer()
    await using b = await makePeer()
    const clusters = [staticCluster([a.port]), staticCluster([b.port], { name: 'd' })]
    await using proxy = await makeProxy(clusters, {
      weighted_clusters: {
        clusters: [
          { name: 'c', weight: 1 },
          { name: 'd', weight: 1 },
        ],
      },
    })
    for (let i = 0; a.sockets.length === 0 || b.sockets.length === 0; i++) {
      assert.ok(i < 200, 'both clusters get connections')
      const client = proxy.connect()
      client.end()
      await once(client, 'connect')
      await new Promise(setImmediate)
    }
  })

  it('does not buffer for a slow reader, either way', async () => {
    const total = 24 * 1024 * 1024
    const data = Buffer.alloc(total, 'abcdefgh')
    await using peer = await makePeer()
    await using proxy = await makeProxy([staticCluster([peer.port], { per_connection_buffer_limit_bytes: 256 * 1024 })])
    const client = proxy.connect()
    const upstream = await peer.socket(0)
    for (const [from, to] of [
      [upstream, client],
      [client, upstream],
    ] as const) {
      to.pause()
      from.write(data)
      const paused = 'paused_reading_total'
      const count = (): number =>
        proxy.context.counter(`tcp.t.downstream_flow_control_${paused}`) +
        proxy.context.counter(`cluster.c.upstream_flow_control_${paused}`)
      const before = count()
      while (count() === before) await new Promise(setImmediate)
      let received = 0
      const done = new Promise<void>(resolve => {
        to.on('data', (chunk: Buffer) => {
          received += chunk.length
          if (received === total) resolve()
        })
      })
      to.resume()
      await done
    }
    assert.equal(
      proxy.context.counter('cluster.c.upstream_flow_control_paused_reading_total'),
      proxy.context.counter('cluster.c.upstream_flow_control_resumed_reading_total'),
    )
  })

  it('cleans up after a client that goes away while it connects', async () => {
    await using peer = await makePeer()
    await using proxy = await makeProxy([staticCluster([peer.port])])
    const client = proxy.connect()
    await once(client, 'connect')
    client.destroy()
    const upstream = await peer.socket(0)
    await readAll(upstream)
    upstream.end()
    await proxy.log()
    assert.equal(proxy.context.gauge('cluster.c.upstream_cx_active'), 0)
  })
})
