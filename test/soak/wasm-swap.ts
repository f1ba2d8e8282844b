/**
 * `npm run bench:swap`: swaps the code of a wasm filter again and again under full load; no request may fail, and
 * memory must not grow.
 *
 *   --swaps n       (1000)                --connections n   (32)
 *   --warm-up n     swaps before it: garbage of an idle main thread reaches its size (1000)
 *   --module name   of the fixtures (as-headers)
 *   --watch         write the file only and wait until the new code serves; else POST /wasm/reload
 *   --tolerance p   allowed growth of RSS after the warm-up, first quarter to last, in per cent (5)
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { configuration, wasmFilter } from '../bench/proxies.ts'
import { hasProgram, wrk, wrkMissing } from '../support/load.ts'
import { processTree, rssOf } from '../support/process-meter.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'

const { values: options } = parseArgs({
  options: {
    swaps: { type: 'string', default: '1000' },
    'warm-up': { type: 'string', default: '1000' },
    connections: { type: 'string', default: '32' },
    module: { type: 'string', default: 'as-headers' },
    watch: { type: 'boolean', default: false },
    tolerance: { type: 'string', default: '5' },
  },
})
const warmUp = Number(options['warm-up'])
const swaps = warmUp + Number(options.swaps)
const mib = 1 << 20
const { module } = options
const original = readFileSync(join(import.meta.dirname, `../fixtures/wasm/${module}/${module}.wasm`))

/** The module with a custom section of its own: other code to whoever hashes it. */
function variant(number: number): Buffer {
  const text = Buffer.from(`\x04swap${number}`)
  return Buffer.concat([original, Buffer.of(0, text.length), text])
}

/** The fixture's filter, its code in the proxy's own folder. */
function filter(): JsonObject {
  const text = JSON.stringify(wasmFilter(module, 'x-added: yes'))
  const path = (
    JSON.parse(text) as { typed_config: { config: { vm_config: { code: { local: { filename: string } } } } } }
  ).typed_config.config.vm_config.code.local.filename
  return JSON.parse(text.replace(path, '$DIR/filter.wasm')) as JsonObject
}

interface WasmStatus {
  readonly plugins: readonly { readonly reloads: { readonly success: number } }[]
  readonly workers: readonly { readonly vms: readonly object[] }[]
}

async function swapAll(): Promise<boolean> {
  const config = configuration('http', 1, [filter()])
  const proxy = await ProxyProcess.start('sluice', config, { concurrency: 1, before: dir => write(dir, 0) })
  try {
    const status = async (): Promise<WasmStatus> => JSON.parse((await proxy.admin('/wasm')).body) as WasmStatus
    const done = async (): Promise<number> => (await status()).plugins[0]?.reloads.success ?? 0
    const rss: number[] = []
    const times: number[] = []
    const load = { errors: '', requests: 0, over: false }
    const loading = (async () => {
      while (!load.over) {
        const { errors, requests } = await wrk(proxy.ports.bench as number, '/direct', Number(options.connections), 3)
        load.errors += errors
        load.requests += requests
      }
    })()
    for (let i = 1; i <= swaps; i++) {
      const begin = performance.now()
      write(proxy.dir, i)
      if (options.watch) while ((await done()) < i) await new Promise(resolve => setTimeout(resolve, 2))
      else {
        const { status: code, body } = await proxy.admin('/wasm/reload?name=' + module, 'POST')
        if (code !== 200) throw new Error(body)
      }
      times.push(performance.now() - begin)
      if (i > warmUp && (i - warmUp) % Math.ceil((swaps - warmUp) / 20) === 0) rss.push(rssOf(processTree(proxy.pid)))
    }
    load.over = true
    await loading
    times.sort((a, b) => a - b)
    const quarter = Math.max(...rss.slice(0, Math.ceil(rss.length / 4)))
    const end = Math.max(...rss.slice(-Math.ceil(rss.length / 4)))
    const growth = (end / quarter - 1) * 100
    const vms = (await status()).workers.map(worker => worker.vms.length)
    console.log(`${await done()} swaps, ${load.requests} requests, failed: ${load.errors || 'none'}`)
    console.log(`file written to new code serving: median ${at(times, 0.5)} ms, 99% ${at(times, 0.99)} ms`)
    console.log(`RSS MiB: ${rss.map(bytes => Math.round(bytes / mib)).join(' ')}; growth ${growth.toFixed(1)} %`)
    console.log(`VMs at the end, by worker: ${vms.join(' ')}`)
    return load.errors === '' && growth <= Number(options.tolerance) && vms.every(count => count === 1)
  } finally {
    await proxy.stop()
  }
}

function write(dir: string, number: number): void {
  writeFileSync(join(dir, 'new'), variant(number))
  renameSync(join(dir, 'new'), join(dir, 'filter.wasm'))
}

const at = (sorted: readonly number[], part: number): string =>
  (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN).toFixed(1)

if (!hasProgram('wrk')) throw new Error(wrkMissing)
if (!(await swapAll())) process.exitCode = 1
