/** The protobuf wire format: reads and writes tagged values; knows nothing of message types. */

const utf8 = new TextDecoder('utf-8', { fatal: true })
const utf8Encoder = new TextEncoder()

/** Bytes that are not well-formed protobuf. */
export class WireError extends Error {}

export class WireReader {
  readonly #bytes: Uint8Array
  readonly #view: DataView
  #position = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  get done(): boolean {
    return this.#position >= this.#bytes.length
  }

  /** Field number and wire type: `tag >>> 3`, `tag & 7`. */
  tag(): number {
    const tag = this.uint32()
    if (tag >>> 3 === 0) throw new WireError('field number 0')
    return tag
  }

  /** The low 32 bits of a varint, unsigned. */
  uint32(): number {
    let result = 0
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte()
      if (shift < 32) result |= (byte & 0x7f) << shift
      if (byte < 0x80) return result >>> 0
    }
    throw new WireError('varint is longer than 10 bytes')
  }

  int32(): number {
    return this.uint32() | 0
  }

  uint64(): bigint {
    let result = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = this.#byte()
      result |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) return BigInt.asUintN(64, result)
    }
    throw new WireError('varint is longer than 10 bytes')
  }

  bool(): boolean {
    return this.uint64() !== 0n
  }

  fixed32(): number {
    return this.#view.getUint32(this.#take(4), true)
  }

  sfixed32(): number {
    return this.#view.getInt32(this.#take(4), true)
  }

  fixed64(): bigint {
    return this.#view.getBigUint64(this.#take(8), true)
  }

  float(): number {
    return this.#view.getFloat32(this.#take(4), true)
  }

  double(): number {
    return this.#view.getFloat64(this.#take(8), true)
  }

  /** A view into the input, not a copy. */
  bytes(): Uint8Array {
    const length = this.uint32()
    const start = this.#take(length)
    return this.#bytes.subarray(start, start + length)
  }

  string(): string {
    try {
      return utf8.decode(this.bytes())
    } catch (error) {
      if (error instanceof WireError) throw error
      throw new WireError('string is not UTF-8')
    }
  }

  /** Steps over a value of this wire type. */
  skip(wireType: number): void {
    if (wireType === 0) this.uint64()
    else if (wireType === 1) this.#take(8)
    else if (wireType === 2) this.bytes()
    else if (wireType === 5) this.#take(4)
    else if (wireType === 3) this.#skipGroup()
    else throw new WireError(`wire type ${wireType}`)
  }

  #skipGroup(): void {
    for (let depth = 1; depth > 0; ) {
      const wireType = this.tag() & 7
      if (wireType === 3) depth++
      else if (wireType === 4) depth--
      else this.skip(wireType)
    }
  }

  #byte(): number {
    const byte = this.#bytes[this.#position++]
    if (byte === undefined) throw new WireError('message ends in the middle of a value')
    return byte
  }

  #take(length: number): number {
    const start = this.#position
    if (start + length > this.#bytes.length) throw new WireError('message ends in the middle of a value')
    this.#position = start + length
    return start
  }
}

export class WireWriter {
  #bytes = new Uint8Array(256)
  #view = new DataView(this.#bytes.buffer)
  #length = 0

  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#length)
  }

  tag(number: number, wireType: number): void {
    this.uint32(((number << 3) | wireType) >>> 0)
  }

  uint32(value: number): void {
    this.#reserve(5)
    while (value > 0x7f) {
      this.#bytes[this.#length++] = (value & 0x7f) | 0x80
      value >>>= 7
    }
    this.#bytes[this.#length++] = value
  }

  /** Negative numbers take ten bytes, as protobuf's int32 and int64 do. */
  int64(value: bigint): void {
    this.#reserve(10)
    let rest = BigInt.asUintN(64, value)
    while (rest > 0x7fn) {
      this.#bytes[this.#length++] = Number(rest & 0x7fn) | 0x80
      rest >>= 7n
    }
    this.#bytes[this.#length++] = Number(rest)
  }

  fixed32(value: number): void {
    this.#reserve(4)
    this.#view.setUint32(this.#length, value >>> 0, true)
    this.#length += 4
  }

  fixed64(value: bigint): void {
    this.#reserve(8)
    this.#view.setBigUint64(this.#length, BigInt.asUintN(64, value), true)
    this.#length += 8
  }

  float(value: number): void {
    this.#reserve(4)
    this.#view.setFloat32(this.#length, value, true)
    this.#length += 4
  }

  double(value: number): void {
    this.#reserve(8)
    this.#view.setFloat64(this.#length, value, true)
    this.#length += 8
  }

  bytes(value: Uint8Array): void {
    this.uint32(value.length)
    this.#reserve(value.length)
    this.#bytes.set(value, this.#length)
    this.#length += value.length
  }

  string(value: string): void {
    this.bytes(utf8Encoder.encode(value))
  }

  /** What `write` adds, with its length in front. */
  nested(write: () => void): void {
    this.#reserve(1)
    const start = ++this.#length
    write()
    const size = this.#length - start
    let prefix = 1
    for (let rest = size >>> 7; rest > 0; rest >>>= 7) prefix++
    if (prefix > 1) {
      this.#reserve(prefix - 1)
      this.#bytes.copyWithin(start + prefix - 1, start, this.#length)
    }
    this.#length = start - 1
    this.uint32(size)
    this.#length += size
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return
    const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.#length + count))
    larger.set(this.#bytes)
    this.#bytes = larger
    this.#view = new DataView(larger.buffer)
  }
}
