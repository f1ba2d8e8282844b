/** What both sides of an HTTP/1 stream do alike: callbacks, stopped reads, and the framing of the body they write. */
import type { CodecStream, StreamCallbacks } from '../../core/codec.ts'
import type { Connection } from '../../core/connection.ts'
import type { HeaderMap } from '../../core/header-map.ts'
import type { Http1Parser } from './parser.ts'
import { fieldLines } from './writer.ts'

/** How the body that follows a written head is framed. */
export type WrittenFraming = 'none' | 'plain' | 'chunked'

export abstract class Http1Stream implements CodecStream {
  readonly connection: Connection
  callbacks: StreamCallbacks | undefined = undefined
  codecDetails = ''
  wireBytesSent = 0
  headerBytesSent = 0
  /** Of messages that the parser has done with. */
  protected received = 0
  protected receivedHeaders = 0
  protected framing: WrittenFraming = 'plain'
  /** Bytes that the written `content-length` still allows; Infinity without one. */
  protected remaining = Infinity
  #readDisables = 0

  constructor(connection: Connection) {
    this.connection = connection
  }

  /** Of the message that is being read, if it is this stream's. */
  protected abstract readonly parser: Http1Parser | undefined
  abstract resetStream(): void

  get stream(): CodecStream {
    return this
  }

  get wireBytesReceived(): number {
    return this.received + (this.parser?.messageBytes ?? 0)
  }

  get headerBytesReceived(): number {
    return this.receivedHeaders + (this.parser?.headerBytes ?? 0)
  }

  get decompressedHeaderBytesReceived(): number {
    return this.headerBytesReceived
  }

  get decompressedHeaderBytesSent(): number {
    return this.headerBytesSent
  }

  get bufferedBytes(): number {
    return this.connection.bufferedBytes
  }

  setCallbacks(callbacks: StreamCallbacks): void {
    this.callbacks = callbacks
  }

  readDisable(disable: boolean): void {
    this.#readDisables += disable ? 1 : -1
    this.connection.readDisable(disable)
  }

  protected send(data: Uint8Array | string): void {
    this.wireBytesSent += data.length
    this.connection.write(data, false)
  }

  /** The parser will forget the message. */
  keepReceived(parser: Http1Parser): void {
    this.received += parser.messageBytes
    this.receivedHeaders += parser.headerBytes
  }

  /** Takes back what the stream stopped: it has no more to say in it. */
  releaseReads(): void {
    for (; this.#readDisables > 0; this.#readDisables--) this.connection.readDisable(false)
  }

  /** @param contentLength of the head that was written */
  protected startBody(framing: WrittenFraming, contentLength: string | undefined): void {
    this.framing = framing
    if (framing === 'plain' && contentLength !== undefined) this.remaining = Number(contentLength)
  }

  /**
   * Writes part of the body. More than `content-length` allows is cut off: it would be read as the next message.
   * @returns false: the body has not the length that was told, so the connection is of no further use
   */
  protected writeBody(data: Uint8Array | string, endStream: boolean): boolean {
    const length = data.length
    if (this.framing === 'plain') {
      const fits = length <= this.remaining
      this.remaining = fits ? this.remaining - length : 0
      if (length > 0 && fits) this.send(data)
      return fits && (!endStream || this.remaining === 0 || this.remaining === Infinity)
    }
    if (this.framing === 'none') return true
    if (length > 0) {
      this.send(`${length.toString(16)}\r\n`)
      this.send(data)
      this.send(endStream ? '\r\n0\r\n\r\n' : '\r\n')
    } else if (endStream) this.send('0\r\n\r\n')
    return true
  }

  /** Ends the body. @returns as `writeBody` */
  protected writeTrailers(trailers: HeaderMap | undefined): boolean {
    if (this.framing !== 'chunked') return this.writeBody('', true)
    const lines = trailers === undefined ? '' : fieldLines(trailers, false)
    this.headerBytesSent += lines.length
    this.send(`0\r\n${lines}\r\n`)
    return true
  }
}
