/** The service test.Echo in grpc-js: unary calls and every kind of stream. `test/http2/grpc-go` is the same in Go. */
import * as grpc from '@grpc/grpc-js'

/** A message `Text { string text = 1; }` in protobuf's encoding. */
export function encode(text: string): Buffer {
  const bytes = Buffer.from(text)
  const length: number[] = []
  let rest = bytes.length
  for (; rest > 127; rest >>>= 7) length.push((rest & 127) | 128)
  return Buffer.concat([Buffer.from([10, ...length, rest]), bytes])
}

export function decode(message: Buffer): string {
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

export const service = {
  unary: method('/test.Echo/Unary', false, false),
  up: method('/test.Echo/Up', true, false),
  down: method('/test.Echo/Down', false, true),
  both: method('/test.Echo/Both', true, true),
}

export interface EchoClient extends grpc.Client {
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

export function connectEcho(address: string): EchoClient {
  return new Client(address, grpc.credentials.createInsecure()) as unknown as EchoClient
}

/** Ends with `server.forceShutdown()`. */
export async function serveEcho(): Promise<{ readonly server: grpc.Server; readonly port: number }> {
  const server = new grpc.Server()
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
  return { server, port }
}
