/** The server side of an HTTP/1 connection: requests in, responses out. Follows Envoy's `Http1::ServerConnectionImpl`. */
import type {
  DispatchResult,
  RequestDecoder,
  ResponseEncoder,
  ServerConnection,
  ServerConnectionCallbacks,
  StreamResetReason,
} from '../../core/codec.ts'
import type { Connection } from '../../core/connection.ts'
import type { HeaderKeyFormatter } from '../../core/connection-manager-extensions.ts'
import { HeaderMap } from '../../core/header-map.ts'
import type { Protocol } from '../../core/stream-info.ts'
import {
  chunkedContentLength,
  codecError,
  connectionHeaderRejected,
  contentLengthNotAllowed,
  httpsOnPlaintext,
  invalidAuthority,
  invalidTransferEncoding,
  invalidUrl,
  lowVersion,
  type MessageError,
} from './errors.ts'
import { type BodyFraming, Http1Parser, type MessageHandler } from './parser.ts'
import { statusLine } from './reason-phrases.ts'
import {
  authorityIsValid,
  connectTargetIsValid,
  parseAbsoluteTarget,
  parseRequestLine,
  type RequestLine,
} from './request-target.ts'
import type { Http1Settings } from './settings.ts'
import { hasToken, removeNominated } from './tokens.ts'
import { Http1Stream, type WrittenFraming } from './stream.ts'
import { fieldLines, ownFieldLine } from './writer.ts'

