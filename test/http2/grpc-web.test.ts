/** gRPC-Web from `fetch` to a gRPC server behind the proxy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { http, router } from '../golden/case.ts'
import { decode, encode, serveEcho } from '../support/grpc-echo.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { http2Cluster } from './setup.ts'

const kind = process.env.SLUICE_TEST_PROXY === 'envoy' ? 'envoy' : 'sluice'
const type = 'type.googleapis.com/envoy.extensions.filters.http.grpc_web.v3.GrpcWeb'

/** Frames as flag and payload. */
function frames(body: Buffer): [flag: number, payload: Buffer][] {
  const all: [number, Buffer][] = []
  for (let at = 0; at < body.length; ) {
    const length = body.readUInt32BE(at + 1)
    all.push([body[at] as number, body.subarray(at + 5, at + 5 + length)])
    at += 5 + length
  }
  return all
}

function frame(text: string): Buffer {
  const message = encode(text)
  const head = Buffer.alloc(5)
  head.writeUInt32BE(message.length, 1)
  return Buffer.concat([head, message])
}

test('gRPC-Web', async t => {
  const { server, port } = await serveEcho()
  t.after(() => server.forceShutdown())
  const filter = { name: 'envoy.filters.http.grpc_web', typed_config: { '@type': type } }
  const proxy = await ProxyProcess.start(kind, {
    static_resources: {
      listeners: [
        http({
          routes: [{ match: { prefix: '/' }, route: { cluster: 'grpc' } }],
          hcm: { http_filters: [filter, router] },
        }),
      ],
      clusters: [http2Cluster('grpc', port)],
    },
  })
  t.after(() => proxy.stop())
  const post = (method: string, contentType: string, body: Buffer | string): Promise<Response> =>
    fetch(`http://127.0.0.1:${proxy.ports.http}/test.Echo/${method}`, {
      method: 'POST',
      headers: { 'content-type': contentType, accept: contentType },
      body: typeof body === 'string' ? body : new Uint8Array(body),
    })
  const call = async (...request: Parameters<typeof post>): Promise<Buffer> => {
    const response = await post(...request)
    assert.equal(response.status, 200)
    return Buffer.from(await response.arrayBuffer())
  }
  const answers = (body: Buffer) =>
    frames(body).map(([flag, payload]) => (flag === 0x80 ? payload.toString() : decode(payload)))

  await t.test('a stream of answers, the trailers in the body', async () => {
    assert.deepEqual(answers(await call('Down', 'application/grpc-web+proto', frame('3'))), [
      'message 0',
      'message 1',
      'message 2',
      'grpc-status:0\r\ngrpc-message:OK\r\n',
    ])
  })
  await t.test('an error without an answer is told in the headers', async () => {
    const response = await post('Unary', 'application/grpc-web+proto', frame('fail'))
    assert.equal(response.headers.get('content-type'), 'application/grpc-web+proto')
    assert.equal(response.headers.get('grpc-status'), '6')
    assert.equal(response.headers.get('x-why'), 'because')
  })
  await t.test('text', async () => {
    const body = await call('Unary', 'application/grpc-web-text', frame('hello').toString('base64'))
    const parts = body.toString().match(/[^=]+={0,2}/g) ?? []
    const decoded = Buffer.concat(parts.map(part => Buffer.from(part, 'base64')))
    assert.deepEqual(answers(decoded), ['hello', 'grpc-status:0\r\ngrpc-message:OK\r\n'])
  })
})
