/**
 * Requests at a steady rate, whether the answers come or not, from a process of its own: what a client waits is counted
 * from when its request was due. `steady-load.ts PORT RATE SECONDS CONNECTIONS` prints a `SteadyResult`.
 */
import { spawn } from 'node:child_process'
import { connect, type Socket } from 'node:net'

export interface SteadyResult {
  readonly requests: number
  /** Answers other than 200, and connections that broke. */
  readonly failed: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly p999Ms: number
  readonly maxMs: number
}

export function steadyLoad(port: number, rate: number, seconds: number, connections = 64): Promise<SteadyResult> {
  const args = [import.meta.filename, ...[port, rate, seconds, connections].map(String)]
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  let output = ''
  child.stdout.on('data', text => (output += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      if (output === '') reject(new Error('the load ended without a result'))
      else resolve(JSON.parse(output) as SteadyResult)
    })
  })
}

class Load {
  readonly #port: number
  readonly #times: number[] = []
  readonly #due: number[] = []
  readonly #free: Socket[] = []
  failed = 0

  constructor(port: number) {
    this.#port = port
  }

  open(count: number): Promise<unknown> {
    return Promise.all(Array.from({ length: count }, () => this.#connect()))
  }

  /** One more is due now. */
  request(dueMs: number): void {
    const socket = this.#free.shift()
    if (socket === undefined) this.#due.push(dueMs)
    else this.#send(socket, dueMs)
  }

  get waiting(): number {
    return this.#due.length
  }

  result(): SteadyResult {
    const times = this.#times.toSorted((a, b) => a - b)
    const at = (part: number): number =>
      times[Math.min(times.length - 1, Math.floor(times.length * part))] ?? Number.NaN
    return {
      ...{ requests: times.length, failed: this.failed },
      ...{ p50Ms: at(0.5), p99Ms: at(0.99), p999Ms: at(0.999), maxMs: times.at(-1) ?? Number.NaN },
    }
  }

  #connect(): Promise<void> {
    return new Promise((resolve, reject) => {
      const socket = connect(this.#port, '127.0.0.1', () => {
        socket.setNoDelay()
        this.#free.push(socket)
        resolve()
      })
      socket.once('error', reject)
    })
  }

  #send(socket: Socket, dueMs: number): void {
    let text = ''
    const onData = (chunk: Buffer): void => {
      text += chunk.toString('latin1')
      const head = text.indexOf('\r\n\r\n')
      if (head < 0) return
      const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0)
      if (text.length < head + 4 + length) return
      done(text.startsWith('HTTP/1.1 200 '))
    }
    const onClose = (): void => done(false)
    const done = (ok: boolean): void => {
      socket.off('data', onData)
      socket.off('close', onClose)
      this.#times.push(performance.now() - dueMs)
      if (!ok) this.failed++
      if (socket.destroyed) void this.#connect().catch(() => undefined)
      else {
        const next = this.#due.shift()
        if (next === undefined) this.#free.push(socket)
        else this.#send(socket, next)
      }
    }
    socket.on('data', onData)
    socket.on('close', onClose)
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n')
  }
}

async function run(port: number, rate: number, seconds: number, connections: number): Promise<void> {
  const load = new Load(port)
  await load.open(connections)
  const begin = performance.now()
  let sent = 0
  const tick = (): void => {
    const elapsed = Math.min(performance.now() - begin, seconds * 1000)
    for (const due = (elapsed / 1000) * rate; sent < due; sent++) load.request(begin + (sent / rate) * 1000)
    if (elapsed < seconds * 1000) setTimeout(tick, 1)
    else
      setTimeout(() => {
        process.stdout.write(JSON.stringify(load.result()), () => process.exit())
      }, 1000)
  }
  tick()
}

if (import.meta.main) {
  const [port = 0, rate = 0, seconds = 0, connections = 0] = process.argv.slice(2).map(Number)
  await run(port, rate, seconds, connections)
}
