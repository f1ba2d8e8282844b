import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { computeQuantiles, nonEmptyBins, sampleCount } from './histogram.ts'
import { mainThread, MergedStats } from './merged-stats.ts'
import { StatsStore, type StatsStoreOptions } from './store.ts'

/** A store of `worker` whose metrics are merged. */
function storeOf(merged: MergedStats, worker: number, options: StatsStoreOptions = {}): StatsStore {
  return new StatsStore({ ...options, onDefine: definitions => merged.define(worker, definitions) })
}

test('counters and gauges of all threads add up', () => {
  const merged = new MergedStats()
  const stores = [mainThread, 0, 1].map(worker => storeOf(merged, worker))
  for (const store of stores) {
    const scope = store.scope('cluster.a')
    scope.counter('upstream_rq_total').add(2)
    scope.counter('upstream_rq_total').inc()
    const active = scope.gauge('upstream_cx_active')
    active.set(5)
    active.dec()
    store.flush()
  }
  assert.equal(merged.counters.get('cluster.a.upstream_rq_total')?.value, 9)
  assert.equal(merged.gauges.get('cluster.a.upstream_cx_active')?.value, 12)
})

test('a never-import gauge is the main thread’s, or a worker’s where main never set it', () => {
  const merged = new MergedStats()
  const [main, first, second] = [mainThread, 0, 1].map(worker => storeOf(merged, worker)) as [
    StatsStore,
    StatsStore,
    StatsStore,
  ]
  for (const [store, total] of [
    [second, 3],
    [first, 2],
  ] as const) {
    store.gauge('server.live', 'never-import').set(7)
    store.gauge('cluster.a.membership_total', 'never-import').set(total)
    store.flush()
  }
  main.gauge('server.live', 'never-import').set(1)
  main.gauge('cluster.a.membership_total', 'never-import')
  main.flush()
  assert.equal(merged.gauges.get('server.live')?.value, 1)
  assert.equal(merged.gauges.get('cluster.a.membership_total')?.value, 2)
})

test('a counter of what the process does once is that of the worker that counted most', () => {
  const merged = new MergedStats()
  for (const [worker, times] of [
    [0, 3],
    [1, 2],
  ] as const) {
    const store = storeOf(merged, worker)
    store.scope('cluster.a').counter('membership_change', 'highest').add(times)
    store.flush()
  }
  const counter = merged.counters.get('cluster.a.membership_change')
  assert.equal(counter?.value, 3)
  assert.equal(counter.latch(), 3)
  merged.retire(0)
  const replacement = storeOf(merged, 0)
  replacement.counter('cluster.a.membership_change', 'highest').inc()
  replacement.flush()
  assert.equal(counter.value, 3)
})

test('of a dead worker counters and histograms stay, gauges go', () => {
  const merged = new MergedStats()
  for (const worker of [0, 1]) {
    const store = storeOf(merged, worker)
    store.counter('c').add(10)
    store.gauge('g').set(4)
    store.histogram('h').record(0)
    store.histogram('h').record(20)
    store.flush()
  }
  merged.retire(0)
  // Its successor has the same index.
  const successor = storeOf(merged, 0)
  successor.counter('c').inc()
  successor.gauge('g').set(1)
  successor.flush()
  assert.equal(merged.counters.get('c')?.value, 21)
  assert.equal(merged.gauges.get('g')?.value, 5)
  assert.equal(sampleCount(nonEmptyBins(merged.histograms.get('h')?.cumulative ?? assert.fail())), 4)
})

test('a stat is used once it was written, be it with 0', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0)
  const gauge = store.gauge('g')
  store.counter('c')
  store.histogram('h')
  store.flush()
  assert.deepEqual(
    [merged.gauges, merged.counters, merged.histograms].map(map => [...map.values()].map(stat => stat.used)),
    [[false], [false], [false]],
  )
  assert.equal(Object.is(merged.gauges.get('g')?.value, 0), true)
  gauge.set(0)
  assert.equal(merged.gauges.get('g')?.used, true)
})

test('resetting counters leaves the cells to their writer', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0)
  const counter = store.counter('c')
  counter.add(5)
  store.flush()
  merged.resetCounters()
  counter.inc()
  assert.equal(merged.counters.get('c')?.value, 1)
  assert.equal(counter.value, 6)
})

