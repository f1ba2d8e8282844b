/** Socket helpers for tests of connections: our side over bare handles, the other side a plain `net.Socket`. */
import { once } from 'node:events'
import net from 'node:net'
import type { ConnectionEvent, ConnectionReader } from '../../src/core/connection.ts'
import { acceptHandles, makeServerConnection } from '../../src/network/accept.ts'
import type { SocketConnection } from '../../src/network/connection.ts'

/** A promise that its owner settles. */
export class Signal<T> {
  readonly promise: Promise<T>
  readonly fire: (value: T) => void

  constructor() {
    const { promise, resolve } = Promise.withResolvers<T>()
    this.promise = promise
    this.fire = resolve
  }
}

/** What a connection told, and promises of it. */
export class Observer implements ConnectionReader {
  readonly connection: SocketConnection
  readonly events: ConnectionEvent[] = []
  readonly closed = new Signal<ConnectionEvent>()
  readonly connected = new Signal<void>()
  readonly ended = new Signal<void>()
  readonly high = new Signal<void>()
  readonly low = new Signal<void>()
  highs = 0
  lows = 0
  received = ''
  #waiting: { text: string; signal: Signal<void> } | undefined

  constructor(connection: SocketConnection) {
    this.connection = connection
    connection.addCallbacks({
      onEvent: event => {
        this.events.push(event)
        if (event === 'connected') this.connected.fire()
        else this.closed.fire(event)
      },
      onAboveWriteBufferHighWatermark: () => {
        this.highs++
        this.high.fire()
      },
      onBelowWriteBufferLowWatermark: () => {
        this.lows++
        this.low.fire()
      },
    })
  }

  read(): this {
    this.connection.setReader(this)
    return this
  }

  onData(data: Uint8Array, endStream: boolean): void {
    this.received += Buffer.from(data).toString('latin1')
    if (this.#waiting !== undefined && this.received.includes(this.#waiting.text)) this.#waiting.signal.fire()
    if (endStream) this.ended.fire()
  }

  async until(text: string): Promise<void> {
    if (this.received.includes(text)) return
    const signal = new Signal<void>()
    this.#waiting = { text, signal }
    await signal.promise
  }
}

export interface SocketPair extends AsyncDisposable {
  readonly server: Observer
  readonly client: net.Socket
}

/** A server-side connection of ours and the client's plain socket. */
export async function socketPair(
  bufferLimitBytes = 1024 * 1024,
  path?: string,
  host = '127.0.0.1',
): Promise<SocketPair> {
  const accepted = new Signal<SocketConnection>()
  const listener = net.createServer()
  if (path === undefined) listener.listen(0, host)
  else listener.listen(path)
  await once(listener, 'listening')
  acceptHandles(listener, handle => accepted.fire(makeServerConnection(handle, bufferLimitBytes)), assertNever)
  const client =
    path === undefined
      ? net.connect({ port: portOf(listener), host, allowHalfOpen: true })
      : net.connect({ path, allowHalfOpen: true })
  client.on('error', () => {})
  await once(client, 'connect')
  const server = new Observer(await accepted.promise)
  return {
    server,
    client,
    async [Symbol.asyncDispose]() {
      server.connection.close('no-flush')
      client.destroy()
      listener.close()
      await once(listener, 'close')
    },
  }
}

export function portOf(server: net.Server): number {
  return (server.address() as net.AddressInfo).port
}

export interface Peer extends AsyncDisposable {
  readonly port: number
  /** Sockets in the order in which they came. */
  readonly sockets: net.Socket[]
  /** The n-th socket, as soon as it is there. */
  socket(index: number): Promise<net.Socket>
}

/** A plain server that keeps its sockets half open and does nothing by itself. */
export async function makePeer(onSocket: (socket: net.Socket, index: number) => void = () => {}): Promise<Peer> {
  const sockets: net.Socket[] = []
  const arrived = new Map<number, Signal<net.Socket>>()
  const signal = (index: number): Signal<net.Socket> => {
    const found = arrived.get(index) ?? new Signal<net.Socket>()
    arrived.set(index, found)
    return found
  }
  const server = net.createServer({ allowHalfOpen: true }, socket => {
    socket.on('error', () => {})
    const index = sockets.push(socket) - 1
    onSocket(socket, index)
    signal(index).fire(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: portOf(server),
    sockets,
    socket: index => signal(index).promise,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** A port that refuses connections: it was bound a moment ago. */
export async function refusedPort(): Promise<number> {
  const server = net.createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const port = portOf(server)
  server.close()
  await once(server, 'close')
  return port
}

function assertNever(reason: string): void {
  throw new Error(reason)
}
