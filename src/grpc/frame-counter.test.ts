import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ConnectFrameCounter, FrameCounter } from './frame-counter.ts'
import { encodeFrame } from './frames.ts'

const frame = (text: string, flags = 0): Buffer => {
  const encoded = encodeFrame(Buffer.from(text))
  encoded[0] = flags
  return encoded
}

test('a message counts when it begins, wherever the bytes are cut', () => {
  const all = Buffer.concat([frame('a'), frame(''), frame('x'.repeat(300))])
  const counter = new FrameCounter()
  const at = [...all].flatMap((_, i) => (counter.inspect(all.subarray(i, i + 1)) > 0 ? [i] : []))
  assert.deepEqual(at, [0, 6, 11])
  assert.equal(new FrameCounter().inspect(all), 3)
})

test('the last frame of a Connect stream is no message and tells how it went', () => {
  const read = (...frames: Buffer[]) => {
    const counter = new ConnectFrameCounter()
    const all = Buffer.concat(frames)
    for (let i = 0; i < all.length; i += 3) counter.inspect(all.subarray(i, i + 3))
    return [counter.count, counter.succeeded]
  }
  assert.deepEqual(read(frame('a'), frame('b')), [2, false])
  assert.deepEqual(read(frame('a'), frame('{}', 2)), [1, true])
  assert.deepEqual(read(frame('{"error":{"code":"internal"}}', 2)), [0, false])
  assert.deepEqual(read(frame('not JSON', 2)), [0, false])
  assert.deepEqual(read(frame(JSON.stringify({ metadata: 'x'.repeat(20_000) }), 2)), [0, false])
  assert.deepEqual(read(frame('{}', 2), frame('after the end')), [0, true])
})
