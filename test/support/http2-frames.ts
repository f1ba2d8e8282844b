/** HTTP/2 frames for tests: written as latin1 text, and read back as one line of text each. */
import {
  endMetadata,
  ErrorCode,
  frameHead,
  FrameFlag,
  FrameType,
  metadataFrameType,
  settingsFrame,
} from '../../src/codec/http2/framing.ts'
import { HpackDecoder, HpackEncoder } from '../../src/codec/http2/hpack.ts'
import { MetadataReader } from '../../src/codec/http2/metadata.ts'
import { clientPreface } from '../../src/codec/http2/server.ts'

export const end = FrameFlag.endStream
export const endHeaders = FrameFlag.endHeaders

export function frame(type: number, flags: number, streamId: number, payload = ''): string {
  return frameHead(payload.length, type, flags, streamId) + payload
}

/** A header block that needs no table. */
export function block(list: readonly string[]): string {
  const bytes = Buffer.alloc(HpackEncoder.maxBytes(list) + 64)
  const length = new HpackEncoder({ huffman: false }).encode(list, bytes, 0)
  return bytes.toString('latin1', 0, length)
}

export function headers(streamId: number, list: readonly string[], flags: number = end): string {
  return frame(FrameType.headers, flags | endHeaders, streamId, block(list))
}

export function data(streamId: number, text: string, flags = 0): string {
  return frame(FrameType.data, flags, streamId, text)
}

export function request(path: string, more: readonly string[] = [], method = 'GET'): string[] {
  return [':method', method, ':path', path, ':scheme', 'http', ':authority', 'a.test', ...more]
}

/** What a client says first. */
export const clientStart = clientPreface + settingsFrame([])

const typeNames = Object.keys(FrameType)
const codeNames = Object.keys(ErrorCode)

/** Reads frames from bytes as they come; `seen` has them as text: `headers 1 end :status=200 x=y`. */
export class FrameLog {
  readonly seen: string[] = []
  readonly #decoder = new HpackDecoder()
  readonly #metadata = new MetadataReader(1 << 20)
  #rest = Buffer.alloc(0)
  #block = ''
  #blockFlags = 0

  constructor(settings: { readonly skipPreface?: boolean } = {}) {
    if (settings.skipPreface === true) this.#skip = clientPreface.length
  }

  #skip = 0

  push(bytes: Uint8Array | string): void {
    const chunk = typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes
    this.#rest = Buffer.concat([this.#rest, chunk])
    if (this.#rest.length < this.#skip) return
    this.#rest = this.#rest.subarray(this.#skip)
    this.#skip = 0
    while (this.#rest.length >= 9) {
      const length = this.#rest.readUIntBE(0, 3)
      if (this.#rest.length < 9 + length) return
      const payload = this.#rest.subarray(9, 9 + length)
      this.#frame(this.#rest[3] as number, this.#rest[4] as number, this.#rest.readUInt32BE(5), payload)
      this.#rest = this.#rest.subarray(9 + length)
    }
  }

  /** What was seen since the last call, settings and windows of the connection left out. */
  take(): string[] {
    return this.seen.splice(0).filter(line => !line.startsWith('settings') && !line.startsWith('windowUpdate 0'))
  }

  #frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    const name = typeNames[type] ?? `type${type}`
    const start = `${name} ${streamId}`
    const code = (at: number): string => codeNames[payload.readUInt32BE(at)] ?? '?'
    switch (type) {
      case FrameType.headers:
      case FrameType.continuation:
        if (type === FrameType.headers) this.#blockFlags = flags
        this.#block += payload.toString('latin1')
        if ((flags & endHeaders) !== 0) this.#headers(streamId)
        return
      case FrameType.data:
        this.seen.push(`${start}${(flags & end) === 0 ? '' : ' end'} ${payload.toString('latin1')}`)
        return
      case FrameType.rstStream:
        this.seen.push(`${start} ${code(0)}`)
        return
      case FrameType.goAway:
        this.seen.push(`${name} ${payload.readUInt32BE(0)} ${code(4)}`)
        return
      case FrameType.windowUpdate:
        this.seen.push(`${start} +${payload.readUInt32BE(0)}`)
        return
      case FrameType.settings: {
        const settings: string[] = []
        for (let at = 0; at < payload.length; at += 6)
          settings.push(`${payload.readUInt16BE(at)}=${payload.readUInt32BE(at + 2)}`)
        this.seen.push(['settings', ...((flags & FrameFlag.ack) === 0 ? settings : ['ack'])].join(' '))
        return
      }
      case metadataFrameType: {
        const list = this.#metadata.read(streamId, payload, (flags & endMetadata) !== 0)
        if (list !== undefined) this.seen.push(`metadata ${streamId} ${list === false ? 'bad' : pairs(list)}`)
        return
      }
      default:
        this.seen.push(`${start} ${flags} ${payload.toString('latin1')}`)
    }
  }

  #headers(streamId: number): void {
    const list: string[] = []
    this.#decoder.decode(Buffer.from(this.#block, 'latin1'), { listBytes: 1 << 24, fieldCount: 100_000 }, list)
    this.#block = ''
    this.seen.push(`headers ${streamId}${(this.#blockFlags & end) === 0 ? '' : ' end'} ${pairs(list)}`)
  }
}

function pairs(list: readonly string[]): string {
  const fields: string[] = []
  for (let i = 0; i < list.length; i += 2) fields.push(`${list[i]}=${list[i + 1]}`)
  return fields.join(' ')
}
