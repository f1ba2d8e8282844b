/**
 * Clients and upstreams that break off, stall or come in numbers: the worker goes on serving, counters are right, sockets are
 * closed, memory stays bounded. `SLUICE_TEST_PROXY=envoy` runs the same against real Envoy.
 */
import assert from 'node:assert/strict'
import { createServer } from 'node:net'
import { after, before, test } from 'node:test'
import { cluster, http, req, res, tcp } from '../golden/case.ts'
import { processTree, rssOf } from '../support/process-meter.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'

const kind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'
const mib = 1 << 20
/** What the heap may grow by between two collections; the tests move several times that. */
const slack = 48 * mib

let upstream: Upstream
let proxy: ProxyProcess

/** Accepts, and takes or sends bytes only as fast as the peer and the test allow. */
const stall = createServer({ allowHalfOpen: true })
let stallPort = 0

before(async () => {
  upstream = await Upstream.listen()
  await new Promise<void>(resolve => stall.listen(0, '127.0.0.1', resolve))
  const address = stall.address()
  stallPort = typeof address === 'object' && address !== null ? address.port : 0
  const routes = [
    { match: { prefix: '/stall' }, route: { cluster: 'stall', timeout: '0s' } },
    { match: { prefix: '/' }, route: { cluster: 'a' } },
  ]
  const clusters = [cluster('a', ['$a']), cluster('stall', ['$stall'])]
  const config = {
    layered_runtime: {
      layers: [{ name: 'limits', static_layer: { 'envoy.resource_limits.listener.limited.connection_limit': 5 } }],
    },
    static_resources: {
      listeners: [
        http({ routes }),
        tcp('tcp', { cluster: 'stall' }),
        http({ name: 'limited', routes, listener: { stat_prefix: 'limited' } }),
      ],
      clusters,
    },
  }
  const text = JSON.stringify(config)
    .replaceAll('"$a"', String(upstream.port))
    .replaceAll('"$stall"', String(stallPort))
  proxy = await ProxyProcess.start(kind, JSON.parse(text))
})

after(async () => {
  await proxy?.stop()
  upstream.close()
  stall.close()
})

async function serves(listener = 'http'): Promise<void> {
  upstream.script([])
  const client = await RawClient.connect(proxy.ports[listener] as number)
  client.write(req('GET /', ['connection: close']))
  await client.waitFor(c => c.peer !== 'open', 'the answer')
  assert.match(client.text, /^HTTP\/1\.1 200 OK\r\n/)
  client.destroy()
}

/** Nothing of a finished test may be left open in the proxy. */
async function allClosed(): Promise<void> {
  await proxy.waitForStats(stats => {
    const active = [...stats].filter(([name]) =>
      /^(http\.http\.downstream_cx|(http\.http\.down|cluster\.\w+\.up)stream_rq|tcp\.tcp\.downstream_cx)_active$/.test(
        name,
      ),
    )
    return active.length > 0 && active.every(([, value]) => value === 0)
  }, 'all connections and requests to be closed')
}

/** How much each counter has grown during `work`. */
async function counting(
  names: readonly string[],
  expected: readonly number[],
  work: () => Promise<void>,
): Promise<void> {
  const first = await proxy.stats()
  await work()
  const grown = (stats: Map<string, number>) => names.map(name => (stats.get(name) ?? 0) - (first.get(name) ?? 0))
  await proxy
    .waitForStats(stats => grown(stats).every((value, i) => value === expected[i]), 'the counters', 2000)
    .catch(() => {})
  const last = grown(await proxy.stats())
  assert.deepEqual(
    Object.fromEntries(names.map((name, i) => [name, last[i]])),
    Object.fromEntries(names.map((name, i) => [name, expected[i]])),
  )
}

test('a client resets in the middle of its body', async () => {
  const names = [
    'http.http.downstream_cx_destroy_remote_active_rq',
    'cluster.a.upstream_cx_destroy_local_with_active_rq',
    'http.http.downstream_rq_total',
  ]
  await counting(names, [20, 20, 20], async () => {
    upstream.script([{ when: 'complete' }])
    for (let i = 1; i <= 20; i += 1) {
      const client = await RawClient.connect(proxy.ports.http as number)
      client.write(req('POST /', ['content-length: 100000'], 'part of the body'))
      await upstream.sawHeads(i)
      client.reset()
      await proxy.waitForStats(stats => stats.get('http.http.downstream_rq_active') === 0, 'the request to end')
    }
  })
  assert.ok(upstream.requests.every(({ complete }) => !complete))
  await serves()
  await allClosed()
})

test('an upstream dies in the middle of its response', async () => {
  const names = ['cluster.a.upstream_cx_destroy_remote_with_active_rq', 'http.http.downstream_rq_2xx']
  await counting(names, [20, 20], async () => {
    upstream.script([{ write: res('200 OK', ['content-length: 100000'], 'part of the body'), after: 'close' }])
    for (let i = 0; i < 20; i += 1) {
      const client = await RawClient.connect(proxy.ports.http as number)
      client.write(req('GET /'))
      await client.waitFor(c => c.peer !== 'open', 'the connection to close')
      assert.match(client.text, /part of the body$/)
      client.destroy()
    }
  })
  await serves()
  await allClosed()
})

test('an upstream that resets before its response gives 503', async () => {
  upstream.script([{ after: 'reset' }])
  for (let i = 0; i < 20; i += 1) {
    const client = await RawClient.connect(proxy.ports.http as number)
    client.write(req('GET /'))
    await client.waitFor(c => c.text.includes('reset reason'), 'the local reply')
    assert.match(client.text, /^HTTP\/1\.1 503 .*connection termination$/s)
    client.destroy()
  }
  await serves()
  await allClosed()
})

