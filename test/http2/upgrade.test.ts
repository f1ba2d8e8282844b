/** Upgrades between HTTP/1 and extended CONNECT (RFC 8441), in every pairing. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import http from 'node:http'
import http2 from 'node:http2'
import type { AddressInfo, Server, Socket } from 'node:net'
import { after, before, describe, it } from 'node:test'
import { cluster, http as httpListener } from '../golden/case.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { http2Cluster } from './setup.ts'

let proxy: ProxyProcess
const servers: Server[] = []
const open = new Set<{ destroy(): unknown }>()

before(async () => {
  const h1 = http.createServer()
  h1.on('upgrade', (request: http.IncomingMessage, socket: Socket) => {
    open.add(socket)
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: ${request.headers.upgrade}\r\n\r\n`,
    )
    socket.pipe(socket)
  })
  const h2 = http2.createServer({ settings: { enableConnectProtocol: true } })
  h2.on('session', session => open.add(session))
  h2.on('stream', (stream: http2.ServerHttp2Stream, headers) => {
    stream.on('error', () => {})
    stream.respond({ ':status': 200, 'x-protocol': String(headers[':protocol']) })
    stream.pipe(stream)
  })
  const ports: number[] = []
  for (const server of [h1, h2]) {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    ports.push((server.address() as AddressInfo).port)
    servers.push(server)
  }
  const [h1Port = 0, h2Port = 0] = ports
  proxy = await ProxyProcess.start('sluice', {
    static_resources: {
      listeners: [
        httpListener({
          name: 'ws',
          routes: [
            { match: { prefix: '/h1' }, route: { cluster: 'h1', timeout: '0s' } },
            { match: { prefix: '/h2' }, route: { cluster: 'h2', timeout: '0s' } },
          ],
          hcm: { upgrade_configs: [{ upgrade_type: 'websocket' }], http2_protocol_options: { allow_connect: true } },
        }),
      ],
      clusters: [cluster('h1', [String(h1Port)]), http2Cluster('h2', h2Port, { allow_connect: true })],
    },
  })
})

after(async () => {
  await proxy?.stop()
  for (const each of open) each.destroy()
  for (const server of servers) server.close()
})

async function echoes(stream: NodeJS.ReadWriteStream): Promise<void> {
  for (const text of ['hello', 'again']) {
    stream.write(text)
    const [answer] = (await once(stream, 'data')) as [Buffer]
    assert.equal(answer.toString(), text)
  }
}

describe('websocket', () => {
  for (const path of ['/h1', '/h2']) {
    it(`HTTP/2 to ${path}`, async () => {
      const session = http2.connect(`http://127.0.0.1:${proxy.ports['ws']}`)
      await once(session, 'remoteSettings')
      assert.equal(session.remoteSettings.enableConnectProtocol, true)
      const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': path })
      const [headers] = (await once(stream, 'response')) as [http2.IncomingHttpStatusHeader]
      assert.equal(headers[':status'], 200)
      await echoes(stream)
      session.destroy()
      await proxy.waitForStats(
        stats => stats.get('http.ws.downstream_cx_upgrades_active') === 0,
        'the end of the tunnel',
      )
    })

    it(`HTTP/1 to ${path}`, async () => {
      const request = http.get({
        port: proxy.ports['ws'],
        path,
        agent: false,
        headers: { connection: 'upgrade', upgrade: 'websocket' },
      })
      const [response, socket] = (await once(request, 'upgrade')) as [http.IncomingMessage, Socket]
      assert.equal(response.statusCode, 101)
      assert.equal(response.headers['x-protocol'], path === '/h2' ? 'websocket' : undefined)
      await echoes(socket)
      socket.destroy()
    })
  }
})
