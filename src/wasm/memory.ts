/**
 * A guest's linear memory as the host reads and writes it. The views belong to one memory generation: `memory.grow`
 * detaches them (their length becomes 0), so the bounds check that comes before every access also notices growth.
 */
import { borrowBuffer } from '../base/read-buffer.ts'
import { Status } from './abi.ts'

export type Allocate = (size: number) => number

export class GuestMemory {
  #memory: WebAssembly.Memory | undefined
  #allocate: Allocate = () => 0
  #initialBytes = 0
  /** Is collected when this is. */
  ballast: ArrayBuffer | undefined
  bytes = Buffer.alloc(0)
  view = new DataView(this.bytes.buffer, 0, 0)

  /**
   * Until then nothing is in bounds: a module's start section may call host functions before its memory is known.
   * @param allocate the guest's `malloc` or `proxy_on_memory_allocate`
   */
  attach(memory: WebAssembly.Memory, allocate: Allocate): void {
    this.#memory = memory
    this.#initialBytes = memory.buffer.byteLength
    this.#allocate = allocate
  }

  /** What has come since the instance was made, bytes. */
  get grownBytes(): number {
    return (this.#memory?.buffer.byteLength ?? 0) - this.#initialBytes
  }

  /** Pointers arrive as signed i32: callers pass `pointer >>> 0`. True makes `bytes` and `view` valid for the range. */
  inBounds(pointer: number, size: number): boolean {
    return pointer + size <= this.bytes.length || this.#grewTo(pointer + size)
  }

  #grewTo(end: number): boolean {
    if (this.bytes.length !== 0 || this.#memory === undefined) return false
    this.bytes = Buffer.from(this.#memory.buffer)
    this.view = new DataView(this.#memory.buffer)
    return end <= this.bytes.length
  }

  /** Latin1 text, undefined when out of bounds. */
  text(pointer: number, size: number): string | undefined {
    pointer >>>= 0
    size >>>= 0
    if (!this.inBounds(pointer, size)) return undefined
    return size === 0 ? '' : this.bytes.latin1Slice(pointer, pointer + size)
  }

  /** A copy, undefined when out of bounds. */
  copy(pointer: number, size: number): Buffer | undefined {
    pointer >>>= 0
    size >>>= 0
    if (!this.inBounds(pointer, size)) return undefined
    return Buffer.from(this.bytes.subarray(pointer, pointer + size))
  }

  /** The same for a body: transient, as chunks that are being delivered (base/read-buffer.ts). */
  copyTransient(pointer: number, size: number): Buffer | undefined {
    pointer >>>= 0
    size >>>= 0
    if (!this.inBounds(pointer, size)) return undefined
    const bytes = this.bytes.subarray(pointer, pointer + size)
    const target = borrowBuffer(size)
    if (target === undefined) return Buffer.from(bytes)
    target.set(bytes)
    return target
  }

  writeUint32(pointer: number, value: number): number {
    pointer >>>= 0
    if (!this.inBounds(pointer, 4)) return Status.invalidMemoryAccess
    this.view.setUint32(pointer, value, true)
    return Status.ok
  }

  writeUint64(pointer: number, value: bigint): number {
    pointer >>>= 0
    if (!this.inBounds(pointer, 8)) return Status.invalidMemoryAccess
    this.view.setBigUint64(pointer, value, true)
    return Status.ok
  }

  /**
   * Asks the guest for `size` bytes and tells it where they are by writing pointer and size to the two places given.
   * @returns the pointer, in bounds; 0 when a place is out of bounds, the guest has no memory or `size` is 0
   */
  allocateResult(size: number, pointerAt: number, sizeAt: number): number {
    pointerAt >>>= 0
    sizeAt >>>= 0
    if (!this.inBounds(pointerAt, 4) || !this.inBounds(sizeAt, 4)) return 0
    const pointer = size === 0 ? 0 : this.#allocate(size) >>> 0
    if (!this.inBounds(pointer, size) || !this.inBounds(pointerAt, 4)) return 0
    this.view.setUint32(pointerAt, pointer, true)
    this.view.setUint32(sizeAt, pointer === 0 ? 0 : size, true)
    return pointer
  }

  /** Hands latin1 text to the guest. Empty text is a null pointer. */
  returnText(text: string, pointerAt: number, sizeAt: number): number {
    const pointer = this.allocateResult(text.length, pointerAt, sizeAt)
    if (pointer === 0) return this.#returned(text.length, pointerAt, sizeAt)
    writeLatin1(this.bytes, pointer, text)
    return Status.ok
  }

  returnBytes(data: Uint8Array, pointerAt: number, sizeAt: number): number {
    const pointer = this.allocateResult(data.length, pointerAt, sizeAt)
    if (pointer === 0) return this.#returned(data.length, pointerAt, sizeAt)
    this.bytes.set(data, pointer)
    return Status.ok
  }

  #returned(size: number, pointerAt: number, sizeAt: number): number {
    return size === 0 && this.inBounds(pointerAt >>> 0, 4) && this.inBounds(sizeAt >>> 0, 4)
      ? Status.ok
      : Status.invalidMemoryAccess
  }
}

/**
 * The length of a text in a loop over texts of all origins. V8 looks the property up anew when the strings came about in
 * more than four ways (sliced, joined, constants …), unless it knows that it has a string (measured: 14 ns against 1).
 */
export function textLength(text: string): number {
  // oxlint-disable-next-line typescript/no-unnecessary-type-conversion -- what tells V8; a template would call a builtin
  return ('' + text).length
}

/** Below this a loop beats the call into `latin1Write`. */
const shortText = 24

/** Writes latin1 text without bounds checks of its own; returns the end. */
export function writeLatin1(bytes: Buffer, at: number, text: string): number {
  const length = textLength(text)
  if (length > shortText) {
    bytes.latin1Write(text, at, length)
    return at + length
  }
  for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i)
  return at + length
}
