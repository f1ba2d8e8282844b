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

  /** As `proxy_set_buffer_bytes`: prepends, replaces from the front, or appends. `data` becomes ours. */
  set(start: number, length: number, data: Uint8Array): number {
    const size = this.length
    if (this.chunk === undefined && !this.buffering) return Status.badArgument
    if (start === 0) {
      this.#drain(length)
      this.#prepend(data)
    } else if (start >= size) this.#append(data)
    else return Status.badArgument
    return Status.ok
  }

  #drain(length: number): void {
    const held = this.#held()
    const fromHeld = Math.min(length, held?.length ?? 0)
    if (fromHeld > 0) held?.drain(fromHeld)
    if (length > fromHeld && this.chunk !== undefined) this.#replaceChunk(this.chunk.subarray(length - fromHeld))
  }

  #prepend(data: Uint8Array): void {
    const held = this.#held()
    if (data.length === 0) return
    if (held !== undefined && held.length > 0) held.prepend(data)
    else if (this.chunk === undefined) held?.prepend(data)
    else this.#replaceChunk(this.chunk.length === 0 ? data : Buffer.concat([data, this.chunk]))
  }

  #append(data: Uint8Array): void {
    if (this.chunk === undefined) this.#held()?.append(data)
    else this.#replaceChunk(this.chunk.length === 0 ? data : Buffer.concat([this.chunk, data]))
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
