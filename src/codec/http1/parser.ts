/**
 * Reads HTTP/1 messages (RFC 9112) strictly, in whatever pieces they come: lines end in CRLF, sizes are digits, names
 * are tokens. What a message means beyond its framing is up to the handler (server or client connection).
 *
 *     start-line → fields → body (none | length | chunked | until close | raw) → [trailers] → complete
 *
 * Each line is judged when its LF arrives, so that a message gives the same events and errors however it is split.
 */
import {
  codecError,
  headersTooLarge,
  invalidCharacters,
  type MessageError,
  tooManyHeaders,
  tooManyTrailers,
  trailersTooLarge,
} from './errors.ts'
import {
  FieldKind,
  type FieldName,
  fieldName,
  fieldNameAt,
  hashStep,
  joinedInRequests,
  joinedInResponses,
  tokenByte,
} from './field-names.ts'

export type BodyFraming = 'none' | 'length' | 'chunked' | 'until-close' | 'raw'

export interface MessageHandler {
  /** Whether a start line may begin so: what cannot become a message is not waited for. */
  mayStart(line: string): boolean
  /** The start line without CRLF; may put pseudo-headers into `parser.fields`. */
  onStartLine(line: string): MessageError | undefined
  /** The head is in `parser.fields`. Decides how the body is framed. */
  onHead(): BodyFraming | MessageError
  /** `data` is valid until the call returns. `last`: certain to be the last of the message; else it is not known. */
  onBody(data: Uint8Array, last: boolean): void
  /** Only when there are any. */
  onTrailers(fields: string[]): void
  /** Called once, after the last byte of the message. */
  onComplete(): void
}

export interface ParserLimits {
  /** Bytes of the head, and of the trailers. */
  readonly headBytes: number
  /** Fields in the head, and in the trailers. */
  readonly fieldCount: number
}

const State = {
  startLine: 0,
  fields: 1,
  body: 2,
  chunkSize: 3,
  chunkExtension: 4,
  chunkSizeLf: 5,
  chunkData: 6,
  chunkDataCr: 7,
  chunkDataLf: 8,
  trailers: 9,
  untilClose: 10,
  complete: 11,
  failed: 12,
} as const
type State = (typeof State)[keyof typeof State]

const cr = 13
const lf = 10
const space = 32
const tab = 9
const colon = 58
const colonAndLineEndBytes = 3

/** From here on it pays to look for the end of the head before making a string of it. */
const longReadBytes = 2048
/** A start line is judged by what came of it as long as that is short. */
const maxCheckedStart = 64
/** Of one chunk extension; a limit of ours, far above any use. */
const maxChunkExtensionBytes = 1024
/** A chunk that is bigger is an event of its own. */
const maxMovedBytes = 4096
/** 2^48 - 1, in 12 hexadecimal digits. */
const maxChunkSize = 0xffff_ffff_ffff

// oxlint-disable-next-line no-control-regex
const control = /[\0-\x08\x0a-\x1f\x7f]/

/** Of Buffer, for any Uint8Array. */
const { indexOf, latin1Slice } = Buffer.prototype as unknown as {
  readonly indexOf: (this: Uint8Array, value: string | number, from?: number) => number
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string
}

const noBytes = new Uint8Array(0)

/** 1 for space and tab. */
const blank = new Uint8Array(256)
blank[space] = blank[tab] = 1
/** 1 for what may stand in a field value. */
const valueByte = new Uint8Array(256).fill(1, space)
valueByte[tab] = 1
valueByte[127] = 0

/** The value of each hexadecimal digit, 255 for other bytes. */
const hexValue = new Uint8Array(256).fill(255)
for (let digit = 0; digit < 16; digit++) {
  hexValue[digit.toString(16).charCodeAt(0)] = digit
  hexValue[digit.toString(16).toUpperCase().charCodeAt(0)] = digit
}

export class Http1Parser {
  /** Of the message being read: name, value, …; the handler takes it with `takeFields`. */
  fields: string[] = []
  error: MessageError | undefined = undefined

  /** undefined: no content-length. */
  contentLength: number | undefined = undefined
  transferEncoding: string | undefined = undefined
  /** Values of the respective fields, joined by commas. */
  connection: string | undefined = undefined
  proxyConnection: string | undefined = undefined
  upgrade: string | undefined = undefined
  host: string | undefined = undefined
  /** Of the fields of head and trailers, each as `name:value` and a line end. */
  headerBytes = 0

