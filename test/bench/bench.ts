/**
 * `npm run bench`: sluice, Envoy, nginx and haproxy on the same work in turn, rounds interleaved, medians of all rounds.
 *
 *   --rows a,b     some of those in rows.ts (all)
 *   --rounds n     rounds a row (3)      --seconds n   of load a round (4)
 *   --proxies a,b  some of: sluice, envoy, nginx, haproxy
 *   --json         the result as JSON instead of a table
 *
 * Exit code 1 when a proxy answered with errors; a missed target is only printed.
 */
import { connect, type Socket } from 'node:net'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { envoyMissing, findEnvoy } from '../support/envoy.ts'
import { h2load, hasProgram, type LoadResult, startBackend, wrk, wrkMissing } from '../support/load.ts'
import { cpuOf, processTree, rssOf } from '../support/process-meter.ts'
import { goMissing, GrpcGo } from '../support/grpc-go.ts'
import { available, type ProxyName, type Running, startProxy } from './proxies.ts'
import { type Row, rows } from './rows.ts'

interface Sample {
  /** What the row compares: CPU µs a request, bytes a connection, or ms to ready. */
  readonly value: number
  readonly userUs?: number
  readonly systemUs?: number
  readonly perSecond?: number
  readonly p50Ms?: number
  readonly p99Ms?: number
  readonly rssMiB: number
  readonly errors: string
}

const mib = 1 << 20

/** The backend and the load of gRPC rows, where Go is installed. */
const grpcGo = goMissing === undefined ? new GrpcGo() : undefined

function run({ client, path, connections }: Row, port: number, seconds: number): Promise<LoadResult> {
  if (client === 'wrk') return wrk(port, path, connections, seconds)
  if (client === 'h2load') return h2load(port, path, connections, seconds)
  return (grpcGo as GrpcGo).load(client === 'grpc-unary' ? 'unary' : 'stream', port, connections, seconds)
}

async function loadSample(proxy: Running, row: Row, seconds: number): Promise<Sample> {
  const tree = processTree(proxy.pid)
  const before = cpuOf(tree)
  const result = await run(row, proxy.port, seconds)
  const after = cpuOf(tree)
  const userUs = (after.userUs - before.userUs) / result.requests
  const systemUs = (after.systemUs - before.systemUs) / result.requests
  return { value: userUs + systemUs, userUs, systemUs, ...result, rssMiB: rssOf(tree) / mib }
}

/** Opens connections that each make one request and then stay. */
function openIdle(port: number, count: number): Promise<Socket[]> {
  const request = 'GET / HTTP/1.1\r\nhost: bench\r\n\r\n'
  const open = (): Promise<Socket> =>
    new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1', () => socket.write(request))
      socket.once('data', () => resolve(socket))
      socket.once('error', reject)
    })
  const sockets: Socket[] = []
  const lane = async (): Promise<void> => {
    for (let left = count / 20; left > 0; left -= 1) sockets.push(await open())
  }
  return Promise.all(Array.from({ length: 20 }, lane)).then(() => sockets)
}

async function idleSample(proxy: Running, row: Row): Promise<Sample> {
  await wrk(proxy.port, '/', 64, 2)
  const tree = processTree(proxy.pid)
  const before = rssOf(tree)
  const sockets = await openIdle(proxy.port, row.connections)
  const after = rssOf(tree)
  for (const socket of sockets) socket.destroy()
  return { value: (after - before) / row.connections, rssMiB: after / mib, errors: '' }
}

/** Of a module's row another process is started without it. */
async function startSample(proxy: Running, { kind }: Row, name: ProxyName, backendPort: number): Promise<Sample> {
  const rssMiB = rssOf(processTree(proxy.pid)) / mib
  const readyMs = proxy.readyMs as number
  if (kind === 'start') return { value: readyMs, rssMiB, errors: '' }
  const without = await startProxy(name, 'http', backendPort)
  await without.stop()
  return { value: readyMs - (without.readyMs as number), rssMiB, errors: '' }
}

const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

/** The sample whose compared value is the median. */
const middle = (samples: readonly Sample[]): Sample =>
  samples.find(sample => sample.value === median(samples.map(({ value }) => value))) as Sample

