/**
 * The body of one direction as a guest sees it in a callback: what the chain holds for the filter, then the chunk that
 * is being delivered. Both are changed in place.
 */
import type { BodyBuffer, HttpFilterCallbacks } from '../core/http-filter.ts'
import { Status } from './abi.ts'

const empty = new Uint8Array(0)

export class BodyWindow {
  readonly #callbacks: HttpFilterCallbacks
  readonly #isRequest: boolean
  /** Only during the data callback. */
  chunk: Uint8Array | undefined
  /** This filter has the chain buffer the body. */
  buffering = false

  constructor(callbacks: HttpFilterCallbacks, isRequest: boolean) {
    this.#callbacks = callbacks
    this.#isRequest = isRequest
  }

  get length(): number {
    return (this.#held()?.length ?? 0) + (this.chunk?.length ?? 0)
  }

  /** `start + length` is within `length`. Valid until the window changes. */
  slice(start: number, length: number): Uint8Array {
    const held = this.#held()
    const heldLength = held?.length ?? 0
    const chunk = this.chunk ?? empty
    if (held === undefined || start >= heldLength)
      return chunk.subarray(start - heldLength, start - heldLength + length)
    if (start + length <= heldLength) return held.slice(start, length)
    const fromHeld = held.slice(start, heldLength - start)
    return Buffer.concat([fromHeld, chunk.subarray(0, length - fromHeld.length)], length)
  }

  /** Copies what `slice` gives to a place in `target`. */
  copyTo(target: Uint8Array, at: number, start: number, length: number): void {
    const held = this.#held()
    const heldLength = held?.length ?? 0
    const fromHeld = Math.max(0, Math.min(length, heldLength - start))
    if (fromHeld > 0) held?.copyTo(target, at, start, fromHeld)
    const chunkAt = start + fromHeld - heldLength
    if (fromHeld < length)
      target.set((this.chunk ?? empty).subarray(chunkAt, chunkAt + length - fromHeld), at + fromHeld)
  }

  /** As `proxy_set_buffer_bytes`: prepends, replaces from the front, or appends. `data` becomes ours. */
  set(start: number, length: number, data: Uint8Array): number {
    if (this.chunk === undefined && !this.buffering) return Status.badArgument
    const held = this.#held()
    const atEnd = start >= (held?.length ?? 0) + (this.chunk?.length ?? 0)
    if (start !== 0 && !atEnd) return Status.badArgument
    if (start === 0) this.#drain(held, length)
    if (data.length === 0) return Status.ok
    if (start === 0) this.#prepend(held, data)
    else this.#append(held, data)
    return Status.ok
  }

  #drain(held: BodyBuffer | undefined, length: number): void {
    const fromHeld = Math.min(length, held?.length ?? 0)
    if (fromHeld > 0) held?.drain(fromHeld)
    if (length > fromHeld && this.chunk !== undefined) this.#replaceChunk(this.chunk.subarray(length - fromHeld))
  }

  #prepend(held: BodyBuffer | undefined, data: Uint8Array): void {
    if (held !== undefined && (held.length > 0 || this.chunk === undefined)) held.prepend(data)
    else if (this.chunk !== undefined && this.chunk.length > 0) this.#replaceChunk(Buffer.concat([data, this.chunk]))
    else this.#append(undefined, data)
  }

  #append(held: BodyBuffer | undefined, data: Uint8Array): void {
    if (this.chunk !== undefined) this.#replaceChunk(this.chunk.length === 0 ? data : Buffer.concat([this.chunk, data]))
    else if (held !== undefined) held.append(data)
    else if (this.#isRequest) this.#callbacks.addDecodedData(data)
    else this.#callbacks.addEncodedData(data)
  }

  #replaceChunk(data: Uint8Array): void {
    this.chunk = data
    this.#callbacks.replaceCurrentData(data)
  }

  #held(): BodyBuffer | undefined {
    if (!this.buffering) return undefined
    return this.#isRequest ? this.#callbacks.decodingBuffer() : this.#callbacks.encodingBuffer()
  }
}
