import assert from 'node:assert/strict'
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setLogSink } from '../base/log.ts'
import type { PluginConfig } from '../config/v3.ts'
import { type FakeThread, FakeStream, fakeThread, fixture } from '../../test/support/fake-wasm.ts'
import { loadable, tinyModule, unreachable } from '../../test/support/tiny-wasm.ts'
import { makePlugin } from './plugin-config.ts'
import type { PluginUse } from './plugin.ts'
import { WasmReloader } from './reload.ts'
import type { CompiledCode, SwapStep } from './wasm-thread.ts'

setLogSink({ write: () => undefined })

/** Answers `action` to request headers and bodies: 0 goes on, 1 stops. */
const acting = (action: number): Uint8Array<ArrayBuffer> => {
  const callbacks = { proxy_on_request_headers: [0x41, action], proxy_on_request_body: [0x41, action] }
  return tinyModule({ memory: 1, functions: { ...loadable, ...callbacks } })
}

let directory: string
let path: string
let main: FakeThread
let worker: FakeThread
let reloader: WasmReloader
let handle: PluginUse
/** Further workers. */
let others: FakeThread[]

function config(): PluginConfig {
  return {
    name: 'p',
    rootId: '',
    failOpen: false,
    failurePolicy: 'UNSPECIFIED',
    vmConfig: { vmId: '', runtime: '', code: { local: { filename: path } } },
  } as unknown as PluginConfig
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'wasm-reload-'))
  path = join(directory, 'p.wasm')
  writeFileSync(path, acting(0))
  const singletons = new Map<string, unknown>()
  main = fakeThread(singletons)
  worker = fakeThread(new Map())
  others = []
  const canary = { ...main.context, workerIndex: -1, checking: true }
  makePlugin(config(), canary)
  handle = makePlugin(config(), worker.context)
  const swap = async (step: SwapStep, code: CompiledCode): Promise<string[]> =>
    [worker, ...others].flatMap(({ thread }) => thread.swap(step, code))
  reloader = new WasmReloader({ canary: () => canary, singletons, stats: main.stats, swap })
})

afterEach(() => {
  reloader.close()
  worker.close()
  main.close()
  rmSync(directory, { recursive: true })
})

const outcomes = async (): Promise<unknown> => (await reloader.reload('p'))?.map(each => each.outcome)

test('new streams run the new code, those in flight the old one, whose VM is freed after them', async () => {
  const before = new FakeStream(handle)
  before.request()
  writeFileSync(path, acting(1))
  assert.deepEqual(await outcomes(), ['reloaded'])
  assert.equal(new FakeStream(handle).request(), 'stop-all-and-watermark')
  assert.equal(before.requestBody('x', true).status, 'continue')
  assert.equal(worker.thread.status().vms.length, 2)
  before.end()
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(worker.thread.status().vms.length, 1)
  assert.equal(main.stats.values.get('wasm.p.code_reload_success'), 1)
})

test('code that is the same is not swapped', async () => {
  writeFileSync(path, acting(0))
  assert.deepEqual(await outcomes(), ['unchanged'])
})

test('an unknown name is nobody', async () => {
  assert.equal(await reloader.reload('q'), undefined)
})

for (const [what, code, reason] of [
  ['no module', Buffer.from('nonsense'), /expected magic word/],
  ['traps at start', tinyModule({ memory: 1, functions: { ...loadable, _initialize: unreachable } }), /_initialize/],
  ['refuses to start', tinyModule({ memory: 1, functions: { ...loadable, proxy_on_vm_start: [0x41, 0] } }), /refused/],
  ['an import that nobody has', tinyModule({ memory: 1, imports: ['env.no'], functions: loadable }), /env\.no/],
] as const)
  test(`code that fails leaves the old one running: ${what}`, async () => {
    writeFileSync(path, code)
    const [result] = (await reloader.reload('')) ?? []
    assert.equal(result?.outcome, 'failed')
    assert.match(result.reason ?? '', reason)
    assert.equal(new FakeStream(handle).request(), 'continue')
    assert.equal(main.stats.values.get('wasm.p.code_reload_failure'), 1)
    assert.equal(reloader.plugins()[0]?.last_reload?.outcome, 'failed')
    writeFileSync(path, acting(1))
    assert.deepEqual(await outcomes(), ['reloaded'])
  })

