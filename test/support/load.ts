/** Load from wrk and h2load, and the backend that answers it. */
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

export const wrkMissing = 'wrk was not found: install the package wrk (apt-get install wrk)'

export function hasProgram(name: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${name}`]).status === 0
}

/** A port that was free a moment ago, for programs that cannot bind port 0. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

/** Resolves when something accepts connections on the port. */
export async function listening(port: number, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const open = await new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true))
      socket.once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (open) return
    if (performance.now() > deadline) throw new Error(`nothing listens on port ${port}`)
    await new Promise(resolve => setTimeout(resolve, 10))
  }
}

export interface LoadResult {
  readonly requests: number
  readonly perSecond: number
  /** NaN where the program does not say. */
  readonly p50Ms: number
  readonly p99Ms: number
  /** Answers other than 2xx and 3xx, and socket errors, in wrk's words; '' when there were none. */
  readonly errors: string
}

const milliseconds = (text: string | undefined): number => {
  const match = /^([\d.]+)(us|ms|s|m)$/.exec(text ?? '')
  const unit = { us: 0.001, ms: 1, s: 1000, m: 60_000 }[match?.[2] ?? ''] ?? Number.NaN
  return Number(match?.[1]) * unit
}

/** Runs wrk with one thread. */
export function wrk(port: number, path: string, connections: number, seconds: number): Promise<LoadResult> {
  const url = `http://127.0.0.1:${port}${path}`
  const child = spawn('wrk', ['-t1', `-c${connections}`, `-d${seconds}s`, '--latency', '--timeout', '10s', url])
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text))
  child.stderr.on('data', (text: Buffer) => (output += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      const requests = Number(/(\d+) requests in/.exec(output)?.[1] ?? 0)
      if (requests === 0) return reject(new Error(`wrk on ${url}: ${output}`))
      const bad = /Non-2xx.*/.exec(output)?.[0] ?? ''
      const socket = /Socket errors.*/.exec(output)?.[0] ?? ''
      resolve({
        requests,
        perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(output)?.[1] ?? 0),
        p50Ms: milliseconds(/50%\s+(\S+)/.exec(output)?.[1]),
        p99Ms: milliseconds(/99%\s+(\S+)/.exec(output)?.[1]),
        errors: [bad, socket].filter(text => text !== '').join(' '),
      })
    })
  })
}

/** Runs h2load, HTTP/2 by prior knowledge, 16 requests at once on each connection. */
export function h2load(port: number, path: string, connections: number, seconds: number): Promise<LoadResult> {
  const url = `http://127.0.0.1:${port}${path}`
  const child = spawn('h2load', [`-c${connections}`, '-m16', `-D${seconds}`, url])
  let output = ''
  child.stdout.on('data', (text: Buffer) => (output += text))
  child.stderr.on('data', (text: Buffer) => (output += text))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', () => {
      const [line, , done = 0, succeeded = 0] =
        /requests: (\d+) total.* (\d+) done, (\d+) succeeded.*/.exec(output) ?? []
      if (Number(done) === 0) return reject(new Error(`h2load on ${url}: ${output}`))
      resolve({
        requests: Number(done),
        perSecond: Number(/, ([\d.]+) req\/s/.exec(output)?.[1] ?? 0),
        p50Ms: Number.NaN,
        p99Ms: Number.NaN,
        errors: succeeded === done ? '' : (line ?? ''),
      })
    })
  })
}

/** A program of a configuration file, started by arguments; the folder is removed on stop. */
export async function startProgram(
  program: string,
  port: number,
  args: (dir: string) => readonly string[],
  files: Readonly<Record<string, string>> = {},
): Promise<{ pid: number; port: number; stop(): Promise<void> }> {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-bench-'))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text.replaceAll('$DIR', dir))
  const child = spawn(program, args(dir), { stdio: ['ignore', 'ignore', 'pipe'] })
  let output = ''
  child.stderr.on('data', (text: Buffer) => (output += text))
  const exit = new Promise<void>(resolve => child.once('exit', () => resolve()))
  try {
    await listening(port)
  } catch (error) {
    child.kill()
    throw new Error(`${program} did not start: ${output}`, { cause: error })
  }
  return {
    pid: child.pid ?? 0,
    port,
    async stop() {
      child.kill('SIGTERM')
      await exit
      rmSync(dir, { recursive: true, force: true })
    },
  }
}

/** Started by root, nginx would become another user, who may not read the temporary folder. */
export const nginxUser = process.getuid?.() === 0 ? 'user root;' : ''

const smallBody = '{"message":"hello from the backend","n":1}'
const megabyte = 1 << 20
const text64k = 'A line of text with a secret in it, as services send it.\n'.repeat(1192).slice(0, 65_536)

/**
 * nginx answering a small body, 1 MiB under /big and 64 KiB of text under /64k; without nginx a small server of our own.
 * `http2Port`: the same by HTTP/2, 0 without nginx.
 */
export async function startBackend(): Promise<{
  port: number
  http2Port: number
  name: string
  stop(): Promise<void>
}> {
  if (!hasProgram('nginx')) {
    const port = await freePort()
    const backend = await startProgram(process.execPath, port, () => [import.meta.filename, String(port)])
    return { ...backend, http2Port: 0, name: 'node:net' }
  }
  const port = await freePort()
  const http2Port = await freePort()
  const conf = `
    ${nginxUser} worker_processes 1; daemon off; pid $DIR/pid; error_log stderr crit;
    events { worker_connections 10000; }
    http {
      access_log off; keepalive_requests 1000000000; tcp_nodelay on; sendfile on;
      client_body_temp_path $DIR/a; proxy_temp_path $DIR/b; fastcgi_temp_path $DIR/c; uwsgi_temp_path $DIR/d; scgi_temp_path $DIR/e;
      server { listen 127.0.0.1:${port} backlog=4096; listen 127.0.0.1:${http2Port} http2; default_type application/json;
        location = /big { alias $DIR/big; } location = /64k { alias $DIR/64k; } location / { return 200 '${smallBody}'; } }
    }`
  const files = { 'nginx.conf': conf, big: 'x'.repeat(megabyte), '64k': text64k }
  const backend = await startProgram('nginx', port, dir => ['-p', dir, '-c', join(dir, 'nginx.conf')], files)
  return { ...backend, http2Port, name: 'nginx' }
}

/** The backend of our own: answers every request head, `/big` with 1 MiB, `/64k` with 64 KiB. */
function serve(port: number): void {
  const head = (length: number) =>
    `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: ${length}\r\n\r\n`
  const small = Buffer.from(head(smallBody.length) + smallBody)
  const medium = Buffer.from(head(text64k.length) + text64k)
  const big = Buffer.concat([Buffer.from(head(megabyte)), Buffer.alloc(megabyte, 'x')])
  const server = createServer({ noDelay: true }, socket => {
    socket.on('data', chunk => {
      const text = chunk.toString('latin1')
      for (let at = text.indexOf('\r\n\r\n'); at >= 0; at = text.indexOf('\r\n\r\n', at + 4))
        socket.write(text.startsWith('GET /big') ? big : text.startsWith('GET /64k') ? medium : small)
    })
    socket.on('error', () => {})
  })
  server.listen(port, '127.0.0.1')
}

if (import.meta.main) serve(Number(process.argv[2]))
