import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, test } from 'node:test'
import { performance } from '../base/clock.ts'
import { calmMs, Containment } from './containment.ts'

let now = 0
beforeEach(() => {
  now = 1_000_000
  mock.method(performance, 'now', () => now)
})
afterEach(() => mock.restoreAll())

test('after a costly failure callbacks have four times what good ones have needed, at least 2 ms', () => {
  const containment = new Containment(100)
  assert.equal(containment.callbackMs, 100)
  containment.onFailure(1)
  assert.equal(containment.callbackMs, 100, 'a trap that costs nothing changes nothing')
  containment.onFailure(100)
  assert.equal(containment.callbackMs, 2)
  containment.onCallback(7)
  assert.equal(containment.callbackMs, 28)
  containment.onCallback(70)
  assert.equal(containment.callbackMs, 100)
})

test('trust comes back after a calm minute', () => {
  const containment = new Containment(100)
  containment.onFailure(100)
  now += calmMs
  assert.equal(containment.callbackMs, 100)
  assert.equal(containment.startMs, 10_000)
})

test('a callback keeps its thread for less than two budgets, with a processor or without', () => {
  assert.equal(new Containment(100).wallMs, 175)
})

test('starts have 100 budgets, and less once they are known and something went wrong', () => {
  const containment = new Containment(100)
  assert.equal(containment.startMs, 10_000)
  containment.onStart(40, false)
  containment.onFailure(100)
  assert.equal(containment.startMs, 160)
  assert.equal(new Containment(0).startMs, 0)
})

test('failures together cost 0.4 % of the time, one budget beforehand', () => {
  const containment = new Containment(100)
  containment.onFailure(105)
  assert.equal(containment.pauseMs(), 0)
  containment.onFailure(7)
  assert.equal(containment.pauseMs(), 500)
  now += 499
  assert.ok(containment.pauseMs() > 0)
  now += 1
  assert.ok(containment.pauseMs() < 0.001)
  containment.onStart(40, true)
  assert.equal(Math.round(containment.pauseMs()), 2500)
})
