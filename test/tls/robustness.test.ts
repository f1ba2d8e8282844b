/** TLS against peers that are slow, rude or broken. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { after, before, describe, it } from 'node:test'
import tls from 'node:tls'
import { Sluice } from '../../src/index.ts'
import { type Certificates, noOpenssl, usualCertificates } from '../support/certificates.ts'
import { RawClient } from '../support/raw-client.ts'
import { cluster, downstream, echo, http, listener, pair, resources, tcpProxy, upstream } from './configuration.ts'

const bufferLimit = 64 * 1024

describe('TLS and peers that misbehave', { skip: noOpenssl, timeout: 60_000 }, () => {
  let certificates: Certificates
  let back: Sluice
  let proxy: Sluice
  before(async () => {
    certificates = usualCertificates()
    const server = downstream({ common_tls_context: { tls_certificates: [pair(certificates, 'server')] } })
    const client = upstream({
      common_tls_context: { validation_context: { trusted_ca: { filename: certificates.path('ca.pem') } } },
    })
    const limit = { per_connection_buffer_limit_bytes: bufferLimit }
    const hello = [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'hello' } } }]
    back = await Sluice.start({
      configYaml: resources([listener('echo', echo, server, limit), listener('web', http(hello), server)]),
    })
    proxy = await Sluice.start({
      configYaml: resources(
        [
          listener('tcp', tcpProxy('back'), server, limit),
          listener('http', http(hello), server),
          listener('named', http([{ match: { prefix: '/' }, route: { cluster: 'named' } }]), server),
          listener('impatient', http(hello), server, {}, { transport_socket_connect_timeout: '0.05s' }),
        ],
        [
          cluster('back', back.address('echo').port, client, limit),
          cluster('named', back.address('web').port, client, {
            circuit_breakers: { thresholds: [{ max_connection_pools: 2 }] },
            typed_extension_protocol_options: {
              'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
                '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
                common_http_protocol_options: { max_requests_per_connection: 1 },
                explicit_http_config: { http_protocol_options: {} },
                upstream_http_protocol_options: { auto_sni: true },
              },
            },
          }),
        ],
      ),
    })
  })
  after(async () => {
    await proxy?.close()
    await back?.close()
    certificates?.remove()
  })

  const connect = async (name: string, options: tls.ConnectionOptions = {}): Promise<tls.TLSSocket> => {
    const socket = tls.connect({
      host: '127.0.0.1',
      port: proxy.address(name).port,
      servername: 'example.test',
      ca: certificates.read('ca.pem'),
      ...options,
    })
    await once(socket, 'secureConnect')
    return socket
  }
  const ask = async (name: string): Promise<void> => {
    const socket = await connect(name)
    socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    let text = ''
    for await (const chunk of socket) text += String(chunk)
    assert.match(text, /^HTTP\/1\.1 200 OK\r\n.*hello$/s)
  }
  /** The first bytes of a client. */
  const clientHello = async (): Promise<Buffer> => {
    const server = net.createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const client = tls.connect({ host: '127.0.0.1', port: (server.address() as net.AddressInfo).port })
    client.on('error', () => undefined)
    const [socket] = (await once(server, 'connection')) as [net.Socket]
    const [bytes] = (await once(socket, 'data')) as [Buffer]
    socket.destroy()
    server.close()
    return bytes
  }

  it('a handshake that does not come to its end is given up', async () => {
    const stat = 'listener.impatient.downstream_cx_transport_socket_connect_timeout'
    const silent = await RawClient.connect(proxy.address('impatient').port)
    const half = await RawClient.connect(proxy.address('impatient').port)
    const hello = await clientHello()
    half.write(hello.subarray(0, hello.length / 2))
    const whole = await RawClient.connect(proxy.address('impatient').port)
    whole.write(hello)
    for (const each of [silent, half, whole]) await each.waitFor(() => each.peer !== 'open', 'the end')
    assert.equal(silent.text + half.text, '')
    assert.equal(proxy.stat(stat), 3)
    await ask('impatient')
    assert.equal(proxy.stat(stat), 3)
  })

  it('a ClientHello may come byte by byte', async () => {
    const port = proxy.address('http').port
    const relay = net.createServer(socket => {
      const server = net.connect({ port, host: '127.0.0.1', noDelay: true })
      server.pipe(socket)
      const sendSlowly = async (chunk: Buffer): Promise<void> => {
        socket.pause()
        for (let i = 0; i < chunk.length; i++) {
          server.write(chunk.subarray(i, i + 1))
          await new Promise(resolve => setImmediate(resolve))
        }
        socket.resume()
      }
      socket.on('data', (chunk: Buffer) => void sendSlowly(chunk))
      for (const each of [socket, server]) each.on('error', () => undefined)
    })
    relay.listen(0, '127.0.0.1')
    await once(relay, 'listening')
    const socket = await connect('http', { port: (relay.address() as net.AddressInfo).port })
    socket.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n')
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.match(answer.toString(), /hello$/)
    socket.destroy()
    relay.close()
  })

  it('what is no TLS is refused and counted', async () => {
    const stat = 'listener.http.ssl.connection_error'
    const before_ = proxy.stat(stat) ?? 0
    const hello = await clientHello()
    const broken = Buffer.from(hello)
    broken.fill(0xff, 11, 60)
    broken.writeUInt16BE(0xffff, 44)
    const attempts = {
      'a long record': '\x16\x03\x09\x40\x01\x01',
      http: 'GET / HTTP/1.1\r\n\r\n',
      zeros: '\0'.repeat(3000),
      'an alert': '\x15\x03\x01\0\x02\x02\x28',
      'a ServerHello': '\x16\x03\x01\0\x05\x02\0\0\x01\0',
      'a ClientHello that is too long': '\x16\x03\x01\0\x06\x01\xff\xff\xff\0\0',
      'a ClientHello that is broken': broken,
    }
    for (const [what, bytes] of Object.entries(attempts)) {
      const client = await RawClient.connect(proxy.address('http').port)
      client.write(bytes)
      await client.waitFor(() => client.peer !== 'open', what)
      assert.ok(!client.text.includes('HTTP/'))
    }
    assert.equal(proxy.stat(stat), before_ + Object.keys(attempts).length)
    await ask('http')
  })

  it('a peer that leaves in the middle of the handshake is forgotten', async () => {
    const hello = await clientHello()
    for (const bytes of [hello.subarray(0, 7), hello, Buffer.alloc(0)]) {
      const client = await RawClient.connect(proxy.address('tcp').port)
      if (bytes.length > 0) client.write(bytes)
      if (bytes === hello) await client.waitFor(() => client.received.length > 0, 'an answer')
      client.reset()
    }
    await untilIdle()
  })

  it('carries much in both directions, as fast as the slower side', async () => {
    const socket = await connect('tcp')
    const total = 24 * 1024 * 1024
    const chunk = Buffer.alloc(100_000, 'sluice')
    let sent = 0
    let room = true
    while (sent < total && room) {
      room = socket.write(chunk)
      sent += chunk.length
    }
    let received = 0
    socket.on('data', (data: Buffer) => {
      const expected = chunk[received % chunk.length]
      if (data[0] !== expected) assert.fail(`byte ${received}: ${data[0]}, not ${expected}`)
      received += data.length
    })
    while (sent < total) {
      sent += chunk.length
      if (!socket.write(chunk)) await once(socket, 'drain')
    }
    socket.end()
    await once(socket, 'end')
    assert.equal(received, sent)
    await untilIdle()
  })

  it('a client that does not read holds no more than the buffers', async () => {
    const socket = await connect('tcp')
    socket.pause()
    const chunk = Buffer.alloc(1024 * 1024)
    let stalled = false
    for (let i = 0; i < 200 && !stalled; i++) {
      if (socket.write(chunk)) continue
      const drained = once(socket, 'drain').then(() => true)
      stalled = !(await Promise.race([drained, new Promise<boolean>(resolve => setTimeout(() => resolve(false), 500))]))
    }
    assert.ok(stalled, '200 MiB went somewhere')
    // A write to the broken socket fails at once: the connection was never let go.
    socket.destroy()
    await untilIdle()
  })

  it('TLS 1.2 renegotiation is refused', async () => {
    const socket = await connect('tcp', { maxVersion: 'TLSv1.2' })
    const failed = once(socket, 'error')
    socket.renegotiate({}, () => undefined)
    await failed
    await untilIdle()
  })

  it('end of stream goes through while answers still come', async () => {
    const socket = await connect('tcp')
    socket.end('last words')
    let text = ''
    for await (const data of socket) text += String(data)
    assert.equal(text, 'last words')
    await untilIdle()
  })

  it('pools of server names that clients make up leave with their connections', async () => {
    const socket = await connect('named')
    for (let i = 0; i < 10; i++) {
      socket.write(`GET / HTTP/1.1\r\nhost: host-${i}.test\r\n\r\n`)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      assert.match(answer.toString(), /^HTTP\/1\.1 200 OK\r\n.*hello$/s, `request ${i}`)
      while ((proxy.stat('cluster.named.upstream_cx_active') ?? 0) > 0)
        await new Promise(resolve => setTimeout(resolve, 1))
    }
    assert.equal(proxy.stat('cluster.named.upstream_cx_total'), 10)
    assert.equal(proxy.stat('cluster.named.ssl.handshake'), 10)
    // A name that TLS cannot ask for fails alone.
    socket.write(`GET / HTTP/1.1\r\nhost: ${'a'.repeat(300)}.test\r\n\r\n`)
    const [answer] = (await once(socket, 'data')) as [Buffer]
    assert.match(answer.toString(), /^HTTP\/1\.1 503 /)
    socket.destroy()
    for (let i = 0; i < 3; i++) await ask('http')
  })

  /** Every connection of `tcp` has gone. */
  async function untilIdle(): Promise<void> {
    const active = (): number =>
      (proxy.stat('listener.tcp.downstream_cx_active') ?? 0) + (proxy.stat('cluster.back.upstream_cx_active') ?? 0)
    while (active() > 0) await new Promise(resolve => setTimeout(resolve, 5))
  }
})
