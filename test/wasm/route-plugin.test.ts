import assert from 'node:assert/strict'
import { test } from 'node:test'
import { wasmFilter } from '../bench/proxies.ts'
import { cluster, http, router } from '../golden/case.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'

const base = { ...wasmFilter('as-headers', 'x-plugin: default'), name: 'wasm' }
const type = 'type.googleapis.com/envoy.config.route.v3.FilterConfig'
/**
 * A file that Envoy accepts too: there the optional configuration is skipped. The fixture has one configuration a VM, so
 * each gets its own.
 */
function own(text: string): JsonObject {
  const config = JSON.stringify(wasmFilter('as-headers', text).typed_config).replace(
    /"vm_id":"[^"]*"/,
    `"vm_id":"${text}"`,
  )
  return { wasm: { '@type': type, is_optional: true, config: JSON.parse(config) } }
}

test('a route, or a virtual host, has a plugin of its own', async () => {
  const answer = { direct_response: { status: 200 } }
  const virtualHosts = [
    {
      name: 'all',
      domains: ['*'],
      typed_per_filter_config: own('x-plugin: host'),
      routes: [
        { match: { prefix: '/route' }, ...answer, typed_per_filter_config: own('x-plugin: route') },
        { match: { prefix: '/off' }, ...answer, typed_per_filter_config: { wasm: { '@type': type, disabled: true } } },
        { match: { prefix: '/' }, ...answer },
      ],
    },
    { name: 'plain', domains: ['plain'], routes: [{ match: { prefix: '/' }, ...answer }] },
  ]
  const proxy = await ProxyProcess.start('sluice', {
    static_resources: {
      listeners: [http({ virtualHosts, hcm: { http_filters: [base, router] } })],
      clusters: [cluster('a', [])],
    },
  })
  try {
    const plugin = async (path: string) =>
      (await fetch(`http://127.0.0.1:${proxy.ports.http}${path}`)).headers.get('x-plugin')
    assert.equal(await plugin('/route'), 'route')
    assert.equal(await plugin('/host'), 'host')
    assert.equal(await plugin('/off'), null)
  } finally {
    await proxy.stop()
  }
})

test('a bad plugin of a route keeps the proxy from starting, with its place', async () => {
  const broken = {
    wasm: { '@type': type, config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm' } },
  }
  const routes = [{ match: { prefix: '/' }, direct_response: { status: 200 }, typed_per_filter_config: broken }]
  await assert.rejects(
    ProxyProcess.start('sluice', {
      static_resources: { listeners: [http({ routes, hcm: { http_filters: [base, router] } })], clusters: [] },
    }),
    /typed_per_filter_config.*needs a config with vm_config\.code/,
  )
})
