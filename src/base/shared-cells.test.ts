import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SharedCells } from './shared-cells.ts'

test('cells and registers of one name are the same for all threads, and apart from each other', () => {
  const main = new SharedCells(0)
  const worker = new SharedCells(1, main.buffer)
  main.cell('a').add(2)
  worker.cell('a').add(3)
  assert.equal(main.cell('a').sum(), 5)
  assert.equal(main.cell('b').sum(), 0)

  main.register('a').update(() => 1.5)
  assert.equal(worker.register('a').value, 1.5)
  assert.equal(worker.register('b').value, 0)
  worker.register('a').update(now => now * 2)
  worker.register('a').update(() => undefined)
  assert.equal(main.register('a').value, 3)
  assert.equal(main.cell('a').sum(), 5)
})

test('an update that another thread got ahead of is made again', () => {
  const main = new SharedCells(0)
  const worker = new SharedCells(1, main.buffer)
  const seen: number[] = []
  main.register('a').update(now => {
    seen.push(now)
    if (seen.length === 1) worker.register('a').update(() => 10)
    return now + 1
  })
  assert.deepEqual(seen, [0, 10])
  assert.equal(worker.register('a').value, 11)
})
