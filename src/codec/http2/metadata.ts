/**
 * METADATA: key-value pairs beside the header and data frames of a stream, as Envoy's extension of HTTP/2 has them
 * (`source/docs/h2_metadata.md`). Each block is compressed by itself, without a dynamic table.
 */
import { endMetadata, frameHead, metadataFrameType } from './framing.ts'
import { HpackDecoder } from './hpack.ts'

const maxFields = 10_000

/** Joins and decodes the blocks of one connection; all that is unfinished together has the limit of one block. */
export class MetadataReader {
  readonly #maxBytes: number
  readonly #blocks = new Map<number, Uint8Array[]>()
  #bytes = 0

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes
  }

  /**
   * @returns names and values in turn, of repeated names the first; undefined when the block goes on; false for a block
   * that is bad or too big
   */
  read(streamId: number, payload: Uint8Array, last: boolean): string[] | undefined | false {
    if (this.#bytes + payload.length > this.#maxBytes) return false
    const pieces = this.#blocks.get(streamId)
    if (!last) {
      this.#bytes += payload.length
      if (pieces === undefined) this.#blocks.set(streamId, [Buffer.from(payload)])
      else pieces.push(Buffer.from(payload))
      return undefined
    }
    this.forget(streamId)
    const block = pieces === undefined ? payload : Buffer.concat([...pieces, payload])
    const list: string[] = []
    // Of the block itself the limit is kept already; this is against blocks that grow when they are decoded.
    const limits = { listBytes: 2 * this.#maxBytes + 4096, fieldCount: maxFields }
    return new HpackDecoder().decode(block, limits, list) === 'ok' && firstOfEach(list)
  }

  /** The stream is over. */
  forget(streamId: number): void {
    const pieces = this.#blocks.get(streamId)
    if (pieces === undefined) return
    for (const piece of pieces) this.#bytes -= piece.length
    this.#blocks.delete(streamId)
  }
}

function firstOfEach(list: readonly string[]): string[] {
  const found = new Map<string, string>()
  for (let i = 0; i < list.length; i += 2)
    if (!found.has(list[i] as string)) found.set(list[i] as string, list[i + 1] as string)
  return [...found].flat()
}

/** The frames of one block. @param maxFrameSize the peer's */
export function metadataFrames(streamId: number, list: readonly string[], maxFrameSize: number): string {
  let block = ''
  // Literals that no table shall keep (RFC 7541 §6.2.2).
  for (let i = 0; i < list.length; i += 2) block += `\0${literal(list[i] as string)}${literal(list[i + 1] as string)}`
  let frames = ''
  let at = 0
  do {
    const end = Math.min(block.length, at + maxFrameSize)
    const flags = end === block.length ? endMetadata : 0
    frames += frameHead(end - at, metadataFrameType, flags, streamId) + block.slice(at, end)
    at = end
  } while (at < block.length)
  return frames
}

/** A string of RFC 7541 §5.2, not Huffman-coded. */
function literal(text: string): string {
  const { length } = text
  if (length < 127) return String.fromCharCode(length) + text
  let head = '\x7f'
  let rest = length - 127
  for (; rest >= 128; rest >>>= 7) head += String.fromCharCode((rest & 0x7f) | 0x80)
  return head + String.fromCharCode(rest) + text
}
