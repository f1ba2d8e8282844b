/** The guide's kind of filter, on both proxies. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile, filterEntry } from '../tools/compile.ts'
import { headerFilterBudgetBytes } from '../tools/size.ts'
import { FilterProxy, proxies } from './support/proxy.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const file = join(folder, 'header.wasm')
const module = await compile(filterEntry('header'), file)

test('a header filter takes at most 12 KB', () => {
  assert.ok(module.length <= headerFilterBudgetBytes, `${module.length} bytes`)
})

test('only the callbacks that the filter overrides are exported', () => {
  const exports = WebAssembly.Module.exports(new WebAssembly.Module(module)).map(({ name }) => name)
  assert.deepEqual(exports.toSorted(), [
    '_initialize',
    'malloc',
    'memory',
    'proxy_abi_version_0_2_1',
    'proxy_on_configure',
    'proxy_on_context_create',
    'proxy_on_delete',
    'proxy_on_memory_allocate',
    'proxy_on_request_headers',
    'proxy_on_response_headers',
  ])
})

for (const { kind, skip } of proxies)
  test(`a header filter runs on ${kind}`, { skip }, async () => {
    const proxy = await FilterProxy.start(kind, [{ file, configuration: 'grüße' }])
    try {
      for (let i = 0; i < 3; i++) {
        const answer = await proxy.request('/päth?q'.replace('ä', '%C3%A4'))
        assert.equal(answer.status, 200)
        assert.equal(Buffer.from(String(answer.headers['x-sdk']), 'latin1').toString(), 'grüße')
        assert.equal(JSON.parse(answer.body).headers['x-seen-path'], '/p%C3%A4th?q')
      }
    } finally {
      await proxy.stop()
    }
  })
