/** Starts Envoy or sluice as a child process on a configuration object and learns its ports from the admin endpoint. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { envoyMissing, findEnvoy } from './envoy.ts'

export type Json = string | number | boolean | null | readonly Json[] | { readonly [key: string]: Json }
export type JsonObject = { readonly [key: string]: Json }
export type ProxyKind = 'envoy' | 'sluice'

export interface StartOptions {
  readonly concurrency?: number
  readonly flags?: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly readyTimeoutMs?: number
  /** Puts files that the configuration names into the temporary folder. */
  readonly before?: (dir: string) => void
}

const repository = join(import.meta.dirname, '../..')

/** Command line of a proxy, flags excluded. */
export function proxyCommand(kind: ProxyKind): string[] {
  if (kind === 'sluice') return [process.execPath, join(repository, 'src/main.ts')]
  const envoy = findEnvoy()
  if (envoy === undefined) throw new Error(envoyMissing)
  return [envoy]
}

export class ProxyProcess {
  readonly kind: ProxyKind
  readonly pid: number
  /** Temporary folder of this process; removed by stop(). */
  readonly dir: string
  /** Bound port of each listener by its name. */
  ports: Readonly<Record<string, number>> = {}
  adminPort = 0
  /** Milliseconds from spawn to the first 200 of /ready. */
  readyMs = 0
  /** What the process wrote to stderr and stdout. */
  output = ''
  readonly #child: ChildProcess
  readonly #exit: Promise<number | null>
  #exited = false

  private constructor(kind: ProxyKind, dir: string, command: readonly string[], options: StartOptions) {
    this.kind = kind
    this.dir = dir
    const [program = '', ...args] = command
    this.#child = spawn(program, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
    })
    this.pid = this.#child.pid ?? 0
    const keep = (chunk: Buffer): void => {
      if (this.output.length < 1_000_000) this.output += chunk.toString()
    }
    this.#child.stdout?.on('data', keep)
    this.#child.stderr?.on('data', keep)
    this.#exit = new Promise(resolve => {
      const done = (code: number | null): void => {
        this.#exited = true
        resolve(code)
      }
      this.#child.once('exit', done)
      this.#child.once('error', error => {
        this.output += String(error)
        done(null)
      })
    })
  }

  /**
   * Starts on `config` (an admin on a free port is added) and waits for /ready. `config` may use `$DIR` in strings for the
   * process's temporary folder. Throws with the process's output when it ends or is not ready in time.
   */
  static async start(kind: ProxyKind, config: JsonObject, options: StartOptions = {}): Promise<ProxyProcess> {
    const dir = mkdtempSync(join(tmpdir(), `sluice-test-${kind}-`))
    options.before?.(dir)
    const file = join(dir, 'config.json')
    const addressFile = join(dir, 'admin')
    const admin = { address: { socket_address: { address: '127.0.0.1', port_value: 0 } } }
    writeFileSync(file, JSON.stringify({ admin, ...config }).replaceAll('$DIR', dir))
    const flags = ['-c', file, '--admin-address-path', addressFile, '--concurrency', String(options.concurrency ?? 1)]
    flags.push('--disable-hot-restart', '-l', 'warning', ...(options.flags ?? []))
    const begin = performance.now()
    const proxy = new ProxyProcess(kind, dir, [...proxyCommand(kind), ...flags], options)
    try {
      const deadline = begin + (options.readyTimeoutMs ?? 20_000)
      while (!(await proxy.#ready(addressFile))) {
        if (proxy.#exited) throw new Error(`${kind} ended at start:\n${proxy.output}`)
        if (performance.now() > deadline) throw new Error(`${kind} is not ready:\n${proxy.output}`)
        await new Promise(resolve => setTimeout(resolve, 5))
      }
      proxy.readyMs = performance.now() - begin
      proxy.ports = await proxy.#listeners()
    } catch (error) {
      await proxy.stop()
      throw error
    }
    return proxy
  }

  /** Status and body of an admin request. */
  admin(path: string, method = 'GET'): Promise<{ status: number; body: string }> {
    return new Promise((resolve, reject) => {
      const call = request(
        { host: '127.0.0.1', port: this.adminPort, path, method, agent: false, timeout: 5000 },
        response => {
          let body = ''
          response.setEncoding('utf8')
          response.on('data', text => (body += text))
          response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
          response.on('error', reject)
        },
      )
      call.on('timeout', () => call.destroy(new Error(`admin ${path}: no answer in 5 s`)))
      call.on('error', reject)
      call.end()
    })
  }

  /** Counters and gauges by name; histograms and text readouts are left out. */
  async stats(filter = ''): Promise<Map<string, number>> {
    const { body } = await this.admin(`/stats${filter === '' ? '' : `?filter=${encodeURIComponent(filter)}`}`)
    const found = new Map<string, number>()
    for (const line of body.split('\n')) {
      const match = /^(.*): (\d+)$/.exec(line)
      if (match !== null) found.set(match[1] as string, Number(match[2]))
    }
    return found
  }

  /** Resolves when `check` holds of the stats; counters of another thread may lag by a moment. */
  async waitForStats(check: (stats: Map<string, number>) => boolean, what: string, timeoutMs = 10_000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const stats = await this.stats()
      if (check(stats)) return
      if (performance.now() > deadline) throw new Error(`waited ${timeoutMs} ms for ${what}`)
      await new Promise(resolve => setTimeout(resolve, 10))
    }
  }

  get exited(): boolean {
    return this.#exited
  }

  /** Reads a file of the temporary folder; '' when it does not exist. */
  readFile(name: string): string {
    try {
      return readFileSync(join(this.dir, name), 'utf8')
    } catch {
      return ''
    }
  }

  /** SIGTERM, then SIGKILL after 5 s; resolves with the exit code, the temporary folder still there. */
  async terminate(): Promise<number | null> {
    if (!this.#exited) this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 5000)
    const code = await this.#exit
    clearTimeout(timer)
    return code
  }

  async stop(): Promise<void> {
    await this.terminate()
    rmSync(this.dir, { recursive: true, force: true })
  }

  async #ready(addressFile: string): Promise<boolean> {
    try {
      this.adminPort = Number(readFileSync(addressFile, 'utf8').split(':').at(-1))
      return this.adminPort > 0 && (await this.admin('/ready')).status === 200
    } catch {
      return false
    }
  }

  async #listeners(): Promise<Record<string, number>> {
    const { body } = await this.admin('/listeners?format=json')
    const ports: Record<string, number> = {}
    const parsed = JSON.parse(body) as {
      listener_statuses?: { name: string; local_address?: { socket_address?: { port_value?: number } } }[]
    }
    for (const { name, local_address } of parsed.listener_statuses ?? [])
      ports[name] = local_address?.socket_address?.port_value ?? 0
    return ports
  }
}
