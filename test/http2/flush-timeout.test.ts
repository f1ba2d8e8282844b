/** An answer that waits for the client's window in vain: whose timeout ends it. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { settingsFrame } from '../../src/codec/http2/framing.ts'
import { http } from '../golden/case.ts'
import { clientStart, FrameLog, headers, request } from '../support/http2-frames.ts'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'

const kind: ProxyKind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'
const initialWindowSize = 4

describe('stream_flush_timeout', () => {
  let proxy: ProxyProcess
  before(async () => {
    const body = { status: 200, body: { inline_string: 'more than the window' } }
    const listener = (name: string, hcm: JsonObject): JsonObject =>
      http({ name, routes: [{ match: { prefix: '/' }, direct_response: body }], hcm: { access_log: [], ...hcm } })
    proxy = await ProxyProcess.start(kind, {
      static_resources: {
        listeners: [
          listener('own', { stream_flush_timeout: '0.05s' }),
          listener('idle', { stream_idle_timeout: '0.05s' }),
          listener('longer', { stream_idle_timeout: '0.05s', stream_flush_timeout: '600s' }),
        ],
      },
    })
  })
  after(() => proxy.stop())

  /** @returns what came before the stream was reset, or before `others` was */
  async function stall(listener: string, untilReset: boolean): Promise<string[]> {
    const client = await RawClient.connect(proxy.ports[listener] ?? 0)
    client.write(clientStart + settingsFrame([initialWindowSize, 4]) + headers(1, request('/')))
    const log = new FrameLog()
    let taken = 0
    await client.waitFor(c => {
      log.push(c.received.subarray(taken))
      taken = c.received.length
      return log.seen.some(line => (untilReset ? line.startsWith('rstStream 1') : line.startsWith('data 1')))
    }, 'the stream to be reset')
    client.destroy()
    return log.seen.filter(line => /^(data|rstStream) 1/.test(line))
  }

  test('the connection manager has one of its own', async () => {
    const [data, reset] = await stall('own', true)
    assert.equal(data, 'data 1 more')
    assert.match(reset ?? '', /^rstStream 1 /)
  })

  test('without, it is the idle timeout', async () => {
    assert.equal((await stall('idle', true)).length, 2)
    assert.equal((await proxy.stats()).get('http2.tx_flush_timeout'), 2)
  })

  test('it goes before the idle timeout', async () => {
    await stall('longer', false)
    // The other listener's timeouts would have passed for this stream too.
    await stall('own', true)
    assert.equal((await proxy.stats()).get('http2.tx_flush_timeout'), 3)
  })
})