test('latch gives what was added since the last time', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0)
  const counter = store.counter('c')
  store.flush()
  counter.add(3)
  assert.equal(merged.counters.get('c')?.latch(), 3)
  counter.add(2)
  assert.equal(merged.counters.get('c')?.latch(), 2)
  assert.equal(merged.counters.get('c')?.latch(), 0)
})

test('a histogram shows the last flush interval and all since the start', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0)
  const histogram = store.histogram('h', 'milliseconds')
  for (const value of [0, 1, 26, 253]) histogram.record(value)
  store.flush()
  merged.mergeHistograms()
  histogram.record(1009)
  store.flush()
  merged.mergeHistograms()
  const stat = merged.histograms.get('h') ?? assert.fail()
  assert.deepEqual(
    nonEmptyBins(stat.cumulative).map(bin => bin.left),
    [0, 1, 26, 250, 1000],
  )
  assert.deepEqual(nonEmptyBins(stat.interval), [{ left: 1000, width: 100, count: 1 }])
  assert.equal(computeQuantiles(nonEmptyBins(stat.cumulative))[2], 26.5)
})

test('percent histograms keep fractions', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0)
  store.histogram('budget', 'percent').record(0.25)
  store.flush()
  const stat = merged.histograms.get('budget') ?? assert.fail()
  assert.equal(nonEmptyBins(stat.cumulative, stat.scale)[0]?.left, 0.25)
})

test('values that are no numbers, or huge, do no harm', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0)
  for (const value of [Number.NaN, -1, 1e300, Number.POSITIVE_INFINITY]) store.histogram('h').record(value)
  store.flush()
  assert.equal(sampleCount(nonEmptyBins(merged.histograms.get('h')?.cumulative ?? assert.fail())), 4)
})

test('over the limit a stat works but is not shown, and that is counted', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0, { limit: 1 })
  store.counter('kept').inc()
  store.counter('dropped').inc()
  store.gauge('dropped-too').set(1)
  store.flush()
  assert.equal(merged.counters.get('kept')?.value, 1)
  assert.equal(merged.counters.has('dropped'), false)
  assert.equal(merged.gauges.size, 0)
  assert.equal(merged.counters.get('server.stats_overflow')?.value, 2)
})

test('what stats_matcher rejects works but is not shown', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0, { rejects: name => name.startsWith('http.') })
  const counter = store.scope('http.x').counter('rq')
  counter.inc()
  store.text('http.x.version', 'a')
  store.counter('cluster.rq').inc()
  store.flush()
  assert.equal(counter.value, 1)
  assert.equal(store.counter('http.x.rq'), counter)
  assert.deepEqual([...merged.counters.keys()], ['cluster.rq'])
  assert.equal(merged.texts.size, 0)
})

test('texts change', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0)
  store.scope('control_plane').text('identifier', 'a')
  store.scope('control_plane').text('identifier', 'b')
  store.flush()
  assert.equal(merged.texts.get('control_plane.identifier')?.value, 'b')
})

test('many stats span chunks', () => {
  const merged = new MergedStats()
  const store = storeOf(merged, 0)
  for (let i = 0; i < 10_000; i++) store.counter(`c${i}`).add(i)
  store.flush()
  for (const i of [0, 4095, 4096, 9999]) assert.equal(merged.counters.get(`c${i}`)?.value, i)
})

test('the main thread reads a worker that is stuck', async () => {
  const merged = new MergedStats()
  const ready = new Int32Array(new SharedArrayBuffer(4))
  const url = JSON.stringify(new URL('./store.ts', import.meta.url))
  const worker = new Worker(
    `const { workerData, parentPort } = require('node:worker_threads')
    import(${url}).then(({ StatsStore }) => {
      const store = new StatsStore({ onDefine: definitions => parentPort.postMessage(definitions) })
      const counter = store.counter('spins')
      const go = new Int32Array(workerData.buffer)
      store.flush()
      for (;;) {
        counter.inc()
        Atomics.store(go, 0, 1)
        Atomics.notify(go, 0)
      }
    })`,
    { eval: true, workerData: ready },
  )
  const { promise, resolve } = Promise.withResolvers<void>()
  worker.once('message', definitions => {
    merged.define(0, definitions)
    resolve()
  })
  await promise
  await Atomics.waitAsync(ready, 0, 0).value
  assert.ok((merged.counters.get('spins')?.value ?? 0) > 0)
  await worker.terminate()
})
