/** The client side of an HTTP/1 connection: requests out, responses in. Follows Envoy's `Http1::ClientConnectionImpl`. */
import type {
  ClientConnection,
  ClientConnectionCallbacks,
  DispatchResult,
  RequestEncoder,
  ResponseDecoder,
  StreamResetReason,
} from '../../core/codec.ts'
import type { Connection } from '../../core/connection.ts'
import type { HeaderKeyFormatter } from '../../core/connection-manager-extensions.ts'
import { HeaderMap } from '../../core/header-map.ts'
import type { Protocol } from '../../core/stream-info.ts'
import {
  chunkedContentLength,
  codecError,
  contentLengthNotAllowed,
  invalidTransferEncoding,
  type MessageError,
  transferEncodingNotAllowed,
} from './errors.ts'
import { type BodyFraming, Http1Parser, type MessageHandler } from './parser.ts'
import type { Http1Settings } from './settings.ts'
import { hasToken } from './tokens.ts'
import { Http1Stream } from './stream.ts'
import { fieldLines, ownFieldLine, requestLine } from './writer.ts'

const noBytes = new Uint8Array(0)
const usualParts: readonly string[] = ['', '1', '200', 'OK']
const statusLine = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: ([\t\x20-\x7e\x80-\xff]*))?$/

export class Http1ClientConnection implements ClientConnection, MessageHandler {
  readonly connection: Connection
  readonly settings: Http1Settings
  readonly maxConcurrentStreams = 1
  protocol: Protocol = 'HTTP/1.1'
  errorDetails = ''
  readonly #callbacks: ClientConnectionCallbacks
  readonly #parser: Http1Parser
  #stream: ClientStream | undefined = undefined
  #reusable = true
  #status = 0
  #keyFormatter: HeaderKeyFormatter | undefined = undefined

