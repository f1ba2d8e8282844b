import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeStream, fakeThread, fixture, makeHandle } from '../../test/support/fake-wasm.ts'
import { setLogSink } from '../base/log.ts'
import { i32, loadable, tinyModule } from '../../test/support/tiny-wasm.ts'
import { meterModule, meterTable } from './meter.ts'
import { defaultLimits } from './limits.ts'

const lines: string[] = []
setLogSink({ write: (_level, _component, message) => void lines.push(message) })

const options = { cpu: true, memoryBytes: 128 * 1024 * 1024 }
const fixtures = ['as-headers', 'as-faults', 'as-probe', 'rust-headers', 'go-headers']
const isMetered = (bytes: Uint8Array<ArrayBuffer>): boolean =>
  WebAssembly.Module.exports(new WebAssembly.Module(bytes)).some(each => each.name === meterTable)
const limits = { ...defaultLimits, cpuBudgetMs: 20 }
const headers = { ':authority': 'x', ':path': '/', ':method': 'GET' }

// Bodies of tiny functions: (i32, i32, i32) -> i32.
const loopForever = [0x03, 0x40, 0x0c, 0, 0x0b, 0x00]
const recursion = (index: number): number[] => [0x20, 0, 0x20, 1, 0x20, 2, 0x10, index]
const growBy = (pages: number): number[] => [...i32(pages), 0x40, 0]

function withCallback(body: readonly number[]): Uint8Array<ArrayBuffer> {
  return tinyModule({ memory: 1, functions: { ...loadable, proxy_on_request_headers: body } })
}

for (const name of fixtures)
  test(`${name}: is valid when metered, has its imports and exports, and grows little`, () => {
    const before = fixture(name)
    const after = meterModule(before, options)
    const [plain, metered] = [new WebAssembly.Module(before), new WebAssembly.Module(after)]
    assert.deepEqual(WebAssembly.Module.imports(metered), WebAssembly.Module.imports(plain))
    const names = (module: WebAssembly.Module): string[] => WebAssembly.Module.exports(module).map(each => each.name)
    assert.deepEqual(
      names(metered).filter(each => !each.startsWith('sluice:')),
      names(plain),
    )
    assert.ok(after.length < before.length * 1.2, `${before.length} → ${after.length}`)
  })

test('a module without loops and recursion keeps its code', () => {
  assert.equal(isMetered(meterModule(withCallback(i32(0)), options)), false)
  assert.equal(isMetered(meterModule(withCallback(loopForever), options)), true)
  assert.equal(isMetered(meterModule(withCallback(loopForever), { ...options, cpu: false })), false)
})

test('calls that double again and again are metered though nothing loops', () => {
  const names = Object.keys(loadable).length
  const functions: Record<string, readonly number[]> = { ...loadable, leaf: i32(0) }
  const call = (index: number): number[] => [0x20, 0, 0x20, 1, 0x20, 2, 0x10, index]
  for (let i = 0; i < 40; i++) functions[`f${i}`] = [...call(names + i), 0x1a, ...call(names + i)]
  functions.proxy_on_request_headers = call(names + 40)
  stopped(tinyModule({ memory: 1, functions }))
})

function stopped(code: Uint8Array<ArrayBuffer>): void {
  const thread = fakeThread()
  const handle = makeHandle(code, { name: 'p' }, { limits }, thread)
  lines.length = 0
  const stream = new FakeStream(handle)
  const start = performance.now()
  stream.request(headers)
  const ms = performance.now() - start
  assert.equal(stream.reply?.status, 503)
  assert.equal(thread.stats.values.get('wasm.p.cpu_budget_exceeded'), 1)
  assert.match(lines.join('\n'), /used up its CPU budget of 20 ms/)
  assert.ok(ms >= 19 && ms < 1000, `${ms} ms`)
}

test('an endless loop is stopped when its budget is used up', () => stopped(withCallback(loopForever)))

