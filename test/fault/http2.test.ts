/**
 * HTTP/2 peers that flood, stall or break rules: the connection ends, its counter says why, the worker goes on serving, memory
 * stays bounded.
 */
import assert from 'node:assert/strict'
import http2 from 'node:http2'
import { after, before, test } from 'node:test'
import {
  FrameType,
  pingFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from '../../src/codec/http2/framing.ts'
import { Setup } from '../http2/setup.ts'
import { block, clientStart, data, end, frame, headers, request } from '../support/http2-frames.ts'
import { processTree, rssOf } from '../support/process-meter.ts'
import { RawClient } from '../support/raw-client.ts'

const mib = 1 << 20
const chunk = Buffer.alloc(64 * 1024, 'x')
let setup: Setup
/** Upstream answers that were cut short by the proxy. */
let cut = 0

before(async () => {
  setup = await Setup.start((incoming, response) => {
    incoming.on('error', () => {})
    response.on('error', () => {})
    response.on('close', () => (cut += response.writableFinished ? 0 : 1))
    if (!incoming.url.endsWith('/big')) return
    let left = 100 * mib
    response.writeHead(200)
    const more = (): void => {
      while (left > 0) {
        left -= chunk.length
        if (!response.write(chunk)) {
          response.once('drain', more)
          return
        }
      }
      response.end()
    }
    more()
  })
})

after(async () => {
  await setup?.stop()
})

async function serves(): Promise<void> {
  const session = setup.connect()
  const stream = session.request({ ':path': '/direct' })
  let body = ''
  for await (const part of stream) body += String(part)
  assert.equal(body, 'direct\n')
  session.destroy()
}

/** Sends the bytes and waits until the proxy has closed. */
async function flood(bytes: string): Promise<void> {
  const client = await RawClient.connect(setup.port)
  client.write(bytes)
  await client.waitFor(each => each.peer !== 'open', 'the connection to be closed')
  client.destroy()
}

async function counter(name: string): Promise<number> {
  return (await setup.proxy.stats()).get(name) ?? 0
}

const post = request('/hang', [], 'POST')

for (const [name, counterName, bytes] of [
  ['empty DATA', 'http2.inbound_empty_frames_flood', headers(1, post, 0) + data(1, '').repeat(100)],
  [
    'empty CONTINUATION',
    'http2.inbound_empty_frames_flood',
    frame(FrameType.headers, end, 1, block(post)) + frame(FrameType.continuation, 0, 1).repeat(1000),
  ],
  ['PRIORITY', 'http2.inbound_priority_frames_flood', frame(FrameType.priority, 0, 1, '\0\0\0\0\x10').repeat(1000)],
  ['WINDOW_UPDATE', 'http2.inbound_window_update_frames_flood', windowUpdateFrame(0, 1).repeat(1000)],
  ['PING', 'http2.outbound_control_flood', pingFrame(Buffer.alloc(8), false).repeat(20_000)],
  ['SETTINGS', 'http2.outbound_control_flood', settingsFrame([]).repeat(20_000)],
  [
    'RST_STREAM provoked',
    'http2.outbound_control_flood',
    Array.from({ length: 1024 }, (_, i) => headers(i * 2 + 1, post, 0)).join('') +
      Array.from({ length: 5000 }, (_, i) => headers(2049 + i * 2, post, 0)).join(''),
  ],
] as const)
  test(`${name} flood`, async () => {
    const before = await counter(counterName)
    await flood(clientStart + bytes)
    assert.equal((await counter(counterName)) - before, 1)
    await serves()
  })

test('CONTINUATION without end stops at the limit of header bytes', async () => {
  const before = await counter('http2.header_overflow')
  const endless = frame(FrameType.continuation, 0, 1, 'x'.repeat(16_000)).repeat(200)
  await flood(clientStart + frame(FrameType.headers, end, 1, 'x') + endless)
  assert.equal((await counter('http2.header_overflow')) - before, 1)
})

test('HPACK bomb: one big field, a thousand times by its index', async () => {
  const rss = rssOf(processTree(setup.proxy.pid))
  const client = await RawClient.connect(setup.port)
  client.write(clientStart + headers(1, request('/direct', ['bomb', 'x'.repeat(3900)])))
  for (let id = 3; id < 600; id += 2) {
    const bomb = block(request('/direct')) + '\xbe'.repeat(15_000)
    client.write(frame(FrameType.headers, end | 4, id, bomb))
  }
  await setup.proxy.waitForStats(
    stats => (stats.get('http2.header_overflow') ?? 0) + (stats.get('http2.header_list_size_too_large') ?? 0) >= 200,
    'the requests to be refused',
  )
  client.destroy()
  assert.ok(rssOf(processTree(setup.proxy.pid)) - rss < 64 * mib)
  await serves()
})

test('rapid reset ends the connection', async () => {
  const before = await counter('http.auto.downstream_rq_too_many_premature_resets')
  let bytes = clientStart
  for (let id = 1; id < 4000; id += 2) bytes += headers(id, request('/hang')) + rstStreamFrame(id, 8)
  await flood(bytes)
  assert.equal((await counter('http.auto.downstream_rq_too_many_premature_resets')) - before, 1)
  assert.ok((await counter('http2.rx_reset')) < 1000)
  await serves()
})

test('resets that we are provoked to send count as rapid reset too', async () => {
  const before = await counter('http.auto.downstream_rq_too_many_premature_resets')
  let bytes = clientStart
  for (let id = 1; id < 4000; id += 2)
    bytes += headers(id, request('/hang', ['content-length', '1'], 'POST'), 0) + data(id, 'xx')
  await flood(bytes)
  assert.equal((await counter('http.auto.downstream_rq_too_many_premature_resets')) - before, 1)
})

test('200 slow readers of a big answer hold little, and give it back', async () => {
  await serves()
  const rss = rssOf(processTree(setup.proxy.pid))
  const sessions = Array.from({ length: 20 }, () => {
    const session = http2.connect(`http://127.0.0.1:${setup.port}`, { settings: { initialWindowSize: 65_535 } })
    session.on('error', () => {})
    return session
  })
  const streams = sessions.flatMap(session =>
    Array.from({ length: 10 }, (_, i) => {
      const stream = session.request({ ':path': i % 2 === 0 ? '/h1/big' : '/big' })
      stream.on('error', () => {})
      stream.pause()
      return stream
    }),
  )
  await setup.proxy.waitForStats(
    stats =>
      stats.get('http.auto.downstream_rq_active') === 200 &&
      (stats.get('cluster.h1.upstream_flow_control_paused_reading_total') ?? 0) >= 100,
    'all answers to stall',
  )
  const grown = rssOf(processTree(setup.proxy.pid)) - rss
  assert.ok(grown < 64 * mib, `${grown / mib} MiB more`)
  for (const stream of streams) stream.close()
  await setup.proxy.waitForStats(
    stats => stats.get('http2.pending_send_bytes') === 0 && stats.get('cluster.h1.upstream_rq_active') === 0,
    'everything to be given up',
  )
  for (const session of sessions) session.destroy()
  assert.ok(cut >= 100)
  await serves()
})
