/**
 * `npm run bench:swap`: swaps the code of a wasm filter again and again under full load; no request may fail, and
 * memory must not grow.
 *
 *   --swaps n       (1000)                --connections n   (32)
 *   --warm-up n     swaps before it: garbage of an idle main thread reaches its size (1000)
 *   --watch         write the file only; else POST /wasm/reload as well
 *   --tolerance p   allowed growth of RSS after the warm-up, first quarter to last, in per cent (5)
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { wasmFilter } from '../bench/proxies.ts'
import { http, req, router } from '../golden/case.ts'
import { hasProgram, wrk, wrkMissing } from '../support/load.ts'
import { processTree, rssOf } from '../support/process-meter.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'

const { values: options } = parseArgs({
  options: {
    swaps: { type: 'string', default: '1000' },
    'warm-up': { type: 'string', default: '1000' },
    connections: { type: 'string', default: '32' },
    watch: { type: 'boolean', default: false },
    tolerance: { type: 'string', default: '5' },
  },
})
const warmUp = Number(options['warm-up'])
const swaps = warmUp + Number(options.swaps)
const mib = 1 << 20
const module = 'as-headers'
const original = readFileSync(join(import.meta.dirname, `../fixtures/wasm/${module}/${module}.wasm`))

/** The request header `x-filter` that the module adds ends in another letter in even and odd variants. */
const stem = 'x-filte'
const names = [`${stem}a`, `${stem}b`]
const letterAt = original.indexOf(Buffer.from(stem, 'utf16le')) + stem.length * 2

/** The module with another name in its data, and with a custom section of its own: other code to whoever hashes it. */
function variant(number: number): Buffer {
  const text = Buffer.from(`\x04swap${number}`)
  const code = Buffer.from(original)
  code.write((names[number & 1] as string).slice(stem.length), letterAt)
  return Buffer.concat([code, Buffer.of(0, text.length), text])
}

/** Sends requests until one went through the variant. */
async function served(port: number, number: number): Promise<void> {
  const client = await RawClient.connect(port)
  for (let asked = 1; ; asked++) {
    client.write(req('GET /probe'))
    await client.waitFor(({ text }) => text.split('\r\n\r\nok').length > asked, 'an answer')
    if (client.text.slice(client.text.lastIndexOf('HTTP/1.1')).includes(`${names[number & 1]}=yes`)) break
  }
  client.destroy()
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
  const direct_response = { status: 200, body: { inline_string: 'ok' } }
  const value = names.map(name => `${name}=%REQ(${name})%`).join(' ')
  const probe = { direct_response, response_headers_to_add: [{ header: { key: 'x-code', value } }] }
  const routes = [
    { match: { path: '/probe' }, ...probe },
    { match: { prefix: '/' }, direct_response },
  ]
  const listeners = [http({ name: 'bench', routes, hcm: { http_filters: [filter(), router] } })]
  const proxy = await ProxyProcess.start(
    'sluice',
    { static_resources: { listeners } },
    { concurrency: 1, before: dir => write(dir, 0) },
  )
  try {
    const status = async (): Promise<WasmStatus> => JSON.parse((await proxy.admin('/wasm')).body) as WasmStatus
    const done = async (): Promise<number> => (await status()).plugins[0]?.reloads.success ?? 0
    const port = proxy.ports.bench as number
    const rss: number[] = []
    const heap: number[] = []
    const times: number[] = []
    const load = { errors: '', requests: 0, over: false }
    const loading = (async () => {
      while (!load.over) {
        const { errors, requests } = await wrk(port, '/direct', Number(options.connections), 3)
        load.errors += errors
        load.requests += requests
      }
    })()
    for (let i = 1; i <= swaps; i++) {
      const begin = performance.now()
      write(proxy.dir, i)
      if (!options.watch) {
        const { status: code, body } = await proxy.admin('/wasm/reload?name=' + module, 'POST')
        if (code !== 200) throw new Error(body)
      }
      await served(port, i)
      times.push(performance.now() - begin)
      if (i <= warmUp || (i - warmUp) % Math.ceil((swaps - warmUp) / 20) !== 0) continue
      rss.push(rssOf(processTree(proxy.pid)))
      heap.push(Number((JSON.parse((await proxy.admin('/memory')).body) as { allocated: string }).allocated))
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
    console.log(`heap of the main thread MiB: ${heap.map(bytes => Math.round(bytes / mib)).join(' ')}`)
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
