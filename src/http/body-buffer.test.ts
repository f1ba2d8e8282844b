import assert from 'node:assert/strict'
import { afterEach, test } from 'node:test'
import {
  borrowBuffer,
  isTransient,
  keep,
  pin,
  setActiveReadBuffer,
  sharedReadBuffer,
  takeReadBuffer,
  unpin,
} from '../base/read-buffer.ts'
import { ChunkBuffer } from './body-buffer.ts'

afterEach(() => setActiveReadBuffer(undefined))

const size = 20_000

/** A chunk of a read buffer that is being delivered. */
function deliver(fill: number): { chunk: Buffer; buffer: ReturnType<typeof takeReadBuffer> } {
  const buffer = takeReadBuffer()
  setActiveReadBuffer(buffer)
  return { chunk: buffer.bytes.subarray(0, size).fill(fill), buffer }
}

test('bytes that span chunks are copied to a place without being joined', () => {
  const buffer = new ChunkBuffer()
  for (const text of ['abc', 'de', '', 'fghi']) buffer.append(Buffer.from(text))
  for (let start = 0; start < 9; start++)
    for (let length = 0; start + length <= 9; length++) {
      const target = Buffer.alloc(12, '.')
      buffer.copyTo(target, 1, start, length)
      assert.equal(target.toString(), `.${'abcdefghi'.slice(start, start + length)}`.padEnd(12, '.'))
    }
})

test('a read buffer that a chunk lies in is free again when the chunk is gone, unless somebody has seen it', () => {
  const { chunk, buffer } = deliver(1)
  const held = new ChunkBuffer()
  held.append(chunk)
  assert.equal(buffer.pins, 1)
  setActiveReadBuffer(undefined)
  held.drain(size)
  assert.deepEqual([buffer.pins, buffer.kept], [0, false])

  const second = deliver(2)
  held.append(second.chunk)
  held.slice(0, 10)
  setActiveReadBuffer(undefined)
  held.drain(size)
  assert.deepEqual([second.buffer.pins, second.buffer.kept], [0, true])
})

test('bytes of the shared read buffer are copied, into memory that is used again when they are gone', () => {
  const hold = (fill: number): ChunkBuffer => {
    const held = new ChunkBuffer()
    setActiveReadBuffer(sharedReadBuffer)
    held.append(sharedReadBuffer.bytes.subarray(0, size).fill(fill))
    setActiveReadBuffer(undefined)
    return held
  }
  const content = (held: ChunkBuffer): Buffer => {
    const target = Buffer.alloc(size)
    held.copyTo(target, 0, 0, size)
    return target
  }
  const first = hold(1)
  const second = hold(2)
  assert.ok(content(first).every(byte => byte === 1))
  first.drain(size)
  const third = hold(3)
  assert.ok(content(second).every(byte => byte === 2))
  assert.ok(content(third).every(byte => byte === 3))
})

test('what was written out in its own delivery is not kept', () => {
  const { chunk, buffer } = deliver(1)
  const held = new ChunkBuffer()
  held.append(chunk)
  assert.equal(held.all().length, size)
  held.release()
  assert.deepEqual([buffer.pins, buffer.kept, held.length], [0, false, 0])
})

test('a borrowed buffer is transient until the delivery ends, and used again then', () => {
  assert.equal(borrowBuffer(size), undefined, 'outside of a delivery')
  deliver(1)
  const first = borrowBuffer(size)
  assert.ok(first)
  assert.equal(borrowBuffer(size), undefined, 'the second in one delivery')
  assert.equal(isTransient(first), true)
  setActiveReadBuffer(undefined)
  assert.equal(isTransient(first), false)
  deliver(2)
  const second = borrowBuffer(size)
  assert.equal(second?.buffer, first.buffer)
  const pinned = pin(second)
  setActiveReadBuffer(undefined)
  deliver(3)
  assert.notEqual(borrowBuffer(size)?.buffer, first.buffer, 'while a write out of it goes on')
  setActiveReadBuffer(undefined)
  unpin(pinned)
})

test('a borrowed buffer that somebody keeps is never used again', () => {
  deliver(1)
  const kept = borrowBuffer(size) as Buffer
  assert.equal(keep(kept), kept)
  setActiveReadBuffer(undefined)
  for (let i = 0; i < 40; i++) {
    deliver(i)
    assert.notEqual(borrowBuffer(size)?.buffer, kept.buffer)
  }
})
