/** WebSockets of a real client and server through the proxy: both ways, slow readers, closing codes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { WebSocket, WebSocketServer } from 'ws'
import { cluster, http } from './golden/case.ts'
import { ProxyProcess } from './support/proxy-process.ts'

let proxy: ProxyProcess
let server: WebSocketServer

before(async () => {
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'chat' })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const configuration = {
    static_resources: {
      listeners: [http({ hcm: { upgrade_configs: [{ upgrade_type: 'websocket' }] } })],
      clusters: [cluster('a', [port as unknown as string])],
    },
  }
  proxy = await ProxyProcess.start('sluice', configuration)
})

after(async () => {
  await proxy.stop()
  server.close()
})

/** Both ends of a WebSocket through the proxy. */
async function open(): Promise<{ client: WebSocket; peer: WebSocket }> {
  const accepted = once(server, 'connection') as Promise<[WebSocket]>
  const client = new WebSocket(`ws://127.0.0.1:${proxy.ports['http']}/chat`, ['chat'])
  await once(client, 'open')
  const [peer] = await accepted
  return { client, peer }
}

const message = async (socket: WebSocket): Promise<string> => {
  const [data] = (await once(socket, 'message')) as [Buffer]
  return data.toString()
}

test('messages pass both ways, and the subprotocol is agreed', async () => {
  const { client, peer } = await open()
  assert.equal(client.protocol, 'chat')
  const toServer = message(peer)
  client.send('hello')
  assert.equal(await toServer, 'hello')
  const toClient = message(client)
  peer.send('and back')
  assert.equal(await toClient, 'and back')
  client.terminate()
  await once(peer, 'close')
})

test('a closing handshake passes with its code', async () => {
  const { client, peer } = await open()
  const closed = once(client, 'close') as Promise<[number, Buffer]>
  peer.close(4001, 'enough')
  const [code, reason] = await closed
  assert.deepEqual([code, reason.toString()], [4001, 'enough'])
})

test('a reader that does not read stops the sender; all arrives once it does', async () => {
  const { client, peer } = await open()
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  client.pause()
  const total = 64
  for (let i = 0; i < total; i++) peer.send(chunk)
  const echo = message(peer)
  client.send('still there')
  assert.equal(await echo, 'still there', 'the other direction goes on')
  assert.ok(peer.bufferedAmount > 16 * chunk.length, `the server was stopped: ${peer.bufferedAmount} bytes wait`)
  let received = 0
  const done = new Promise<void>(resolve => {
    client.on('message', (data: Buffer) => {
      received += data.length
      if (received === total * chunk.length) resolve()
    })
  })
  client.resume()
  await done
  client.terminate()
})

test('the stats of upgrades', async () => {
  const { client } = await open()
  const stats = await proxy.stats()
  assert.ok((stats.get('http.http.downstream_cx_upgrades_total') ?? 0) >= 1)
  assert.ok((stats.get('http.http.downstream_cx_upgrades_active') ?? 0) >= 1)
  client.terminate()
})
