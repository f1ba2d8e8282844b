/** gRPC through the proxy, unchanged: unary calls and every kind of stream between clients and servers of grpc-js. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { http } from '../golden/case.ts'
import { connectEcho, type EchoClient, serveEcho } from '../support/grpc-echo.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { http2Cluster } from './setup.ts'

const kind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'

let server: grpc.Server
let proxy: ProxyProcess
let client: EchoClient
let dead: EchoClient

before(async () => {
  const echo = await serveEcho()
  server = echo.server
  const route = (prefix: string, cluster: string) => ({ match: { prefix }, route: { cluster, timeout: '0s' } })
  proxy = await ProxyProcess.start(kind, {
    static_resources: {
      listeners: [
        http({ name: 'grpc', routes: [route('/test.Echo/', 'grpc')] }),
        http({ name: 'dead', routes: [route('/test.Echo/Unary', 'dead')] }),
      ],
      clusters: [http2Cluster('grpc', echo.port), http2Cluster('dead', 1)],
    },
  })
  const connect = (name: string): EchoClient => connectEcho(`127.0.0.1:${proxy.ports[name]}`)
  client = connect('grpc')
  dead = connect('dead')
})

after(async () => {
  client?.close()
  dead?.close()
  await proxy?.stop()
  server.forceShutdown()
})

function unary(
  text: string,
  to: EchoClient = client,
  options: grpc.CallOptions = {},
): Promise<{ error: grpc.ServiceError | null; answer?: string | undefined; header?: grpc.Metadata | undefined }> {
  return new Promise(resolve => {
    const metadata = new grpc.Metadata()
    metadata.set('x-sent', 'with the call')
    let header: grpc.Metadata | undefined
    const call = to.unary(text, metadata, options, (error, answer) => resolve({ error, answer, header }))
    call.on('metadata', received => (header = received))
  })
}

test('unary, with metadata', async () => {
  const { error, answer, header } = await unary('hello')
  assert.equal(error, null)
  assert.equal(answer, 'hello')
  assert.deepEqual(header?.get('x-seen'), ['with the call'])
  assert.deepEqual(header?.get('x-bin-bin'), [Buffer.from([0, 255, 10])])
})

test('an error with details and trailing metadata', async () => {
  const { error } = await unary('fail')
  assert.equal(error?.code, grpc.status.ALREADY_EXISTS)
  assert.equal(error?.details, 'there is one: 100 %')
  assert.deepEqual(error?.metadata.get('x-why'), ['because'])
})

test('large messages', async () => {
  const text = 'x'.repeat(3_000_000)
  const { answer } = await unary(text)
  assert.equal(answer?.length, text.length)
})

test('a stream up', async () => {
  const answer = new Promise<string | undefined>((resolve, reject) => {
    const call = client.up((error, text) => (error === null ? resolve(text) : reject(error)))
    for (let i = 0; i < 1000; i++) call.write('x'.repeat(100))
    call.end()
  })
  assert.equal(await answer, '100000')
})

test('a stream down', async () => {
  const messages: string[] = []
  for await (const text of client.down('2000')) messages.push(text as string)
  assert.equal(messages.length, 2000)
  assert.equal(messages[1999], 'message 1999')
})

test('both ways, message by message', async () => {
  const call = client.both()
  for (const text of ['a', 'b', 'c']) {
    call.write(text)
    const [answer] = (await once(call, 'data')) as [string]
    assert.equal(answer, text.toUpperCase())
  }
  call.end()
  call.resume()
  const [status] = (await once(call, 'status')) as [grpc.StatusObject]
  assert.equal(status.code, grpc.status.OK)
})

test('many calls at once', async () => {
  const results = await Promise.all(Array.from({ length: 200 }, (_, i) => unary(String(i))))
  for (const [i, { answer }] of results.entries()) assert.equal(answer, String(i))
})

test('a deadline ends the call upstream too', async () => {
  const { error } = await unary('hang', client, { deadline: Date.now() + 100 })
  assert.equal(error?.code, grpc.status.DEADLINE_EXCEEDED)
  await proxy.waitForStats(stats => stats.get('cluster.grpc.upstream_rq_active') === 0, 'the call to be given up')
})

test("the proxy's own answers are trailers only: no route, no upstream", async () => {
  const { error } = await unary('x', dead)
  assert.equal(error?.code, grpc.status.UNAVAILABLE)
  assert.match(error?.details ?? '', /upstream connect error/)
  const noRoute = await new Promise<grpc.ServiceError | null>(resolve => dead.up(resolve).end())
  assert.equal(noRoute?.code, grpc.status.UNIMPLEMENTED)
})
