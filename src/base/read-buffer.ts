/**
 * The buffer that sockets of this thread read into. Reads are delivered synchronously, so one buffer serves
 * every connection: 4,000 idle connections own no read buffer, and a forwarded chunk is never copied.
 *
 * The rule that follows, for everyone who is handed a chunk (codec, filter, `decodeData`, `onData`): it is valid
 * until the call returns. Whoever holds on to it calls `keep`.
 */
const sizeBytes = 64 * 1024
/** Below this a copy is cheaper than pinning a whole read buffer. */
const copyBelowBytes = 8 * 1024

let current = Buffer.allocUnsafeSlow(sizeBytes)
let taken = false

/** Called by the transport before each read: a buffer that nobody holds. */
export function nextReadBuffer(): Buffer {
  if (taken) {
    current = Buffer.allocUnsafeSlow(sizeBytes)
    taken = false
  }
  return current
}

/** A chunk with the same bytes that stays valid after the current call returns. */
export function keep(chunk: Uint8Array): Uint8Array {
  if (chunk.buffer !== current.buffer) return chunk
  if (chunk.length < copyBelowBytes) return Buffer.from(chunk)
  taken = true
  return chunk
}

/** Tells that the kernel still reads from `chunk` (an unfinished write), so its memory must not be read into. */
export function pin(chunk: Uint8Array): void {
  if (chunk.buffer === current.buffer) taken = true
}
