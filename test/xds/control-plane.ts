/** A control plane for tests: a gRPC server (grpc-js) that notes every discovery request and answers when told to. */
import { Server, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js'
import { decodeBinary } from '../../src/config/decode-binary.ts'
import { encodeBinary } from '../../src/config/encode-binary.ts'

const discovery = 'type.googleapis.com/envoy.service.discovery.v3'
export type Plain = Readonly<Record<string, unknown>>

export interface DiscoveryCall {
  /** `/envoy.service.route.v3.RouteDiscoveryService/StreamRoutes` */
  readonly path: string
  readonly requests: Plain[]
  readonly ended: boolean
  send(response: Plain): void
  end(): void
}

export class ControlPlane {
  readonly calls: DiscoveryCall[] = []
  readonly #server = new Server()
  readonly #waiting: (() => void)[] = []

  /** @param paths of the methods, those of incremental discovery begin with `Delta` after the slash */
  static async start(paths: readonly string[], port = 0): Promise<ControlPlane & { readonly port: number }> {
    const plane = new ControlPlane()
    for (const path of paths) plane.#serve(path)
    const bound = await new Promise<number>((resolve, reject) => {
      plane.#server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, got) =>
        error === null ? resolve(got) : reject(error),
      )
    })
    return Object.assign(plane, { port: bound })
  }

  /** Resolves with what `find` gives as soon as it gives something. */
  async until<T>(find: () => T | undefined | false): Promise<T> {
    for (;;) {
      const found = find()
      if (found !== undefined && found !== false) return found
      await new Promise<void>(resolve => this.#waiting.push(resolve))
    }
  }

  stop(): void {
    this.#server.forceShutdown()
  }

  #serve(path: string): void {
    const [service, method] = path.slice(1).split('/') as [string, string]
    const delta = method.startsWith('Delta')
    const [asked, answered] = delta
      ? ['DeltaDiscoveryRequest', 'DeltaDiscoveryResponse']
      : ['DiscoveryRequest', 'DiscoveryResponse']
    const definition = {
      path,
      requestStream: true,
      responseStream: true,
      requestSerialize: (value: Buffer) => value,
      requestDeserialize: (bytes: Buffer) => decodeBinary(`${discovery}.${asked}`, bytes),
      responseSerialize: (value: Plain) => Buffer.from(encodeBinary(`${discovery}.${answered}`, value)),
      responseDeserialize: (bytes: Buffer) => bytes,
    }
    const name = `${service}/${method}`
    this.#server.addService(
      { [name]: definition },
      { [name]: (stream: ServerDuplexStream<Plain, Plain>) => this.#onCall(path, stream) },
    )
  }

  #onCall(path: string, stream: ServerDuplexStream<Plain, Plain>): void {
    const call = {
      path,
      requests: [] as Plain[],
      ended: false,
      send: (response: Plain) => void stream.write(response),
      end: () => {
        call.ended = true
        stream.end()
      },
    }
    this.calls.push(call)
    stream.on('data', (request: Plain) => {
      call.requests.push(request)
      this.#wake()
    })
    stream.on('error', () => undefined)
    stream.on('end', () => call.end())
    this.#wake()
  }

  #wake(): void {
    for (const each of this.#waiting.splice(0)) each()
  }
}
