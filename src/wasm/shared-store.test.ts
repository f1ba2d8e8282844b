import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Worker } from 'node:worker_threads'
import { makeSharedBuffer, SharedStore } from './shared-store.ts'

const bytes = (text: string): Buffer => Buffer.from(text)
const text = (value: Uint8Array | undefined): string | undefined => value && Buffer.from(value).toString()

test('values by scope and key, one sequence of cas numbers', () => {
  const store = new SharedStore(makeSharedBuffer())
  assert.equal(store.get('a', 'k'), undefined)
  assert.equal(store.set('a', 'k', bytes('one'), 0), 'ok')
  assert.equal(store.set('b', 'k', bytes('two'), 0), 'ok')
  assert.equal(store.set('', 'ak', bytes('three'), 0), 'ok')
  assert.equal(text(store.get('a', 'k')?.value), 'one')
  assert.equal(text(store.get('b', 'k')?.value), 'two')
  assert.equal(store.get('b', 'k')?.cas, 2)
  assert.equal(store.set('a', 'k', bytes('no'), 2), 'cas-mismatch')
  assert.equal(store.set('a', 'k', bytes('a longer value than before'), 1), 'ok')
  assert.equal(text(store.get('a', 'k')?.value), 'a longer value than before')
  assert.equal(store.set('a', 'k', bytes(''), 0), 'ok')
  assert.equal(text(store.get('a', 'k')?.value), '')
})

test('memory of values that were replaced is used again', () => {
  const store = new SharedStore(makeSharedBuffer())
  for (let i = 0; i < 20_000; i++) assert.equal(store.set('a', 'k', Buffer.alloc(i % 5000), 0), 'ok')
  assert.ok(store.buffer.byteLength < 1024 * 1024, `${store.buffer.byteLength}`)
})

test('it is full before it takes the whole memory', () => {
  const store = new SharedStore(makeSharedBuffer())
  let result = 'ok'
  for (let i = 0; i < 100 && result === 'ok'; i++) result = store.set('a', `k${i}`, Buffer.alloc(1024 * 1024), 0)
  assert.equal(result, 'full')
  assert.equal(store.set('a', 'small', bytes('x'), 0), 'ok')
})

test('each scope has its own limit, which what is replaced or taken out gives back', () => {
  const store = new SharedStore(makeSharedBuffer())
  const value = new Uint8Array(100)
  const limit = 400
  assert.equal(store.set('a', 'k', value, 0, limit), 'ok')
  assert.equal(store.set('a', 'l', value, 0, limit), 'ok')
  assert.equal(store.set('a', 'm', value, 0, limit), 'full')
  assert.equal(store.set('b', 'm', value, 0, limit), 'ok', 'of another scope')
  assert.equal(store.set('a', 'l', new Uint8Array(10), 0, limit), 'ok')
  assert.equal(store.set('a', 'm', new Uint8Array(50), 0, limit), 'ok')
  const token = store.registerQueue('b', 'q', () => undefined)
  assert.equal(store.enqueue(token, new Uint8Array(150), 'a', limit), 'full', 'who puts it in has the cost')
  assert.equal(store.enqueue(token, value, 'b', limit), 'ok')
  assert.equal(store.enqueue(token, value, 'b', limit), 'ok')
  assert.equal(store.enqueue(token, value, 'b', limit), 'full')
  assert.deepEqual(store.dequeue(token), value)
  assert.equal(store.enqueue(token, value, 'b', limit), 'ok')
  store.close()
})

test('queues keep order and tell who registered last', async () => {
  const store = new SharedStore(makeSharedBuffer())
  assert.equal(store.resolveQueue('a', 'q'), 0)
  const told = Promise.withResolvers<number>()
  const token = store.registerQueue('a', 'q', told.resolve)
  assert.equal(store.registerQueue('a', 'q', told.resolve), token)
  assert.equal(store.resolveQueue('a', 'q'), token)
  assert.equal(store.dequeue(token), 'empty')
  assert.equal(store.dequeue(token + 1), 'no-queue')
  assert.equal(store.enqueue(token + 1, bytes('x')), 'no-queue')
  for (const item of ['1', '', '3']) assert.equal(store.enqueue(token, bytes(item)), 'ok')
  assert.equal(await told.promise, token)
  assert.deepEqual(
    [1, 2, 3].map(() => text(store.dequeue(token) as Uint8Array)),
    ['1', '', '3'],
  )
  assert.equal(store.dequeue(token), 'empty')
  store.close()
})

test('threads see each other, count without loss, and wake the owner of a queue', async () => {
  const store = new SharedStore(makeSharedBuffer())
  const items: string[] = []
  const all = Promise.withResolvers<void>()
  const token = store.registerQueue('a', 'q', () => {
    items.push(text(store.dequeue(token) as Uint8Array) ?? '')
    if (items.length === 4) all.resolve()
  })
  store.set('a', 'count', bytes('0'), 0)
  const code = `
    const { workerData } = require('node:worker_threads')
    import(workerData.module).then(({ SharedStore }) => {
      const store = new SharedStore(workerData.buffer)
      for (let i = 0; i < 500; i++) {
        for (;;) {
          const { value, cas } = store.get('a', 'count')
          const next = Buffer.from(String(Number(Buffer.from(value).toString()) + 1))
          if (store.set('a', 'count', next, cas) === 'ok') break
        }
      }
      store.enqueue(store.resolveQueue('a', 'q'), Buffer.from('from a worker'))
      store.enqueue(store.resolveQueue('a', 'q'), Buffer.from('from a worker'))
      setTimeout(() => store.close(), 0)
    })`
  const module = new URL('./shared-store.ts', import.meta.url).href
  const workers = [1, 2].map(() => new Worker(code, { eval: true, workerData: { module, buffer: store.buffer } }))
  const keepAlive = setInterval(() => {}, 1000)
  await all.promise
  clearInterval(keepAlive)
  assert.deepEqual(
    items,
    Array.from({ length: 4 }, () => 'from a worker'),
  )
  assert.equal(text(store.get('a', 'count')?.value), '1000')
  await Promise.all(workers.map(worker => worker.terminate()))
  store.close()
})

test('each scope has a limit of queues, and a queue one of items', () => {
  const store = new SharedStore(makeSharedBuffer())
  const nothing = (): void => {}
  const first = store.registerQueue('a', 'q1', nothing, 2)
  assert.ok(first > 0 && store.registerQueue('a', 'q2', nothing, 2) > 0)
  assert.equal(store.registerQueue('a', 'q3', nothing, 2), 0)
  assert.equal(store.registerQueue('a', 'q1', nothing, 2), first, 'known ones stay')
  assert.ok(store.registerQueue('b', 'q3', nothing, 2) > 0, 'others have their own')
  for (let i = 0; i < 100_000; i++) assert.equal(store.enqueue(first, Buffer.alloc(1)), 'ok')
  assert.equal(store.enqueue(first, Buffer.alloc(1)), 'full')
  store.dequeue(first)
  assert.equal(store.enqueue(first, Buffer.alloc(1)), 'ok')
  store.close()
})
