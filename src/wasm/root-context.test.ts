import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setLogLevel, setLogSink } from '../base/log.ts'
import { FakeStream, fakeThread, fixture, makeHandle } from '../../test/support/fake-wasm.ts'

const lines: string[] = []
setLogLevel('info')
setLogSink({ write: (_level, _component, message) => void lines.push(message.replace(/^.*: /, '')) })

test('ticks come until the plugin is closed', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  const handle = makeHandle(fixture('as-probe'), { text: 'configure tick 100;tick level' })
  lines.length = 0
  t.mock.timers.tick(250)
  assert.deepEqual(lines, ['tick', '  level -> 0', 'tick', '  level -> 0'])
  handle.close()
  lines.length = 0
  t.mock.timers.tick(1000)
  assert.deepEqual(lines, [])
})

test('ticks end when the VM traps', t => {
  t.mock.timers.enable({ apis: ['setInterval'] })
  makeHandle(fixture('as-probe'), { text: 'configure tick 100;tick trap' })
  t.mock.timers.tick(100)
  lines.length = 0
  t.mock.timers.tick(1000)
  assert.deepEqual(lines, [])
})

test('a queue wakes the root context that registered it last', async () => {
  const thread = fakeThread()
  makeHandle(fixture('as-probe'), { name: 'one', text: 'configure queue q;queue pop 1' }, {}, thread)
  makeHandle(fixture('as-probe'), { name: 'two', text: 'configure queue q;queue pop 1' }, { vmId: '' }, thread)
  const pusher = new FakeStream(makeHandle(fixture('as-probe'), { name: 'three' }, {}, thread))
  lines.length = 0
  pusher.request({ ':path': '/', 'x-probe': 'rqh push 1 a;rqh push 1 b' })
  await new Promise(resolve => setImmediate(resolve))
  await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(
    lines.filter(line => /queue_ready|pop/.test(line)),
    ['queue_ready 1', '  pop 1 -> 0 a', 'queue_ready 1', '  pop 1 -> 0 b'],
  )
  thread.close()
})

test('what configuration writes to shared data, streams of every VM with that vm_id read', () => {
  const singletons = new Map<string, unknown>()
  makeHandle(fixture('as-probe'), { text: 'configure share k v 0' }, { vmId: 'id' }, fakeThread(singletons))
  const read = (vmId: string): string => {
    const stream = new FakeStream(makeHandle(fixture('as-probe'), {}, { vmId }, fakeThread(singletons)))
    lines.length = 0
    stream.request({ ':path': '/', 'x-probe': 'rqh shared k' })
    return lines.at(-1) ?? ''
  }
  assert.equal(read('id'), '  shared k -> 0 v cas 1')
  assert.equal(read('other'), '  shared k -> 1')
})