  /** Wants each field name of heads as it is written; without, names that are known need no string. */
  onFieldName: ((name: string) => void) | undefined = undefined

  readonly #handler: MessageHandler
  readonly #limits: ParserLimits
  /** Requests: `host` is not kept as a field, empty lines may precede, folded lines are refused (responses: joined). */
  readonly #requests: boolean
  #state: State = State.startLine
  /** The line that is not complete. */
  #partial: Uint8Array = noBytes
  #partialLength = 0
  #sectionBytes = 0
  #fieldCount = 0
  readonly #side: number
  /** Bits of the names that are joined and have been met. */
  #seenLow = 0
  #seenHigh = 0
  /** The last field was added to one before it, so that no folded line can follow. */
  #joinedLast = false
  #trailerFields: string[] = []
  /** Of the body or the chunk. */
  #remaining = 0
  #sizeDigits = 0
  /** Chunk data of this read that has not been handed on: `#read[#pieceStart…#pieceEnd)`. */
  #read: Uint8Array = noBytes
  #pieceStart = 0
  #pieceEnd = 0

  /** Bytes of the message in reads before this one, and where this one's begin and how far they have been read. */
  #earlierBytes = 0
  #messageStart = 0
  #position = 0

  constructor(kind: 'requests' | 'responses', handler: MessageHandler, limits: ParserLimits) {
    this.#requests = kind === 'requests'
    this.#side = this.#requests ? joinedInRequests : joinedInResponses
    this.#handler = handler
    this.#limits = limits
  }

  /** Nothing of a message has been read since the last one. */
  get atStart(): boolean {
    return this.#state === State.startLine && this.#sectionBytes === 0 && this.#partialLength === 0
  }

  /** Bytes of the present message so far, as far as the handler has been told of them. */
  get messageBytes(): number {
    return this.#earlierBytes + this.#position - this.#messageStart
  }

  get complete(): boolean {
    return this.#state === State.complete
  }

  /** A complete message makes way for the next. */
  next(): void {
    this.#state = State.startLine
    this.#earlierBytes = 0
    this.fields = []
    this.contentLength = undefined
    this.transferEncoding = undefined
    this.connection = undefined
    this.proxyConnection = undefined
    this.upgrade = undefined
    this.host = undefined
    this.headerBytes = 0
    this.#seenLow = 0
    this.#seenHigh = 0
    this.#joinedLast = false
    this.#sectionBytes = 0
    this.#fieldCount = 0
  }

  /**
   * Reads from `start` on, to the end of `data`, of the message, or to an error (then `error` is set and the parser
   * stays so). Small chunks are moved together within `data`, so that many of them cost one event.
   * @returns the position after the last byte that was used
   */
  execute(data: Uint8Array, start: number): number {
    this.#read = data
    this.#messageStart = start
    let at = start
    while (at < data.length) {
      this.#position = at
      switch (this.#state) {
        case State.startLine:
        case State.fields:
        case State.trailers:
          at = this.#lines(data, at)
          break
        case State.body:
          at = this.#body(data, at)
          break
        case State.untilClose:
          this.#position = data.length
          this.#handler.onBody(at === 0 ? data : data.subarray(at), false)
          at = data.length
          break
        case State.complete:
        case State.failed:
          this.#endRead(at)
          return at
        case State.chunkSize:
        case State.chunkExtension:
        case State.chunkSizeLf:
        case State.chunkData:
        case State.chunkDataCr:
        case State.chunkDataLf:
          at = this.#chunked(data, at)
      }
    }
    this.#flushPiece(false)
    this.#endRead(at)
    return at
  }

