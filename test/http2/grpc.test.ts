/** gRPC through the proxy, unchanged: unary calls and every kind of stream between clients and servers of grpc-js. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import * as grpc from '@grpc/grpc-js'
import { http } from '../golden/case.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { http2Cluster } from './setup.ts'

const kind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'

/** A message `Text { string text = 1; }` in protobuf's encoding. */
function encode(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length: number[] = []
  let rest = bytes.length
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([10, ...length, rest]), bytes])
}

function decode(message: Buffer): string {
  let at = 1
  while ((message[at] as number) > 127) at++
  return message.toString('utf8', at + 1)
}

function method(path: string, requestStream: boolean, responseStream: boolean) {
  return {
    path,
    requestStream,
    responseStream,
    requestSerialize: encode,
    requestDeserialize: decode,
    responseSerialize: encode,
    responseDeserialize: decode,
  }
}

const service = {
  unary: method('/test.Echo/Unary', false, false),
  up: method('/test.Echo/Up', true, false),
  down: method('/test.Echo/Down', false, true),
  both: method('/test.Echo/Both', true, true),
}

interface EchoClient extends grpc.Client {
  unary(
    text: string,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    done: (error: grpc.ServiceError | null, answer?: string) => void,
  ): grpc.ClientUnaryCall
  up(done: (error: grpc.ServiceError | null, answer?: string) => void): grpc.ClientWritableStream<string>
  down(text: string): grpc.ClientReadableStream<string>
  both(): grpc.ClientDuplexStream<string, string>
}

const Client = grpc.makeGenericClientConstructor(service, 'Echo')
const server = new grpc.Server()
let proxy: ProxyProcess
let client: EchoClient
let dead: EchoClient

before(async () => {
  server.addService(service, {
    unary(call: grpc.ServerUnaryCall<string, string>, done: grpc.sendUnaryData<string>) {
      if (call.request === 'fail') {
        const metadata = new grpc.Metadata()
        metadata.set('x-why', 'because')
        done({ code: grpc.status.ALREADY_EXISTS, details: 'there is one: 100 %', metadata })
      } else if (call.request !== 'hang') {
        const header = new grpc.Metadata()
        header.set('x-seen', String(call.metadata.get('x-sent')[0] ?? ''))
        header.set('x-bin-bin', Buffer.from([0, 255, 10]))
        call.sendMetadata(header)
        done(null, call.request)
      }
    },
    up(call: grpc.ServerReadableStream<string, string>, done: grpc.sendUnaryData<string>) {
      let bytes = 0
      call.on('data', (text: string) => (bytes += text.length))
      call.on('end', () => done(null, String(bytes)))
    },
    down(call: grpc.ServerWritableStream<string, string>) {
      for (let i = 0; i < Number(call.request); i++) call.write(`message ${i}`)
      call.end()
    },
    both(call: grpc.ServerDuplexStream<string, string>) {
      call.on('data', (text: string) => call.write(text.toUpperCase()))
      call.on('end', () => call.end())
    },
  })
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    )
  })
  const route = (prefix: string, cluster: string) => ({ match: { prefix }, route: { cluster, timeout: '0s' } })
  proxy = await ProxyProcess.start(kind, {
    static_resources: {
      listeners: [
        http({ name: 'grpc', routes: [route('/test.Echo/', 'grpc')] }),
        http({ name: 'dead', routes: [route('/test.Echo/Unary', 'dead')] }),
      ],
      clusters: [http2Cluster('grpc', port), http2Cluster('dead', 1)],
    },
  })
  const connect = (name: string): EchoClient =>
    new Client(`127.0.0.1:${proxy.ports[name]}`, grpc.credentials.createInsecure()) as unknown as EchoClient
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
