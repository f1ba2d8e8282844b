import assert from 'node:assert/strict'
import { connect as connectTcp, type Socket } from 'node:net'
import { test } from 'node:test'
import { connect as connectTls } from 'node:tls'
import fc from 'fast-check'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'
import { cut, FilterHost } from '../lib/filter-host.ts'
import { listenTcp, talk } from '../lib/tcp.ts'

/** The ClientHello that Node's TLS sends. */
async function helloOf(servername: string | undefined, ALPNProtocols: string[]): Promise<Buffer> {
  const { promise: hello, resolve } = Promise.withResolvers<Buffer>()
  const server = await listenTcp((_, data) => resolve(data))
  const socket: Socket = connectTcp(server.port, '127.0.0.1')
  const client = connectTls({ socket, ALPNProtocols, ...(servername === undefined ? {} : { servername }) })
  client.on('error', () => {})
  const bytes = await hello
  client.destroy()
  server.close()
  return bytes
}

/** The same message in TLS records of these sizes. */
function inRecords(hello: Buffer, size: number): Buffer {
  const records: Buffer[] = []
  for (let at = 5; at < hello.length; at += size) {
    const part = hello.subarray(at, at + size)
    records.push(Buffer.from([22, 3, 1, part.length >> 8, part.length & 255]), part)
  }
  return Buffer.concat(records)
}

for (const { kind, skip } of proxies) {
  test(`sni-log on ${kind}: what clients ask for, in one piece or many`, { skip }, async () => {
    const hello = await helloOf('shop.example', ['h2', 'http/1.1'])
    const upstream = await listenTcp()
    const proxy = await FilterProxy.stock(kind, 'sni-log', undefined, { ports: { 10_001: upstream.port } })
    try {
      const port = proxy.process.ports.tcp as number
      const whole = (bytes: Buffer) => (text: string) => text.length >= bytes.length
      assert.deepEqual(await talk(port, [hello], whole(hello)), hello, 'all bytes pass')
      const pieces = Array.from(hello.subarray(0, 12), byte => Buffer.from([byte]))
      assert.deepEqual(await talk(port, [...pieces, hello.subarray(12)], whole(hello)), hello)
      const split = inRecords(hello, 50)
      assert.deepEqual(await talk(port, [split], whole(split)), split)
      assert.equal((await talk(port, ['GET / HTTP/1.1\r\n\r\n'], text => text.length === 18)).length, 18)
      await proxy.process.waitForStats(stats => stats.get('wasmcustom.sni_log_others') === 1, 'the counters')
      assert.equal((await proxy.process.stats()).get('wasmcustom.sni_log_hellos'), 3)
      const lines = proxy.log.filter(line => line.startsWith('{')).map(line => JSON.parse(line))
      assert.equal(lines.length, 4)
      for (const line of lines) {
        assert.match(line.client, /^127\.0\.0\.1:\d+$/)
        delete line.client
      }
      const { ciphers, ...rest } = lines[0]
      assert.ok(ciphers > 0)
      const wanted = { sni: 'shop.example', alpn: ['h2', 'http/1.1'], versions: ['TLSv1.3', 'TLSv1.2'], ech: false }
      assert.deepEqual(rest, wanted)
      assert.deepEqual(lines.slice(1), [lines[0], lines[0], { error: 'no TLS' }])
    } finally {
      await proxy.stop()
      upstream.close()
    }
  })

  test(`sni-log on ${kind}: faults are told with their paths`, { skip }, async () => {
    const bad = { level: 'loud', max_hello_bytes: 1, more: 1 }
    await assert.rejects(FilterProxy.stock(kind, 'sni-log', bad), (error: Error) => {
      assert.match(error.message, /level must be one of: info, debug/)
      assert.match(error.message, /max_hello_bytes must be a whole number from 512 to 65536/)
      assert.match(error.message, /more is unknown/)
      return true
    })
  })
}

/** The line that a connection with these bytes gives. */
function line(host: FilterHost, pieces: readonly Uint8Array[]): string | undefined {
  const context = host.open()
  const lines = pieces.flatMap((piece, index) => {
    const seen = host.data('proxy_on_downstream_data', context, piece, index === pieces.length - 1)
    assert.equal(seen.result, 0)
    return seen.log
  })
  host.close(context)
  assert.ok(lines.length <= 1)
  return lines[0]
}

test('sni-log: however a hello is cut, it is read the same, and no bytes make it trap', async () => {
  const host = new FilterHost('sni-log', {})
  const hellos = [await helloOf('a.example', ['h2']), await helloOf(undefined, ['http/1.1'])]
  for (const hello of hellos) {
    const wanted = line(host, [hello])
    assert.match(String(wanted), hello === hellos[0] ? /"sni":"a.example"/ : /"sni":null/)
    fc.assert(
      fc.property(
        fc.array(fc.nat(hello.length), { maxLength: 9 }),
        fc.integer({ min: 1, max: 600 }),
        (places, size) => {
          assert.equal(line(host, cut(inRecords(hello, size), places)), wanted)
        },
      ),
      { numRuns: 300 },
    )
    const changes = fc.array(fc.tuple(fc.nat(hello.length - 1), fc.nat(255)), { maxLength: 6 })
    fc.assert(
      fc.property(changes, fc.nat(hello.length), (edits, length) => {
        const broken = Buffer.from(hello)
        for (const [at, byte] of edits) broken[at] = byte
        line(host, [broken.subarray(0, length)])
      }),
      { numRuns: 3000 },
    )
  }
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 80 }), bytes => void line(host, [bytes])),
    { numRuns: 1000 },
  )
})

test('sni-log: a hello that is too long is not waited for', () => {
  const host = new FilterHost('sni-log', { max_hello_bytes: 512 })
  const long = Buffer.concat([Buffer.from([22, 3, 1, 2, 100, 1, 0, 2, 96]), Buffer.alloc(608)])
  assert.match(String(line(host, [long])), /"error":"ClientHello too long"/)
})
