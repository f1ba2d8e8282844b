import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wasmFilter } from '../bench/proxies.ts'
import { cluster, http, req, router } from '../golden/case.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'

test('AssemblyScript, Rust, Go and C filters share a chain with native ones, on several workers', async () => {
  const upstream = await Upstream.listen()
  const http_filters = [
    wasmFilter('as-headers', 'x-wasm: one\nx-two: 2'),
    wasmFilter('rust-headers', 'rust'),
    wasmFilter('go-headers', 'go'),
    wasmFilter('c-headers', 'c'),
    router,
  ]
  const config = {
    static_resources: { listeners: [http({ hcm: { http_filters } })], clusters: [cluster('a', ['$a'])] },
  }
  const text = JSON.stringify(config).replaceAll('"$a"', String(upstream.port))
  const proxy = await ProxyProcess.start('sluice', JSON.parse(text), { concurrency: 2 })
  try {
    for (let i = 0; i < 6; i++) {
      const client = await RawClient.connect(proxy.ports.http as number)
      client.write(req('GET /', ['connection: close']))
      await client.waitFor(c => c.peer !== 'open', 'the connection to close')
      const added = client.text.split('\r\n').filter(line => /^x-(c|go|rust|wasm|two):/.test(line))
      assert.deepEqual(added, ['x-c: c', 'x-go: go', 'x-rust: rust', 'x-wasm: one', 'x-two: 2'])
    }
    assert.ok(upstream.requests.every(({ message }) => message.headers.includes('x-filter: one')))
    const stats = await proxy.stats('wasm')
    assert.equal(stats.get('wasm.envoy.wasm.runtime.v8.active'), 8)
  } finally {
    await proxy.stop()
    upstream.close()
  }
})

test('code that does not load keeps the proxy from starting, and says why', async () => {
  const broken = wasmFilter('as-headers', '')
  const code = { local: { inline_string: 'no wasm' } }
  const text = JSON.stringify(broken).replace(/"code":\{.*?\}\}/, `"code":${JSON.stringify(code)}`)
  const hcm = { http_filters: [JSON.parse(text), router] }
  const config = { static_resources: { listeners: [http({ hcm })], clusters: [cluster('a', [])] } }
  await assert.rejects(ProxyProcess.start('sluice', config), /Failed to load Wasm code/)
})
