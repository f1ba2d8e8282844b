/** One filter, the same results on sluice and on Envoy. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type ServerHttp2Stream } from 'node:http2'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { compile, filterEntry } from '../tools/compile.ts'
import { clusterOf, FilterProxy, proxies } from './support/proxy.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'conformance.wasm')
await compile(filterEntry('conformance'), file)

/** Answers each gRPC message with `echo ` in front, and `nope` for the method Fail. */
async function listenGrpc(): Promise<{ port: number; close: () => void }> {
  const server = createServer()
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.respond(
      { ':status': 200, 'content-type': 'application/grpc', 'x-initial': 'hello' },
      { waitForTrailers: true },
    )
    stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'x-trailing': 'bye' }))
    let data = Buffer.alloc(0)
    stream.on('data', (chunk: Buffer) => {
      data = Buffer.concat([data, chunk])
      while (data.length >= 5 && data.length >= 5 + data.readUInt32BE(1)) {
        const size = data.readUInt32BE(1)
        const message = Buffer.concat([Buffer.from('echo '), data.subarray(5, 5 + size)])
        data = data.subarray(5 + size)
        const head = Buffer.alloc(5)
        head.writeUInt32BE(message.length, 1)
        stream.write(Buffer.concat([head, message]))
      }
    })
    stream.on('end', () => stream.end())
    assert.equal(headers['content-type'], 'application/grpc')
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  return { port: typeof address === 'object' && address !== null ? address.port : 0, close: () => void server.close() }
}

async function eventually(check: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 5000
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`waited 5 s for ${what}`)
    await new Promise(resolve => setTimeout(resolve, 5))
  }
}

const h2 = {
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http2_protocol_options: {} },
    },
  },
}

