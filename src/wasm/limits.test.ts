import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FakeThread, FakeStream, fakeThread, fixture, makeHandle } from '../../test/support/fake-wasm.ts'
import { setLogLevel, setLogSink } from '../base/log.ts'
import { defaultLimits, LogLimit, readLimits, type WasmLimits } from './limits.ts'

const lines: string[] = []
setLogLevel('info')
setLogSink({ write: (_level, _component, message) => void lines.push(message) })

/** Runs the probe's commands in a stream, with a body. @returns what it logged */
function probe(commands: string, limits: Partial<WasmLimits>, thread: FakeThread): string {
  const all = { ...defaultLimits, ...limits }
  const handle = makeHandle(fixture('as-probe'), { name: 'p' }, { limits: all }, thread)
  lines.length = 0
  const stream = new FakeStream(handle)
  stream.request({ ':authority': 'x', ':path': '/', ':method': 'GET', 'x-probe': commands }, false)
  stream.requestBody('body', false)
  stream.requestBody('', true)
  stream.end()
  handle.close()
  return lines.join('\n')
}

for (const [what, commands, limits, counter, refused] of [
  ['headers', 'rqh add 0 x-a 1234;rqh add 0 x-b 1234', { headerLimitBytes: 10 }, 'headers_refused', 1],
  ['replaced headers', 'rqh set 0 x-a 1234;rqh set 0 x-a 1234', { headerLimitBytes: 10 }, 'headers_refused', 1],
  ['all headers', 'rqh setpairs 0 a=1234567890', { headerLimitBytes: 10 }, 'headers_refused', 1],
  ['bodies', 'rqb bufset 0 0 0 12345;rqb bufset 0 0 0 12345', { bodyLimitBytes: 8 }, 'body_refused', 1],
  ['metrics', 'rqh define 0 a;rqh define 0 b;rqh define 1 c', { metricLimit: 1 }, 'metrics_refused', 2],
  ['shared data', 'rqh share k 12345 0;rqh share k 1234 0', { sharedValueLimitBytes: 4 }, 'shared_data_refused', 1],
  ['shared data in all', 'rqh share k 12345 0;rqh share l 1 0', { sharedDataLimitBytes: 50 }, 'shared_data_refused', 1],
  ['queues', 'rqh queue q;rqh push 1 12345', { sharedValueLimitBytes: 4 }, 'shared_data_refused', 1],
  ['items in all', 'rqh queue q;rqh push 1 1;rqh push 1 1', { sharedDataLimitBytes: 60 }, 'shared_data_refused', 1],
  ['queues of a vm_id', 'rqh queue a;rqh queue b;rqh queue a', { sharedQueueLimit: 1 }, 'shared_data_refused', 1],
  ['names of queues', 'rqh queue abcdefgh', { sharedDataLimitBytes: 40 }, 'shared_data_refused', 1],
  ['local responses', 'rqh reply 200 d 12345', { bodyLimitBytes: 4 }, 'body_refused', 1],
  ['headers of local responses', 'rqh reply 200 d b a=1234567890', { headerLimitBytes: 10 }, 'headers_refused', 1],
  ['names to resolve', 'rqh dns localhost;rqh dns localhost', { calloutLimit: 1 }, 'callouts_refused', 1],
  ['gRPC calls', 'rqh grpc a s m _ 1 0;rqh gstream a s m _', { calloutLimit: 0 }, 'callouts_refused', 2],
  ['callouts', 'rqh call a :path=/|:method=GET|:authority=a _ 0', { calloutLimit: 0 }, 'callouts_refused', 1],
] as const)
  test(`${what}: what is beyond the limit is refused and counted`, () => {
    const thread = fakeThread()
    const log = probe(commands, limits, thread)
    assert.equal(thread.stats.values.get(`wasm.p.${counter}`), refused, log)
    assert.match(log, /-> 10\b/, log)
  })

test('within the limits nothing is refused', () => {
  const thread = fakeThread()
  probe('rqh add 0 x-a 1234;rqb bufset 0 0 0 12345;rqh define 0 a;rqh share k 1 0', {}, thread)
  const counts = [...thread.stats.values].filter(([name, value]) => name.endsWith('_refused') && value > 0)
  assert.deepEqual(counts, [])
})

test('log lines: so many a second, then one that says so, then none', t => {
  let now = 5_000_000
  t.mock.method(performance, 'now', () => now)
  const limit = new LogLimit(2)
  assert.deepEqual([limit.take(), limit.take(), limit.take(), limit.take()], [true, true, 'last', false])
  now += 1000
  assert.equal(limit.take(), true)
})

test('runtime keys: of the plugin over those of all', () => {
  const values: Readonly<Record<string, number>> = {
    'sluice.wasm.cpu_budget_ms': 7,
    'sluice.wasm.metric_limit': 8,
    'sluice.wasm.my.plugin.cpu_budget_ms': 9,
  }
  const runtime = {
    getInteger: (key: string, value: number) => values[key] ?? value,
    getDouble: (_key: string, value: number) => value,
    getBoolean: (_key: string, value: boolean) => value,
    featureEnabled: () => false,
  }
  assert.deepEqual(readLimits('my.plugin', runtime), { ...defaultLimits, cpuBudgetMs: 9, metricLimit: 8 })
})
