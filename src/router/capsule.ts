/** Capsules (RFC 9297 §3.2) that carry UDP datagrams (RFC 9298 §5): read from a stream in any pieces, and written. */

/** A datagram's own limit, and the longest number before it. */
const maxDatagramBytes = 65_535 + 8
const datagramType = 0

const noBytes = Buffer.alloc(0)

export class CapsuleReader {
  readonly #onDatagram: (payload: Uint8Array) => void
  /** Of a capsule that is not complete. */
  #kept: Buffer = noBytes
  /** Bytes to come of a capsule that nobody wants. */
  #skip = 0

  /** @param onDatagram gets the payload of each datagram of context 0; the bytes are valid until it returns */
  constructor(onDatagram: (payload: Uint8Array) => void) {
    this.#onDatagram = onDatagram
  }

  /** @returns false: these are no capsules */
  read(chunk: Uint8Array): boolean {
    let data =
      this.#kept.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([this.#kept, chunk])
    this.#kept = noBytes
    for (;;) {
      const skipped = Math.min(this.#skip, data.length)
      this.#skip -= skipped
      data = data.subarray(skipped)
      const type = readVarint(data, 0)
      const length = type && readVarint(data, type.end)
      if (length === undefined) break
      if (type?.value !== datagramType) {
        this.#skip = length.value
        data = data.subarray(length.end)
        continue
      }
      if (length.value > maxDatagramBytes) return false
      const end = length.end + length.value
      if (data.length < end) break
      const context = readVarint(data.subarray(0, end), length.end)
      if (context === undefined) return false
      // Contexts are agreed upon before; none was.
      if (context.value === 0) this.#onDatagram(data.subarray(context.end, end))
      data = data.subarray(end)
    }
    if (data.length > 0) this.#kept = Buffer.from(data)
    return true
  }
}

/** A datagram of context 0 as a capsule. */
export function datagramCapsule(payload: Uint8Array): Uint8Array {
  const length = payload.length + 1
  const head =
    length < 64
      ? [length]
      : length < 16_384
        ? [0x40 | (length >> 8), length & 0xff]
        : [0x80, length >> 16, (length >> 8) & 0xff, length & 0xff]
  return Buffer.concat([Buffer.from([datagramType, ...head, 0]), payload])
}

/** A variable-length integer (RFC 9000 §16); undefined when bytes are missing. */
function readVarint(data: Uint8Array, at: number): { value: number; end: number } | undefined {
  const first = data[at]
  if (first === undefined) return undefined
  const length = 1 << (first >> 6)
  if (at + length > data.length) return undefined
  let value = first & 0x3f
  for (let i = 1; i < length; i++) value = value * 256 + (data[at + i] as number)
  return { value, end: at + length }
}
