/** Base64 of streams, as gRPC-Web needs it: bodies of requests as one text, bodies of responses frame by frame. */
import { frameHeadBytes } from '../../../../grpc/frames.ts'

/** Response code details of what cannot be decoded. */
export type Base64Fault = 'grpc_base_64_decode_failed_bad_size' | 'grpc_base_64_decode_failed'

const nothing = Buffer.alloc(0)
/** Groups of four, the last one perhaps padded; clients may also join padded texts, a frame each. */
const groups = /^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)+$/

export class Base64Decoder {
  /** Less than a group. */
  #rest = ''

  /** What can be decoded so far. */
  decode(data: Uint8Array, endStream: boolean): Buffer | Base64Fault {
    const text = this.#rest + Buffer.from(data.buffer, data.byteOffset, data.length).toString('latin1')
    const whole = text.length - (text.length % 4)
    if (endStream && whole !== text.length) return 'grpc_base_64_decode_failed_bad_size'
    this.#rest = text.slice(whole)
    if (whole === 0) return nothing
    const complete = text.slice(0, whole)
    if (!groups.test(complete)) return 'grpc_base_64_decode_failed'
    return decodeGroups(complete)
  }
}

/** Decodes text in which padding may stand in the middle. */
function decodeGroups(text: string): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; at < text.length; ) {
    const padding = text.indexOf('=', at)
    const end = padding < 0 ? text.length : at + 4 * (Math.floor((padding - at) / 4) + 1)
    parts.push(Buffer.from(text.slice(at, end), 'base64'))
    at = end
  }
  return parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts)
}

/** Each gRPC frame becomes a text of its own with its own padding; nothing but a few bytes is held back. */
export class Base64FrameEncoder {
  readonly #head = Buffer.alloc(frameHeadBytes)
  #headLength = 0
  #missing = 0
  /** Fewer than three bytes of the frame. */
  #rest: Buffer = nothing

  encode(data: Uint8Array): Buffer {
    let text = ''
    let at = 0
    while (at < data.length) {
      let part: Uint8Array
      if (this.#headLength < frameHeadBytes) {
        part = data.subarray(at, at + frameHeadBytes - this.#headLength)
        this.#head.set(part, this.#headLength)
        this.#headLength += part.length
        if (this.#headLength === frameHeadBytes) this.#missing = this.#head.readUInt32BE(1)
      } else {
        part = data.subarray(at, at + this.#missing)
        this.#missing -= part.length
      }
      at += part.length
      text += this.#take(part, this.#headLength === frameHeadBytes && this.#missing === 0)
    }
    return Buffer.from(text, 'latin1')
  }

  #take(part: Uint8Array, ends: boolean): string {
    const bytes = Buffer.concat([this.#rest, part])
    const whole = ends ? bytes.length : bytes.length - (bytes.length % 3)
    this.#rest = bytes.subarray(whole)
    if (ends) this.#headLength = 0
    return bytes.toString('base64', 0, whole)
  }
}
