import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { fakeThread } from '../../test/support/fake-wasm.ts'
import { loadable, tinyModule } from '../../test/support/tiny-wasm.ts'
import { importMismatch } from './import-signatures.ts'
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
      assert.equal(importMismatch(new Uint8Array(readFileSync(join(directory, name)))), undefined, name)
})

test('a function of another type is refused, in the words of Envoy', () => {
  assert.equal(
    importMismatch(module('env.proxy_log', 2, true)),
    `${prefix} env.proxy_log, want: i32 i32 -> i32, but host exports: i32 i32 i32 -> i32`,
  )
  assert.equal(
    importMismatch(module('env.proxy_done', 0, false)),
    `${prefix} env.proxy_done, want: void -> void, but host exports: void -> i32`,
  )
  assert.equal(
    importMismatch(module('wasi_unstable.clock_time_get', 3, true)),
    `${prefix} wasi_unstable.clock_time_get, want: i32 i32 i32 -> i32, but host exports: i32 i64 i32 -> i32`,
  )
  assert.equal(importMismatch(module('wasi_snapshot_preview1.proc_exit', 1, false)), undefined)
  assert.equal(importMismatch(module('env.nothing', 1, false)), undefined)
})

test('it keeps the module from being loaded', () => {
  const { thread } = fakeThread()
  const code = { name: 'test', limits: defaultLimits, read: () => module('env.proxy_log', 2, true) }
  assert.throws(() => thread.code(code, true), { message: new RegExp(`^${prefix}`) })
})

test('every WASI function has a type', () => {
  const vm = { memory: {}, settings: { environment: [] } } as unknown as WasmVm
  for (const name of Object.keys(makeWasiFunctions(vm)))
    assert.ok(importMismatch(module(`wasi_unstable.${name}`, 20, true)), name)
})
