import assert from 'node:assert/strict'
import { test } from 'node:test'
import { IdMap } from './id-map.ts'

test('an IdMap holds what a Map holds, whatever comes and goes', () => {
  const ours = new IdMap<string>()
  const theirs = new Map<number, string>()
  let seed = 1
  const random = (below: number): number => {
    seed = (Math.imul(seed, 1103515245) + 12345) >>> 0
    return (seed >>> 8) % below
  }
  for (let step = 0; step < 20_000; step++) {
    const id = random(600) * (step % 3 === 0 ? 1 : 2 ** 21 - 1)
    if (random(5) < (step < 10_000 ? 3 : 1)) {
      ours.set(id, `${id} ${step}`)
      theirs.set(id, `${id} ${step}`)
    } else assert.equal(ours.delete(id), theirs.delete(id))
    assert.equal(ours.size, theirs.size)
    const asked = random(600)
    assert.equal(ours.get(asked), theirs.get(asked))
  }
  const sorted = [...theirs].sort(([a], [b]) => a - b)
  assert.deepEqual(
    ours.values(),
    sorted.map(([, value]) => value),
  )
})

test('ids that increase as streams come and go leave nothing behind', () => {
  const map = new IdMap<number>()
  for (let id = 0; id < 10_000; id++) {
    map.set(id, id)
    if (id >= 64) assert.equal(map.delete(id - 64), true)
    assert.equal(map.get(id - 64), undefined)
    assert.equal(map.get(id), id)
  }
  assert.equal(map.size, 64)
  assert.deepEqual(
    map.values(),
    Array.from({ length: 64 }, (_, i) => 9936 + i),
  )
})