test('an endless loop over a host function or over long copies is stopped as well', () => {
  const imports = ['env.proxy_done']
  const importType = { parameters: 0, result: true }
  const functions = { ...loadable, proxy_on_request_headers: [0x03, 0x40, 0x10, 0, 0x1a, 0x0c, 0, 0x0b, 0x00] }
  stopped(tinyModule({ memory: 1, imports, importType, functions }))
  const fill = [...i32(0), ...i32(0), 0x41, 0x80, 0x80, 0x04, 0xfc, 11, 0]
  stopped(withCallback([0x03, 0x40, ...fill, 0x0c, 0, 0x0b, 0x00]))
})

test('a stopped callback names the guest function, from the name section', () => {
  const index = Object.keys(loadable).length
  const names = [4, ...Buffer.from('name'), 1, 7, 1, index, 4, ...Buffer.from('spin')]
  stopped(new Uint8Array([...withCallback(loopForever), 0, names.length, ...names]))
  assert.match(lines.join('\n'), /\n {4}at spin \(wasm-function\[2\]:0x/)
})

test('an endless loop whose body is repeated is stopped', () => {
  const malloc = [...i32(1), 0x10, 1, 0x1a]
  stopped(withCallback([0x03, 0x40, 0x02, 0x40, ...i32(1), 0x0d, 0, ...malloc, 0x0b, 0x0c, 0, 0x0b, 0x00]))
})

test('endless recursion through tail calls is stopped', () => {
  const index = Object.keys(loadable).length
  const body = recursion(index)
  body[body.length - 2] = 0x12
  stopped(withCallback(body))
})

test('memory: the maximum is the limit, and a refused growth is counted', () => {
  const thread = fakeThread()
  const code = withCallback([...growBy(16), 0x1a, ...growBy(16), 0x41, 0x7f, 0x46])
  const handle = makeHandle(code, { name: 'p' }, { limits: { ...limits, memoryLimitBytes: 20 * 65_536 } }, thread)
  // The guest answers 1, stop, because the second `memory.grow` gave -1.
  assert.equal(new FakeStream(handle).request(headers), 'stop-all-and-watermark')
  assert.equal(thread.stats.values.get('wasm.p.memory_refused'), 1)
})

test('memory: a module that needs more than the limit is refused', () => {
  const code = tinyModule({ memory: 3, functions: loadable })
  assert.throws(() => meterModule(code, { cpu: true, memoryBytes: 65_536 }), /needs 196608 bytes of memory/)
})

test('a module that reaches for what metering adds is refused as invalid', () => {
  // global.set 0 in a module without globals: the first global would be the fuel.
  const greedy = withCallback([0x03, 0x40, 0x41, 0, 0x24, 0, 0x0c, 0, 0x0b, 0x00])
  assert.throws(() => makeHandle(greedy), { name: 'CompileError' })
})

test('a plugin that loops again and again gets pauses, though it serves others in between', async () => {
  // Loops for more than ten headers.
  const body = [0x20, 1, 0x41, 10, 0x4a, 0x04, 0x40, 0x03, 0x40, 0x0c, 0, 0x0b, 0x0b, 0x41, 0]
  const handle = makeHandle(withCallback(body), { finishesStreams: true }, { limits: { ...limits, cpuBudgetMs: 5 } })
  const many = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`x-${i}`, 'x']))
  const status = (more = {}): number => {
    const stream = new FakeStream(handle)
    stream.request({ ...headers, ...more })
    const { reply } = stream
    stream.end()
    return reply?.status ?? 200
  }
  assert.deepEqual([status(), status(many), status()], [200, 503, 200])
  let loops = 0
  while (status() === 200 && loops < 100) {
    status(many)
    loops++
  }
  assert.ok(loops > 0 && loops < 20, `a pause has begun after ${loops} loops`)
  const end = performance.now() + 5000
  while (status() !== 200 && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 10))
  assert.equal(status(), 200)
})
