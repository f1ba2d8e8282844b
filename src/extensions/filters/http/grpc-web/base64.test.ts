import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeFrame } from '../../../../grpc/frames.ts'
import { Base64Decoder, Base64FrameEncoder } from './base64.ts'

const bytes = fc.uint8Array({ maxLength: 40 })

/** Cuts into pieces at the places given. */
function cut(whole: Buffer, places: readonly number[]): Buffer[] {
  const at = [...new Set([0, ...places.map(place => place % (whole.length + 1)), whole.length])].sort((a, b) => a - b)
  return at.slice(1).map((end, i) => whole.subarray(at[i], end))
}

test('texts that were joined and cut anywhere decode to what they were made of', () => {
  fc.assert(
    fc.property(fc.array(bytes, { minLength: 1 }), fc.array(fc.nat()), (parts, places) => {
      const text = Buffer.from(parts.map(part => Buffer.from(part).toString('base64')).join(''))
      const decoder = new Base64Decoder()
      const decoded = [
        ...cut(text, places).map(piece => decoder.decode(piece, false)),
        decoder.decode(Buffer.alloc(0), true),
      ]
      assert.deepEqual(
        Buffer.concat(decoded.map(part => (typeof part === 'string' ? assert.fail(part) : part))),
        Buffer.concat(parts),
      )
    }),
  )
})

test('frames that were cut anywhere become a text each', () => {
  fc.assert(
    fc.property(fc.array(bytes), fc.array(fc.nat()), (messages, places) => {
      const frames = messages.map(encodeFrame)
      const encoder = new Base64FrameEncoder()
      const text = cut(Buffer.concat(frames), places).map(piece => encoder.encode(piece).toString())
      assert.equal(text.join(''), frames.map(frame => frame.toString('base64')).join(''))
    }),
  )
})

test('what is no base64 is told apart from what is incomplete', () => {
  const decode = (text: string, end = true) => new Base64Decoder().decode(Buffer.from(text), end)
  assert.equal(decode('AAAAA'), 'grpc_base_64_decode_failed_bad_size')
  assert.equal(decode('AA-A'), 'grpc_base_64_decode_failed')
  assert.equal(decode('A==='), 'grpc_base_64_decode_failed')
  assert.deepEqual(decode('AAA', false), Buffer.alloc(0))
})
