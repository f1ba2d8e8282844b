/** METADATA frames through the proxy; `SLUICE_TEST_PROXY=envoy` runs the same against Envoy. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import {
  endMetadata,
  metadataFrameType,
  pingFrame,
  settingsAckFrame,
  settingsFrame,
} from '../../src/codec/http2/framing.ts'
import { cluster, http } from '../golden/case.ts'
import { block, clientStart, data, end, frame, FrameLog, headers, request } from '../support/http2-frames.ts'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { http2Cluster } from './setup.ts'

const kind: ProxyKind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'
const metadata = (stream: number, list: readonly string[]): string =>
  frame(metadataFrameType, endMetadata, stream, block(list))

/** What the upstream has seen, a line a frame; it answers every request with METADATA around headers and data. */
const seen: string[] = []
const upstream = createServer(socket => {
  const log = new FrameLog({ skipPreface: true })
  const write = (frames: string): boolean => socket.write(Buffer.from(frames, 'latin1'))
  write(settingsFrame([]) + settingsAckFrame)
  socket.on('error', () => {})
  socket.on('data', bytes => {
    log.push(bytes)
    for (const line of log.take()) {
      seen.push(line.replace(/ x-forwarded.*/, ''))
      const id = Number(/^(?:headers|data) (\d+) end/.exec(line)?.[1] ?? 0)
      if (id > 0)
        write(
          metadata(id, ['early', '1']) +
            headers(id, [':status', '200'], 0) +
            metadata(id, ['in', 'the middle']) +
            data(id, 'hi') +
            metadata(id, ['late', '2']) +
            data(id, '', end),
        )
    }
  })
})

describe('METADATA', () => {
  let proxy: ProxyProcess
  before(async () => {
    upstream.listen(0, '127.0.0.1')
    await once(upstream, 'listening')
    const { port } = upstream.address() as AddressInfo
    const routes = [
      { match: { prefix: '/h1' }, route: { cluster: 'h1' } },
      { match: { prefix: '/direct' }, direct_response: { status: 200 } },
      { match: { prefix: '/' }, route: { cluster: 'h2' } },
    ]
    const listener = (name: string, options: JsonObject): JsonObject =>
      http({ name, routes, hcm: { http2_protocol_options: options, access_log: [] } })
    proxy = await ProxyProcess.start(kind, {
      static_resources: {
        listeners: [
          listener('allowed', { allow_metadata: true }),
          listener('not_allowed', {}),
          listener('small', { allow_metadata: true, max_metadata_size: 20 }),
        ],
        clusters: [http2Cluster('h2', port, { allow_metadata: true }), cluster('h1', [String(port)])],
      },
    })
  })
  after(async () => {
    await proxy.stop()
    upstream.close()
  })

  /** METADATA of one exchange as client and upstream saw it. */
  async function exchange(
    frames: string,
    listener = 'allowed',
  ): Promise<{ client: readonly string[]; upstream: readonly string[]; closed: boolean }> {
    seen.length = 0
    const client = await RawClient.connect(proxy.ports[listener] ?? 0)
    const log = new FrameLog()
    let taken = 0
    client.write(clientStart + frames + pingFrame(Buffer.from('sentinel'), false))
    await client.waitFor(c => {
      log.push(c.received.subarray(taken))
      taken = c.received.length
      return c.peer !== 'open' || log.seen.some(line => /^(data|headers) \d+ end/.test(line))
    }, 'the answer')
    const closed = client.peer !== 'open'
    client.destroy()
    const only = (lines: readonly string[]): string[] =>
      lines.filter(line => line.startsWith('metadata')).map(line => line.replace(/^metadata \d+ /, ''))
    return { client: only(log.seen), upstream: only(seen), closed }
  }
  const get = headers(1, request('/'))
  const post = headers(1, request('/', [], 'POST'), 0)
  const rest = data(1, 'x', end)

  test('of requests and responses goes to the other side', async () => {
    const { client, upstream: sent } = await exchange(
      post + metadata(1, ['a', 'b', 'c', 'd']) + metadata(1, ['e', 'f']) + rest,
    )
    assert.deepEqual(sent.map(sorted), ['a=b c=d', 'e=f'])
    assert.deepEqual([...client].sort(), ['early=1', 'in=the middle', 'late=2'])
  })

  test('may come in several frames', async () => {
    const bytes = block(['a', 'long enough to be cut', 'b', 'c'])
    const { upstream: sent } = await exchange(
      `${post}${frame(metadataFrameType, 0, 1, bytes.slice(0, 7))}${frame(metadataFrameType, endMetadata, 1, bytes.slice(7))}${rest}`,
    )
    assert.deepEqual(sent.map(sorted), ['a=long enough to be cut b=c'])
  })

  test('of a name that is there twice, the first counts', async () => {
    assert.deepEqual((await exchange(post + metadata(1, ['a', '1', 'a', '2']) + rest)).upstream, ['a=1'])
  })

  test('before the headers, after the end or on no stream is dropped; so is an empty block', async () => {
    assert.deepEqual((await exchange(metadata(1, ['a', 'b']) + get)).upstream, [])
    assert.deepEqual((await exchange(get + metadata(1, ['a', 'b']))).upstream, [])
    assert.deepEqual((await exchange(metadata(0, ['a', 'b']) + get)).upstream, [])
    const empty = await exchange(post + frame(metadataFrameType, endMetadata, 1, '') + rest)
    assert.deepEqual(empty.upstream, [])
    assert.equal((await proxy.stats()).get('http2.metadata_empty_frames'), 1)
  })

  test('is ignored where it is not allowed', async () => {
    assert.deepEqual(await exchange(post + metadata(1, ['a', 'b']) + rest, 'not_allowed'), {
      client: [],
      upstream: [],
      closed: false,
    })
  })

  test('that is bad or too big ends the connection', async () => {
    assert.equal((await exchange(post + frame(metadataFrameType, endMetadata, 1, '\xff\xff\xff\xff\xff'))).closed, true)
    assert.equal((await exchange(post + metadata(1, ['a', 'b'.repeat(30)]), 'small')).closed, true)
    assert.equal((await exchange(post + metadata(1, ['a', 'b']) + rest, 'small')).closed, false)
  })

  test('to a direct response is dropped', async () => {
    const direct = headers(1, request('/direct', [], 'POST'), 0)
    assert.deepEqual((await exchange(direct + metadata(1, ['a', 'b']) + rest)).upstream, [])
  })
})

function sorted(line: string): string {
  return line
    .replaceAll(/ (?=\w+=)/g, '\n')
    .split('\n')
    .sort()
    .join(' ')
}
