import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { SharedCells } from '../base/shared-cells.ts'
import { RecentRequests } from './retry-budget.ts'

beforeEach(() => mock.timers.enable({ apis: ['setInterval'] }))
afterEach(() => mock.timers.reset())

test('requests count for the interval and at most a tenth longer', () => {
  const recent = new RecentRequests(new SharedCells(0).cell('c'), 1000)
  recent.onRequest()
  mock.timers.tick(500)
  recent.onRequest()
  assert.equal(recent.count, 2)
  mock.timers.tick(499)
  assert.equal(recent.count, 2)
  mock.timers.tick(101)
  assert.equal(recent.count, 1)
  mock.timers.tick(500)
  assert.equal(recent.count, 0)
})

test('after a time without requests everything begins anew', () => {
  const recent = new RecentRequests(new SharedCells(0).cell('c'), 100)
  for (let round = 0; round < 3; round++) {
    recent.onRequest()
    mock.timers.tick(100)
    assert.equal(recent.count, 1)
    mock.timers.tick(1000)
    assert.equal(recent.count, 0)
  }
})

test('the requests of all workers count', () => {
  const first = new SharedCells(1)
  const second = new SharedCells(2, first.buffer)
  const a = new RecentRequests(first.cell('c'), 100)
  const b = new RecentRequests(second.cell('c'), 100)
  a.onRequest()
  b.onRequest()
  assert.equal(a.count, 2)
})
