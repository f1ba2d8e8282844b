/**
 * HTTP/2 frames (RFC 9113 §4, §6): reads them from bytes in any pieces, checking what can be checked without knowing
 * streams, and writes them. What is written comes as latin1 strings: the connection joins the pieces of a turn.
 */
import { HpackEncoder } from './hpack.ts'

export const FrameType = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const FrameFlag = {
  /** DATA, HEADERS. */
  endStream: 0x1,
  /** SETTINGS, PING. */
  ack: 0x1,
  /** HEADERS, CONTINUATION. */
  endHeaders: 0x4,
  /** DATA, HEADERS. */
  padded: 0x8,
  /** HEADERS. */
  priority: 0x20,
} as const

export const ErrorCode = {
  noError: 0,
  protocolError: 1,
  internalError: 2,
  flowControlError: 3,
  settingsTimeout: 4,
  streamClosed: 5,
  frameSizeError: 6,
  refusedStream: 7,
  cancel: 8,
  compressionError: 9,
  connectError: 10,
  enhanceYourCalm: 11,
  inadequateSecurity: 12,
  http11Required: 13,
} as const

export const metadataFrameType = 0x4d
/** The last METADATA frame of a block. */
export const endMetadata = 0x4

const defaultMaxFrameSize = 16_384
const headerBytes = 9

/** Each method returns `ErrorCode.noError`, or the error that the connection ends with. */
export interface FrameHandler {
  /** HEADERS or CONTINUATION: a piece of a header block, without padding and priority. */
  onHeaderBlock(streamId: number, block: Uint8Array, flags: number): number
  /** A DATA frame begins. `length` counts padding: all of it is taken from the windows. */
  onDataFrame(streamId: number, length: number, flags: number): number
  /** A piece of the frame's data, valid until the call returns. `last`: of the frame; it may be empty. */
  onData(streamId: number, data: Uint8Array, last: boolean): number
  onPriority(streamId: number, dependsOn: number): number
  onRstStream(streamId: number, errorCode: number): number
  /** Ids and values in turn. */
  onSettings(settings: number[]): number
  onSettingsAck(): number
  onPing(payload: Uint8Array, ack: boolean): number
  onGoAway(lastStreamId: number, errorCode: number, debug: Uint8Array): number
  onWindowUpdate(streamId: number, increment: number): number
  /** PUSH_PROMISE: clients may refuse it, servers must. */
  onPushPromise(): number
  /** METADATA, Envoy's extension: a piece of a block; `last`: of the block. */
  onMetadata(streamId: number, payload: Uint8Array, last: boolean): number
  /** Frames that are not known are skipped, but counted by who wants to. */
  onUnknownFrame(type: number): number
}

const noBytes = new Uint8Array(0)

/** How long each type's payload must be: at least, at most (-1: no more than the frame size limit). */
const payloadBytes: readonly (readonly [least: number, most: number])[] = [
  [0, -1], // DATA
  [0, -1], // HEADERS
  [5, 5], // PRIORITY
  [4, 4], // RST_STREAM
  [0, -1], // SETTINGS
  [4, -1], // PUSH_PROMISE
  [8, 8], // PING
  [8, -1], // GOAWAY
  [4, 4], // WINDOW_UPDATE
  [0, -1], // CONTINUATION
]
/** Types that belong to the connection (stream 0), and those that may belong to either. */
const ofConnection = new Set<number>([FrameType.settings, FrameType.ping, FrameType.goAway])
const ofEither = new Set<number>([FrameType.windowUpdate])

export class FrameReader {
  readonly #handler: FrameHandler
  /** Our SETTINGS_MAX_FRAME_SIZE. */
  maxFrameSize = defaultMaxFrameSize
  /** Bytes of a frame that is not complete; DATA is never kept. */
  #kept: Uint8Array = noBytes
  #keptLength = 0
  /** Of the DATA frame that is being read: data, and the padding after it; -1 data: the pad length comes first. */
  #dataLeft = 0
  #paddingLeft = 0
  #inData = false
  #padLengthDue = false
  #streamId = 0
  /** A header block is open: nothing but CONTINUATION of this stream may come (RFC 9113 §4.3). */
  #headersOf = 0
  #error: number = ErrorCode.noError

  constructor(handler: FrameHandler) {
    this.#handler = handler
  }

