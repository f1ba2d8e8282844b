/** Reads DER (X.690 §8), as much as certificates and TLS sessions need: definite lengths, tags of one byte. */

export interface DerValue {
  /** The whole identifier byte: 0x30 for SEQUENCE, 0xa0 for a constructed `[0]`. */
  readonly tag: number
  readonly content: Uint8Array
}

/** The values that stand one after another in `bytes`. Throws RangeError when one of them is cut or of another form. */
export function readDer(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = []
  for (let at = 0; at < bytes.length; ) {
    const tag = byteAt(bytes, at++)
    let length = byteAt(bytes, at++)
    if (length >= 0x80) {
      const count = length & 0x7f
      if (count === 0 || count > 4) throw new RangeError('the length has another form')
      length = 0
      for (let i = 0; i < count; i++) length = length * 256 + byteAt(bytes, at++)
    }
    if (at + length > bytes.length) throw new RangeError('ends early')
    values.push({ tag, content: bytes.subarray(at, at + length) })
    at += length
  }
  return values
}

/** Of an INTEGER; two's complement. */
export function derInteger(content: Uint8Array): bigint {
  return BigInt.asIntN(content.length * 8, BigInt(`0x${Buffer.from(content).toString('hex') || '0'}`))
}

function byteAt(bytes: Uint8Array, at: number): number {
  const byte = bytes[at]
  if (byte === undefined) throw new RangeError('ends early')
  return byte
}