/** RSS while `during` is under way, above what it was before, in bytes. */
async function growth(during: () => Promise<void>): Promise<number> {
  const tree = processTree(proxy.pid)
  const first = rssOf(tree)
  await during()
  return rssOf(tree) - first
}

/** Resolves when `value` has not grown for 300 ms. */
async function settled(value: () => number): Promise<void> {
  for (let last = -1; last !== value(); ) {
    last = value()
    await new Promise(resolve => setTimeout(resolve, 300))
  }
}

const total = 128 * mib

for (const [name, port, request] of [
  ['HTTP', () => proxy.ports.http, req('GET /stall')],
  ['TCP', () => proxy.ports.tcp, 'x'],
] as const) {
  test(`a client that does not read a large ${name} response holds the upstream back`, async () => {
    let sent = 0
    stall.removeAllListeners('connection')
    stall.on('connection', socket => {
      const chunk = Buffer.alloc(64 * 1024, 'x')
      socket.on('error', () => {})
      socket.on('end', () => socket.end())
      socket.once('data', () => {
        const head = name === 'HTTP' ? `HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: ${total}\r\n\r\n` : ''
        socket.write(head)
        const pump = (): void => {
          while (sent < total) {
            sent += chunk.length
            if (!socket.write(chunk)) return
          }
        }
        socket.on('drain', pump)
        pump()
      })
    })
    const client = await RawClient.connect(port() as number)
    client.pause()
    const grown = await growth(async () => {
      client.write(request)
      await settled(() => sent)
    })
    assert.ok(sent < total / 2, `the upstream could send ${sent / mib} MiB`)
    assert.ok(grown < slack, `RSS grew by ${grown / mib} MiB`)
    let received = 0
    client.onData = bytes => (received += bytes.length)
    client.resume()
    await client.waitFor(() => received >= total, 'the whole response', 30_000)
    client.destroy()
    await allClosed()
  })
}

test('an upstream that does not read a large request holds the client back', async () => {
  let taken = 0
  let go = (): void => {}
  stall.removeAllListeners('connection')
  stall.on('connection', socket => {
    socket.on('error', () => {})
    socket.on('end', () => socket.end())
    socket.on('data', chunk => {
      taken += chunk.length
      if (taken === chunk.length) {
        socket.pause()
        go = () => socket.resume()
      }
      if (taken >= total) socket.write('HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
    })
  })
  const client = await RawClient.connect(proxy.ports.http as number)
  let sent = 0
  const chunk = Buffer.alloc(64 * 1024, 'y')
  const grown = await growth(async () => {
    client.write(req('POST /stall', [`content-length: ${total}`]))
    client.pump(() => (sent < total ? ((sent += chunk.length), chunk) : undefined))
    await settled(() => sent)
  })
  assert.ok(sent < total / 2, `the client could send ${sent / mib} MiB`)
  assert.ok(grown < slack, `RSS grew by ${grown / mib} MiB`)
  go()
  await client.waitFor(c => c.text.includes('200 OK'), 'the response', 30_000)
  client.destroy()
  await allClosed()
})

test('a flood of connections beyond the listener limit is turned away, those within are served', async () => {
  const port = proxy.ports.limited as number
  const clients: RawClient[] = []
  for (let i = 0; i < 5; i += 1) clients.push(await RawClient.connect(port))
  await proxy.waitForStats(stats => stats.get('http.limited.downstream_cx_active') === 5, 'five connections')
  for (let i = 0; i < 100; i += 1) {
    const extra = await RawClient.connect(port)
    await extra.waitFor(c => c.peer !== 'open', 'the connection to be refused')
    assert.equal(extra.text, '')
    extra.destroy()
  }
  upstream.script([])
  for (const client of clients) {
    client.write(req('GET /'))
    await client.waitFor(c => c.text.includes('200 OK'), 'the answer')
    client.destroy()
  }
  await proxy.waitForStats(stats => stats.get('http.limited.downstream_cx_active') === 0, 'the connections to close')
  assert.equal((await proxy.stats()).get('listener.limited.downstream_cx_overflow'), 100)
  await serves('limited')
})

test('thousands of broken connections leave nothing behind', async () => {
  const broken = [
    '\x00\x01\x02garbage\r\n\r\n',
    'GET / HTTP/1.1\r\nhost',
    req('POST /', ['transfer-encoding: chunked'], 'zz\r\n'),
    '',
  ]
  const round = async (): Promise<void> => {
    for (let i = 0; i < 1000; i += 20) {
      const clients = await Promise.all(Array.from({ length: 20 }, () => RawClient.connect(proxy.ports.http as number)))
      for (const [j, client] of clients.entries()) {
        client.write(broken[j % broken.length] as string)
        client.end()
      }
      for (const client of clients) await client.waitFor(c => c.peer !== 'open', 'the connection to close')
      for (const client of clients) client.destroy()
    }
  }
  await round()
  await allClosed()
  const grown = await growth(async () => {
    await round()
    await round()
    await allClosed()
  })
  assert.ok(grown < slack, `RSS grew by ${grown / mib} MiB`)
  await serves()
})

test('pipelined requests whose answers are not read are bounded', async () => {
  upstream.script([res('200 OK', [], 'x'.repeat(10_000))])
  const client = await RawClient.connect(proxy.ports.http as number)
  client.pause()
  let sent = 0
  const many = Buffer.from(req('GET /').repeat(100))
  const grown = await growth(async () => {
    client.pump(() => (sent < 20_000 ? ((sent += 100), many) : undefined))
    await settled(() => upstream.requests.length)
  })
  assert.ok(upstream.requests.length < 20_000, `${upstream.requests.length} requests reached the upstream`)
  assert.ok(grown < slack, `RSS grew by ${grown / mib} MiB`)
  client.reset()
  await serves()
  await allClosed()
})
