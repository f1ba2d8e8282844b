import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { setLogSink } from '../base/log.ts'
import { FakeStream, fakeThread, fixture, makeHandle } from '../../test/support/fake-wasm.ts'
import { loadable, tinyModule } from '../../test/support/tiny-wasm.ts'
import type { WasmVm } from './vm.ts'

setLogSink({ write() {} })
const fault = (name: string) => ({ ':path': '/', ':method': 'GET', ':authority': 'x', 'x-fault': name })

for (const kind of ['trap', 'throw', 'recurse'])
  test(`${kind} in request headers: 503, and the VM is replaced for the next stream`, () => {
    const handle = makeHandle(fixture('as-faults'))
    const stream = new FakeStream(handle)
    assert.equal(stream.request(fault(kind)), 'stop-all-and-watermark')
    assert.equal(stream.reply?.status, 503)
    assert.equal(stream.reply?.details, 'wasm_fail_stream')
    // The reply passes the filter's response callbacks: they must not enter the dead VM.
    assert.equal(stream.response({ ':status': '503' }), 'continue')
    stream.end()
    const next = new FakeStream(handle)
    assert.equal(next.request(), 'continue')
    assert.equal(next.response(), 'continue')
    next.end()
  })

test('other streams of a dead VM fail at their next callback', () => {
  const handle = makeHandle(fixture('as-faults'))
  const other = new FakeStream(handle)
  assert.equal(other.request(), 'continue')
  new FakeStream(handle).request(fault('trap'))
  assert.equal(other.response(), 'stop-all-and-watermark')
  assert.equal(other.reply?.status, 503)
  other.end()
})

test('without a policy, other streams go on in the VM, new ones get a new VM', () => {
  const handle = makeHandle(fixture('as-faults'), { finishesStreams: true })
  const other = new FakeStream(handle)
  assert.equal(other.request(), 'continue')
  const failing = new FakeStream(handle)
  failing.request(fault('trap'))
  assert.equal(failing.reply?.status, 503)
  failing.end()
  assert.equal(other.response(), 'continue')
  assert.equal(other.reply, undefined)
  other.end()
  assert.equal(new FakeStream(handle).request(), 'continue')
})

test('a stream that waits for the guest is answered when the VM dies', () => {
  const handle = makeHandle(fixture('as-probe'), { finishesStreams: false })
  const waiting = new FakeStream(handle)
  assert.equal(waiting.request({ ':path': '/', 'x-probe': 'rqh ret 1' }), 'stop-all-and-watermark')
  const failing = new FakeStream(handle)
  failing.request({ ':path': '/', 'x-probe': 'rqh trap' })
  assert.equal(failing.reply?.status, 503)
  assert.equal(waiting.reply?.status, 503)
})

test('FAIL_CLOSED: every later stream is answered 503', () => {
  const handle = makeHandle(fixture('as-faults'), { failurePolicy: 'closed' })
  new FakeStream(handle).request(fault('trap'))
  for (let i = 0; i < 3; i++) {
    const stream = new FakeStream(handle)
    stream.request()
    assert.equal(stream.reply?.status, 503)
  }
})

test('FAIL_OPEN: the stream that traps gets 503, later ones go without the filter', () => {
  const handle = makeHandle(fixture('as-faults'), { failurePolicy: 'open' })
  const stream = new FakeStream(handle)
  stream.request(fault('trap'))
  assert.equal(stream.reply?.status, 503)
  assert.deepEqual(new FakeStream(handle).filter, {})
})

test('fail_open: the stream that traps goes on, later ones go without the filter', () => {
  const handle = makeHandle(fixture('as-faults'), { failurePolicy: 'open', failOpen: true })
  const stream = new FakeStream(handle)
  assert.equal(stream.request(fault('trap')), 'continue')
  assert.equal(stream.reply, undefined)
  assert.deepEqual(new FakeStream(handle).filter, {})
})

test('FAIL_RELOAD: 503 until the back-off is over, then a new VM', () => {
  const now = mock.method(performance, 'now', () => 1_000_000)
  const thread = fakeThread()
  const plugin = { name: 'p', reloadBaseMs: 1000 }
  const handle = makeHandle(fixture('as-faults'), plugin, {}, thread)
  new FakeStream(handle).request(fault('trap'))
  now.mock.mockImplementation(() => 1_000_999)
  const early = new FakeStream(handle)
  early.request()
  assert.equal(early.reply?.status, 503)
  now.mock.mockImplementation(() => 1_001_000)
  assert.equal(new FakeStream(handle).request(), 'continue')
  now.mock.restore()
  assert.equal(thread.stats.values.get('wasm.p.vm_reload_backoff'), 1)
  assert.equal(thread.stats.values.get('wasm.p.vm_reload_success'), 1)
})

test('by default pauses grow while it goes on trapping', () => {
  let time = 5_000_000
  const now = mock.method(performance, 'now', () => time)
  const handle = makeHandle(fixture('as-faults'))
  const traps = (): boolean => {
    const stream = new FakeStream(handle)
    const entered = stream.filter.onDestroy !== undefined
    stream.request(fault('trap'))
    return entered
  }
  assert.equal(traps(), true)
  assert.equal(traps(), true, 'the first replacement comes at once')
  assert.equal(traps(), false)
  time += 100
  assert.equal(traps(), true)
  time += 100
  assert.equal(traps(), false)
  time += 100
  assert.equal(traps(), true)
  now.mock.restore()
})

for (const [kind, run] of [
  ['body', (stream: FakeStream) => (stream.request(fault('body'), false), stream.requestBody('a', true).status)],
  ['response', (stream: FakeStream) => (stream.request(fault('response')), stream.response())],
] as const)
  test(`a trap in the ${kind} ends the stream`, () => {
    const stream = new FakeStream(makeHandle(fixture('as-faults')))
    assert.match(String(run(stream)), /^stop/)
    assert.equal(stream.reply?.status, 503)
  })

test('VMs that have trapped are collected before they hold much memory', async () => {
  const thread = fakeThread()
  const alive = new Set<number>()
  let made = 0
  const registry = new FinalizationRegistry<number>(number => void alive.delete(number))
  const onVmCreated = thread.thread.onVmCreated.bind(thread.thread)
  thread.thread.onVmCreated = (vm: WasmVm): void => {
    registry.register(vm, made)
    alive.add(made++)
    onVmCreated(vm)
  }
  // Each grows by 64 MiB before it traps, of which V8 knows nothing.
  const growAndTrap = [0x41, 0x80, 0x08, 0x40, 0, 0x00]
  const code = tinyModule({ memory: 1, functions: { ...loadable, proxy_on_request_headers: growAndTrap } })
  const handle = makeHandle(code, { reloadBaseMs: 1, reloadMaxMs: 1 }, {}, thread)
  for (let i = 0; i < 12; i++) {
    const stream = new FakeStream(handle)
    stream.request(fault('trap'))
    stream.end()
    await new Promise(resolve => setTimeout(resolve, 5))
  }
  const end = performance.now() + 10_000
  while (alive.size > 8 && performance.now() < end) await new Promise(resolve => setTimeout(resolve, 50))
  assert.ok(alive.size <= 8, `${alive.size} alive`)
})
