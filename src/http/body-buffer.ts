/** The bytes of one direction that a filter chain holds back. Follows the use of Envoy's watermark buffers in FilterManager. */
import {
  copyBelowBytes,
  isCurrent,
  isTransient,
  keep,
  pin,
  pinCopy,
  type ReadBuffer,
  shouldCopy,
  unpin,
} from '../base/read-buffer.ts'
import type { BodyBuffer } from '../core/http-filter.ts'

const empty = new Uint8Array(0)

export class ChunkBuffer implements BodyBuffer {
  #chunks: Uint8Array[] = []
  /** Read buffers that chunks lie in, reused once the chunks are gone. */
  #pinned: ReadBuffer[] | undefined
  /** Somebody may still look at a chunk. */
  #shown = false
  length = 0
  /** Grows with each change, so that who holds a joined copy sees that it is stale. */
  version = 0

  append(data: Uint8Array): void {
    this.version++
    if (data.length === 0) return
    this.#chunks.push(this.#hold(data))
    this.length += data.length
  }

  prepend(data: Uint8Array): void {
    this.version++
    if (data.length === 0) return
    this.#chunks.unshift(this.#hold(data))
    this.length += data.length
  }

  drain(length: number): void {
    this.version++
    if (length >= this.length) {
      this.#chunks.length = 0
      this.length = 0
      this.#unpin()
      return
    }
    this.length -= length
    let left = length
    let whole = 0
    while (left >= (this.#chunks[whole] as Uint8Array).length) left -= (this.#chunks[whole++] as Uint8Array).length
    if (whole > 0) this.#chunks.splice(0, whole)
    if (left > 0) this.#chunks[0] = (this.#chunks[0] as Uint8Array).subarray(left)
  }

  slice(start: number, length: number): Uint8Array {
    const end = Math.min(start + length, this.length)
    if (start >= end) return empty
    this.#shown = true
    if (this.#chunks.length > 1 && start === 0 && end === this.length) this.#join()
    let at = 0
    for (let i = 0; i < this.#chunks.length; i++) {
      const chunk = this.#chunks[i] as Uint8Array
      if (start < at + chunk.length) {
        if (end <= at + chunk.length) return chunk.subarray(start - at, end - at)
        break
      }
      at += chunk.length
    }
    this.#join()
    return (this.#chunks[0] as Uint8Array).subarray(start, end)
  }

  copyTo(target: Uint8Array, at: number, start: number, length: number): void {
    const end = start + length
    let from = 0
    for (const chunk of this.#chunks) {
      const part = chunk.subarray(Math.max(0, start - from), Math.max(0, end - from))
      target.set(part, at)
      at += part.length
      from += chunk.length
      if (from >= end) return
    }
  }

  /** All bytes as one chunk. */
  all(): Uint8Array {
    return this.slice(0, this.length)
  }

  /** All of it has been written out, and nobody will ask for it again. */
  release(): void {
    this.#chunks.length = 0
    this.length = 0
    this.#unpin()
  }

  #hold(data: Uint8Array): Uint8Array {
    if (!isTransient(data) || data.length < copyBelowBytes) return keep(data)
    this.#pinned ??= []
    if (shouldCopy(data)) {
      const { copy, buffer } = pinCopy(data)
      this.#pinned.push(buffer)
      return copy
    }
    this.#pinned.push(pin(data))
    return data
  }

  #unpin(): void {
    if (this.#pinned === undefined) return
    for (const buffer of this.#pinned) {
      if (this.#shown && !isCurrent(buffer)) buffer.kept = true
      unpin(buffer)
    }
    this.#pinned = undefined
  }

  #join(): void {
    this.#chunks = [Buffer.concat(this.#chunks, this.length)]
  }
}
