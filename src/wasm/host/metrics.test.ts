import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeStream, fakeThread, fixture, makeHandle } from '../../../test/support/fake-wasm.ts'
import { setLogLevel, setLogSink } from '../../base/log.ts'
import { forgetGauges, makeMetricBuffer, MetricStore } from '../metric-store.ts'

const lines: string[] = []
setLogLevel('info')
setLogSink({ write: (_level, _component, message) => void lines.push(message.replace(/^.*: /, '')) })

test('metrics are those of all threads', () => {
  const singletons = new Map<string, unknown>()
  const threads = [fakeThread(singletons), fakeThread(singletons)]
  const handles = threads.map(thread =>
    makeHandle(fixture('as-probe'), { text: 'configure define 0 c;configure define 1 g' }, {}, thread),
  )
  const run = (thread: number, commands: string): string[] => {
    lines.length = 0
    const probe = commands.split(';').map(each => `rqh ${each}`)
    const handle = handles[thread]
    assert.ok(handle)
    new FakeStream(handle).request({ ':path': '/', 'x-probe': probe.join(';') })
    return lines.filter(line => line.includes('metric')).map(line => line.slice(line.indexOf('-> ') + 3))
  }
  const total = (name: string) =>
    threads.map(({ stats }) => stats.values.get(name) ?? 0).reduce((sum, each) => sum + each, 0)

  run(0, 'increment 4 5;record 5 7')
  assert.deepEqual(run(1, 'increment 4 2;record 4 1;metric 4;metric 5'), ['0 8', '0 7'])
  assert.equal(total('wasmcustom.c'), 8)
  assert.deepEqual(run(1, 'record 5 10;increment 5 -1;metric 5').at(-1), '0 9')
  assert.deepEqual(run(0, 'metric 5'), ['0 9'])
  assert.equal(total('wasmcustom.g'), 9)
  assert.deepEqual(run(0, 'record 5 -4;metric 5').at(-1), '0 -4')
  assert.equal(total('wasmcustom.g'), -4)
})

test('a worker that dies takes its part of a gauge along', () => {
  const store = new MetricStore(makeMetricBuffer())
  store.gauge('g')?.add(12n)
  store.counter('g')?.add(3n)
  forgetGauges(store, [
    ['wasmcustom.g', 5],
    ['server.live', 1],
  ])
  assert.equal(store.gauge('g')?.value, 7n)
  assert.equal(store.counter('g')?.value, 3n)
})

test('the table of metrics may be full', () => {
  const store = new MetricStore(makeMetricBuffer())
  const first = store.cell('first')
  first?.add(1n)
  let refused = 0
  for (let i = 0; i < 17_000; i++) if (store.cell(`m${i}`) === undefined) refused++
  assert.ok(refused > 0)
  assert.equal(store.cell('first')?.value, 1n)
})
