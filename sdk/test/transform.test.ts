/** What the SDK's transform does to a compilation. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile } from '../tools/compile.ts'

// Below the SDK, so that its imports are found.
const folder = mkdtempSync(join(import.meta.dirname, 'transform-'))
after(() => rmSync(folder, { recursive: true, force: true }))

async function build(name: string, text: string): Promise<string[]> {
  const file = join(folder, `${name}.ts`)
  writeFileSync(file, text)
  const code = await compile(file, join(folder, `${name}.wasm`))
  return WebAssembly.Module.exports(new WebAssembly.Module(code)).map(exported => exported.name)
}

const head = `
export * from "proxy-wasm-sdk-as/assembly/proxy"
import * as sdk from "proxy-wasm-sdk-as/assembly"
`

test('a text beside || is refused with its place', async () => {
  const text = `${head}
sdk.registerRootContext((id: u32) => {
  const a: string = sdk.properties.request.path() || "/"
  return new sdk.RootContext(id)
}, "")`
  await assert.rejects(build('alternative', text), /alternative\.ts:6: '\|\|' keeps an empty text/)
})

test('|| of conditions compiles', async () => {
  await build(
    'conditions',
    `${head}
sdk.registerRootContext((id: u32) => id == 1 || "a" == "b" ? new sdk.RootContext(id) : new sdk.RootContext(id), "")`,
  )
})

test('a callback overridden by a class in between counts; calls bring their answers', async () => {
  const text = `${head}
class Base extends sdk.Context {
  onRequestBody(size: usize, end: bool): sdk.FilterDataStatusValues {
    this.dispatchHttpCall("c", [], new ArrayBuffer(0), [], 0)
    return sdk.FilterDataStatusValues.Continue
  }
}
class Filter extends Base {}
class Root extends sdk.RootContext {
  onTick(): void {}
  createContext(id: u32): sdk.Context {
    return new Filter(id, this)
  }
}
sdk.registerRootContext((id: u32) => new Root(id), "")`
  const exports = await build('between', text)
  assert.ok(exports.includes('proxy_on_request_body'))
  assert.ok(exports.includes('proxy_on_tick'))
  assert.ok(exports.includes('proxy_on_http_call_response'))
  assert.ok(!exports.includes('proxy_on_request_headers'))
  assert.ok(!exports.includes('proxy_on_grpc_close'))
})
