import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { endMetadata, metadataFrameType } from './framing.ts'
import { MetadataReader, metadataFrames } from './metadata.ts'

/** Payloads and flags of frames. */
function split(frames: string): { payload: Buffer; last: boolean }[] {
  const bytes = Buffer.from(frames, 'latin1')
  const found: { payload: Buffer; last: boolean }[] = []
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.readUIntBE(at, 3)
    assert.equal(bytes[at + 3], metadataFrameType)
    found.push({
      payload: bytes.subarray(at + 9, at + 9 + length),
      last: ((bytes[at + 4] as number) & endMetadata) !== 0,
    })
    at += 9 + length
  }
  return found
}

function roundTrip(list: readonly string[], maxFrameSize = 16_384): unknown {
  const reader = new MetadataReader(1024 * 1024)
  return split(metadataFrames(1, list, maxFrameSize))
    .map(({ payload, last }) => reader.read(1, payload, last))
    .at(-1)
}

describe('METADATA blocks', () => {
  test('come back as they were, in frames of any size', () => {
    let seed = 1
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    const text = (length: number): string => Array.from({ length }, () => String.fromCharCode(random(256))).join('')
    for (let round = 0; round < 200; round++) {
      const list = Array.from({ length: random(5) + 1 }, (_, i) => [
        `${i}${text(random(300))}`,
        text(random(40_000)),
      ]).flat()
      assert.deepEqual(roundTrip(list, 1 + random(20_000)), list)
    }
  })

  test('keep the first of equal names', () => {
    assert.deepEqual(roundTrip(['a', '1', 'b', '2', 'a', '3']), ['a', '1', 'b', '2'])
  })

  test('have a limit, which unfinished blocks of all streams share', () => {
    const reader = new MetadataReader(100)
    assert.equal(reader.read(1, Buffer.alloc(60), false), undefined)
    assert.equal(reader.read(3, Buffer.alloc(60), false), false)
    reader.forget(1)
    assert.equal(reader.read(3, Buffer.alloc(60), false), undefined)
  })

  test('what is no block, and what grows beyond the limit when it is decoded, is refused', () => {
    const reader = new MetadataReader(4000)
    assert.equal(reader.read(1, Buffer.from('ffffffffff', 'hex'), true), false)
    // One field that names a static entry again and again: two bytes each, many more decoded.
    assert.equal(reader.read(1, Buffer.alloc(3999, 0x82), true), false)
  })

  test('random bytes never throw', () => {
    let seed = 7
    const random = (below: number): number => (seed = (seed * 48_271) % 2_147_483_647) % below
    const reader = new MetadataReader(2000)
    for (let round = 0; round < 5000; round++) {
      const bytes = Buffer.from(Array.from({ length: random(60) }, () => random(256)))
      const found = reader.read(1 + random(3), bytes, random(3) > 0)
      assert.ok(found === false || found === undefined || found.length % 2 === 0)
      if (found === false) for (let id = 1; id <= 3; id++) reader.forget(id)
    }
  })
})