async function runRow(row: Row, names: readonly ProxyName[], rounds: number, seconds: number, backendPort: number) {
  const samples = new Map<ProxyName, Sample[]>(names.map(name => [name, []]))
  const proxies = new Map<ProxyName, Running>()
  try {
    for (let round = 0; round < rounds; round += 1) {
      for (const name of names) {
        // Idle memory and start are measured on a fresh process each time.
        const proxy = proxies.get(name) ?? (await startProxy(name, row.work, backendPort))
        proxies.set(name, proxy)
        if (row.kind === 'load' && round === 0) await run(row, proxy.port, 2)
        const sample =
          row.kind === 'load'
            ? await loadSample(proxy, row, seconds)
            : row.kind === 'idle'
              ? await idleSample(proxy, row)
              : await startSample(proxy, row, name, backendPort)
        samples.get(name)?.push(sample)
        if (row.kind !== 'load') {
          proxies.delete(name)
          await proxy.stop()
        }
      }
    }
  } finally {
    for (const proxy of proxies.values()) await proxy.stop()
  }
  const medians = [...samples].map(([name, list]) => ({ name, sample: middle(list) }))
  const valueOf = (wanted: ProxyName) => medians.find(({ name }) => name === wanted)?.sample.value
  const [ours, theirs] = [valueOf('sluice'), valueOf('envoy')]
  const measured = row.kind === 'start' ? ours : ours !== undefined && theirs !== undefined ? ours / theirs : undefined
  return {
    row: row.name,
    title: row.title,
    target: row.target,
    measured,
    ok: measured === undefined ? undefined : measured <= row.target,
    medians,
  }
}

type RowResult = Awaited<ReturnType<typeof runRow>>

const number = (value: number | undefined, digits = 1): string =>
  value === undefined || Number.isNaN(value) ? '' : value.toFixed(digits)

function print(result: RowResult, kind: Row['kind']): void {
  const { measured, target, ok } = result
  const unit = kind === 'start' ? ' ms' : ' of Envoy'
  const verdict =
    measured === undefined
      ? 'not compared'
      : `${number(measured, kind === 'start' ? 0 : 2)}${unit}, target ${target}: ${ok ? 'ok' : 'over'}`
  console.log(`\n${result.title}: ${verdict}`)
  const envoy = result.medians.find(({ name }) => name === 'envoy')?.sample
  console.table(
    Object.fromEntries(
      result.medians.map(({ name, sample }) => [
        name,
        {
          ...(kind === 'load'
            ? {
                'CPU µs/request': number(sample.value),
                user: number(sample.userUs),
                system: number(sample.systemUs),
                'requests/s': number(sample.perSecond, 0),
                'p50 ms': number(sample.p50Ms, 2),
                'p99 ms': number(sample.p99Ms, 2),
              }
            : { [kind === 'idle' ? 'bytes/connection' : 'ms']: number(sample.value, 0) }),
          'RSS MiB': number(sample.rssMiB, 0),
          'ratio to Envoy': envoy === undefined ? '' : number(sample.value / envoy.value, 2),
          ...(sample.errors === '' ? {} : { errors: sample.errors }),
        },
      ]),
    ),
  )
}

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: rows.map(({ name }) => name).join() },
    proxies: { type: 'string', default: 'sluice,envoy,nginx,haproxy' },
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '4' },
    json: { type: 'boolean', default: false },
  },
})
const wanted = options.rows.split(',')
const unknown = wanted.filter(name => !rows.some(row => row.name === name))
if (unknown.length > 0)
  throw new Error(`no such row: ${unknown.join()}; rows are ${rows.map(({ name }) => name).join()}`)

if (!hasProgram('wrk')) {
  console.error(`skipped: ${wrkMissing}`)
} else {
  const note = (text: string): void => console.error(text)
  if (findEnvoy() === undefined) note(`without Envoy: ${envoyMissing}`)
  for (const name of ['nginx', 'haproxy']) if (!hasProgram(name)) note(`without ${name}: apt-get install ${name}`)
  const backend = await startBackend()
  note(`backend ${backend.name}, wrk, ${cpus().length} CPUs (${cpus()[0]?.model}), node ${process.version}`)
  const grpcPort = (await grpcGo?.serve()) ?? 0
  const results: RowResult[] = []
  try {
    for (const row of rows.filter(({ name }) => wanted.includes(name))) {
      const names = available(row.work).filter(
        name =>
          options.proxies.split(',').includes(name) &&
          ((!row.kind.endsWith('start') && row.client === 'wrk') || name === 'sluice' || name === 'envoy'),
      )
      if (row.work === 'grpc' && grpcGo === undefined) {
        note(`skipped ${row.name}: ${goMissing}`)
        continue
      }
      const backendPort =
        row.work === 'grpc' ? grpcPort : row.work === 'http2-upstream' ? backend.http2Port : backend.port
      if ((row.client === 'h2load' && !hasProgram('h2load')) || backendPort === 0) {
        note(`skipped ${row.name}: needs h2load (apt-get install nghttp2-client) and nginx`)
        continue
      }
      const result = await runRow(row, names, Number(options.rounds), Number(options.seconds), backendPort)
      results.push(result)
      if (result.medians.some(({ sample }) => sample.errors !== '')) process.exitCode = 1
      if (!options.json) print(result, row.kind)
    }
  } finally {
    await backend.stop()
    grpcGo?.stop()
  }
  if (options.json) console.log(JSON.stringify(results, undefined, 1))
}
