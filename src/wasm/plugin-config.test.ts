import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setLogLevel, setLogSink } from '../base/log.ts'
import type { PluginConfig } from '../config/v3.ts'
import { fakeThread } from '../../test/support/fake-wasm.ts'
import { makePlugin } from './plugin-config.ts'

const lines: string[] = []
setLogLevel('info')
setLogSink({ write: (_level, _component, message) => void lines.push(message) })

const file = (name: string) => join(import.meta.dirname, `../../test/fixtures/wasm/${name}/${name}.wasm`)
const prefix = 'type.googleapis.com/google.protobuf.'

function plugin(vm: object = {}, more: object = {}): PluginConfig {
  const code = { local: { filename: file('as-probe') } }
  const vmConfig = { vmId: '', runtime: '', allowPrecompiled: false, nackOnCodeCacheMiss: false, code, ...vm }
  return { name: 'p', rootId: '', failOpen: false, failurePolicy: 'UNSPECIFIED', vmConfig, ...more }
}

test('every form of configuration reaches the module', () => {
  const forms: [object, number][] = [
    [{ typeUrl: `${prefix}StringValue`, value: 'rqh get 0 é' }, 12],
    [{ typeUrl: `${prefix}BytesValue`, value: new Uint8Array(3) }, 3],
    [{ typeUrl: `${prefix}Struct`, value: { a: [1, 'b'] } }, 25],
    [{ typeUrl: `${prefix}Duration`, value: 1500 }, 8],
  ]
  for (const [configuration, size] of forms) {
    lines.length = 0
    makePlugin(plugin({ configuration }, { configuration }), fakeThread().context)
    assert.deepEqual(
      lines.map(line => line.replace(/.*: /, '')),
      ['create root', `vm_start ${size}`, `configure ${size}`],
    )
  }
})

test('code from a file is read by the check and found by workers; changed code is seen by the next check', () => {
  const singletons = new Map<string, unknown>()
  const check = { ...fakeThread(singletons).context, workerIndex: -1, checking: true }
  makePlugin(plugin(), check)
  const code = [...singletons].find(([key]) => key.endsWith(`file ${file('as-probe')}`))?.[1]
  assert.ok(code)
  makePlugin(plugin(), fakeThread(singletons).context)
  makePlugin(plugin(), check)
  assert.equal(
    [...singletons].find(([key]) => key.endsWith(`file ${file('as-probe')}`))?.[1],
    code,
    'same code is compiled once',
  )
})

test('a check leaves no VM behind', () => {
  const thread = fakeThread()
  makePlugin(plugin(), { ...thread.context, workerIndex: -1, checking: true })
  assert.equal(thread.stats.values.get('wasm.wasm_vm_count'), 0)
})

test('inline code', () => {
  const inlineBytes = Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)
  const config = plugin({ code: { local: { inlineBytes } } })
  assert.throws(() => makePlugin(config, fakeThread().context), /Missing or unknown Proxy-Wasm ABI version/)
})

for (const [what, config, text] of [
  [
    'a missing file',
    plugin({ code: { local: { filename: '/nonexistent.wasm' } } }),
    /Failed to load Wasm code.*ENOENT/,
  ],
  ['a file that is no module', plugin({ code: { local: { inlineString: 'text' } } }), /Failed to load Wasm code/],
  ['another runtime', plugin({ runtime: 'envoy.wasm.runtime.wamr' }), /using envoy.wasm.runtime.wamr runtime/],
  ['remote code without a URI', plugin({ code: { remote: {} } }), /needs uri and cluster/],
  ['no code', plugin({ code: undefined }), /needs local or remote code/],
  ['no VM', plugin({}, { vmConfig: undefined }), /is required/],
  [
    'an environment key twice',
    plugin({ environmentVariables: { hostEnvKeys: ['A'], keyValues: { A: '1' } } }),
    /Key A is duplicated/,
  ],
  ['two failure policies', plugin({}, { failOpen: true, failurePolicy: 'FAIL_OPEN' }), /only one of/],
  [
    'a configuration that the module refuses',
    plugin({}, { configuration: { typeUrl: `${prefix}StringValue`, value: 'refuse' } }),
    /Unable to create Wasm plugin p/,
  ],
] as const)
  test(`refused: ${what}`, () => assert.throws(() => makePlugin(config, fakeThread().context), text))
