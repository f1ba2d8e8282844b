/**
 * `npm run bench:soak`: many requests through sluice with three wasm filters on the chain; its memory must not grow.
 *
 *   --requests n   after the warm-up (2000000)      --connections n   (64)
 *   --warm-up n    before it: until V8's first full collection, which a steady load brings after 2 million (2500000)
 *   --tolerance p  allowed difference of RSS between warm-up and end in per cent (5)
 *   --proxy name   sluice or envoy
 */
import { parseArgs } from 'node:util'
import { configuration, wasmFilter } from '../bench/proxies.ts'
import { hasProgram, startBackend, wrk, wrkMissing } from '../support/load.ts'
import { processTree, rssOf } from '../support/process-meter.ts'
import { ProxyProcess } from '../support/proxy-process.ts'

const { values: options } = parseArgs({
  options: {
    requests: { type: 'string', default: '2000000' },
    'warm-up': { type: 'string', default: '2500000' },
    connections: { type: 'string', default: '64' },
    tolerance: { type: 'string', default: '5' },
    proxy: { type: 'string', default: 'sluice' },
  },
})
const warmUp = Number(options['warm-up'])
const total = warmUp + Number(options.requests)
const mib = 1 << 20

async function soak(): Promise<boolean> {
  const backend = await startBackend()
  const filters = [
    wasmFilter('as-headers', 'x-added: yes'),
    wasmFilter('rust-headers', 'yes'),
    wasmFilter('go-headers', 'yes'),
  ]
  const kind = options.proxy === 'envoy' ? 'envoy' : 'sluice'
  const proxy = await ProxyProcess.start(kind, configuration('http', backend.port, filters), { concurrency: 1 })
  try {
    const samples: { requests: number; rss: number }[] = []
    let requests = 0
    while (requests < total) {
      const result = await wrk(proxy.ports.bench as number, '/', Number(options.connections), 5)
      if (result.errors !== '') throw new Error(`after ${requests} requests: ${result.errors}`)
      requests += result.requests
      const rss = rssOf(processTree(proxy.pid))
      samples.push({ requests, rss })
      console.log(
        `${requests} requests, RSS ${(rss / mib).toFixed(1)} MiB, ${result.perSecond.toFixed(0)}/s, p99 ${result.p99Ms} ms`,
      )
    }
    const first = samples.findIndex(sample => sample.requests >= warmUp)
    // Of several samples: one alone catches the heap before or after a collection.
    const average = (part: readonly { rss: number }[]) => part.reduce((sum, { rss }) => sum + rss, 0) / part.length
    const begin = average(samples.slice(first, first + 3))
    const end = average(samples.slice(-3))
    const change = (end / begin - 1) * 100
    const ok = Math.abs(change) <= Number(options.tolerance)
    const line = `RSS after warm-up ${(begin / mib).toFixed(1)} MiB, at the end ${(end / mib).toFixed(1)} MiB: ${change.toFixed(1)} %`
    console.log(`${line}, allowed ± ${options.tolerance} %: ${ok ? 'ok' : 'over'}`)
    return ok
  } finally {
    await proxy.stop()
    await backend.stop()
  }
}

if (!hasProgram('wrk')) console.error(`skipped: ${wrkMissing}`)
else if (!(await soak())) process.exitCode = 1