  constructor(connection: Connection, callbacks: ClientConnectionCallbacks, settings: Http1Settings) {
    this.connection = connection
    this.#callbacks = callbacks
    this.settings = settings
    this.#parser = new Http1Parser('responses', this, {
      headBytes: settings.maxHeadersKb * 1024,
      fieldCount: settings.maxHeadersCount,
    })
  }

  get activeStreams(): number {
    return this.#stream === undefined ? 0 : 1
  }

  get reusable(): boolean {
    return this.#reusable && this.connection.state === 'open'
  }

  newStream(decoder: ResponseDecoder): RequestEncoder {
    if (this.#stream !== undefined || !this.#reusable) throw new Error('the HTTP/1 connection is busy or used up')
    const stream = new ClientStream(this, decoder)
    this.#stream = stream
    return stream
  }

  dispatch(data: Uint8Array, endStream: boolean): DispatchResult {
    const parser = this.#parser
    let at = 0
    while (at < data.length) {
      // Bytes that nobody asked for.
      if (this.#stream === undefined) return this.#reusable ? this.#fail(codecError) : 'ok'
      at = parser.execute(data, at)
      if (parser.error !== undefined) return this.#fail(parser.error)
      if (!parser.complete) continue
      const reusable = this.#reusable
      if (this.#messageDone(at < data.length) && at < data.length) return reusable ? this.#fail(codecError) : 'ok'
    }
    if (!endStream) return 'ok'
    this.#reusable = false
    // What is in a tunnel does not end with the connection, it breaks off.
    if (this.#stream === undefined || this.#stream.raw) return 'ok'
    parser.finish()
    if (parser.error !== undefined) return this.#fail(parser.error)
    if (parser.complete) this.#messageDone(false)
    return 'ok'
  }

  /** Of the message that is being read, for its stream. */
  parserOf(stream: ClientStream): Http1Parser | undefined {
    return this.#stream === stream ? this.#parser : undefined
  }

  /**
   * After an interim response the next head follows; after the final one the stream is over, and the connection ready
   * for the next before its user hears of it.
   * @returns whether the response was final
   */
  #messageDone(excess: boolean): boolean {
    const stream = this.#stream
    stream?.keepReceived(this.#parser)
    this.#parser.next()
    if (this.#status < 200 && this.#status !== 101) return false
    if (stream === undefined) return true
    if (excess || !stream.requestComplete) this.#reusable = false
    stream.responseComplete = true
    stream.releaseReads()
    this.#stream = undefined
    stream.deliverEnd()
    this.#callbacks.onStreamClosed?.()
    return true
  }

  #fail(error: MessageError): DispatchResult {
    this.#reusable = false
    this.errorDetails = error.details
    if (this.#stream !== undefined) this.#stream.codecDetails = error.details
    return 'protocol-error'
  }

  mayStart(line: string): boolean {
    return line.startsWith('HTTP/1.') || 'HTTP/1.'.startsWith(line)
  }

  onStartLine(line: string): MessageError | undefined {
    // Nearly all responses begin like this; for them no expression runs and no parts are made.
    const usual = line === 'HTTP/1.1 200 OK'
    const parts = usual ? usualParts : statusLine.exec(line)
    if (parts === null) return codecError
    this.protocol = parts[1] === '1' ? 'HTTP/1.1' : 'HTTP/1.0'
    const status = parts[2] as string
    this.#status = usual ? 200 : Number(status)
    this.#parser.fields.push(':status', status)
    if (this.settings.headerFormatter !== undefined)
      this.#startKeyFormat(this.settings.headerFormatter(), parts[3] ?? '')
    return undefined
  }

  #startKeyFormat(formatter: HeaderKeyFormatter, reason: string): void {
    this.#keyFormatter = formatter
    formatter.onReasonPhrase(reason)
    this.#parser.onFieldName = name => formatter.onKey(name)
  }

  /** The fields that have been read, with their formatter. */
  headers(fields: string[]): HeaderMap {
    const headers = new HeaderMap(fields)
    headers.keyFormatter = this.#keyFormatter
    return headers
  }

  onHead(): BodyFraming | MessageError {
    const stream = this.#stream
    if (stream === undefined) return 'none'
    const parser = this.#parser
    const status = this.#status
    const coding = parser.transferEncoding
    if (status < 200 && status !== 101) {
      if (coding !== undefined) return transferEncodingNotAllowed
      if (parser.contentLength !== undefined) {
        if (parser.contentLength !== 0) return contentLengthNotAllowed
        removeField(parser.fields, 'content-length')
      }
      stream.decoder.decode1xxHeaders(this.headers(parser.fields))
      return 'none'
    }
    const framing = this.#framing(stream)
    if (typeof framing !== 'string') return framing
    stream.raw = framing === 'raw'
    if (!this.#keepsAlive(framing)) this.#reusable = false
    if (framing === 'none' || (framing === 'length' && parser.contentLength === 0)) {
      stream.pendingHeaders = parser.fields
      return 'none'
    }
    stream.decoder.decodeHeaders(this.headers(parser.fields), false)
    return framing
  }

  /** RFC 9112 §6.3. */
  #framing(stream: ClientStream): BodyFraming | MessageError {
    const parser = this.#parser
    const status = this.#status
    const coding = parser.transferEncoding
    const length = parser.contentLength
    if (
      stream.isUpgrade &&
      parser.upgrade !== undefined &&
      this.settings.effectiveUpgrade(parser.upgrade) === undefined
    ) {
      if (status === 101) return codecError
      removeField(parser.fields, 'upgrade')
    }
    if (status === 101) return stream.isUpgrade ? 'raw' : codecError
    if (stream.isConnect && status < 300) return 'raw'
    if (coding !== undefined) {
      if (status === 204) return transferEncodingNotAllowed
      if (coding.toLowerCase() !== 'chunked') return invalidTransferEncoding
      if (length !== undefined) {
        if (!this.settings.allowChunkedLength) return chunkedContentLength
        removeField(parser.fields, 'content-length')
        this.#reusable = false
      }
      // Faulty framing: it is read, and nothing after it (RFC 9112 §6.1).
      if (this.protocol === 'HTTP/1.0') this.#reusable = false
    }
    if (status === 204) {
      if (length !== undefined && length !== 0) return contentLengthNotAllowed
      removeField(parser.fields, 'content-length')
      return 'none'
    }
    if (stream.isHead || status === 304) return 'none'
    if (coding !== undefined) return 'chunked'
    return length === undefined ? 'until-close' : 'length'
  }

  #keepsAlive(framing: BodyFraming): boolean {
    if (framing === 'until-close' || framing === 'raw') return false
    const parser = this.#parser
    if (parser.proxyConnection !== undefined && hasToken(parser.proxyConnection, 'close')) return false
    if (parser.connection === undefined) return this.protocol === 'HTTP/1.1'
    if (hasToken(parser.connection, 'close')) return false
    return this.protocol === 'HTTP/1.1' || hasToken(parser.connection, 'keep-alive')
  }

  onBody(data: Uint8Array, last: boolean): void {
    const stream = this.#stream
    if (stream === undefined) return
    if (last) stream.pendingData = data
    else stream.decoder.decodeData(data, false)
  }

  onTrailers(fields: string[]): void {
    if (this.settings.enableTrailers && this.#stream !== undefined) this.#stream.pendingTrailers = fields
  }

  onComplete(): void {
    // `dispatch` ends the stream once it knows what follows in the same read.
  }

  /** The request that was written is not as long as its head says. */
  onWrongLength(): void {
    this.#reusable = false
  }

  onReset(stream: ClientStream): void {
    if (this.#stream !== stream) return
    stream.keepReceived(this.#parser)
    this.#stream = undefined
    this.#reusable = false
    stream.releaseReads()
    if (this.connection.state === 'open') this.connection.close('no-flush')
  }

  onConnectionClosed(reason: StreamResetReason, transportFailureReason: string): void {
    const stream = this.#stream
    stream?.keepReceived(this.#parser)
    this.#stream = undefined
    this.#reusable = false
    stream?.callbacks?.onResetStream(reason, transportFailureReason)
  }

  onUnderlyingConnectionAboveWriteBufferHighWatermark(): void {
    this.#stream?.callbacks?.onAboveWriteBufferHighWatermark()
  }

  onUnderlyingConnectionBelowWriteBufferLowWatermark(): void {
    this.#stream?.callbacks?.onBelowWriteBufferLowWatermark()
  }

  goAway(): void {
    // HTTP/1 has no such message.
  }

  shutdownNotice(): void {
    // As goAway.
  }
}

/** Methods whose requests have no body unless they say so: they get no `content-length: 0`. */
const bodiless = new Set(['GET', 'HEAD', 'DELETE', 'TRACE', 'CONNECT'])

/** One request and its response. */
class ClientStream extends Http1Stream implements RequestEncoder {
  readonly decoder: ResponseDecoder
  isHead = false
  isConnect = false
  isUpgrade = false
  /** After an accepted upgrade or CONNECT. */
  raw = false
  requestComplete = false
  responseComplete = false
  /** What ends the response; at most one is set. */
  pendingHeaders: string[] | undefined = undefined
  pendingData: Uint8Array = noBytes
  pendingTrailers: string[] | undefined = undefined
  readonly #owner: Http1ClientConnection

  constructor(owner: Http1ClientConnection, decoder: ResponseDecoder) {
    super(owner.connection)
    this.#owner = owner
    this.decoder = decoder
  }

  override readDisable(disable: boolean): void {
    if (!this.responseComplete) super.readDisable(disable)
  }

  protected override get parser(): Http1Parser | undefined {
    return this.#owner.parserOf(this)
  }

  resetStream(): void {
    this.#owner.onReset(this)
  }

  deliverEnd(): void {
    if (this.pendingHeaders !== undefined) this.decoder.decodeHeaders(this.#owner.headers(this.pendingHeaders), true)
    else if (this.pendingTrailers !== undefined) this.decoder.decodeTrailers(new HeaderMap(this.pendingTrailers))
    else this.decoder.decodeData(this.pendingData, true)
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    const { settings } = this.#owner
    const method = headers.method
    this.isHead = method === 'HEAD'
    this.isConnect = method === 'CONNECT'
    const upgrade = headers.get('upgrade')
    this.isUpgrade = upgrade !== undefined && hasToken(headers.get('connection') ?? '', 'upgrade')

    const firstLine = requestLine(method, this.#target(headers))
    let head = firstLine + fieldLines(headers, settings.properCaseHeaders)
    const tunnel = this.isConnect || this.isUpgrade
    const contentLength = tunnel ? undefined : headers.get('content-length')
    this.startBody(endStream || tunnel || contentLength !== undefined ? 'plain' : 'chunked', contentLength)
    if (!tunnel && contentLength === undefined) {
      if (!endStream) head += ownFieldLine('transfer-encoding', 'chunked', headers, settings.properCaseHeaders)
      else if (!bodiless.has(method)) head += ownFieldLine('content-length', '0', headers, settings.properCaseHeaders)
    }
    this.headerBytesSent += head.length - firstLine.length
    this.send(`${head}\r\n`)
    if (endStream) this.requestComplete = true
  }

  #target(headers: HeaderMap): string {
    if (this.isConnect) return headers.authority
    const path = headers.path
    return this.#owner.settings.sendFullyQualifiedUrl ? `${headers.scheme}://${headers.authority}${path}` : path
  }

  encodeData(data: Uint8Array | string, endStream: boolean): void {
    if (this.responseComplete) return
    if (!this.writeBody(data, endStream)) this.#owner.onWrongLength()
    if (endStream) this.requestComplete = true
  }

  encodeTrailers(trailers: HeaderMap): void {
    if (this.responseComplete) return
    if (!this.writeTrailers(this.#owner.settings.enableTrailers ? trailers : undefined)) this.#owner.onWrongLength()
    this.requestComplete = true
  }
}

function removeField(fields: string[], name: string): void {
  for (let i = fields.length - 2; i >= 0; i -= 2) if (fields[i] === name) fields.splice(i, 2)
}