const upgradeToken = /^\s*(?:upgrade|http2-settings)\s*$/i
const methodSoFar = /^[A-Z]*(?:$|[ \r])/
const tokenSoFar = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]*(?:$|[ \r])/
const noBytes = new Uint8Array(0)
const fragmentAfterHost = /^[^/]*:\/\/[^/?#]*#/
/** Of pipelined requests; as long as there are no more the socket is read, so that a client that leaves is noticed. */
const maxHeldBytes = 16 * 1024

export class Http1ServerConnection implements ServerConnection, MessageHandler {
  readonly connection: Connection
  readonly settings: Http1Settings
  protocol: Protocol = 'HTTP/1.1'
  closeAfterResponse = false
  errorDetails = ''
  readonly #callbacks: ServerConnectionCallbacks
  readonly #parser: Http1Parser
  #requestLine: RequestLine | undefined = undefined
  #stream: ServerStream | undefined = undefined
  /** Nothing more is read: after an error, a reset, or a response that ended before its request. */
  #stopped = false
  #dispatching = false
  /** Bytes of pipelined requests that wait for the response. */
  #held: Uint8Array | undefined = undefined
  /** There are so many of them that the socket is not read. */
  #heldBack = false
  /** The client does not read its answers: further pipelined requests wait. */
  #clientSlow = false

  constructor(connection: Connection, callbacks: ServerConnectionCallbacks, settings: Http1Settings) {
    this.connection = connection
    this.settings = settings
    this.#callbacks = callbacks
    this.#parser = new Http1Parser('requests', this, {
      headBytes: settings.maxHeadersKb * 1024,
      fieldCount: settings.maxHeadersCount,
    })
  }

  get activeStreams(): number {
    return this.#stream === undefined ? 0 : 1
  }

  /** Of the message that is being read, for its stream. */
  parserOf(stream: ServerStream): Http1Parser | undefined {
    return this.#stream === stream ? this.#parser : undefined
  }

  get requestComplete(): boolean {
    return this.#parser.complete
  }

  dispatch(data: Uint8Array, endStream: boolean): DispatchResult {
    if (this.#stopped) return this.errorDetails === '' ? 'ok' : 'protocol-error'
    if (this.#held !== undefined || (this.#stream === undefined ? this.#clientSlow : this.#parser.complete)) {
      this.#hold(data)
      return 'ok'
    }
    this.#dispatching = true
    let result: DispatchResult
    try {
      result = this.#run(data)
    } finally {
      this.#dispatching = false
    }
    if (endStream && result === 'ok' && !this.#stopped && this.#stream?.raw === true) this.#parser.finish()
    return result
  }

  #run(data: Uint8Array): DispatchResult {
    const parser = this.#parser
    let at = 0
    for (;;) {
      at = parser.execute(data, at)
      if (this.#stopped) return 'ok'
      if (parser.error !== undefined) return this.#fail(parser.error)
      if (!parser.complete) return 'ok'
      if (this.#stream !== undefined) {
        if (at < data.length) this.#hold(data.subarray(at))
        return 'ok'
      }
      if (this.closeAfterResponse) {
        this.#stopped = true
        return 'ok'
      }
      parser.next()
      if (at >= data.length) return 'ok'
      if (this.#clientSlow) {
        this.#hold(data.subarray(at))
        return 'ok'
      }
    }
  }

  #hold(data: Uint8Array): void {
    if (data.length === 0) return
    this.#held = this.#held === undefined ? Buffer.from(data) : Buffer.concat([this.#held, data])
    if (this.#heldBack || this.#held.length <= maxHeldBytes) return
    this.#heldBack = true
    this.connection.readDisable(true)
  }

  /** Reads what was held, in a turn of its own: the user of the last stream may still be cleaning up. */
  readonly #resume = (): void => {
    const held = this.#held
    if (held === undefined || this.#clientSlow) return
    this.#held = undefined
    if (this.#heldBack) {
      this.#heldBack = false
      this.connection.readDisable(false)
    }
    if (this.connection.state !== 'open' || this.dispatch(held, false) === 'ok') return
    if (this.#callbacks.onDeferredError !== undefined) this.#callbacks.onDeferredError()
    else this.connection.close('flush-write-and-delay', this.errorDetails)
  }

  #fail(error: MessageError): DispatchResult {
    this.#stopped = true
    this.errorDetails = error.details
    this.closeAfterResponse = true
    const stream = this.#stream ?? this.#openStream()
    stream.codecDetails = error.details
    // As Envoy: what the request would have been does not matter any more.
    stream.isHead = false
    if (!stream.responseStarted) stream.decoder.sendLocalReply(error.status, error.body, error.details)
    return 'protocol-error'
  }

  #openStream(): ServerStream {
    const stream = new ServerStream(this)
    this.#stream = stream
    stream.decoder = this.#callbacks.newStream(stream)
    return stream
  }

  mayStart(line: string): boolean {
    return (this.settings.allowCustomMethods ? tokenSoFar : methodSoFar).test(line)
  }

  onStartLine(line: string): MessageError | undefined {
    const parsed = parseRequestLine(line, this.settings.allowCustomMethods)
    if ('status' in parsed) return parsed
    this.#requestLine = parsed
    const stream = this.#openStream()
    stream.isHead = parsed.method === 'HEAD'
    this.#startKeyFormat(stream)
    stream.isConnect = parsed.method === 'CONNECT'
    this.#parser.fields.push(':authority', '', ':path', parsed.target, ':method', parsed.method, ':scheme', '')
    return undefined
  }

  #startKeyFormat(stream: ServerStream): void {
    const formatter = this.settings.headerFormatter?.()
    if (formatter === undefined) return
    stream.keyFormatter = formatter
    this.#parser.onFieldName = name => formatter.onKey(name)
  }

  onHead(): BodyFraming | MessageError {
    const stream = this.#stream
    const line = this.#requestLine
    if (stream === undefined || line === undefined) return 'none'
    const parser = this.#parser
    const fields = parser.fields
    const framing = this.#framing(stream, line)
    if (typeof framing !== 'string') return framing
    const wrong = this.#target(fields, line) ?? this.#version(fields, line)
    if (wrong !== undefined) return wrong
    if (!authorityIsValid(fields[1] as string)) return invalidAuthority
    if (parser.connection !== undefined && !removeNominated(fields, parser.connection, stream.raw && !stream.isConnect))
      return connectionHeaderRejected
    this.#dropAbsent(fields, line)
    if (framing === 'none' || (framing === 'length' && parser.contentLength === 0)) return 'none'
    stream.deliverHeaders(fields, false)
    return framing
  }

  #framing(stream: ServerStream, line: RequestLine): BodyFraming | MessageError {
    const parser = this.#parser
    const coding = parser.transferEncoding
    if (parser.upgrade !== undefined && parser.connection !== undefined && hasToken(parser.connection, 'upgrade')) {
      const effective = this.settings.effectiveUpgrade(parser.upgrade)
      if (effective === undefined) {
        removeField(parser.fields, 'upgrade')
        removeField(parser.fields, 'http2-settings')
        parser.connection = parser.connection
          .split(',')
          .filter(token => !upgradeToken.test(token))
          .join(',')
      } else {
        stream.raw = true
        if (effective !== parser.upgrade) setField(parser.fields, 'upgrade', effective)
      }
    }
    if (stream.isConnect) {
      if (parser.contentLength !== undefined) {
        if (parser.contentLength !== 0) return contentLengthNotAllowed
        removeField(parser.fields, 'content-length')
      }
      stream.raw = true
    }
    if (coding !== undefined) {
      if (coding.toLowerCase() !== 'chunked' || stream.isConnect) return invalidTransferEncoding
      // HTTP/1.0 knows no transfer codings: who sends one is not to be trusted with framing (RFC 9112 §6.1).
      if (line.version !== '1.1') return line.version === 'low' || !this.settings.acceptHttp10 ? lowVersion : codecError
      if (parser.contentLength !== undefined) {
        if (!this.settings.allowChunkedLength) return chunkedContentLength
        removeField(parser.fields, 'content-length')
        // The peer may be one that reads such messages otherwise (RFC 9112 §6.1).
        this.closeAfterResponse = true
      }
    }
    if (stream.raw) return 'raw'
    if (coding !== undefined) return 'chunked'
    return parser.contentLength === undefined ? 'none' : 'length'
  }

  /** `fields` starts with :authority, :path, :method, :scheme. */
  #target(fields: string[], line: RequestLine): MessageError | undefined {
    const target = line.target
    if (this.#parser.host !== undefined) fields[1] = this.#parser.host
    if (line.method === 'CONNECT') {
      if (!connectTargetIsValid(target)) return invalidUrl
      fields[1] = target
      return undefined
    }
    if (target.charCodeAt(0) === 47 || (target === '*' && line.method === 'OPTIONS')) return undefined
    if (target !== '*' && !target.includes('://')) return codecError
    if (fragmentAfterHost.test(target)) return codecError
    if (!this.settings.allowAbsoluteUrl) return undefined
    const parsed = parseAbsoluteTarget(target)
    if ('status' in parsed) return parsed
    if (parsed.scheme === 'https' && this.settings.validateScheme && this.connection.tls === undefined)
      return httpsOnPlaintext
    fields[1] = parsed.authority
    fields[3] = parsed.path
    fields[7] = parsed.scheme
    this.#parser.host = parsed.authority
    return undefined
  }

  #version(fields: string[], line: RequestLine): MessageError | undefined {
    const parser = this.#parser
    if (line.version === '1.1') {
      this.protocol = 'HTTP/1.1'
      if (parser.connection !== undefined && hasToken(parser.connection, 'close')) this.closeAfterResponse = true
    } else {
      if (line.version === 'low' || !this.settings.acceptHttp10) return lowVersion
      this.protocol = 'HTTP/1.0'
      if (parser.connection === undefined || !hasToken(parser.connection, 'keep-alive')) this.closeAfterResponse = true
      if (parser.host === undefined && this.settings.defaultHostForHttp10 !== '') {
        parser.host = this.settings.defaultHostForHttp10
        fields[1] = parser.host
      }
    }
    if (parser.proxyConnection !== undefined && hasToken(parser.proxyConnection, 'close'))
      this.closeAfterResponse = true
    return undefined
  }

  /** Pseudo-headers that the request does not have. */
  #dropAbsent(fields: string[], line: RequestLine): void {
    if (line.method === 'CONNECT') fields.splice(2, 2)
    else if (this.#parser.host === undefined) fields.splice(0, 2)
  }

  onBody(data: Uint8Array, last: boolean): void {
    if (!this.#stopped) this.#stream?.deliverData(data, last)
  }

  onTrailers(fields: string[]): void {
    if (!this.#stopped && this.settings.enableTrailers) this.#stream?.deliverTrailers(fields)
  }

  onComplete(): void {
    if (this.#stopped) return
    const stream = this.#stream
    if (stream === undefined) return
    stream.deliverEnd(this.#parser.fields)
  }

  /** The response has been written whole. */
  onResponseComplete(stream: ServerStream): void {
    stream.releaseReads()
    stream.keepReceived(this.#parser)
    this.#stream = undefined
    if (!this.#parser.complete) {
      this.closeAfterResponse = true
      this.#stopped = true
    } else if (this.closeAfterResponse) this.#stopped = true
    else if (!this.#dispatching) {
      this.#parser.next()
      if (this.#held !== undefined) queueMicrotask(this.#resume)
    }
  }

  onReset(stream: ServerStream): void {
    if (this.#stream !== stream) return
    stream.releaseReads()
    stream.keepReceived(this.#parser)
    this.#stream = undefined
    this.#stopped = true
    this.closeAfterResponse = true
    if (this.connection.state === 'open') this.connection.close('flush-write-and-delay')
  }

  onConnectionClosed(reason: StreamResetReason, transportFailureReason: string): void {
    const stream = this.#stream
    stream?.keepReceived(this.#parser)
    this.#stream = undefined
    this.#stopped = true
    this.#held = undefined
    stream?.callbacks?.onResetStream(reason, transportFailureReason)
  }

  onUnderlyingConnectionAboveWriteBufferHighWatermark(): void {
    this.#clientSlow = true
    this.#stream?.callbacks?.onAboveWriteBufferHighWatermark()
  }

  onUnderlyingConnectionBelowWriteBufferLowWatermark(): void {
    this.#clientSlow = false
    this.#stream?.callbacks?.onBelowWriteBufferLowWatermark()
    if (this.#held !== undefined && this.#stream === undefined) queueMicrotask(this.#resume)
  }

  goAway(): void {
    // HTTP/1 says it with `connection: close`, which the connection manager adds.
  }

  shutdownNotice(): void {
    // As goAway.
  }
}

/** One request and its response. */
class ServerStream extends Http1Stream implements ResponseEncoder {
  readonly #owner: Http1ServerConnection
  decoder!: RequestDecoder
  keyFormatter: HeaderKeyFormatter | undefined = undefined
  responseStarted = false
  isHead = false
  isConnect = false
  /** CONNECT or an upgrade: bytes, not messages, after the head. */
  raw = false
  #headersDelivered = false
  #endDelivered = false

  constructor(owner: Http1ServerConnection) {
    super(owner.connection)
    this.#owner = owner
  }

  get streamErrorOnInvalidHttpMessage(): boolean {
    return this.#owner.settings.streamErrorOnInvalidHttpMessage
  }

  protected override get parser(): Http1Parser | undefined {
    return this.#owner.parserOf(this)
  }

  resetStream(): void {
    this.#owner.onReset(this)
  }

  deliverHeaders(fields: string[], endStream: boolean): void {
    this.#headersDelivered = true
    this.#endDelivered = endStream
    const headers = new HeaderMap(fields)
    headers.keyFormatter = this.keyFormatter
    this.decoder.decodeHeaders(headers, endStream)
  }

  deliverData(data: Uint8Array, last: boolean): void {
    this.#endDelivered = last
    this.decoder.decodeData(data, last)
  }

  deliverTrailers(fields: string[]): void {
    this.#endDelivered = true
    this.decoder.decodeTrailers(new HeaderMap(fields))
  }

  deliverEnd(fields: string[]): void {
    if (!this.#headersDelivered) this.deliverHeaders(fields, true)
    else if (!this.#endDelivered) this.deliverData(noBytes, true)
  }

  encode1xxHeaders(headers: HeaderMap): void {
    if (this.#owner.protocol === 'HTTP/1.0') return
    const { settings } = this.#owner
    const head = statusLine(headers.get(':status') ?? '', false)
    const lines = fieldLines(headers, settings.properCaseHeaders)
    this.headerBytesSent += lines.length
    this.send(`${head}${lines}\r\n`)
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): void {
    const owner = this.#owner
    const { settings } = owner
    const http10 = owner.protocol === 'HTTP/1.0'
    const status = headers.get(':status') ?? ''
    const code = Number(status)
    const tunnel = code === 101 || (this.isConnect && code < 300)
    this.responseStarted = true
    if (!owner.requestComplete && !tunnel) owner.closeAfterResponse = true

    const reason = headers.keyFormatter?.reasonPhrase ?? ''
    const firstLine = reason === '' ? statusLine(status, http10) : `HTTP/1.${http10 ? 0 : 1} ${status} ${reason}\r\n`
    // They have no body, and say nothing of one.
    if (code === 204 && headers.has('content-length')) headers.remove('content-length')
    let head = firstLine + fieldLines(headers, settings.properCaseHeaders)
    const contentLength = tunnel ? undefined : headers.get('content-length')
    let framing: WrittenFraming = 'plain'
    let extra = ''
    if (code === 204 || code === 304 || (code < 200 && code !== 101)) framing = 'none'
    else if (tunnel || contentLength !== undefined) framing = 'plain'
    else if (endStream && !this.isHead) extra = ownFieldLine('content-length', '0', headers, settings.properCaseHeaders)
    else if (http10) owner.closeAfterResponse ||= !this.isHead
    else {
      extra = ownFieldLine('transfer-encoding', 'chunked', headers, settings.properCaseHeaders)
      framing = 'chunked'
    }
    this.startBody(this.isHead ? 'none' : framing, contentLength)

    const connectionField = headers.get('connection')
    if (connectionField === undefined) {
      if (owner.closeAfterResponse) head += ownFieldLine('connection', 'close', headers, settings.properCaseHeaders)
    } else if (hasToken(connectionField, 'close')) owner.closeAfterResponse = true
    this.headerBytesSent += head.length + extra.length - firstLine.length
    this.send(`${head}${extra}\r\n`)
    if (endStream) owner.onResponseComplete(this)
  }

  encodeData(data: Uint8Array | string, endStream: boolean): void {
    if (!this.writeBody(data, endStream)) this.#owner.closeAfterResponse = true
    if (endStream) this.#owner.onResponseComplete(this)
  }

  encodeTrailers(trailers: HeaderMap): void {
    if (!this.writeTrailers(this.#owner.settings.enableTrailers ? trailers : undefined))
      this.#owner.closeAfterResponse = true
    this.#owner.onResponseComplete(this)
  }
}

function removeField(fields: string[], name: string): void {
  for (let i = fields.length - 2; i >= 0; i -= 2) if (fields[i] === name) fields.splice(i, 2)
}

function setField(fields: string[], name: string, value: string): void {
  for (let i = 0; i < fields.length; i += 2) if (fields[i] === name) fields[i + 1] = value
}
