/** CONNECT-UDP that ends at a UDP upstream, from HTTP/1 and HTTP/2. */
import assert from 'node:assert/strict'
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { after, before, describe, test } from 'node:test'
import { cluster, http } from './golden/case.ts'
import { clientStart, data, end, FrameLog, headers } from './support/http2-frames.ts'
import { ProxyProcess } from './support/proxy-process.ts'
import { RawClient } from './support/raw-client.ts'

describe('CONNECT-UDP', () => {
  const echo = createSocket('udp4')
  const received: string[] = []
  let proxy: ProxyProcess
  let path = ''

  before(async () => {
    echo.on('message', (message, { port, address }) => {
      received.push(message.toString('latin1'))
      echo.send(Buffer.concat([Buffer.from('re:'), message]), port, address)
    })
    echo.bind(0, '127.0.0.1')
    await once(echo, 'listening')
    const { port } = echo.address()
    path = `/.well-known/masque/udp/127.0.0.1/${port}/`
    proxy = await ProxyProcess.start('sluice', {
      static_resources: {
        listeners: [
          http({
            name: 'udp',
            routes: [
              {
                match: { connect_matcher: {} },
                route: { cluster: 'udp', upgrade_configs: [{ upgrade_type: 'CONNECT-UDP', connect_config: {} }] },
              },
            ],
            hcm: { http2_protocol_options: { allow_connect: true } },
          }),
        ],
        clusters: [cluster('udp', [String(port)])],
      },
    })
  })
  after(async () => {
    await proxy.stop()
    echo.close()
  })

  const request = (): string =>
    `GET ${path} HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: connect-udp\r\ncapsule-protocol: ?1\r\n\r\n`

  test('HTTP/1: 101, then each capsule is a datagram, and each datagram a capsule', async () => {
    received.length = 0
    const client = await RawClient.connect(proxy.ports['udp'] ?? 0)
    client.write(`${request()}\0\x03\0ab\0\x04`)
    await client.waitFor(c => c.text.includes('\0\x06\0re:ab'), 'the first answer')
    assert.match(client.text, /^HTTP\/1\.1 101 [^]*\r\nupgrade: connect-udp\r\n[^]*capsule-protocol: \?1\r\n/)
    // The rest of the second, a capsule of a type that nobody knows, a datagram of another context.
    client.write('\0xyz\x41\x02\x02zz\0\x03\x01cd\0\x02\0!')
    await client.waitFor(c => c.text.endsWith('\0\x05\0re:!'), 'the last answer')
    assert.deepEqual(received, ['ab', 'xyz', '!'])
    client.destroy()
  })

  test('HTTP/2: extended CONNECT is answered 200', async () => {
    const client = await RawClient.connect(proxy.ports['udp'] ?? 0)
    const list = [':method', 'CONNECT', ':protocol', 'connect-udp', ':path', path, ':scheme', 'http', ':authority', 'x']
    client.write(clientStart + headers(1, list, 0) + data(1, '\0\x03\0ab'))
    const log = new FrameLog()
    let taken = 0
    const seen = (wanted: string) => (): boolean => {
      log.push(client.received.subarray(taken))
      taken = client.received.length
      return log.seen.some(line => line.startsWith(wanted))
    }
    await client.waitFor(seen('data 1 \0\x06\0re:ab'), 'the answer')
    assert.ok(
      log.seen.some(line => /^headers 1 :status=200 .*capsule-protocol=\?1/.test(line)),
      log.seen.join('\n'),
    )
    client.write(data(1, '', end))
    await client.waitFor(seen('data 1 end'), 'the end')
    client.destroy()
  })

  test('what is no capsule ends the tunnel', async () => {
    for (const bytes of ['\0\0', '\0\xbf\xff\xff\xff']) {
      const client = await RawClient.connect(proxy.ports['udp'] ?? 0)
      client.write(request() + bytes)
      await client.waitFor(c => c.peer !== 'open', 'the end of the tunnel')
      client.destroy()
    }
  })

  test('nothing is left open', async () => {
    await proxy.waitForStats(stats => stats.get('cluster.udp.upstream_rq_active') === 0, 'no active requests')
    await proxy.waitForStats(stats => stats.get('http.udp.downstream_cx_upgrades_active') === 0, 'no upgrades')
  })
})
