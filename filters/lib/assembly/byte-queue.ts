/** Bytes of a stream that wait for more: added at the end, taken from the front. */

export class ByteQueue {
  private bytes: ArrayBuffer = new ArrayBuffer(256)
  private from: i32 = 0
  private to: i32 = 0

  get length(): i32 {
    return this.to - this.from
  }

  /** Adds some bytes of a buffer. */
  add(bytes: ArrayBuffer, start: i32 = 0, end: i32 = i32.MAX_VALUE): void {
    const stop = min(end, bytes.byteLength)
    if (stop <= start) return
    this.reserve(stop - start)
    memory.copy(this.pointer(this.length), changetype<usize>(bytes) + start, stop - start)
    this.to += stop - start
  }

  /** Adds one byte. */
  add_byte(byte: u8): void {
    this.reserve(1)
    store<u8>(this.pointer(this.length), byte)
    this.to++
  }

  /** Adds a text as UTF-8. */
  add_text(text: string): void {
    this.add(String.UTF8.encode(text))
  }

  /** Takes that many away. */
  drop(count: i32): void {
    this.from = min(this.from + count, this.to)
    if (this.from == this.to) this.from = this.to = 0
  }

  /** A byte, counted from the front; 0 where there is none. */
  at(index: i32): u8 {
    return index >= 0 && index < this.length ? load<u8>(this.pointer(index)) : 0
  }

  /** Two bytes, the high one first. */
  u16(index: i32): i32 {
    return (<i32>this.at(index) << 8) | this.at(index + 1)
  }

  /** Three bytes, the high one first. */
  u24(index: i32): i32 {
    return (this.u16(index) << 8) | this.at(index + 2)
  }

  /** Four bytes, the high one first. */
  u32(index: i32): u32 {
    return (<u32>this.u16(index) << 16) | this.u16(index + 2)
  }

  /** Some of its bytes, copied. */
  slice(start: i32, end: i32): ArrayBuffer {
    const stop = min(end, this.length)
    const copy = new ArrayBuffer(max(0, stop - start))
    memory.copy(changetype<usize>(copy), this.pointer(start), copy.byteLength)
    return copy
  }

  /** Some of its bytes as text. */
  text(start: i32, end: i32): string {
    return String.UTF8.decode(this.slice(start, end))
  }

  private pointer(index: i32): usize {
    return changetype<usize>(this.bytes) + this.from + index
  }

  private reserve(count: i32): void {
    if (this.to + count <= this.bytes.byteLength) return
    const length = this.length
    const next = length + count <= this.bytes.byteLength / 2 ? this.bytes : new ArrayBuffer(max(2 * this.bytes.byteLength, 2 * (length + count)))
    memory.copy(changetype<usize>(next), this.pointer(0), length)
    this.bytes = next
    this.from = 0
    this.to = length
  }
}
