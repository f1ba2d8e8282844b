/** A TCP client that keeps every byte and the way the connection ended, for tests of what is on the wire. */
import { connect, type Socket } from 'node:net'

/** How the peer left the connection: still open, closed in order (FIN), or reset. */
export type PeerState = 'open' | 'closed' | 'reset'

export class RawClient {
  readonly #socket: Socket
  readonly #waiting = new Set<() => void>()
  #chunks: Buffer[] = []
  peer: PeerState = 'open'
  /** Takes the bytes instead of `received`, for amounts that are better not kept. */
  onData: ((bytes: Buffer) => void) | undefined

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', chunk => {
      if (this.onData === undefined) this.#chunks.push(chunk as Buffer)
      else this.onData(chunk as Buffer)
      this.#wake()
    })
    socket.on('end', () => this.#leave('closed'))
    socket.on('error', () => this.#leave('reset'))
    socket.on('close', () => this.#leave('reset'))
  }

  /** Connects to a listener on this machine. */
  static connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect({ port, host, allowHalfOpen: true, noDelay: true })
      socket.once('error', reject)
      socket.once('connect', () => {
        socket.removeListener('error', reject)
        resolve(new RawClient(socket))
      })
    })
  }

  get localPort(): number {
    return this.#socket.localPort ?? 0
  }

  /** Everything received so far. */
  get received(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)]
    return this.#chunks[0] ?? Buffer.alloc(0)
  }

  get text(): string {
    return this.received.toString('latin1')
  }

  /** Sends latin1 text or bytes as they are. */
  write(bytes: string | Uint8Array): void {
    if (typeof bytes === 'string') this.#socket.write(bytes, 'latin1')
    else this.#socket.write(bytes)
  }

  /** Sends what `next` returns, as fast as the peer takes it, until it returns undefined. */
  pump(next: () => Uint8Array | undefined): void {
    for (;;) {
      const bytes = next()
      if (bytes === undefined) return
      if (!this.#socket.write(bytes)) {
        this.#socket.once('drain', () => this.pump(next))
        return
      }
    }
  }

  /** Sends FIN and keeps reading. */
  end(): void {
    this.#socket.end()
  }

  /** Sends RST. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  /** Stops reading: the kernel's buffers fill up and the peer must wait. */
  pause(): void {
    this.#socket.pause()
  }

  resume(): void {
    this.#socket.resume()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  /** Resolves once `done` is true of what has arrived; rejects with what was received instead after `timeoutMs`. */
  waitFor(done: (client: RawClient) => boolean, what: string, timeoutMs = 10_000): Promise<void> {
    return new Promise((resolve, reject) => {
      const check = (): void => {
        if (!done(this)) return
        clearTimeout(timer)
        this.#waiting.delete(check)
        resolve()
      }
      const timer = setTimeout(() => {
        this.#waiting.delete(check)
        reject(
          new Error(`waited ${timeoutMs} ms for ${what}; peer ${this.peer}, received ${JSON.stringify(this.text)}`),
        )
      }, timeoutMs)
      this.#waiting.add(check)
      check()
    })
  }

  #leave(how: PeerState): void {
    if (this.peer === 'open') this.peer = how
    this.#wake()
  }

  #wake(): void {
    for (const check of this.#waiting) check()
  }
}
