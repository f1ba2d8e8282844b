/** A gRPC server whose methods do what their names say. */
import { createServer, type Http2Server, type ServerHttp2Stream } from 'node:http2'
import { gzipSync } from 'node:zlib'

export interface GrpcServer {
  readonly port: number
  /** Request headers, sorted lines, and messages of each call so far. */
  readonly calls: string[][]
  close(): void
}

const grpc = { ':status': 200, 'content-type': 'application/grpc' } as const

function frame(text: string | Uint8Array, flags = 0): Buffer {
  const body = Buffer.from(text as string)
  const head = Buffer.alloc(5)
  head[0] = flags
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

function answer(stream: ServerHttp2Stream, messages: readonly Buffer[], trailers: Record<string, string>): void {
  stream.respond({ ...grpc, 'x-h': '1' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers(trailers))
  for (const each of messages) stream.write(each)
  stream.end()
}

const methods: Readonly<Record<string, (stream: ServerHttp2Stream, received: Buffer) => void>> = {
  Echo: (stream, received) => answer(stream, [received], { 'grpc-status': '0', 'x-t': '1' }),
  Fail: stream => answer(stream, [], { 'grpc-status': '5', 'grpc-message': 'not%20here' }),
  FailAtOnce: stream => stream.respond({ ...grpc, 'grpc-status': '7', 'grpc-message': 'no' }, { endStream: true }),
  Nothing: stream => answer(stream, [], { 'grpc-status': '0' }),
  Http404: stream => stream.respond({ ':status': 404 }, { endStream: true }),
  NoTrailers(stream, received) {
    stream.respond(grpc)
    stream.end(received)
  },
  Reset: stream => stream.close(2),
  Hang: () => {},
  Break(stream, received) {
    stream.respond({ ...grpc, 'x-h': '1' })
    stream.write(received, () => stream.close(2))
  },
  Compressed: stream => answer(stream, [frame(gzipSync('hello'), 1)], { 'grpc-status': '0' }),
}

/** Greets each message as it comes, ends when the client does. */
function chat(stream: ServerHttp2Stream): void {
  stream.respond({ ...grpc, 'x-h': '1' }, { waitForTrailers: true })
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0', 'grpc-message': 'bye', 'x-t': '1' }))
  let pending = Buffer.alloc(0)
  stream.on('data', (data: Buffer) => {
    pending = Buffer.concat([pending, data])
    while (pending.length >= 5 && pending.length >= 5 + pending.readUInt32BE(1)) {
      const size = 5 + pending.readUInt32BE(1)
      stream.write(frame(`hi ${pending.toString('latin1', 5, size)}`))
      pending = pending.subarray(size)
    }
  })
  stream.on('end', () => stream.end())
}

export async function listenGrpc(): Promise<GrpcServer> {
  const calls: string[][] = []
  const server: Http2Server = createServer()
  const sessions = new Set<{ destroy(): void }>()
  server.on('session', session => {
    sessions.add(session)
    session.on('error', () => session.destroy())
  })
  server.on('stream', (stream: ServerHttp2Stream, headers) => {
    stream.on('error', () => stream.destroy())
    const seen = Object.entries(headers).map(([name, value]) => `${name}: ${String(value)}`)
    calls.push(seen.toSorted())
    const method = String(headers[':path']).split('/').at(-1) ?? ''
    if (method === 'Chat') return chat(stream)
    let received = Buffer.alloc(0)
    const done = (): void => methods[method]?.(stream, received)
    stream.on('data', (data: Buffer) => {
      received = Buffer.concat([received, data])
      if (method === 'Reset') done()
    })
    if (method === 'Fail') done()
    else if (method !== 'Reset') stream.on('end', done)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    calls,
    close() {
      server.close()
      for (const session of sessions) session.destroy()
    },
  }
}
