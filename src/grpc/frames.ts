/** gRPC's messages in HTTP bodies: a flag byte, a length of four, and so many bytes. */

export const frameHeadBytes = 5

/** What stands before a message of so many bytes. */
export function frameHead(length: number, flags = 0): Buffer {
  return writeHead(Buffer.allocUnsafe(frameHeadBytes), length, flags)
}

export function encodeFrame(message: Uint8Array): Buffer {
  const frame = writeHead(Buffer.allocUnsafe(frameHeadBytes + message.length), message.length, 0)
  frame.set(message, frameHeadBytes)
  return frame
}

function writeHead(frame: Buffer, length: number, flags: number): Buffer {
  frame[0] = flags
  frame.writeUInt32BE(length, 1)
  return frame
}

/** 'compressed': by an algorithm that was not offered. */
export type FrameFault = 'compressed' | 'too-large'

export class FrameReader {
  readonly #onMessage: (message: Uint8Array) => void
  readonly #limitBytes: number
  readonly #head = Buffer.alloc(frameHeadBytes)
  #headLength = 0
  #missing = 0
  #chunks: Buffer[] = []

  /** @param onMessage the bytes are valid until it returns */
  constructor(limitBytes: number, onMessage: (message: Uint8Array) => void) {
    this.#limitBytes = limitBytes
    this.#onMessage = onMessage
  }

  /** After a fault the stream is to be given up. */
  push(data: Uint8Array): FrameFault | undefined {
    let at = 0
    for (;;) {
      if (this.#headLength < frameHeadBytes) {
        const taken = Math.min(frameHeadBytes - this.#headLength, data.length - at)
        this.#head.set(data.subarray(at, at + taken), this.#headLength)
        this.#headLength += taken
        at += taken
        if (this.#headLength < frameHeadBytes) return undefined
        this.#missing = this.#head.readUInt32BE(1)
        if (this.#missing > this.#limitBytes) return 'too-large'
        if (this.#missing > 0 && this.#head[0] !== 0) return 'compressed'
      }
      const taken = Math.min(this.#missing, data.length - at)
      const part = data.subarray(at, at + taken)
      at += taken
      this.#missing -= taken
      if (this.#missing > 0) {
        if (taken > 0) this.#chunks.push(Buffer.from(part))
        return undefined
      }
      this.#headLength = 0
      const chunks = this.#chunks
      this.#chunks = []
      this.#onMessage(chunks.length === 0 ? part : Buffer.concat([...chunks, part]))
    }
  }
}
