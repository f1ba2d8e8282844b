import assert from 'node:assert/strict'
import { mock, test } from 'node:test'
import { type Deadline, Deadlines } from './deadlines.ts'

class Waiting implements Deadline {
  deadlineAt = 0
  previousDeadline: Deadline | undefined = undefined
  nextDeadline: Deadline | undefined = undefined
  ended = 0
  onDeadline(): void {
    this.ended++
  }
}

test('deadlines end in order, after their own time, unless they are stopped', t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  // The moments are far in the future of the real clock, so that the mocked timers alone decide.
  const nowMs = performance.now() + 1e9
  const deadlines = new Deadlines(100)
  const [a, b, c, d] = [new Waiting(), new Waiting(), new Waiting(), new Waiting()] as const
  deadlines.start(a, nowMs)
  deadlines.start(b, nowMs + 10)
  deadlines.start(c, nowMs + 50)
  deadlines.start(d, nowMs + 50)
  deadlines.stop(a)
  deadlines.stop(c)
  deadlines.stop(c)
  const ended = (): number[] => [a, b, c, d].map(each => each.ended)
  mock.timers.tick(100)
  assert.deepEqual(ended(), [0, 0, 0, 0])
  mock.timers.tick(10)
  assert.deepEqual(ended(), [0, 1, 0, 0])
  mock.timers.tick(40)
  assert.deepEqual(ended(), [0, 1, 0, 1])
  deadlines.start(a, nowMs + 500)
  mock.timers.tick(100)
  assert.equal(a.ended, 1)
})

test('one that fails does not hold up the others', t => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.after(() => mock.timers.reset())
  const nowMs = performance.now() + 1e9
  const deadlines = new Deadlines(100)
  const bad = new Waiting()
  bad.onDeadline = () => {
    throw new Error('bad')
  }
  const good = new Waiting()
  deadlines.start(bad, nowMs)
  deadlines.start(good, nowMs)
  assert.throws(() => mock.timers.tick(100), /bad/)
  mock.timers.tick(1)
  assert.equal(good.ended, 1)
})
