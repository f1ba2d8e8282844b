/** The program `test/http2/grpc-go`: client, server and load of grpc-go. */
import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { hasProgram, type LoadResult } from './load.ts'

export const goMissing = hasProgram('go') ? undefined : 'needs Go 1.25 or later (https://go.dev/dl)'

export class GrpcGo {
  readonly #dir = mkdtempSync(join(tmpdir(), 'sluice-grpc-go-'))
  readonly #program = join(this.#dir, 'grpc-go')
  readonly #servers: ChildProcess[] = []

  constructor() {
    const source = join(import.meta.dirname, '../http2/grpc-go')
    execFileSync('go', ['build', '-o', this.#program, '.'], { cwd: source, stdio: 'pipe' })
  }

  /** The port of a new server. */
  async serve(): Promise<number> {
    const server = spawn(this.#program, ['serve'], { stdio: ['pipe', 'pipe', 'inherit'] })
    this.#servers.push(server)
    const [line] = (await once(server.stdout, 'data')) as [Buffer]
    return Number(line.toString())
  }

  /** One line for each kind of call. */
  async call(port: number): Promise<string[]> {
    return (await this.#run('call', `127.0.0.1:${port}`)).trimEnd().split('\n')
  }

  /** Calls, or messages to and fro on streams, 16 at once on each connection. */
  async load(kind: 'unary' | 'stream', port: number, connections: number, seconds: number): Promise<LoadResult> {
    const output = await this.#run('load', kind, `127.0.0.1:${port}`, String(seconds), String(connections))
    const { failures, ...result } = JSON.parse(output) as LoadResult & { readonly failures: Record<string, number> }
    const errors = Object.entries(failures).map(([error, count]) => `${count}: ${error}`)
    return { ...result, errors: errors.join(', ') }
  }

  stop(): void {
    for (const server of this.#servers) server.kill()
    rmSync(this.#dir, { recursive: true })
  }

  #run(...args: readonly string[]): Promise<string> {
    return text(spawn(this.#program, args, { stdio: ['ignore', 'pipe', 'inherit'] }).stdout)
  }
}
