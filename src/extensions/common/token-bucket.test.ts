import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ownRegister, SharedCells } from '../../base/shared-cells.ts'
import { TokenBucket } from './token-bucket.ts'

test('a bucket is full at first, empties, and fills steadily up to its size', () => {
  let now = 1000
  const bucket = new TokenBucket({ maxTokens: 3, tokensPerSecond: 2 }, ownRegister(), () => now)
  const take = (tokens: number): string => `${bucket.consume(tokens)} ${Math.floor(bucket.remainingTokens)}`
  assert.deepEqual([take(1), take(2), take(1)], ['true 2', 'true 0', 'false 0'])
  assert.equal(bucket.nextTokenSeconds.toFixed(3), '0.500')
  now += 0.5
  assert.deepEqual([take(1), take(1)], ['true 0', 'false 0'])
  now += 100
  assert.equal(take(4), 'false 3')
  assert.equal(take(3), 'true 0')
  assert.equal(take(-2), 'true 2')
})

test('all threads take from the same bucket', () => {
  const main = new SharedCells(0)
  const buckets = [1, 2].map(
    column =>
      new TokenBucket(
        { maxTokens: 2, tokensPerSecond: 1 },
        new SharedCells(column, main.buffer).register('limit'),
        () => 50,
      ),
  )
  assert.deepEqual(
    [0, 1, 0].map(i => buckets[i]?.consume(1)),
    [true, true, false],
  )
})
