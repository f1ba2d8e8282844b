/** Connections that are drained say so with GOAWAY in two steps, and end when their answers have been taken. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { settingsFrame, windowUpdateFrame } from '../../src/codec/http2/framing.ts'
import { clientPreface } from '../../src/codec/http2/server.ts'
import type { JsonObject } from '../support/proxy-process.ts'
import { clientStart, FrameLog, headers, request } from '../support/http2-frames.ts'
import { RawClient } from '../support/raw-client.ts'
import { Setup } from './setup.ts'

async function withProxy(hcm: JsonObject, work: (setup: Setup, client: RawClient) => Promise<void>): Promise<void> {
  const setup = await Setup.start((_request, response) => response.end('x'.repeat(100)), hcm)
  try {
    const client = await RawClient.connect(setup.port)
    await work(setup, client)
    client.destroy()
  } finally {
    await setup.stop()
  }
}

function framesOf(client: RawClient): string[] {
  const log = new FrameLog()
  log.push(client.received)
  return log.take().map(line => line.replace(/ :status.*/, ''))
}

const sees = (text: string) => (client: RawClient) => framesOf(client).some(line => line.startsWith(text))

test('after max_requests_per_connection', async () => {
  const hcm = { drain_timeout: '0.1s', common_http_protocol_options: { max_requests_per_connection: 2 } }
  await withProxy(hcm, async (setup, client) => {
    client.write(clientStart + headers(1, request('/direct')))
    await client.waitFor(sees('data 1'), 'the first answer')
    client.write(headers(3, request('/direct')))
    await client.waitFor(each => each.peer === 'closed', 'the end of the connection')
    assert.deepEqual(framesOf(client), [
      'headers 1',
      'data 1 end direct\n',
      'goAway 2147483647 noError',
      'headers 3',
      'data 3 end direct\n',
      'goAway 3 noError',
    ])
    const stats = await setup.proxy.stats()
    assert.equal(stats.get('http.auto.downstream_cx_max_requests_reached'), 1)
    assert.equal(stats.get('http2.goaway_sent'), 1)
  })
})

test('an idle connection', async () => {
  const hcm = { drain_timeout: '0.05s', common_http_protocol_options: { idle_timeout: '0.1s' } }
  await withProxy(hcm, async (setup, client) => {
    client.write(clientStart)
    await client.waitFor(each => each.peer === 'closed', 'the end of the connection')
    assert.deepEqual(framesOf(client), ['goAway 2147483647 noError', 'goAway 0 noError'])
    assert.equal((await setup.proxy.stats()).get('http.auto.downstream_cx_idle_timeout'), 1)
  })
})

test('an answer that waits for the window is still sent whole', async () => {
  const hcm = { drain_timeout: '0.05s', common_http_protocol_options: { max_requests_per_connection: 1 } }
  await withProxy(hcm, async (_setup, client) => {
    client.write(clientPreface + settingsFrame([4, 10]) + headers(1, request('/h1/')))
    await client.waitFor(sees('goAway 1 '), 'the second GOAWAY')
    assert.equal(client.peer, 'open')
    client.write(windowUpdateFrame(1, 1000))
    await client.waitFor(each => each.peer === 'closed', 'the end of the connection')
    const body = framesOf(client).filter(line => line.startsWith('data'))
    assert.equal(body.join('').replaceAll(/data 1 (end )?/g, '').length, 100)
  })
})

test('the flush timeout gives up on a client that takes nothing', async () => {
  await withProxy({ stream_idle_timeout: '0.2s' }, async (setup, client) => {
    client.write(clientPreface + settingsFrame([4, 10]) + headers(1, request('/h1/')))
    await client.waitFor(sees('rstStream 1'), 'the reset')
    const stats = await setup.proxy.stats()
    assert.equal(stats.get('http2.tx_flush_timeout'), 1)
    assert.equal(stats.get('http2.pending_send_bytes'), 0)
  })
})
