/**
 * The buffers that sockets of this thread read into. Reads are delivered synchronously, so one shared buffer serves
 * every connection that is idle or sends little: 4,000 idle connections own no read buffer. A connection that streams
 * is lent a buffer of its own from a small pool, so that a forwarded chunk is never copied: while a slow peer takes
 * it, the chunk's buffer is pinned and the reader gets another one. Reusing buffers saves half of the system time of
 * bulk transfers (fresh pages).
 *
 * The rule that follows, for everyone who is handed a chunk (codec, filter, `decodeData`, `onData`): it is valid
 * until the call returns. Whoever holds on to it calls `keep`.
 *
 * Once in each delivery a filter may borrow a buffer (`borrowBuffer`) for what it has made of a body: the same rule holds
 * for it, so that bodies that are rewritten need no fresh memory either (measured: a quarter of what that costs).
 */
const sizeBytes = 64 * 1024
/** Below this a copy is cheaper than pinning a whole read buffer. */
export const copyBelowBytes = 8 * 1024
/** 4 MiB of buffers wait for reuse; what is returned beyond that is left to the garbage collector. */
const maxFree = 64
/** A rewritten chunk of a read buffer may be longer. */
const borrowedBytes = 128 * 1024
const maxFreeBorrowed = 32

export class ReadBuffer {
  readonly bytes: Buffer
  /** Unfinished writes out of it. */
  pins = 0
  /** Somebody holds a chunk for an unknown time: never reused. */
  kept = false
  /** A connection reads into it, or a filter has written to it in this delivery. */
  lent = false

  constructor(size = sizeBytes) {
    this.bytes = Buffer.allocUnsafeSlow(size)
  }
}

export const sharedReadBuffer = new ReadBuffer()
const free: ReadBuffer[] = []
const freeBorrowed: ReadBuffer[] = []
let active: ReadBuffer | undefined
/** Of the delivery that goes on. */
let borrowed: ReadBuffer | undefined

/** Lends a buffer to one connection. */
export function takeReadBuffer(): ReadBuffer {
  const buffer = free.pop() ?? new ReadBuffer()
  buffer.lent = true
  return buffer
}

/** The connection has no more use for it. Reused as soon as nothing is pinned. */
export function returnReadBuffer(buffer: ReadBuffer): void {
  if (buffer === sharedReadBuffer) return
  buffer.lent = false
  recycle(buffer)
}

/** Told by the transport around the delivery of a chunk of `buffer`. */
export function setActiveReadBuffer(buffer: ReadBuffer | undefined): void {
  active = buffer
  if (borrowed === undefined) return
  borrowed.lent = false
  recycle(borrowed)
  borrowed = undefined
}

/**
 * A buffer of `size` bytes whose content is transient, as a chunk that is being delivered. Undefined outside of a delivery,
 * for the second in one, and where fresh memory is as good.
 */
export function borrowBuffer(size: number): Buffer | undefined {
  if (active === undefined || borrowed !== undefined || size < copyBelowBytes || size > borrowedBytes) return undefined
  borrowed = freeBorrowed.pop() ?? new ReadBuffer(borrowedBytes)
  borrowed.lent = true
  return borrowed.bytes.subarray(0, size)
}

/** A chunk with the same bytes that stays valid after the current call returns. */
export function keep(chunk: Uint8Array): Uint8Array {
  if (borrowed !== undefined && chunk.buffer === borrowed.bytes.buffer) {
    borrowed.kept = true
    return chunk
  }
  if (active === undefined || chunk.buffer !== active.bytes.buffer) return chunk
  if (active === sharedReadBuffer || chunk.length < copyBelowBytes) return Buffer.from(chunk)
  active.kept = true
  return chunk
}

/** Whether the chunk is lost when the current call returns, unless kept or pinned. */
export function isTransient(chunk: Uint8Array): boolean {
  return transientBuffer(chunk) !== undefined
}

function transientBuffer({ buffer }: Uint8Array): ReadBuffer | undefined {
  if (active !== undefined && buffer === active.bytes.buffer) return active
  return borrowed !== undefined && buffer === borrowed.bytes.buffer ? borrowed : undefined
}

/** Whether it is cheaper, or in the shared buffer the only way, to copy a transient chunk that must wait. */
export function shouldCopy(chunk: Uint8Array): boolean {
  return chunk.length < copyBelowBytes || chunk.buffer === sharedReadBuffer.bytes.buffer
}

/** A copy of a chunk of the shared buffer, in a buffer that is pinned until `unpin`: no fresh memory for it. */
export function pinCopy(chunk: Uint8Array): { readonly copy: Uint8Array; readonly buffer: ReadBuffer } {
  const buffer = free.pop() ?? new ReadBuffer()
  buffer.pins++
  buffer.bytes.set(chunk)
  return { copy: buffer.bytes.subarray(0, chunk.length), buffer }
}

/** Protects the buffer of a transient chunk (not the shared one) until `unpin`, for a write that is not finished. */
export function pin(chunk: Uint8Array): ReadBuffer {
  const buffer = transientBuffer(chunk) as ReadBuffer
  buffer.pins++
  return buffer
}

/** The same for all that is transient now, some of which is in a write. */
export function pinTransient(): ReadBuffer[] {
  const pinned: ReadBuffer[] = []
  if (active !== undefined && active !== sharedReadBuffer) pinned.push(active)
  if (borrowed !== undefined) pinned.push(borrowed)
  for (const buffer of pinned) buffer.pins++
  return pinned
}

/** Whether what lies in the buffer is transient still: whoever writes it out protects it. */
export function isCurrent(buffer: ReadBuffer): boolean {
  return buffer === active || buffer === borrowed
}

export function unpin(buffer: ReadBuffer): void {
  buffer.pins--
  recycle(buffer)
}

function recycle(buffer: ReadBuffer): void {
  if (buffer.lent || buffer.kept || buffer.pins > 0) return
  if (buffer.bytes.length === sizeBytes) {
    if (free.length < maxFree) free.push(buffer)
  } else if (freeBorrowed.length < maxFreeBorrowed) freeBorrowed.push(buffer)
}