  #endRead(at: number): void {
    this.#read = noBytes
    this.#earlierBytes += at - this.#messageStart
    this.#messageStart = 0
    this.#position = 0
  }

  /** The peer has sent all it will: ends a message that lasts until then; an error in the middle of any other. */
  finish(): void {
    if (this.#state === State.untilClose) this.#end()
    else if (this.#state !== State.complete && this.#state !== State.failed && !this.atStart) this.#fail(codecError)
  }

  #fail(error: MessageError): void {
    this.#flushPiece(false)
    this.error = error
    this.#state = State.failed
    this.#partial = noBytes
    this.#partialLength = 0
  }

  #end(): void {
    this.#state = State.complete
    this.#handler.onComplete()
  }

  #lines(data: Uint8Array, start: number): number {
    if (this.#partialLength > 0) return this.#completePartial(data, start)
    let end = data.length
    if (end - start > longReadBytes) {
      const found = indexOf.call(data, '\r\n\r\n', start)
      if (found >= 0) end = found + 4
    }
    const text = latin1Slice.call(data, start, end)
    let at = 0
    for (;;) {
      if (this.#state === State.fields && this.onFieldName === undefined) {
        at = this.#cleanFields(data, text, start, at)
        if (this.error !== undefined) return start + at
      }
      const lineEnd = text.indexOf('\n', at)
      if (lineEnd < 0) {
        this.#stash(data, start + at, end)
        return end
      }
      this.#position = start + lineEnd + 1
      this.#line(text, at, lineEnd)
      at = lineEnd + 1
      if (this.#state > State.fields && this.#state !== State.trailers) return start + at
    }
  }

  #stash(data: Uint8Array, start: number, end: number): void {
    const length = this.#partialLength + end - start
    if (length === 0) return
    if (this.#sectionBytes + length > this.#limits.headBytes) return this.#failTooLarge()
    if (length > this.#partial.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(256, length * 2))
      grown.set(this.#partial.subarray(0, this.#partialLength))
      this.#partial = grown
    }
    this.#partial.set(data.subarray(start, end), this.#partialLength)
    this.#partialLength = length
    if (this.#state !== State.startLine || length > maxCheckedStart) return
    if (!this.#handler.mayStart(latin1Slice.call(this.#partial, 0, length))) this.#fail(codecError)
  }

  #completePartial(data: Uint8Array, start: number): number {
    const found = indexOf.call(data, lf, start)
    const end = found < 0 ? data.length : found + 1
    this.#stash(data, start, end)
    if (found < 0 || this.#state === State.failed) return end
    const line = latin1Slice.call(this.#partial, 0, this.#partialLength)
    this.#partial = noBytes
    this.#partialLength = 0
    this.#position = end
    this.#line(line, 0, line.length - 1)
    return end
  }

  #failTooLarge(): void {
    this.#fail(this.#state === State.trailers ? trailersTooLarge : headersTooLarge)
  }

  /**
   * The short way through the lines of a head that are whole and faultless; stops at the first that is not, and at
   * the end of the head.
   * @param base where `text` begins in `data`
   * @returns the position in `text` of the first line that was not read
   */
  #cleanFields(data: Uint8Array, text: string, base: number, start: number): number {
    const end = text.length
    const limit = Math.min(end, start + this.#limits.headBytes - this.#sectionBytes)
    let line = start
    for (;;) {
      let at = line
      let hash = 0
      let byte = 0
      while (at < limit && (byte = tokenByte[data[base + at] as number] as number) !== 0) {
        hash = hashStep(hash, byte)
        at++
      }
      if (at === line || at >= limit || data[base + at] !== colon || this.#fieldCount >= this.#limits.fieldCount) break
      const nameEnd = at
      at++
      while (at < limit && blank[data[base + at] as number] === 1) at++
      const from = at
      while (at < limit && valueByte[data[base + at] as number] === 1) at++
      if (at + 1 >= limit || data[base + at] !== cr || data[base + at + 1] !== lf) break
      let to = at
      while (to > from && blank[data[base + to - 1] as number] === 1) to--
      this.#fieldCount++
      const field = fieldNameAt(data, base + line, base + nameEnd, hash)
      this.headerBytes += nameEnd - line + to - from + colonAndLineEndBytes
      line = at + 2
      if (!this.#keep(field, text.substring(from, to))) break
    }
    this.#sectionBytes += line - start
    return line
  }

  /** @param lineEnd the position of LF */
  #line(text: string, start: number, lineEnd: number): void {
    this.#sectionBytes += lineEnd + 1 - start
    if (this.#sectionBytes > this.#limits.headBytes) return this.#failTooLarge()
    const end = lineEnd - 1
    if (end < start || text.charCodeAt(end) !== cr) return this.#fail(codecError)
    if (this.#state === State.startLine) {
      if (end === start && this.#requests) return
      const error = this.#handler.onStartLine(text.substring(start, end))
      if (error !== undefined) return this.#fail(error)
      this.#state = State.fields
    } else if (end > start) {
      this.#field(text, start, end)
    } else if (this.#state === State.fields) {
      this.#headComplete()
    } else {
      const fields = this.#trailerFields
      if (fields.length > 0) {
        this.#flushPiece(false)
        this.#trailerFields = []
        // Before the trailers are told: what answers them has read the whole message.
        this.#state = State.complete
        this.#handler.onTrailers(fields)
      }
      this.#state = State.complete
      this.#flushPiece(true)
      this.#handler.onComplete()
    }
  }

  #field(text: string, start: number, end: number): void {
    const inTrailers = this.#state === State.trailers
    const nameEnd = text.indexOf(':', start)
    const first = text.charCodeAt(start)
    if (first === space || first === tab) return this.#fold(text, start, end)
    if (nameEnd < 0 || nameEnd > end) return this.#fail(codecError)
    const name = text.substring(start, nameEnd)
    const field = fieldName(name)
    if (field === undefined) return this.#fail(name.includes('\0') ? invalidCharacters : codecError)
    if (++this.#fieldCount > this.#limits.fieldCount) return this.#fail(inTrailers ? tooManyTrailers : tooManyHeaders)

    let from = nameEnd + 1
    let to = end
    let code = text.charCodeAt(from)
    while (from < to && (code === space || code === tab)) code = text.charCodeAt(++from)
    code = text.charCodeAt(to - 1)
    while (to > from && (code === space || code === tab)) code = text.charCodeAt(--to - 1)
    const value = text.substring(from, to)
    if (control.test(value)) return this.#fail(invalidCharacters)
    this.headerBytes += nameEnd - start + to - from + colonAndLineEndBytes

    if (inTrailers) {
      // Framing and routing fields mean nothing here, and must not reach someone who merges trailers (RFC 9110 §6.5.1).
      if (field.kind === FieldKind.plain) this.#trailerFields.push(field.name, value)
      return
    }
    this.onFieldName?.(name)
    this.#keep(field, value)
  }

  /** @returns false: the field is an error, or makes one of the message */
  #keep(field: FieldName, value: string): boolean {
    switch (field.kind) {
      case FieldKind.plain:
        break
      case FieldKind.host:
        if (!this.#requests) break
        if (this.host !== undefined) {
          this.#fail(codecError)
          return false
        }
        this.host = value
        return true
      case FieldKind.contentLength: {
        const length = parseLength(value)
        if (length === undefined || this.contentLength !== undefined) {
          this.#fail(codecError)
          return false
        }
        this.contentLength = length
        break
      }
      // A coding is told by one field: two make a list that is refused like any other.
      case FieldKind.transferEncoding:
        this.transferEncoding = joined(this.transferEncoding, value)
        break
      case FieldKind.connection:
        this.connection = joined(this.connection, value)
        break
      case FieldKind.proxyConnection:
        this.proxyConnection = joined(this.proxyConnection, value)
        break
      case FieldKind.upgrade:
        this.upgrade = joined(this.upgrade, value)
        break
    }
    this.#joinedLast = (field.joined & this.#side) !== 0 && this.#seenBefore(field.index)
    if (this.#joinedLast) this.#join(field.name, value)
    else this.fields.push(field.name, value)
    return true
  }

  #seenBefore(index: number): boolean {
    const bit = 1 << (index & 31)
    const seen = index < 32 ? this.#seenLow : this.#seenHigh
    if (index < 32) this.#seenLow |= bit
    else this.#seenHigh |= bit
    return (seen & bit) !== 0
  }

  #join(name: string, value: string): void {
    const fields = this.fields
    for (let i = 0; i < fields.length; i += 2) {
      if (fields[i] !== name) continue
      const before = fields[i + 1] as string
      // As Envoy's `appendToHeader`: an empty value adds nothing.
      if (value !== '') fields[i + 1] = before === '' ? value : `${before},${value}`
      return
    }
  }

  /** A line that continues the last one (obs-fold): responses get a space for it (RFC 9112 §5.2). */
  #fold(text: string, start: number, end: number): void {
    const fields = this.#state === State.trailers ? this.#trailerFields : this.fields
    const last = fields[fields.length - 2]
    if (this.#requests || this.#joinedLast || last === undefined || last.startsWith(':')) return this.#fail(codecError)
    const more = text.substring(start, end).trim()
    if (control.test(more)) return this.#fail(invalidCharacters)
    const known = fieldName(last)
    if (known === undefined || known.kind !== FieldKind.plain) return this.#fail(codecError)
    fields[fields.length - 1] = `${fields.at(-1)} ${more}`
  }

  #headComplete(): void {
    this.#sectionBytes = 0
    const framing = this.#handler.onHead()
    if (typeof framing !== 'string') return this.#fail(framing)
    // The handler may have taken the connection down.
    if (this.#state !== State.fields) return
    switch (framing) {
      case 'none':
        return this.#end()
      case 'length':
        this.#remaining = this.contentLength ?? 0
        if (this.#remaining === 0) return this.#end()
        this.#state = State.body
        return
      case 'chunked':
        this.#startChunk()
        return
      case 'until-close':
      case 'raw':
        this.#state = State.untilClose
    }
  }

  #body(data: Uint8Array, start: number): number {
    const end = Math.min(data.length, start + this.#remaining)
    this.#remaining -= end - start
    const last = this.#remaining === 0
    if (last) this.#state = State.complete
    this.#position = end
    this.#handler.onBody(start === 0 && end === data.length ? data : data.subarray(start, end), last)
    if (last) this.#handler.onComplete()
    return end
  }

  #chunkData(data: Uint8Array, start: number): number {
    const end = Math.min(data.length, start + this.#remaining)
    this.#remaining -= end - start
    if (this.#remaining === 0) this.#state = State.chunkDataCr
    if (this.#pieceEnd > this.#pieceStart && end - start <= maxMovedBytes) {
      data.copyWithin(this.#pieceEnd, start, end)
      this.#pieceEnd += end - start
    } else {
      this.#flushPiece(false)
      this.#pieceStart = start
      this.#pieceEnd = end
    }
    return end
  }

  #flushPiece(last: boolean): void {
    if (this.#pieceEnd === this.#pieceStart) return
    const piece = this.#read.subarray(this.#pieceStart, this.#pieceEnd)
    this.#pieceStart = this.#pieceEnd = 0
    this.#handler.onBody(piece, last)
  }

  #startChunk(): void {
    this.#state = State.chunkSize
    this.#remaining = 0
    this.#sizeDigits = 0
  }

  /** One step through the framing of chunks. */
  #chunked(data: Uint8Array, start: number): number {
    const state = this.#state
    if (state === State.chunkData) return this.#chunkData(data, start)
    if (state === State.chunkSize) return this.#chunkSize(data, start)
    const byte = data[start] as number
    if (state === State.chunkExtension) {
      if (byte === cr) this.#state = State.chunkSizeLf
      else if (valueByte[byte] === 0 || ++this.#sizeDigits > maxChunkExtensionBytes) this.#fail(codecError)
    } else if (byte !== (state === State.chunkDataCr ? cr : lf)) this.#fail(codecError)
    else if (state === State.chunkDataCr) this.#state = State.chunkDataLf
    else if (state === State.chunkDataLf) this.#startChunk()
    else if (this.#remaining > 0) this.#state = State.chunkData
    else {
      this.#state = State.trailers
      this.#fieldCount = 0
    }
    return start + 1
  }

  #chunkSize(data: Uint8Array, start: number): number {
    let at = start
    for (; at < data.length; at++) {
      const byte = data[at] as number
      const digit = hexValue[byte] as number
      if (digit < 16) {
        this.#remaining = this.#remaining * 16 + digit
        // Zeros before the size are digits too: their number has a limit.
        if (++this.#sizeDigits > 16 || this.#remaining > maxChunkSize) {
          this.#fail(codecError)
          return at + 1
        }
        continue
      }
      if (this.#sizeDigits === 0) this.#fail(codecError)
      else if (byte === cr) this.#state = State.chunkSizeLf
      else if (byte === 59) {
        this.#state = State.chunkExtension
        this.#sizeDigits = 0
      } else this.#fail(codecError)
      return at + 1
    }
    return at
  }
}

/** Digits only, at most 15 of them; undefined otherwise. */
function parseLength(value: string): number | undefined {
  if (value.length === 0 || value.length > 15) return undefined
  let length = 0
  for (let i = 0; i < value.length; i++) {
    const digit = value.charCodeAt(i) - 48
    if (digit < 0 || digit > 9) return undefined
    length = length * 10 + digit
  }
  return length
}

function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`
}
