/**
 * Counts gRPC messages in a body without keeping them; one counts as soon as it begins. Follows Envoy's `Grpc::FrameInspector`
 * and, for the last frame of a Connect stream, `ResponseFrameCounter`.
 */
import { frameHeadBytes } from './frames.ts'

/** Connect's flag of the frame that ends a stream (connectrpc.com/docs/protocol): JSON with an `error`, if there was one. */
const endStreamFlag = 0x02
/** A longer one counts as an error. */
const maxEndStreamBytes = 16 * 1024

export class FrameCounter {
  /** Messages so far, the last of them perhaps incomplete. */
  count = 0
  #headLength = 0
  #missing = 0

  /** How many messages begin in the chunk. */
  inspect(data: Uint8Array): number {
    const before = this.count
    let at = 0
    while (at < data.length) {
      if (this.#headLength < frameHeadBytes) {
        const byte = data[at++] as number
        if (this.#headLength === 0) {
          if (!this.frameStart(byte)) return this.count - before
          this.#missing = 0
        } else this.#missing = this.#missing * 256 + byte
        this.#headLength += 1
        if (this.#headLength === frameHeadBytes && this.#missing === 0) this.#end()
        continue
      }
      const taken = Math.min(this.#missing, data.length - at)
      this.frameData(data.subarray(at, at + taken))
      at += taken
      this.#missing -= taken
      if (this.#missing === 0) this.#end()
    }
    return this.count - before
  }

  /** False: nothing may follow. */
  protected frameStart(_flags: number): boolean {
    this.count += 1
    return true
  }

  protected frameData(_data: Uint8Array): void {}

  protected frameEnd(): void {}

  #end(): void {
    this.#headLength = 0
    this.frameEnd()
  }
}

/** Leaves the frame that ends the stream out of the count, and reads it. */
export class ConnectFrameCounter extends FrameCounter {
  #last: Buffer | undefined
  #succeeded = false
  #complete = false

  /** The stream ended, and without an error. */
  get succeeded(): boolean {
    return this.#succeeded
  }

  protected override frameStart(flags: number): boolean {
    if (this.#last !== undefined) return false
    if ((flags & endStreamFlag) === 0) return super.frameStart(flags)
    this.#last = Buffer.alloc(0)
    return true
  }

  protected override frameData(data: Uint8Array): void {
    if (this.#last !== undefined && this.#last.length <= maxEndStreamBytes)
      this.#last = Buffer.concat([this.#last, data])
  }

  protected override frameEnd(): void {
    if (this.#last === undefined || this.#complete) return
    this.#complete = true
    this.#succeeded = this.#last.length <= maxEndStreamBytes && !hasError(this.#last)
  }
}

/** Text that is no JSON object is one, too. */
function hasError(json: Buffer): boolean {
  try {
    const message: unknown = JSON.parse(json.toString())
    if (typeof message !== 'object' || message === null) return true
    return 'error' in message && typeof message.error === 'object' && message.error !== null && 'code' in message.error
  } catch {
    return true
  }
}
