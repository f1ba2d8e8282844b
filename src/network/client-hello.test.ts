import assert from 'node:assert/strict'
import { once } from 'node:events'
import net from 'node:net'
import { before, describe, it } from 'node:test'
import tls from 'node:tls'
import type { ClientHello } from '../core/transport-socket.ts'
import { parseClientHello } from './client-hello.ts'

/** The first bytes of Node's own client. */
async function clientHello(options: tls.ConnectionOptions): Promise<Buffer> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = tls.connect({ ...options, host: '127.0.0.1', port: (server.address() as net.AddressInfo).port })
  client.on('error', () => undefined)
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  const [bytes] = (await once(socket, 'data')) as [Buffer]
  client.destroy()
  socket.destroy()
  server.close()
  return bytes
}

/** The same message in records of `size` bytes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const message = hello.subarray(5)
  const records: Buffer[] = []
  for (let at = 0; at < message.length; at += size) {
    const fragment = message.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, fragment.length >> 8, fragment.length & 255]), fragment)
  }
  return Buffer.concat(records)
}

describe('ClientHello', { timeout: 20_000 }, () => {
  let bytes: Buffer
  const expected: ClientHello = { serverName: 'www.example.test', alpn: ['h2', 'http/1.1'], ecdsa: true }
  before(async () => {
    bytes = await clientHello({ servername: 'WWW.example.test', ALPNProtocols: ['h2', 'http/1.1'] })
  })

  it('tells name, protocols and kinds of certificates', () => {
    assert.deepEqual(parseClientHello(bytes), expected)
    assert.deepEqual(parseClientHello(Buffer.concat([bytes, Buffer.from('more')])), expected)
  })

  it('of a client that says little', async () => {
    const plain = await clientHello({ maxVersion: 'TLSv1.2', sigalgs: 'rsa_pkcs1_sha256' })
    assert.deepEqual(parseClientHello(plain), { serverName: undefined, alpn: [], ecdsa: false })
    const p384 = await clientHello({ ecdhCurve: 'P-384' })
    assert.deepEqual(parseClientHello(p384), { serverName: undefined, alpn: [], ecdsa: false })
  })

  it('is incomplete until its last byte', () => {
    for (let length = 0; length < bytes.length; length++)
      assert.equal(parseClientHello(bytes.subarray(0, length)), 'incomplete', `${length} bytes`)
  })

  it('may come in many records', () => {
    for (const size of [1, 3, 100]) {
      const split = inRecords(bytes, size)
      assert.deepEqual(parseClientHello(split), expected)
      assert.equal(parseClientHello(split.subarray(0, -1)), 'incomplete')
    }
  })

  it('is none when it is something else', () => {
    for (const text of [
      'GET / HTTP/1.1\r\n\r\n',
      '\x16\x02',
      '\x16\x03\x01\x00\x00',
      '\x16\x03\x01\x00\x05\x02',
      '\x15\x03\x01',
    ])
      assert.equal(parseClientHello(Buffer.from(text, 'latin1')), undefined, text)
  })

  it('is given up when it is too long', () => {
    const header = Buffer.from([22, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff])
    assert.equal(parseClientHello(Buffer.concat([header, Buffer.alloc(100)])), undefined)
  })

  it('never throws, whatever is changed in it', () => {
    let seed = 1
    const random = (): number => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
    for (let i = 0; i < 20_000; i++) {
      const changed = Buffer.from(bytes)
      for (let n = 0; n < 3; n++) changed[5 + Math.floor(random() * (changed.length - 5))] = random() * 256
      parseClientHello(changed)
    }
  })
})
