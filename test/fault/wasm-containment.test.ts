/** Wasm filters that loop, eat memory or flood the log: stopped within their limits, and nobody else notices. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { http, req, router } from '../golden/case.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { loadable, tinyModule } from '../support/tiny-wasm.ts'

// Requests with more than ten headers make the guest do its worst.
const many = [0x20, 1, 0x41, 10, 0x4a, 0x04, 0x40]
const again = [0x0c, 0, 0x0b]
const forever = (body: readonly number[]): number[] => [...many, 0x03, 0x40, ...body, ...again, 0x0b, 0x41, 0]
const logLine = [0x41, 2, 0x41, 0, 0x41, 16, 0x10, 0]
/** Grows by a page and writes to it, until there is no more; then stops. */
const eat = [...many, 0x03, 0x40, 0x41, 16, 0x40, 0, 0x41, 0x7f, 0x47, 0x0d, 0, 0x0b, 0x0b, 0x41, 0]

const filters: Readonly<Record<string, Uint8Array>> = {
  loop: tinyModule({ memory: 1, functions: { ...loadable, proxy_on_request_headers: forever([]) } }),
  memory: tinyModule({ memory: 1, functions: { ...loadable, proxy_on_request_headers: eat } }),
  flood: tinyModule({
    imports: ['env.proxy_log'],
    memory: 1,
    functions: { ...loadable, proxy_on_request_headers: forever([...logLine, 0x1a]) },
    importType: { parameters: 3, result: true },
  }),
}

let proxy: ProxyProcess

function listener(name: string): JsonObject {
  const config = {
    name,
    vm_config: { vm_id: name, code: { local: { filename: `$DIR/${name}.wasm` } } },
  }
  const typed_config = { '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm', config }
  return http({ name, routes, hcm: { http_filters: [{ name, typed_config }, router] } })
}

const routes: JsonObject[] = [
  { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'ok' } } },
]

before(async () => {
  const limits = {
    loop: { cpu_budget_ms: 50 },
    memory: { memory_limit_bytes: 4 * 1024 * 1024 },
    flood: { cpu_budget_ms: 50, log_lines_per_second: 10 },
  }
  const layered_runtime = { layers: [{ name: 'limits', static_layer: { sluice: { wasm: limits } } }] }
  const listeners = [...Object.keys(filters).map(listener), http({ name: 'none', routes })]
  proxy = await ProxyProcess.start(
    'sluice',
    { layered_runtime, static_resources: { listeners } },
    {
      before: dir => {
        for (const [name, code] of Object.entries(filters)) writeFileSync(join(dir, `${name}.wasm`), code)
      },
    },
  )
})

after(async () => {
  await proxy?.stop()
})

async function send(name: string, headers: readonly string[] = []): Promise<string> {
  const client = await RawClient.connect(proxy.ports[name] as number)
  client.write(req('GET /', [...headers, 'connection: close']))
  await client.waitFor(c => c.peer !== 'open', 'the connection to close')
  client.destroy()
  return client.text
}

const worst = Array.from({ length: 12 }, (_, i) => `x-${i}: ${i}`)
const ok = /^HTTP\/1\.1 200 /

test('an endless loop ends with a 503 after its budget; streams beside it and after it are answered', async () => {
  assert.match(await send('loop'), ok)
  const begin = performance.now()
  const [stopped, beside] = await Promise.all([send('loop', worst), send('none')])
  const ms = performance.now() - begin
  assert.match(stopped, /^HTTP\/1\.1 503 /)
  assert.match(beside, ok)
  assert.ok(ms >= 49 && ms < 1000, `${ms} ms`)
  assert.match(await send('loop'), ok)
  assert.equal((await proxy.stats('wasm.loop')).get('wasm.loop.cpu_budget_exceeded'), 1)
  assert.equal(proxy.exited, false)
})

test('a query of death: others are answered again when the back-off is over', async () => {
  for (let i = 0; i < 4; i++) await send('loop', worst)
  const begin = performance.now()
  let answer = ''
  while (!ok.test(answer) && performance.now() - begin < 10_000) answer = await send('loop')
  assert.match(answer, ok)
  const ms = performance.now() - begin
  assert.ok(ms < 2000, `${ms} ms`)
})

test('memory: the guest is refused what is beyond its limit', async () => {
  assert.match(await send('memory', worst), ok)
  assert.equal((await proxy.stats('wasm.memory')).get('wasm.memory.memory_refused'), 1)
  const { workers } = JSON.parse((await proxy.admin('/wasm')).body) as {
    workers: { vms: { plugins: string[]; memory_bytes: number }[] }[]
  }
  const vm = workers[0]?.vms.find(each => each.plugins.includes('memory'))
  assert.ok(vm !== undefined && vm.memory_bytes <= 4 * 1024 * 1024 && vm.memory_bytes > 2 * 1024 * 1024)
})

test('a log flood: some lines a second, the others are counted', async () => {
  await proxy.admin('/logging?wasm=info', 'POST')
  assert.match(await send('flood', worst), /^HTTP\/1\.1 503 /)
  const stats = await proxy.stats('wasm.flood')
  assert.ok((stats.get('wasm.flood.log_lines_dropped') ?? 0) > 100)
  assert.ok(proxy.output.split('\n').filter(line => line.includes('wasm log flood')).length < 40)
})

test('/wasm tells the trap with its reason', async () => {
  const { plugins, workers } = JSON.parse((await proxy.admin('/wasm')).body) as {
    plugins: { name: string; limits: Record<string, number> }[]
    workers: { traps: { reason: string }[] }[]
  }
  assert.deepEqual(plugins.map(each => each.name).sort(), ['flood', 'loop', 'memory'])
  assert.equal(plugins.find(each => each.name === 'loop')?.limits.cpuBudgetMs, 50)
  assert.match(workers[0]?.traps[0]?.reason ?? '', /CPU budget of 50 ms\n {4}at wasm-function\[\d+\]/)
})

test('POST /wasm/reload: new code serves; what does not load leaves the old code', async () => {
  const passing = tinyModule({ memory: 1, functions: { ...loadable, proxy_on_request_headers: [0x41, 0] } })
  writeFileSync(join(proxy.dir, 'loop.wasm'), 'no module')
  const refused = await proxy.admin('/wasm/reload?name=loop', 'POST')
  assert.equal(refused.status, 500)
  assert.match(refused.body, /"outcome": "failed"/)
  writeFileSync(join(proxy.dir, 'loop.wasm'), passing)
  const { status, body } = await proxy.admin('/wasm/reload?name=loop', 'POST')
  assert.equal(status, 200, body)
  assert.match(await send('loop', worst), ok)
  assert.equal((await proxy.admin('/wasm/reload?name=nobody', 'POST')).status, 404)
  assert.equal((await proxy.admin('/wasm/reload?name=loop')).status, 405)
})