for (const { kind, skip } of proxies)
  describe(`an SDK filter on ${kind}`, { skip }, async () => {
    if (skip !== false) return
    const grpc = await listenGrpc()
    const proxy = await FilterProxy.start(
      kind,
      [
        { file, name: 'first', rootId: 'http', vmId: 'vm' },
        { file, name: 'second', rootId: 'second', vmId: 'vm' },
      ],
      {
        clusters: [clusterOf('dead', 1), clusterOf('grpc', grpc.port, h2)],
        accessLog: '%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %FILTER_STATE(wasm.sdk_state:PLAIN)%',
      },
    )
    after(async () => {
      await proxy.stop()
      grpc.close()
    })
    let seen = proxy.log.length
    /** What the filter logged since the last call. */
    const logged = (): string[] => {
      const lines = proxy.log.slice(seen)
      seen += lines.length
      return lines
    }

    /** The lines come through a pipe, maybe after the answer. */
    const expectLog = async (lines: readonly string[]): Promise<void> => {
      await eventually(() => proxy.log.length - seen >= lines.length, `${lines.length} lines in the log`)
      assert.deepEqual(logged(), lines)
    }

    test('headers', async () => {
      logged()
      const echo = await proxy.echo('/headers', { headers: { 'x-one': '1', 'x-two': 'first', 'x-empty': '' } })
      assert.equal(echo.headers['x-one'], undefined)
      assert.equal(echo.headers['x-two'], 'changed')
      assert.equal(Buffer.from(echo.headers['x-three'] ?? '', 'latin1').toString(), '1, zwei ü')
      assert.equal(echo.headers['x-second'], 'second', 'another root context of the module, in the same VM')
      await expectLog(['1 true false first', 'x-two=first; true'])
      assert.equal((await proxy.echo('/set-headers')).headers['x-pushed'], 'yes')
      await expectLog(['0'])
    })

    test('local replies, before and in place of the upstream’s', async () => {
      const reply = await proxy.request('/reply')
      assert.deepEqual([reply.status, reply.body, reply.headers['x-pot']], [418, 'teapot\n', 'tea'])
      assert.equal(reply.headers['content-type'], 'text/x-tea')
      const late = await proxy.request('/reply-late')
      assert.deepEqual([late.status, late.body], [502, 'replaced'])
      await eventually(() => proxy.process.readFile('access.log').includes('/reply-late'), 'the access log')
      assert.match(proxy.process.readFile('access.log'), /^\/reply 418 short_and_stout /m)
    })

    test('bodies of both directions, and trailers', async () => {
      const echo = await proxy.echo('/upper', { method: 'POST', body: 'grüße' })
      assert.equal(echo.body, '>GRÜSSE!')
      assert.equal(JSON.parse((await proxy.request('/upper-response')).body.toLowerCase()).path, '/upper-response')
      const big = 'x'.repeat(300_000)
      assert.equal((await proxy.echo('/upper', { method: 'POST', body: big })).body, `>${big.toUpperCase()}!`)
    })

    test('HTTP calls', async () => {
      logged()
      assert.equal((await proxy.echo('/call')).headers['x-answer'], 'question')
      await expectLog(['call 0', 'unknown cluster 2', 'answer 200 true'])
      assert.equal((await proxy.echo('/call-function')).headers['x-answer'], '503')
      await expectLog(['answer 503 true'])
    })

    test('properties', async () => {
      logged()
      await proxy.request('/properties', { headers: { 'x-two': 'b', host: 'example.com' } })
      await eventually(() => proxy.log.some(line => line.startsWith('log 200')), 'onLog')
      await expectLog([
        '/properties /properties  GET example.com http HTTP/1.1 b',
        'first http vm node-1 upstream rest',
        'true',
        'true true true false',
        'true 0',
        'true',
        'log 200 /properties properties',
      ])
    })

    test('shared data with CAS, queues, timers', async () => {
      logged()
      await proxy.request('/shared')
      await eventually(() => proxy.log.includes('tick 2'), 'two ticks')
      await eventually(() => proxy.log.some(line => line.startsWith('queue')), 'the queue')
      const lines = logged()
      assert.deepEqual(lines.slice(0, 4), ['absent 1', 'a true 0', 'stale 8 b', 'resolve 0 1'])
      assert.deepEqual(lines.slice(4).toSorted(), ['queue true item', 'tick 1', 'tick 2'])
    })

    test('metrics', async () => {
      logged()
      await proxy.request('/metrics')
      await expectLog(['gauge 5'])
      await proxy.process.waitForStats(stats => stats.get('wasmcustom.sdk_open') === 5, 'the gauge')
      const stats = await proxy.process.stats('wasmcustom')
      assert.ok((stats.get('wasmcustom.kind.test.sdk_requests') ?? 0) > 1)
    })

    test('foreign functions', async () => {
      logged()
      await proxy.request('/foreign')
      await expectLog(['compressed true', 'uncompressed hello hello hello hello', 'broken true unknown 1'])
    })

    test('filter state for later filters and the access log', async () => {
      logged()
      await proxy.request('/state')
      await expectLog(['set 0', 'metadata 0', 'second sees kept ü'])
      await eventually(() => /^\/state 200 \S+ "?kept ü/m.test(proxy.process.readFile('access.log')), 'the access log')
    })

    test('closing the stream', async () => {
      await assert.rejects(proxy.request('/close'), /socket hang up|ECONNRESET/)
    })

    test('gRPC calls and streams', async context => {
      logged()
      await proxy.request('/grpc')
      await eventually(() => proxy.log.length > seen, 'the log')
      if (proxy.log.includes('grpc call 12')) return context.skip('this host has no gRPC calls')
      await expectLog(['grpc call 0', 'grpc message 12 echo message'])
      await proxy.request('/grpc-stream')
      await expectLog([
        'grpc stream 0',
        'grpc initial hello',
        'grpc message 8 echo one',
        'grpc message 8 echo two',
        'grpc trailing bye',
        'grpc close 0 via_upstream',
      ])
    })

    test('a thrown error is logged with its place and fails the request', async () => {
      assert.equal((await proxy.request('/throw')).status, 503)
      const line = /^thrown by the filter at .*conformance\.ts:\d+:\d+$/
      await eventually(() => proxy.log.some(each => line.test(each)), 'the place of the error in the log')
    })
  })
