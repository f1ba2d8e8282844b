/**
 * The bytes of one direction of a connection as a guest sees them in a callback: what a filter has kept back, and what has
 * just come. One growing buffer, so that many small pieces cost no more than their sum.
 */
import { Status } from './abi.ts'

const nothing = new Uint8Array(0)
/** Below this a loop beats the call into `set`. */
const shortBytes = 24

export class HeldData {
  #bytes: Uint8Array = nothing
  #length = 0
  /** The bytes are a copy, not somebody's chunk. */
  #owned = false
  /** There are bytes, or a callback that could add some: the guest may change them. */
  present = false
  /** The guest has changed the bytes in this callback, or they are not only those that have just come. */
  changed = false

  get length(): number {
    return this.#length
  }

  /** Valid until the next change. */
  slice(start: number, length: number): Uint8Array {
    return this.#bytes.subarray(start, start + length)
  }

  copy(start: number, length: number, target: Uint8Array, at: number): void {
    const bytes = this.#bytes
    if (length > shortBytes) target.set(bytes.subarray(start, start + length), at)
    else for (let i = 0; i < length; i++) target[at + i] = bytes[start + i] as number
  }

  /** Adds what has come. Alone it is not copied: it is the guest's to look at until the callback is over. */
  begin(data: Uint8Array): void {
    this.present = true
    this.changed = this.#length > 0
    if (this.changed) this.#append(data)
    else this.#borrow(data)
  }

  /** The callback is over and the bytes stay: those that were borrowed are copied. */
  keep(): void {
    if (!this.#owned) this.#own(this.#length)
  }

  /** Hands all bytes over. */
  take(): Uint8Array {
    const bytes = this.slice(0, this.#length)
    this.release()
    return bytes
  }

  /** The callback is over and the chunk goes on as it came. */
  release(): void {
    this.#bytes = nothing
    this.#length = 0
    this.changed = this.#owned = this.present = false
  }

  /** As `proxy_set_buffer_bytes`: prepends, replaces from the front, or appends. */
  set(start: number, length: number, data: Uint8Array): number {
    if (start !== 0 && start < this.#length) return Status.badArgument
    this.changed = true
    if (start === 0) {
      const kept = this.#bytes.subarray(Math.min(length, this.#length), this.#length)
      this.#bytes = Buffer.concat([data, kept])
      this.#length = this.#bytes.length
      this.#owned = true
    } else this.#append(data)
    return Status.ok
  }

  #borrow(data: Uint8Array): void {
    this.#bytes = data
    this.#length = data.length
    this.#owned = false
  }

  #append(data: Uint8Array): void {
    const length = this.#length + data.length
    if (!this.#owned || this.#bytes.length < length) this.#own(length)
    this.#bytes.set(data, this.#length)
    this.#length = length
  }

  #own(capacity: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(capacity, this.#owned ? this.#bytes.length * 2 : 0))
    grown.set(this.#bytes.subarray(0, this.#length))
    this.#bytes = grown
    this.#owned = true
  }
}
