/**
 * The network layer alone: tcp_proxy of sluice and of Envoy in turn, for small answers, 1 MiB answers, and connections
 * that do nothing. Prints CPU µs an answer (median of the rounds), bytes a connection, and the ratio to Envoy.
 *
 *   node test/bench/micro/tcp-proxy.ts [rounds] [seconds]
 */
import { connect, type Socket } from 'node:net'
import { envoyMissing, findEnvoy } from '../../support/envoy.ts'
import { hasProgram, startBackend, wrk, wrkMissing } from '../../support/load.ts'
import { cpuOf, processTree, rssOf } from '../../support/process-meter.ts'
import { type Running, startProxy } from '../proxies.ts'

const rounds = Number(process.argv[2] ?? 5)
const seconds = Number(process.argv[3] ?? 3)
const idleConnections = 4000

if (findEnvoy() === undefined) throw new Error(envoyMissing)
if (!hasProgram('wrk')) throw new Error(wrkMissing)

const names = ['sluice', 'envoy'] as const
type Name = (typeof names)[number]
type Values = Record<Name, number[]>

const backend = await startBackend()
const proxies: Record<Name, Running> = {
  sluice: await startProxy('sluice', 'tcp', backend.port),
  envoy: await startProxy('envoy', 'tcp', backend.port),
}

for (const [title, path, connections] of [
  ['small answers, 64 connections', '/', 64],
  ['1 MiB answers, 8 connections', '/big', 8],
  ['1 MiB answers, 1 connection', '/big', 1],
] as const) {
  const us: Values = { sluice: [], envoy: [] }
  for (let round = 0; round <= rounds; round++) {
    for (const name of names) {
      const tree = processTree(proxies[name].pid)
      const before = cpuOf(tree)
      const { requests, errors } = await wrk(proxies[name].port, path, connections, seconds)
      const after = cpuOf(tree)
      if (errors !== '') throw new Error(`${name}: ${errors}`)
      // The first round warms up.
      if (round > 0) us[name].push((after.userUs - before.userUs + after.systemUs - before.systemUs) / requests)
    }
  }
  print(title, us, 'µs')
}

const bytes: Values = { sluice: [], envoy: [] }
for (const name of names) {
  const tree = processTree(proxies[name].pid)
  const before = rssOf(tree)
  const sockets: Socket[] = []
  for (let i = 0; i < idleConnections; i++) sockets.push(await open(proxies[name].port))
  bytes[name].push((rssOf(tree) - before) / idleConnections)
  for (const socket of sockets) socket.destroy()
}
print('idle pair of connections', bytes, 'bytes')

for (const name of names) await proxies[name].stop()
await backend.stop()

/** A connection through the proxy, proven by an answer. */
function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('GET / HTTP/1.1\r\nhost: bench\r\n\r\n'))
    socket.once('data', () => resolve(socket))
    socket.once('error', reject)
  })
}

function print(title: string, values: Values, unit: string): void {
  const median = (name: Name): number => values[name].toSorted((a, b) => a - b)[values[name].length >> 1] as number
  const [sluice, envoy] = [median('sluice'), median('envoy')]
  console.log(`${title}: ${sluice.toFixed(1)} ${unit}, Envoy ${envoy.toFixed(1)}, ratio ${(sluice / envoy).toFixed(2)}`)
}
