/** Upstreams of the explorer: HTTP/1 or HTTP/2 on raw bytes, answering by a script and keeping what they were sent. */
import { createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { settingsFrame } from '../../../src/codec/http2/framing.ts'
import { FrameLog } from '../../support/http2-frames.ts'
import { type Message, parseMessage } from '../../support/http-message.ts'

/** Bytes to write, or what to do with the connection. */
export type Act = string | { readonly waitMs: number } | { readonly end: 'close' | 'reset' }

export interface Answer {
  readonly when: 'head' | 'complete'
  /** Acts of an HTTP/1 answer. */
  readonly http1: readonly Act[]
  /** Acts of an HTTP/2 answer on a stream. */
  readonly http2: (streamId: number) => readonly Act[]
}

export class ScriptedUpstream {
  readonly #server: Server
  readonly #sockets = new Set<Socket>()
  #answers: readonly Answer[] = []
  #next = 0
  /** Grows with whatever happens here. */
  activity = 0
  /** Scripts that are running. */
  busy = 0
  messages: Message[] = []
  /** Frames by connection and stream, as text. */
  frames = new Map<string, string[]>()
  #connections = 0

  private constructor(http2: boolean) {
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, socket => {
      this.#sockets.add(socket)
      this.activity += 1
      socket.on('error', () => {})
      socket.on('close', () => {
        this.#sockets.delete(socket)
        this.activity += 1
      })
      if (http2) this.#acceptHttp2(socket)
      else this.#acceptHttp1(socket)
    })
  }

  static async listen(http2: boolean): Promise<ScriptedUpstream> {
    const upstream = new ScriptedUpstream(http2)
    await new Promise<void>(resolve => upstream.#server.listen(0, '127.0.0.1', resolve))
    return upstream
  }

  get port(): number {
    const address = this.#server.address()
    return typeof address === 'object' && address !== null ? address.port : 0
  }

  script(answers: readonly Answer[]): void {
    this.#answers = answers
    this.#next = 0
    this.messages = []
    this.frames = new Map()
  }

  close(): void {
    this.#server.close()
    for (const socket of this.#sockets) socket.destroy()
  }

  #answer(): Answer | undefined {
    return this.#answers[Math.min(this.#next++, this.#answers.length - 1)]
  }

  async #act(socket: Socket, acts: readonly Act[]): Promise<void> {
    this.busy += 1
    for (const act of acts) {
      this.activity += 1
      if (typeof act === 'object' && 'end' in act) {
        await sleep(12)
        if (act.end === 'close') socket.end()
        else socket.resetAndDestroy()
      } else if (typeof act === 'string') {
        if (socket.writable) socket.write(act, 'latin1')
      } else await sleep(act.waitMs)
    }
    this.busy -= 1
  }

  #acceptHttp1(socket: Socket): void {
    let bytes: Buffer = Buffer.alloc(0)
    let answer: Answer | undefined
    let began = false
    let over = false
    let turn: Promise<void> = Promise.resolve()
    const start = (acts: readonly Act[]): void => {
      turn = turn.then(() => this.#act(socket, acts))
    }
    const read = (ended: boolean): void => {
      for (;;) {
        if (!began && bytes.includes('\r\n\r\n')) {
          began = true
          answer = this.#answer()
          if (answer?.when === 'head') start(answer.http1)
        }
        if (!began) break
        const parsed = parseMessage(bytes, 0, { request: true, ended })
        if (parsed === undefined) break
        this.messages.push(parsed.message)
        bytes = bytes.subarray(parsed.next)
        if (answer?.when === 'complete' && !parsed.message.cut) start(answer.http1)
        began = false
      }
    }
    const finish = (): void => {
      if (over) return
      over = true
      this.activity += 1
      read(true)
      if (bytes.length > 0)
        this.messages.push({ start: '(rest)', headers: [], framing: 'none', body: bytes, trailers: [], cut: false })
      socket.end()
    }
    socket.on('data', chunk => {
      this.activity += 1
      bytes = Buffer.concat([bytes, chunk as Buffer])
      read(false)
    })
    socket.on('end', finish)
    socket.on('close', finish)
  }

  #acceptHttp2(socket: Socket): void {
    const log = new FrameLog({ skipPreface: true })
    const connection = `${this.#connections++}`
    const answers = new Map<number, Answer>()
    socket.write(settingsFrame([3, 100]), 'latin1')
    socket.on('data', chunk => {
      this.activity += 1
      log.push(chunk)
      for (const line of log.take()) {
        const [type = '', id = ''] = line.split(' ', 2)
        if (type === 'ping' || type === 'windowUpdate') continue
        const key = `${connection}/${id}`
        const lines = this.frames.get(key) ?? []
        this.frames.set(key, lines)
        lines.push(line)
        const streamId = Number(id)
        if (type === 'headers' && !answers.has(streamId)) {
          const answer = this.#answer()
          if (answer !== undefined) {
            answers.set(streamId, answer)
            if (answer.when === 'head') void this.#act(socket, answer.http2(streamId))
          }
        }
        if (/^(headers|data) \d+ end( |$)/.test(line)) {
          const answer = answers.get(streamId)
          if (answer?.when === 'complete') void this.#act(socket, answer.http2(streamId))
        }
      }
    })
    socket.on('end', () => socket.end())
  }
}
