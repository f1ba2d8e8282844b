import assert from 'node:assert/strict'
import { test } from 'node:test'
import { CapsuleReader, datagramCapsule } from './capsule.ts'

function read(...chunks: readonly string[]): string[] | 'bad' {
  const found: string[] = []
  const reader = new CapsuleReader(payload => found.push(Buffer.from(payload).toString('latin1')))
  for (const chunk of chunks) if (!reader.read(Buffer.from(chunk, 'latin1'))) return 'bad'
  return found
}

test('datagrams of any size come back, however they are cut', () => {
  const payloads = [
    '',
    'ab',
    'x'.repeat(62),
    'x'.repeat(63),
    'y'.repeat(16_382),
    'y'.repeat(16_383),
    'z'.repeat(65_535),
  ]
  const stream = payloads.map(each => Buffer.from(datagramCapsule(Buffer.from(each))).toString('latin1')).join('')
  for (const size of [stream.length, 4096, 1000, 7]) {
    const chunks: string[] = []
    for (let at = 0; at < stream.length; at += size) chunks.push(stream.slice(at, at + size))
    assert.deepEqual(read(...chunks), payloads)
  }
})

test('capsules of other types, and other contexts, are skipped without being kept', () => {
  assert.deepEqual(read('\x41\x02\x02zz\0\x03\0ab'), ['ab'])
  assert.deepEqual(read('\0\x03\x01ab\0\x03\0cd'), ['cd'])
  assert.deepEqual(read('\x01\xbf\xff\xff\xff', 'x'.repeat(1000), 'y'.repeat(1000)), [])
})

test('a datagram without a context, or longer than one can be, is refused', () => {
  assert.equal(read('\0\0'), 'bad')
  assert.equal(read('\0\xbf\xff\xff\xff'), 'bad')
})
