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

/** A root context whose `onConfigure` has these lines; the first is line 8 of the file. */
const body = (lines: readonly string[]): string => `${head}
class Root extends sdk.RootContext {
  name: string | null = null
  onConfigure(size: u32): bool {
    ${lines.join('\n    ')}
    return true
  }
}
sdk.registerRootContext((id: u32) => new Root(id), "")`

/** What looks right to somebody who knows TypeScript, and what the compiler says of line 9. */
const traps: readonly [name: string, lines: readonly string[], message: RegExp][] = [
  [
    'or-literal',
    ['const path = this.getConfiguration()', 'const a = path || "/"'],
    /'\|\|' keeps an empty text.*write path\.length > 0 \? path :/,
  ],
  [
    'or-text',
    ['const path = this.getConfiguration()', 'const a = path || this.getConfiguration()'],
    /'\|\|' keeps an empty text/,
  ],
  ['or-nullable', ['const x = sdk.get_property_string("x")', 'const a = x || "/"'], /'\|\|' keeps an empty text/],
  ['or-call', ['', 'const a = sdk.properties.request.path() || "/"'], /'\|\|' keeps an empty text/],
  [
    'or-condition',
    ['const x = sdk.get_property_string("x")', 'if (x || size > 3) return false'],
    /'\|\|' keeps an empty text/,
  ],
  [
    'if-text',
    ['const path = this.getConfiguration()', 'if (path) return false'],
    /an empty text is true.*write path\.length > 0/,
  ],
  ['choose-text', ['const path = this.getConfiguration()', 'return path ? true : false'], /an empty text is true/],
  ['and-text', ['const path = this.getConfiguration()', 'return path && size > 3'], /an empty text is true/],
  [
    'while-text',
    ['let path = this.getConfiguration()', 'while (path) path = path.substring(1)'],
    /an empty text is true/,
  ],
  ['closure', ['const limit = <i32>size', 'const a = ["a"].filter((text: string) => text.length > limit)'], /Closures/],
  ['null-field', ['', 'if (this.name !== null) return this.name.length > 0'], /String \| null' is not assignable/],
  ['null-call', ['', 'return sdk.get_property_string("x").length > 0'], /String \| null' is not assignable/],
  ['null-chain', ['const x = sdk.get_property_string("x")', 'const a = x?.length'], /Expression expected/],
  ['nullish', ['const x = sdk.get_property_string("x")', 'const a = x ?? "/"'], /Expression expected/],
  [
    'sum-of-bools',
    ['const a = this.context_id', 'return (size > 0 ? 1 : 0) + (a > 0 ? 1 : 0) != 1'],
    /computed as a bool, so that 1 \+ 1 is 1: write i32\(…\) around one of '\(size > 0 \? 1 : 0\)'/,
  ],
  ['difference-of-bools', ['', 'if ((size > 0 ? 1 : 0) - (size > 1 ? 1 : 0) == 1) return false'], /computed as a bool/],
  [
    'replace-longer',
    ['const path = this.getConfiguration()', 'const a = path.replaceAll("&", "&amp;")'],
    /replaceAll writes past its memory .*write split\("&"\)\.join\("&amp;"\)/,
  ],
  [
    'replace-any',
    ['const path = this.getConfiguration()', 'const a = path.replaceAll("&", path)'],
    /write split\("&"\)\.join\(path\)/,
  ],
  ['catch', ['', 'try { this.getConfiguration() } catch (e) { return false }'], /Exceptions/],
]
for (const [name, lines, message] of traps)
  test(`a trap of the language is refused with its place: ${name}`, async () => {
    await assert.rejects(build(name, body(lines)), (error: Error) => {
      assert.match(error.message, message)
      assert.match(error.message, new RegExp(`${name}\\.ts\\(9,\\d+\\)`))
      return true
    })
  })

test('what the guard of conditions lets through', async () => {
  const lines = [
    'const x = sdk.get_property_string("x")',
    'if (x) return x.length > 0',
    'if (x !== null || size > 3) return false',
    'const path = this.getConfiguration()',
    'if (!path || path == "a" || size) return false',
    'const headers: sdk.Headers | null = null',
    'if (headers || this) return false',
  ]
  await build('conditions', body(lines))
})

test('what the guards of sums and of replaceAll let through', async () => {
  const lines = [
    'const n = (size > 0 ? 1 : 0) + (size > 1 ? 1 : 0)',
    'if (n != 1) return false',
    'if (i32(size > 0) + i32(size > 1) != 1) return false',
    'if (size + 1 == 2 || 1 - size != 0 || size % 2 != 0) return false',
    'const a = this.getConfiguration().replaceAll("_", "-").replaceAll("ab", "").split("&").join("&amp;")',
    'return a.length > 0',
  ]
  await build('sums', body(lines))
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
