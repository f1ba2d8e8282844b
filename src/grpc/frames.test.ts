import assert from 'node:assert/strict'
import { test } from 'node:test'
import { encodeFrame, FrameReader } from './frames.ts'

function read(pieces: readonly Uint8Array[], limitBytes = 100) {
  const messages: string[] = []
  const reader = new FrameReader(limitBytes, message => void messages.push(Buffer.from(message).toString()))
  const faults = pieces.map(piece => reader.push(piece))
  return { messages, fault: faults.at(-1) }
}

test('messages come whole however the bytes are cut', () => {
  const all = Buffer.concat(['one', '', 'three'].map(text => encodeFrame(Buffer.from(text))))
  for (let size = 1; size <= all.length; size++) {
    const pieces: Buffer[] = []
    for (let at = 0; at < all.length; at += size) pieces.push(all.subarray(at, at + size))
    assert.deepEqual(read(pieces), { messages: ['one', '', 'three'], fault: undefined })
  }
})

test('a message that is too large is refused by its head; so is a compressed one, unless it is empty', () => {
  assert.equal(read([encodeFrame(Buffer.alloc(101))]).fault, 'too-large')
  const compressed = encodeFrame(Buffer.from('a'))
  compressed[0] = 1
  assert.equal(read([compressed]).fault, 'compressed')
  assert.deepEqual(read([Buffer.from([1, 0, 0, 0, 0])]), { messages: [''], fault: undefined })
})