test('code that comes back gets a VM of its own', async () => {
  const streams = [0, 1, 0, 1].map(() => undefined)
  for (const [index] of streams.entries()) {
    writeFileSync(path, acting(index % 2 === 0 ? 1 : 0))
    new FakeStream(handle).request()
    assert.deepEqual(await outcomes(), ['reloaded'])
  }
  assert.equal(worker.thread.status().vms.length, 5)
})

test('a swap revives a plugin whose policy is to stay dead', async () => {
  const closed = makePlugin({ ...config(), failurePolicy: 'FAIL_CLOSED' }, worker.context)
  writeFileSync(path, fixture('as-faults'))
  assert.deepEqual(await outcomes(), ['reloaded'])
  new FakeStream(closed).request({ ':path': '/', 'x-fault': 'trap' })
  const refused = new FakeStream(closed)
  refused.request()
  assert.equal(refused.reply?.status, 503)
  writeFileSync(path, acting(0))
  assert.deepEqual(await outcomes(), ['reloaded'])
  assert.equal(new FakeStream(closed).request(), 'continue')
})

test('a watched file: written in place or replaced', async () => {
  reloader.watch()
  for (const [action, status] of [
    [1, 'stop-all-and-watermark'],
    [0, 'continue'],
  ] as const) {
    if (action === 1) writeFileSync(path, acting(action))
    else {
      writeFileSync(`${path}.new`, acting(action))
      renameSync(`${path}.new`, path)
    }
    const end = performance.now() + 5000
    while (new FakeStream(handle).request() !== status && performance.now() < end)
      await new Promise(resolve => setTimeout(resolve, 5))
    assert.equal(new FakeStream(handle).request(), status)
  }
})

test('100 swaps leave one VM', async () => {
  for (let i = 0; i < 100; i++) {
    writeFileSync(path, acting((i + 1) % 2))
    assert.deepEqual(await outcomes(), ['reloaded'])
    const stream = new FakeStream(handle)
    stream.request()
    stream.end()
  }
  await new Promise(resolve => setImmediate(resolve))
  assert.equal(worker.thread.status().vms.length, 1)
  assert.equal(worker.stats.values.get('wasm.wasm_vm_count'), 1)
})

test('what one worker refuses no worker gets; the reason is told', async () => {
  const second = fakeThread(new Map())
  others.push(second)
  const other = makePlugin(config(), second.context)
  const start = second.thread.slot.bind(second.thread)
  second.thread.slot = () => {
    throw new Error('no room')
  }
  writeFileSync(path, acting(1))
  const [result] = (await reloader.reload('p')) ?? []
  assert.equal(result?.outcome, 'failed')
  assert.equal(result.reason, 'p: no room')
  assert.equal(main.stats.values.get('wasm.p.code_reload_failure'), 1)
  for (const each of [handle, other]) assert.equal(new FakeStream(each).request(), 'continue')
  assert.equal(worker.thread.status().vms.length, 1, 'what was prepared is gone')
  second.thread.slot = start
  assert.deepEqual(await outcomes(), ['reloaded'])
  for (const each of [handle, other]) assert.equal(new FakeStream(each).request(), 'stop-all-and-watermark')
  second.close()
})

test('a plugin that comes between the two steps gets the new code with the others', async () => {
  writeFileSync(path, acting(1))
  let late: PluginUse | undefined
  const prepare = worker.thread.swap.bind(worker.thread)
  worker.thread.swap = (step, code) => {
    if (step === 'commit') late = makePlugin({ ...config(), rootId: 'late' }, worker.context)
    return prepare(step, code)
  }
  assert.deepEqual(await outcomes(), ['reloaded'])
  for (const each of [handle, late as unknown as PluginUse])
    assert.equal(new FakeStream(each).request(), 'stop-all-and-watermark')
})
