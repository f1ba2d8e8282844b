/** Workers: one port for all, process-wide limits, and a stuck one is replaced while the others serve. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { http, req, router } from '../golden/case.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'

const routes: readonly JsonObject[] = [
  { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'ok' } } },
]

/** A module whose request header callback never returns (binaryen's text form of it is `(loop $l (br $l))`). */
const endlessLoop =
  'AGFzbQEAAAABFQRgAABgAX8Bf2ACf38AYAN/f38BfwMFBAABAgMFAwEAAQdiBQZtZW1vcnkCABdwcm94eV9hYmlfdmVyc2lvbl8wXzJfMQAABm1hbGxvYwAB' +
  'F3Byb3h5X29uX2NvbnRleHRfY3JlYXRlAAIYcHJveHlfb25fcmVxdWVzdF9oZWFkZXJzAAMKFgQCAAsFAEGACAsCAAsIAANADAALAAs='

const get = req('GET /', ['connection: close'])

async function exchange(port: number): Promise<string> {
  const client = await RawClient.connect(port)
  client.write(get)
  await client.waitFor(c => c.peer !== 'open', 'the connection to close')
  client.destroy()
  return client.text
}

test('port 0 is one port for all workers, and all of them serve on it', async () => {
  const proxy = await ProxyProcess.start(
    'sluice',
    { static_resources: { listeners: [http({ routes })] } },
    { concurrency: 2 },
  )
  try {
    const port = proxy.ports.http as number
    // The kernel spreads connections by a hash: among 64 it would take a fault for one worker to get none.
    for (let i = 0; i < 64; i++) assert.match(await exchange(port), /^HTTP\/1\.1 200 OK\r\n/)
    await proxy.waitForStats(s => s.get('listener.127.0.0.1_0.downstream_cx_total') === 64, 'the merged count')
    const stats = await proxy.stats('worker_\\d')
    const [first, second] = [0, 1].map(i => stats.get(`listener.127.0.0.1_0.worker_${i}.downstream_cx_total`) ?? 0)
    assert.ok(first && second, `${first} and ${second} connections`)
    assert.equal(first + second, 64)
  } finally {
    await proxy.stop()
  }
})

test('/runtime_modify changes what every worker does', async () => {
  const share = { runtime_fraction: { runtime_key: 'share', default_value: { numerator: 0 } } }
  const proxy = await ProxyProcess.start(
    'sluice',
    {
      layered_runtime: { layers: [{ name: 'admin', admin_layer: {} }] },
      static_resources: {
        listeners: [
          http({ routes: [{ match: { prefix: '/', ...share }, direct_response: { status: 204 } }, ...routes] }),
        ],
      },
    },
    { concurrency: 2 },
  )
  const statuses = async (): Promise<Set<string | undefined>> => {
    const found = new Set<string | undefined>()
    for (let i = 0; i < 32; i++) found.add(/ (\d+) /.exec(await exchange(proxy.ports.http as number))?.[1])
    return found
  }
  const modify = (value: string): Promise<Response> =>
    fetch(`http://127.0.0.1:${proxy.adminPort}/runtime_modify?share=${value}`, { method: 'POST' })
  try {
    assert.deepEqual(await statuses(), new Set(['200']))
    await modify('100')
    assert.deepEqual(await statuses(), new Set(['204']))
    assert.equal((await proxy.stats('^runtime')).get('runtime.admin_overrides_active'), 1)
    await modify('')
    assert.deepEqual(await statuses(), new Set(['200']))
  } finally {
    await proxy.stop()
  }
})

test('a worker in an endless loop is replaced while the other serves', async () => {
  const wasm: JsonObject = {
    name: 'loop',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm',
      config: {
        name: 'loop',
        vm_config: { runtime: 'envoy.wasm.runtime.v8', code: { local: { inline_bytes: endlessLoop } } },
      },
    },
  }
  const listeners = [
    // The first worker alone accepts here, so that it is the one that gets stuck.
    http({ name: 'looping', routes, hcm: { http_filters: [wasm, router] }, listener: { enable_reuse_port: false } }),
    http({ name: 'first', routes, listener: { enable_reuse_port: false } }),
    http({ name: 'serving', routes }),
  ]
  const proxy = await ProxyProcess.start(
    'sluice',
    {
      static_resources: { listeners },
      // Otherwise the filter's budget ends the loop first.
      layered_runtime: { layers: [{ name: 'base', static_layer: { 'sluice.wasm.cpu_budget_ms': 0 } }] },
      watchdogs: { worker_watchdog: { kill_timeout: '0.5s' } },
    },
    { concurrency: 2, flags: ['--component-log-level', 'main:info'] },
  )
  try {
    const victim = await RawClient.connect(proxy.ports.looping as number)
    victim.write(get)
    await victim.waitFor(c => c.peer !== 'open', 'the stuck worker to be ended')
    assert.equal(victim.text, '')
    await proxy.waitForStats(s => s.get('server.worker_restarts') === 1, 'the restart to be counted')
    await proxy.waitForStats(() => /worker 0 serves again/.test(proxy.output), 'the new worker')
    assert.equal((await proxy.stats('wasm')).get('wasm.envoy.wasm.runtime.v8.active'), 2)
    assert.match(await exchange(proxy.ports.first as number), /^HTTP\/1\.1 200 OK\r\n/)
    assert.match(proxy.output, /worker 0 is lost and will be replaced in 100 ms: event loop has not turned for \d+ ms/)
    for (let i = 0; i < 32; i++) assert.match(await exchange(proxy.ports.serving as number), /^HTTP\/1\.1 200 OK\r\n/)
  } finally {
    await proxy.stop()
  }
})
