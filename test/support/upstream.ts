/** Upstream servers that do exactly what a test says, byte by byte, and keep what they were sent. */
import { createServer, type Server, type Socket } from 'node:net'
import { type Message, parseMessage } from './http-message.ts'

/**
 * What to do with one request. A string is written as it is and the connection kept.
 * `when` says whether to answer after the request head or after the whole request (the default).
 */
export type Reply =
  | string
  | {
      readonly write?: string | Uint8Array
      readonly when?: 'head' | 'complete'
      /** Afterwards: keep the connection (the default), close it in order, or reset it. */
      readonly after?: 'keep' | 'close' | 'reset'
    }

export const hang: Reply = { when: 'complete' }

export interface SeenRequest {
  readonly message: Message
  /** False when the connection ended before the request did. */
  readonly complete: boolean
  /** Which request of its connection this is, from 1. */
  readonly nth: number
}

export class Upstream {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  /** Whole requests, and those cut short, in the order in which they ended. */
  requests: SeenRequest[] = []
  /** Heads of requests so far. */
  heads = 0
  connections = 0
  #onHead: () => void = () => {}
  #replies: readonly Reply[] = []
  #next = 0

  private constructor() {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, socket => this.#accept(socket))
  }

  static async listen(port = 0): Promise<Upstream> {
    const upstream = new Upstream()
    await new Promise<void>((resolve, reject) => {
      upstream.#server.once('error', reject)
      upstream.#server.listen(port, '127.0.0.1', resolve)
    })
    return upstream
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  /** Connections open now. */
  get open(): number {
    return this.#sockets.size
  }

  /** Forgets what was seen and answers from now on with these, one a request; the last one repeats. */
  script(replies: readonly Reply[]): void {
    this.#replies = replies
    this.#next = 0
    this.requests = []
    this.heads = 0
  }

  /** Resolves when `n` request heads have come since the last `script`. */
  sawHeads(n: number, timeoutMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`the upstream saw ${this.heads} of ${n} requests`)), timeoutMs)
      this.#onHead = () => {
        if (this.heads < n) return
        clearTimeout(timer)
        resolve()
      }
      this.#onHead()
    })
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #accept(socket: Socket): void {
    this.connections += 1
    this.#sockets.add(socket)
    let bytes: Buffer = Buffer.alloc(0)
    let nth = 0
    let reply: Reply | undefined
    let answered = false

    const answer = (): void => {
      answered = true
      const { write = '', after = 'keep' } = typeof reply === 'string' ? { write: reply } : (reply ?? {})
      const done = (): void => {
        if (after === 'close') socket.end()
        if (after === 'reset') socket.resetAndDestroy()
      }
      if (write.length === 0) done()
      else if (typeof write === 'string') socket.write(write, 'latin1', done)
      else socket.write(write, done)
    }

    const read = (ended: boolean): void => {
      for (;;) {
        if (reply === undefined && bytes.includes('\r\n\r\n')) {
          this.heads += 1
          nth += 1
          reply = this.#replies[Math.min(this.#next++, this.#replies.length - 1)] ?? okReply
          answered = false
          if (typeof reply === 'object' && reply.when === 'head') answer()
          this.#onHead()
        }
        if (reply === undefined) return
        const parsed = parseMessage(bytes, 0, { request: true, ended })
        if (parsed === undefined) return
        this.requests.push({ message: parsed.message, complete: !parsed.message.cut, nth })
        bytes = bytes.subarray(parsed.next)
        if (!answered && !parsed.message.cut) answer()
        reply = undefined
      }
    }

    socket.on('data', (data: string | Buffer) => {
      const chunk = data as Buffer
      bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk])
      read(false)
    })
    let over = false
    const finish = (): void => {
      if (over) return
      over = true
      read(true)
      socket.end()
    }
    socket.on('end', finish)
    socket.on('error', finish)
    socket.on('close', () => {
      finish()
      this.#sockets.delete(socket)
    })
  }
}

export const okReply = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'

/**
 * A TCP server whose behaviour is the first line it is sent: `echo` repeats all that follows, `count` answers the number of
 * bytes after the client's FIN, `bye` answers and closes, `reset` resets.
 */
export async function listenTcp(): Promise<{ port: number; close(): void }> {
  const sockets = new Set<Socket>()
  const server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
    sockets.add(socket)
    let first = ''
    let count = 0
    socket.on('data', chunk => {
      count += chunk.length
      if (first === '') {
        first = chunk.toString('latin1').split('\n')[0] ?? ''
        if (first === 'bye') socket.end('bye\n')
        if (first.startsWith('PROXY ')) socket.end(first.replace(/ \d+ \d+\r$/, ' (ports)\n'))
        // PROXY protocol, version 2: signature, kind, length and addresses, without the ports.
        if (first === '\r' && chunk.length >= 28) socket.end(`v2 ${chunk.toString('hex', 0, 24)}\n`)
        if (first === 'reset') socket.resetAndDestroy()
      }
      if (first === 'echo') socket.write(chunk)
    })
    socket.on('end', () => socket.end(first === 'count' ? `${count} bytes\n` : ''))
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    close() {
      server.close()
      for (const socket of sockets) socket.destroy()
    },
  }
}
