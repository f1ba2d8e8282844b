/** Both ends of a connection through a proxy with network filters. */
import { connect, createServer, type Socket } from 'node:net'

export interface TcpUpstream {
  readonly port: number
  connections: number
  /** All bytes that came, of all connections. */
  received: Buffer
  close(): void
}

/** @param onData what to do with bytes from the proxy; by default they go back */
export async function listenTcp(
  onData: (socket: Socket, data: Buffer) => void = (socket, data) => void socket.write(data),
  onConnection: (socket: Socket) => void = () => {},
): Promise<TcpUpstream> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    upstream.connections++
    socket.on('data', chunk => {
      const data = Buffer.from(chunk as Buffer)
      upstream.received = Buffer.concat([upstream.received, data])
      onData(socket, data)
    })
    socket.on('error', () => socket.destroy())
    socket.on('end', () => socket.end())
    onConnection(socket)
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  const upstream: TcpUpstream = {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    connections: 0,
    received: Buffer.alloc(0),
    close: () => {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
  return upstream
}

/** Writes the pieces one after the other and reads until the other side closes or `done` says so of all that came. */
export function talk(
  port: number,
  pieces: readonly (string | Uint8Array)[],
  done: (text: string) => boolean,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    const send = (index: number): void => {
      const piece = pieces[index]
      if (piece !== undefined && !socket.destroyed) socket.write(piece, () => setImmediate(send, index + 1))
    }
    socket.setNoDelay(true)
    socket.setTimeout(10_000, () => socket.destroy(new Error('no answer in 10 s')))
    socket.on('connect', () => send(0))
    socket.on('data', data => {
      received = Buffer.concat([received, data as Buffer])
      if (done(received.toString('latin1'))) socket.end()
    })
    socket.on('close', () => resolve(received))
    // A reset is an end too.
    socket.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') reject(error)
    })
  })
}
