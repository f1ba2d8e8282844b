/** gRPC through the proxy with clients and servers of grpc-go, which is built here. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { http } from '../golden/case.ts'
import { connectEcho, serveEcho } from '../support/grpc-echo.ts'
import { GrpcGo, goMissing } from '../support/grpc-go.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { http2Cluster } from './setup.ts'

const kind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'
const calls = [
  'unary: "hello" <nil> ["with the call"] ["\\x00\\xff\\n"]',
  'error: AlreadyExists "there is one: 100 %" ["because"]',
  'large: 3000000 <nil>',
  'gzip: 100000 <nil>',
  'deadline: DeadlineExceeded',
  'up: 100000 <nil>',
  'down: 2000 message 1999 EOF',
  'both: [A B C] EOF',
  'many: 200',
]

describe('grpc-go', { skip: goMissing ?? false }, () => {
  let go: GrpcGo
  let echo: Awaited<ReturnType<typeof serveEcho>>
  let proxy: ProxyProcess

  before(async () => {
    go = new GrpcGo()
    echo = await serveEcho()
    const listener = (name: string) =>
      http({ name, routes: [{ match: { prefix: '/', grpc: {} }, route: { cluster: name, timeout: '0s' } }] })
    proxy = await ProxyProcess.start(kind, {
      static_resources: {
        listeners: [listener('go'), listener('js')],
        clusters: [http2Cluster('go', await go.serve()), http2Cluster('js', echo.port)],
      },
    })
  })

  after(async () => {
    await proxy?.stop()
    echo?.server.forceShutdown()
    go?.stop()
  })

  for (const to of ['go', 'js'])
    test(`calls from Go to ${to}`, async () => {
      assert.deepEqual(await go.call(proxy.ports[to] as number), calls)
    })

  test('calls from grpc-js to Go', async t => {
    const client = connectEcho(`127.0.0.1:${proxy.ports.go}`)
    t.after(() => client.close())
    const messages: string[] = []
    for await (const message of client.down('500')) messages.push(message as string)
    assert.equal(messages.length, 500)
    const up = await new Promise((resolve, reject) => {
      const call = client.up((error, answer) => (error === null ? resolve(answer) : reject(error)))
      for (let i = 0; i < 100; i++) call.write('x'.repeat(1000))
      call.end()
    })
    assert.equal(up, '100000')
  })
})
