import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakeThread } from '../../test/support/fake-wasm.ts'
import { i32, loadable, tinyModule } from '../../test/support/tiny-wasm.ts'
import { signatureMismatch } from './signatures.ts'
import { defaultLimits } from './limits.ts'
import { makeWasiFunctions } from './wasi.ts'
import type { WasmVm } from './vm.ts'

const module = (name: string, parameters: number, result: boolean) =>
  tinyModule({ memory: 1, imports: [name], importType: { parameters, result }, functions: loadable })
const prefix = 'Failed to load Wasm module due to an import type mismatch:'

test('what modules of every language import has the types of the host', () => {
  const directory = join(import.meta.dirname, '../../test/fixtures/wasm')
  for (const name of readdirSync(directory, { recursive: true, encoding: 'utf8' }))
    if (name.endsWith('.wasm'))
      assert.equal(signatureMismatch(new Uint8Array(readFileSync(join(directory, name)))), undefined, name)
})

test('a function of another type is refused, in the words of Envoy', () => {
  assert.equal(
    signatureMismatch(module('env.proxy_log', 2, true)),
    `${prefix} env.proxy_log, want: i32 i32 -> i32, but host exports: i32 i32 i32 -> i32`,
  )
  assert.equal(
    signatureMismatch(module('env.proxy_done', 0, false)),
    `${prefix} env.proxy_done, want: void -> void, but host exports: void -> i32`,
  )
  assert.equal(
    signatureMismatch(module('wasi_unstable.clock_time_get', 3, true)),
    `${prefix} wasi_unstable.clock_time_get, want: i32 i32 i32 -> i32, but host exports: i32 i64 i32 -> i32`,
  )
  assert.equal(signatureMismatch(module('wasi_snapshot_preview1.proc_exit', 1, false)), undefined)
  assert.equal(signatureMismatch(module('env.nothing', 1, false)), undefined)
})

test('a callback of another type is refused, in the words of Envoy', () => {
  const exporting = (marker: string, name: string, type: string): string | undefined => {
    const functions = { [marker]: i32(0), malloc: i32(1), [name]: i32(0) }
    return signatureMismatch(tinyModule({ memory: 1, functions, types: { [name]: type } }))
  }
  const [now, old] = ['proxy_abi_version_0_2_1', 'proxy_abi_version_0_1_0']
  for (const [marker, name, type, wanted, found] of [
    [now, 'proxy_on_tick', 'I:', 'i32 -> void', 'i64 -> void'],
    [now, 'proxy_on_tick', 'i:i', 'i32 -> void', 'i32 -> i32'],
    [now, 'proxy_on_done', 'i:', 'i32 -> i32', 'i32 -> void'],
    [now, 'proxy_on_request_headers', 'ii:i', 'i32 i32 i32 -> i32', 'i32 i32 -> i32'],
    [old, 'proxy_on_request_headers', 'iii:i', 'i32 i32 -> i32', 'i32 i32 i32 -> i32'],
    [now, 'envoy_on_resolve_dns', 'ii:', 'i32 i32 i32 -> void', 'i32 i32 -> void'],
    [now, '_initialize', 'i:', 'void -> void', 'i32 -> void'],
    [now, 'main', 'i:i', 'i32 i32 -> i32', 'i32 -> i32'],
  ] as const)
    assert.equal(
      exporting(marker, name, type),
      `Bad function signature for: ${name}, want: ${wanted}, but the module exports: ${found}`,
    )
  assert.equal(exporting(old, 'proxy_on_request_headers', 'ii:i'), undefined)
  assert.equal(exporting(now, 'proxy_on_something', 'II:'), undefined)
})

test('it keeps the module from being loaded', () => {
  const { thread } = fakeThread()
  const code = { name: 'test', limits: defaultLimits, read: () => module('env.proxy_log', 2, true) }
  assert.throws(() => thread.code(code, true), { message: new RegExp(`^${prefix}`) })
})

test('every WASI function has a type', () => {
  const vm = { memory: {}, settings: { environment: [] } } as unknown as WasmVm
  for (const name of Object.keys(makeWasiFunctions(vm)))
    assert.ok(signatureMismatch(module(`wasi_unstable.${name}`, 20, true)), name)
})
