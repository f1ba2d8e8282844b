/** A wasm filter by discovery: every version runs on every worker, and the VMs of those before are gone. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { ProxyProcess } from '../support/proxy-process.ts'
import { extensionType, listener, ReplacedFile } from './conversation.ts'

const filters = 'type.googleapis.com/envoy.extensions.filters.http'
const fixtures = join(import.meta.dirname, '../fixtures/wasm')

const plugin = (version: number, module = 'as-headers', vmId = '') => ({
  version_info: String(version),
  resources: [
    {
      '@type': extensionType,
      name: 'header',
      typed_config: {
        '@type': `${filters}.wasm.v3.Wasm`,
        config: {
          name: 'header',
          configuration: { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: `x-version: ${version}` },
          vm_config: { vm_id: vmId, code: { local: { filename: join(fixtures, module, `${module}.wasm`) } } },
        },
      },
    },
  ],
})

test('versions of a wasm filter follow each other under load, and leave nothing behind', async t => {
  const file = new ReplacedFile(plugin(1))
  const direct = { match: { prefix: '/' }, direct_response: { status: 200 } }
  const discovery = {
    config_source: { path_config_source: { path: file.path } },
    type_urls: [`${filters}.wasm.v3.Wasm`],
  }
  const hcm = {
    route_config: { virtual_hosts: [{ name: 'v', domains: ['*'], routes: [direct] }] },
    http_filters: [
      { name: 'header', config_discovery: discovery },
      { name: 'router', typed_config: { '@type': `${filters}.router.v3.Router` } },
    ],
  }
  const config = { node: { id: 'node', cluster: 'test' }, static_resources: { listeners: [listener('in', hcm)] } }
  const proxy = await ProxyProcess.start('sluice', config, { concurrency: 2 })
  t.after(async () => {
    await proxy.stop()
    file.remove()
  })
  const seen = new Set<string>()
  const over = new AbortController()
  const load = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const answer = await fetch(`http://127.0.0.1:${proxy.ports['in']}/`, { headers: { connection: 'close' } })
      assert.equal(answer.status, 200)
      seen.add(answer.headers.get('x-version') ?? 'none')
      await answer.arrayBuffer()
    }
  }
  const loads = [load(), load(), load()]
  const last = 12
  for (let version = 2; version <= last; version++) {
    file.write(plugin(version, version % 2 === 0 ? 'as-headers' : 'c-headers', `vm-${version % 3}`))
    const stat = 'extension_config_discovery.http_filter.header.config_reload'
    await proxy.waitForStats(stats => stats.get(stat) === version, `version ${version}`)
  }
  while (!seen.has(String(last))) await new Promise(resolve => setTimeout(resolve, 5))
  over.abort()
  await Promise.all(loads)
  const vms = async (): Promise<number[]> => {
    const { workers } = JSON.parse((await proxy.admin('/wasm')).body) as { workers: { vms: unknown[] }[] }
    return workers.map(each => each.vms.length)
  }
  let counts = await vms()
  while (counts.some(count => count > 1)) counts = await vms()
  assert.deepEqual(counts, [1, 1])
})
