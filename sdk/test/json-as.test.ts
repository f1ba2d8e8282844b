/** The JSON library json-as beside the SDK: a configuration as a class. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile, filterEntry } from '../tools/compile.ts'
import { FakeHost } from './support/fake-host.ts'
import { encodeStruct } from './support/struct.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const code = await compile(filterEntry('json-as'), join(folder, 'json-as.wasm'), ['json-as/transform'])

const config = { name: 'ü', limit: 5, rules: [{ path: '/a', header: 'first' }] }

for (const [form, bytes] of [
  ['JSON', Buffer.from(JSON.stringify(config))],
  ['a google.protobuf.Struct', encodeStruct(config)],
] as const)
  test(`a configuration that comes as ${form} becomes an object of a class`, () => {
    const host = new FakeHost(code)
    host.run('proxy_on_context_create', 1, 0)
    host.answers.set('proxy_get_buffer_bytes', { data: bytes })
    const configured = host.run('proxy_on_configure', 1, bytes.length)
    assert.equal(configured.result, 1)
    assert.deepEqual(JSON.parse(configured.log[0]?.slice(2) ?? ''), config)
    host.run('proxy_on_context_create', 2, 1)
    host.answers.set('proxy_get_header_map_value', { data: '/a/b' })
    assert.deepEqual(host.run('proxy_on_request_headers', 2, 1, 1).calls, [
      ['proxy_get_header_map_value', 0, ':path'],
      ['proxy_replace_header_map_value', 0, 'x-rule', 'first'],
    ])
  })

test('what is neither is refused', () => {
  const host = new FakeHost(code)
  host.run('proxy_on_context_create', 1, 0)
  host.answers.set('proxy_get_buffer_bytes', { data: '{"name":' })
  assert.equal(host.run('proxy_on_configure', 1, 8).result, 0)
})

test('the module imports nothing but the host’s functions, and exports only callbacks that it overrides', () => {
  const module = new WebAssembly.Module(code)
  const imports = WebAssembly.Module.imports(module)
  assert.ok(imports.every(({ module, name }) => module === 'env' && name.startsWith('proxy_')))
  assert.ok(!WebAssembly.Module.exports(module).some(({ name }) => name === 'proxy_on_tick'))
})
