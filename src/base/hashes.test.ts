import assert from 'node:assert/strict'
import { test } from 'node:test'
import { murmurHash2 } from './murmur-hash2.ts'
import { xxHash64 } from './xxhash64.ts'

test('XXH64 of known inputs', () => {
  const known: [string, bigint][] = [
    ['', 0xef46_db37_51d8_e999n],
    ['a', 0xd24e_c4f1_a98c_6e5bn],
    ['abc', 0x44bc_2cf5_ad77_0999n],
    ['Nobody inspects the spammish repetition', 0xfbce_a83c_8a37_8bf1n],
  ]
  for (const [text, hash] of known) assert.equal(xxHash64(text), hash, text)
})

const mask = 0xffff_ffff_ffff_ffffn
const [p1, p2, p3, p4, p5] = [
  0x9e37_79b1_85eb_ca87n,
  0xc2b2_ae3d_27d4_eb4fn,
  0x1656_67b1_9e37_79f9n,
  0x85eb_ca77_c2b2_ae63n,
  0x27d4_eb2f_1656_67c5n,
] as const

/** XXH64 as it is written down, with BigInt. */
function slowXxHash64(text: string, seed: bigint): bigint {
  const rotl = (value: bigint, by: bigint) => ((value << by) | (value >> (64n - by))) & mask
  const read = (at: number, count: number) => {
    let value = 0n
    for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(text.charCodeAt(at + i))
    return value
  }
  const round = (acc: bigint, lane: bigint) => (rotl((acc + lane * p2) & mask, 31n) * p1) & mask
  let at = 0
  let hash: bigint
  if (text.length >= 32) {
    const v = [seed + p1 + p2, seed + p2, seed, seed - p1].map(value => value & mask)
    for (; at + 32 <= text.length; at += 32)
      for (let i = 0; i < 4; i++) v[i] = round(v[i] as bigint, read(at + i * 8, 8))
    hash = [1n, 7n, 12n, 18n].reduce((sum, by, i) => (sum + rotl(v[i] as bigint, by)) & mask, 0n)
    for (const each of v) hash = ((hash ^ round(0n, each)) * p1 + p4) & mask
  } else hash = (seed + p5) & mask
  hash = (hash + BigInt(text.length)) & mask
  for (; at + 8 <= text.length; at += 8) hash = (rotl(hash ^ round(0n, read(at, 8)), 27n) * p1 + p4) & mask
  if (at + 4 <= text.length) {
    hash = (rotl(hash ^ ((read(at, 4) * p1) & mask), 23n) * p2 + p3) & mask
    at += 4
  }
  for (; at < text.length; at++) hash = (rotl(hash ^ ((read(at, 1) * p5) & mask), 11n) * p1) & mask
  hash = ((hash ^ (hash >> 33n)) * p2) & mask
  hash = ((hash ^ (hash >> 29n)) * p3) & mask
  return hash ^ (hash >> 32n)
}

test('XXH64 of any length and byte', () => {
  let random = 1
  for (let length = 0; length < 200; length++) {
    let text = ''
    for (let i = 0; i < length; i++) {
      random = (Math.imul(random, 1_103_515_245) + 12_345) & 0x7fff_ffff
      text += String.fromCharCode((random >> 16) & 0xff)
    }
    assert.equal(xxHash64(text), slowXxHash64(text, 0n), `length ${length}`)
    for (const seed of [1n, 0x8000_0000n, 0x8765_4321_fedc_ba98n])
      assert.equal(xxHash64(text, seed), slowXxHash64(text, seed), `length ${length}, seed ${seed}`)
  }
})

test('MurmurHash2 of known inputs', () => {
  assert.equal(murmurHash2('foo'), 9_631_199_822_919_835_226n)
  assert.equal(murmurHash2('bar'), 11_474_628_671_133_349_555n)
})
