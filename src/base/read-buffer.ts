/**
 * The buffers that sockets of this thread read into. Reads are delivered synchronously, so one shared buffer serves
 * every connection that is idle or sends little: 4,000 idle connections own no read buffer. A connection that streams
 * is lent a buffer of its own from a small pool, so that a forwarded chunk is never copied: while a slow peer takes
 * it, the chunk's buffer is pinned and the reader gets another one. Reusing buffers saves half of the system time of
 * bulk transfers (fresh pages).
 *
 * The rule that follows, for everyone who is handed a chunk (codec, filter, `decodeData`, `onData`): it is valid
 * until the call returns. Whoever holds on to it calls `keep`.
 */
const sizeBytes = 64 * 1024
/** Below this a copy is cheaper than pinning a whole read buffer. */
const copyBelowBytes = 8 * 1024
/** 4 MiB of buffers wait for reuse; what is returned beyond that is left to the garbage collector. */
const maxFree = 64

export class ReadBuffer {
  readonly bytes = Buffer.allocUnsafeSlow(sizeBytes)
  /** Unfinished writes out of it. */
  pins = 0
  /** Somebody holds a chunk for an unknown time: never reused. */
  kept = false
  /** A connection reads into it. */
  lent = false
}

export const sharedReadBuffer = new ReadBuffer()
const free: ReadBuffer[] = []
let active: ReadBuffer | undefined

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
}

/** A chunk with the same bytes that stays valid after the current call returns. */
export function keep(chunk: Uint8Array): Uint8Array {
  if (active === undefined || chunk.buffer !== active.bytes.buffer) return chunk
  if (active === sharedReadBuffer || chunk.length < copyBelowBytes) return Buffer.from(chunk)
  active.kept = true
  return chunk
}

/** Whether the chunk is lost when the current call returns, unless kept or pinned. */
export function isTransient(chunk: Uint8Array): boolean {
  return active !== undefined && chunk.buffer === active.bytes.buffer
}

/** Whether it is cheaper, or in the shared buffer the only way, to copy a transient chunk that must wait. */
export function shouldCopy(chunk: Uint8Array): boolean {
  return active === sharedReadBuffer || chunk.length < copyBelowBytes
}

/** Protects the buffer of a transient chunk (not the shared one) until `unpin`, for a write that is not finished. */
export function pinActive(): ReadBuffer {
  const buffer = active as ReadBuffer
  buffer.pins++
  return buffer
}

export function unpin(buffer: ReadBuffer): void {
  buffer.pins--
  recycle(buffer)
}

function recycle(buffer: ReadBuffer): void {
  if (buffer.lent || buffer.kept || buffer.pins > 0 || free.length >= maxFree) return
  free.push(buffer)
}
