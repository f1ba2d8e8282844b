/** Fields of `http2_protocol_options` that a client can see; `SLUICE_TEST_PROXY=envoy` runs the same against Envoy. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { FrameType, pingFrame, rstStreamFrame } from '../../src/codec/http2/framing.ts'
import { cluster, http } from '../golden/case.ts'
import { block, clientStart, end, endHeaders, frame, FrameLog, headers, request } from '../support/http2-frames.ts'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'

const kind: ProxyKind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'

/** Accepts and never answers. */
const silent = createServer(socket => socket.on('error', () => {}).resume())

describe('HTTP/2 options', () => {
  let proxy: ProxyProcess
  before(async () => {
    silent.listen(0, '127.0.0.1')
    await once(silent, 'listening')
    const routes = [
      { match: { prefix: '/direct' }, direct_response: { status: 200, body: { inline_string: 'hi' } } },
      { match: { prefix: '/' }, route: { cluster: 'silent', timeout: '0s' } },
    ]
    const listener = (name: string, options: JsonObject): JsonObject =>
      http({ name, routes, hcm: { http2_protocol_options: options, max_request_headers_kb: 400, access_log: [] } })
    proxy = await ProxyProcess.start(kind, {
      static_resources: {
        listeners: [
          listener('plain', {}),
          listener('few_resets', { stream_reset_burst: 3, stream_reset_rate: 1 }),
          listener('long_fields', { max_header_field_size_kb: 100 }),
          listener('settings', {
            hpack_table_size: 100,
            max_concurrent_streams: 7,
            initial_stream_window_size: 70_000,
            initial_connection_window_size: 80_000,
            allow_connect: true,
            custom_settings_parameters: [{ identifier: 99, value: 5 }],
          }),
        ],
        clusters: [cluster('silent', [String((silent.address() as AddressInfo).port)])],
      },
    })
  })
  after(async () => {
    await proxy.stop()
    silent.close()
  })

  async function send(listener: string, frames: string): Promise<{ seen: string[]; closed: boolean }> {
    const client = await RawClient.connect(proxy.ports[listener] ?? 0)
    const log = new FrameLog()
    let taken = 0
    client.write(clientStart + frames + pingFrame(Buffer.from('sentinel'), false))
    const pings = (count: number) => (): boolean => {
      log.push(client.received.subarray(taken))
      taken = client.received.length
      return client.peer !== 'open' || log.seen.filter(line => line.startsWith('ping')).length >= count
    }
    await client.waitFor(pings(1), 'the answer to PING')
    if (client.peer === 'open') client.write(pingFrame(Buffer.from('sentinel'), false))
    await client.waitFor(pings(2), 'the answer to the second PING')
    const closed = client.peer !== 'open'
    client.destroy()
    return { seen: log.seen, closed }
  }

  const resets = (count: number): string =>
    Array.from(
      { length: count },
      (_, i) => headers(1 + 2 * i, request('/wait'), 0) + rstStreamFrame(1 + 2 * i, 8),
    ).join('')

  test('stream_reset_burst: so many streams may be reset, the next ends the connection', async () => {
    assert.equal((await send('few_resets', resets(3))).closed, false)
    const { seen, closed } = await send('few_resets', resets(4))
    assert.equal(closed, true)
    assert.ok(
      seen.some(line => /^goAway \d+ internalError/.test(line)),
      seen.join('\n'),
    )
    assert.equal((await send('plain', resets(4))).closed, false)
  })

  function withField(kib: number): string {
    const bytes = block(request('/direct', ['x', 'v'.repeat(kib * 1024)]))
    let frames = frame(FrameType.headers, end, 1, bytes.slice(0, 16_384))
    for (let at = 16_384; at < bytes.length; at += 16_384) {
      const last = at + 16_384 >= bytes.length
      frames += frame(FrameType.continuation, last ? endHeaders : 0, 1, bytes.slice(at, at + 16_384))
    }
    return frames
  }

  test('max_header_field_size_kb: one field may be so long, 64 KiB without', async () => {
    for (const [listener, kib, refused] of [
      ['plain', 64, false],
      ['plain', 65, true],
      ['long_fields', 100, false],
      ['long_fields', 101, true],
    ] as const) {
      const { seen, closed } = await send(listener, withField(kib))
      assert.equal(closed, refused, `${listener} ${kib}`)
      const answered = seen.some(line => line.startsWith('headers 1 :status=200'))
      const failed = seen.some(line => /^goAway \d+ compressionError/.test(line))
      assert.deepEqual([answered, failed], [!refused, refused], `${listener} ${kib}`)
    }
  })

  test('SETTINGS and the window of the connection are told', async () => {
    const { seen } = await send('settings', '')
    const told = seen.find(line => line.startsWith('settings '))
    assert.deepEqual(told?.split(' ').slice(1).sort(), ['1=100', '3=7', '4=70000', '8=1', '99=5'])
    assert.ok(seen.includes(`windowUpdate 0 +${80_000 - 65_535}`), seen.join('\n'))
  })
})