  /** @returns `ErrorCode.noError`, or why the connection must end; then the reader takes no more */
  execute(data: Uint8Array): number {
    let at = 0
    // A DATA frame that has only its end to come waits for no byte.
    while (this.#error === ErrorCode.noError && at < data.length) {
      if (this.#inData) at = this.#data(data, at)
      else if (this.#keptLength > 0) at = this.#completeKept(data, at)
      else at = this.#frame(data, at, data.length)
    }
    return this.#error
  }

  /** Reads a frame at `start` if it is there whole, otherwise keeps what there is. */
  #frame(data: Uint8Array, start: number, end: number): number {
    if (end - start < headerBytes) return this.#keep(data, start, end, headerBytes)
    const length = ((data[start] as number) << 16) | ((data[start + 1] as number) << 8) | (data[start + 2] as number)
    const type = data[start + 3] as number
    const flags = data[start + 4] as number
    const streamId = uint31(data, start + 5)
    this.#error = this.#check(type, flags, streamId, length)
    if (this.#error !== ErrorCode.noError) return end
    const payload = start + headerBytes
    if (type === FrameType.data) {
      this.#startData(streamId, length, flags)
      return payload
    }
    if (end - payload < length) return this.#keep(data, start, end, headerBytes + length)
    this.#error = this.#whole(type, flags, streamId, data.subarray(payload, payload + length))
    return payload + length
  }

  #check(type: number, flags: number, streamId: number, length: number): number {
    if (length > this.maxFrameSize) return ErrorCode.frameSizeError
    if (this.#headersOf !== 0 && (type !== FrameType.continuation || streamId !== this.#headersOf))
      return ErrorCode.protocolError
    const bounds = payloadBytes[type]
    if (bounds === undefined) return ErrorCode.noError
    if (type === FrameType.continuation && this.#headersOf === 0) return ErrorCode.protocolError
    if (!ofEither.has(type) && (streamId === 0) !== ofConnection.has(type)) return ErrorCode.protocolError
    if (length < bounds[0] || (bounds[1] >= 0 && length > bounds[1])) return ErrorCode.frameSizeError
    if (type === FrameType.settings && (length % 6 !== 0 || ((flags & FrameFlag.ack) !== 0 && length !== 0)))
      return ErrorCode.frameSizeError
    if (type === FrameType.data && (flags & FrameFlag.padded) !== 0 && length === 0) return ErrorCode.frameSizeError
    return ErrorCode.noError
  }

  #keep(data: Uint8Array, start: number, end: number, wanted: number): number {
    if (this.#kept.length < wanted) this.#kept = Buffer.allocUnsafeSlow(Math.max(wanted, 64))
    this.#kept.set(data.subarray(start, end))
    this.#keptLength = end - start
    return end
  }

  #completeKept(data: Uint8Array, start: number): number {
    const kept = this.#kept
    const wanted =
      this.#keptLength < headerBytes
        ? headerBytes
        : headerBytes + (((kept[0] as number) << 16) | ((kept[1] as number) << 8) | (kept[2] as number))
    const taken = Math.min(data.length - start, wanted - this.#keptLength)
    kept.set(data.subarray(start, start + taken), this.#keptLength)
    const length = this.#keptLength + taken
    this.#keptLength = length
    if (length < wanted) return start + taken
    this.#keptLength = 0
    // Either the head is whole now, and `#frame` says how much more it wants, or the frame is.
    this.#frame(kept, 0, length)
    if (this.#keptLength === 0) this.#kept = noBytes
    return start + taken
  }

  #startData(streamId: number, length: number, flags: number): void {
    this.#error = this.#handler.onDataFrame(streamId, length, flags)
    if (this.#error !== ErrorCode.noError) return
    this.#streamId = streamId
    this.#padLengthDue = (flags & FrameFlag.padded) !== 0
    this.#dataLeft = length
    this.#paddingLeft = 0
    if (length === 0) this.#error = this.#handler.onData(streamId, noBytes, true)
    else this.#inData = true
  }

  #data(data: Uint8Array, start: number): number {
    let at = start
    if (this.#padLengthDue) {
      const padding = data[at++] as number
      this.#padLengthDue = false
      this.#dataLeft -= 1 + padding
      this.#paddingLeft = padding
      if (this.#dataLeft < 0) this.#error = ErrorCode.protocolError
      else if (this.#dataLeft === 0) this.#error = this.#handler.onData(this.#streamId, noBytes, true)
      this.#inData = this.#dataLeft + padding > 0
      return at
    }
    if (this.#dataLeft > 0) {
      const end = Math.min(data.length, at + this.#dataLeft)
      this.#dataLeft -= end - at
      const last = this.#dataLeft === 0
      if (last && this.#paddingLeft === 0) this.#inData = false
      this.#error = this.#handler.onData(this.#streamId, data.subarray(at, end), last)
      return end
    }
    const skipped = Math.min(data.length - at, this.#paddingLeft)
    this.#paddingLeft -= skipped
    at += skipped
    if (this.#paddingLeft === 0) this.#inData = false
    return at
  }

  #whole(type: number, flags: number, streamId: number, payload: Uint8Array): number {
    const handler = this.#handler
    switch (type) {
      case FrameType.headers:
        return this.#headers(flags, streamId, payload)
      case FrameType.continuation:
        if ((flags & FrameFlag.endHeaders) !== 0) this.#headersOf = 0
        return handler.onHeaderBlock(streamId, payload, flags & FrameFlag.endHeaders)
      case FrameType.priority:
        return handler.onPriority(streamId, uint31(payload, 0))
      case FrameType.rstStream:
        return handler.onRstStream(streamId, uint32(payload, 0))
      case FrameType.settings: {
        if ((flags & FrameFlag.ack) !== 0) return handler.onSettingsAck()
        const settings: number[] = []
        for (let at = 0; at < payload.length; at += 6)
          settings.push(((payload[at] as number) << 8) | (payload[at + 1] as number), uint32(payload, at + 2))
        return handler.onSettings(settings)
      }
      case FrameType.ping:
        return handler.onPing(payload, (flags & FrameFlag.ack) !== 0)
      case FrameType.goAway:
        return handler.onGoAway(uint31(payload, 0), uint32(payload, 4), payload.subarray(8))
      case FrameType.windowUpdate:
        return handler.onWindowUpdate(streamId, uint31(payload, 0))
      case FrameType.pushPromise:
        return handler.onPushPromise()
      case metadataFrameType:
        return handler.onMetadata(streamId, payload, (flags & endMetadata) !== 0)
      default:
        return handler.onUnknownFrame(type)
    }
  }

  #headers(flags: number, streamId: number, payload: Uint8Array): number {
    let start = 0
    let end = payload.length
    if ((flags & FrameFlag.padded) !== 0) {
      if (end === 0) return ErrorCode.frameSizeError
      end -= payload[start++] as number
    }
    if ((flags & FrameFlag.priority) !== 0) {
      start += 5
      if (start > payload.length) return ErrorCode.frameSizeError
      const error = start <= end ? this.#handler.onPriority(streamId, uint31(payload, start - 5)) : ErrorCode.noError
      if (error !== ErrorCode.noError) return error
    }
    if (start > end) return ErrorCode.protocolError
    if ((flags & FrameFlag.endHeaders) === 0) this.#headersOf = streamId
    return this.#handler.onHeaderBlock(streamId, payload.subarray(start, end), flags)
  }
}

function uint32(data: Uint8Array, at: number): number {
  return (
    (data[at] as number) * 0x100_0000 +
    (((data[at + 1] as number) << 16) | ((data[at + 2] as number) << 8) | (data[at + 3] as number))
  )
}

function uint31(data: Uint8Array, at: number): number {
  return (
    (((data[at] as number) & 0x7f) << 24) |
    ((data[at + 1] as number) << 16) |
    ((data[at + 2] as number) << 8) |
    (data[at + 3] as number)
  )
}

function uint32String(value: number): string {
  return String.fromCharCode(value >>> 24, (value >>> 16) & 0xff, (value >>> 8) & 0xff, value & 0xff)
}

/** The nine bytes before a payload. */
export function frameHead(length: number, type: number, flags: number, streamId: number): string {
  return String.fromCharCode(
    (length >>> 16) & 0xff,
    (length >>> 8) & 0xff,
    length & 0xff,
    type,
    flags,
    (streamId >>> 24) & 0x7f,
    (streamId >>> 16) & 0xff,
    (streamId >>> 8) & 0xff,
    streamId & 0xff,
  )
}

let scratch = Buffer.allocUnsafeSlow(16 * 1024)

/** HEADERS, and CONTINUATION for what does not fit into `maxFrameSize` (the peer's). */
export function headersFrames(
  streamId: number,
  list: readonly string[],
  endStream: boolean,
  encoder: HpackEncoder,
  maxFrameSize: number,
): string {
  const most = HpackEncoder.maxBytes(list)
  if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(most * 2)
  const length = encoder.encode(list, scratch, 0)
  const flags = endStream ? FrameFlag.endStream : 0
  if (length <= maxFrameSize)
    return frameHead(length, FrameType.headers, flags | FrameFlag.endHeaders, streamId) + scratch.latin1Slice(0, length)
  let frames = frameHead(maxFrameSize, FrameType.headers, flags, streamId) + scratch.latin1Slice(0, maxFrameSize)
  for (let at = maxFrameSize; at < length; at += maxFrameSize) {
    const end = Math.min(length, at + maxFrameSize)
    frames += frameHead(end - at, FrameType.continuation, end === length ? FrameFlag.endHeaders : 0, streamId)
    frames += scratch.latin1Slice(at, end)
  }
  return frames
}

/** @param settings ids and values in turn */
export function settingsFrame(settings: readonly number[]): string {
  let payload = ''
  for (let i = 0; i < settings.length; i += 2) {
    const id = settings[i] as number
    payload += String.fromCharCode(id >>> 8, id & 0xff) + uint32String(settings[i + 1] as number)
  }
  return frameHead(payload.length, FrameType.settings, 0, 0) + payload
}

export const settingsAckFrame = frameHead(0, FrameType.settings, FrameFlag.ack, 0)

/** @param payload eight bytes */
export function pingFrame(payload: Uint8Array, ack: boolean): string {
  return frameHead(8, FrameType.ping, ack ? FrameFlag.ack : 0, 0) + String.fromCharCode(...payload)
}

export function rstStreamFrame(streamId: number, errorCode: number): string {
  return frameHead(4, FrameType.rstStream, 0, streamId) + uint32String(errorCode)
}

export function windowUpdateFrame(streamId: number, increment: number): string {
  return frameHead(4, FrameType.windowUpdate, 0, streamId) + uint32String(increment)
}

/** @param debug latin1 */
export function goAwayFrame(lastStreamId: number, errorCode: number, debug: string): string {
  const length = 8 + debug.length
  return frameHead(length, FrameType.goAway, 0, 0) + uint32String(lastStreamId) + uint32String(errorCode) + debug
}
