/**
 * TLS between a connection and its socket handle: a stream handle over another one, so that connections run on the
 * same code with TLS and without. Follows Envoy's `source/common/tls/ssl_socket.cc`.
 *
 * Node's TLSWrap (the handle under `tls.TLSSocket`) does the protocol. It needs care, taken here and, by
 * `oneWriteAtATime`, in connection.ts: a second write before the first is done aborts the process; a shutdown before
 * the last write is done loses it; it goes on to deliver what it has decrypted when told to stop reading; and its
 * callbacks run inside of OpenSSL, so the end of the handshake is told from the next turn of the event loop.
 *
 * A server reads the ClientHello itself, chooses certificate and protocol, and then hands the bytes over.
 */
import type { X509Certificate } from 'node:crypto'
import { logger } from '../base/log.ts'
import { sharedReadBuffer } from '../base/read-buffer.ts'
import type {
  ExpectedNames,
  PeerFault,
  TlsClientSettings,
  TlsServerSettings,
  TlsSession,
} from '../core/transport-socket.ts'
import { parseClientHello } from './client-hello.ts'
import {
  attach,
  dropWriteRequest,
  eof,
  type HandleOwner,
  makeTlsHandle,
  type SocketName,
  type ShutdownRequest,
  shutdown,
  type StreamHandle,
  type TlsHandle,
  type WriteRequest,
} from './stream-handle.ts'
import {
  failureName,
  handshakeFailure,
  noCertificate,
  type OpenSslError,
  serverNameFailure,
  verifyFailure,
} from './tls-failure.ts'
import { TlsConnectionInfo } from './tls-info.ts'

const log = logger('connection')

export abstract class TlsStream implements StreamHandle, HandleOwner {
  owner: HandleOwner | undefined = undefined
  onread: StreamHandle['onread'] = () => undefined
  readonly oneWriteAtATime = true
  readonly tls = new TlsConnectionInfo()
  protected readonly raw: StreamHandle
  protected wrap: TlsHandle | undefined = undefined
  protected closed = false
  #handshaken = false
  #destroyed = false
  #reading = false
  #earlyStatus = 0
  /** What came while nobody read: chunks, and the end as a negative number. */
  #held: (Buffer | number)[] | undefined = undefined

  constructor(raw: StreamHandle) {
    this.raw = raw
    // Keeps this object, and with it the TLS handle, alive as long as the socket.
    raw.owner = this
  }

  protected abstract readonly settings: TlsServerSettings | TlsClientSettings
  /** The handshake is over and the peer is who it should be. */
  protected abstract onVerified(wrap: TlsHandle): void
  /** An earlier session goes on; told before the peer is judged. */
  protected abstract onResumed(): void
  protected abstract readonly expectedNames: ExpectedNames

  get nextProtocol(): string {
    return this.tls.alpn ?? ''
  }

  // ── the stream handle ──

  useUserBuffer(buffer: Uint8Array): void {
    if (buffer !== sharedReadBuffer.bytes) throw new Error('TLS reads into the shared buffer')
  }

  readStart(): number {
    this.#reading = true
    if (!this.#handshaken) return 0
    if (this.#held !== undefined) {
      setImmediate(() => this.#deliverHeld())
      return 0
    }
    return (this.wrap as TlsHandle).readStart()
  }

  readStop(): number {
    this.#reading = false
    return this.#handshaken ? (this.wrap as TlsHandle).readStop() : 0
  }

  writeLatin1String(req: WriteRequest, data: string): number {
    req.owner = this
    return this.#statusOf((this.wrap as TlsHandle).writeLatin1String(req, data))
  }

  writeBuffer(req: WriteRequest, data: Uint8Array): number {
    req.owner = this
    return this.#statusOf((this.wrap as TlsHandle).writeBuffer(req, data))
  }

  writev(req: WriteRequest, chunks: readonly (Uint8Array | string)[], allBuffers: boolean): number {
    req.owner = this
    return this.#statusOf((this.wrap as TlsHandle).writev(req, chunks, allBuffers))
  }

  #statusOf(returned: number): number {
    const early = this.#earlyStatus
    if (early === 0) return returned
    this.#earlyStatus = 0
    dropWriteRequest()
    return early
  }

  shutdown(req: ShutdownRequest): number {
    return (this.wrap as TlsHandle).shutdown(req)
  }

  /** Says goodbye first (close_notify), as Envoy does, so that clients can tell it from a cut connection. */
  close(): void {
    this.#close(false)
  }

  reset(): void {
    this.#close(true)
  }

  ref(): void {
    this.raw.ref()
  }

  unref(): void {
    this.raw.unref()
  }

  get writeQueueSize(): number {
    return this.#destroyed ? 0 : (this.wrap?.writeQueueSize ?? 0)
  }

  getsockname(out: SocketName): number {
    return this.raw.getsockname?.(out) ?? -1
  }

  getpeername(out: SocketName): number {
    return this.raw.getpeername?.(out) ?? -1
  }

  setNoDelay(enabled: boolean): number {
    return this.raw.setNoDelay?.(enabled) ?? 0
  }

  setKeepAlive(enabled: boolean, idleSeconds: number, intervalSeconds?: number, probes?: number): number {
    return this.raw.setKeepAlive?.(enabled, idleSeconds, intervalSeconds, probes) ?? 0
  }

  // ── events of the TLS handle ──

  onRead(count: number): undefined {
    if (count === 0 || this.closed) return
    if (!this.#handshaken && count < 0 && this.#held === undefined) this.onHandshakeCut(count)
    else if (this.#handshaken && this.#reading && this.#held === undefined) this.owner?.onRead(count)
    else this.#hold(count)
  }

  /** A broken socket is told while the write is being called; otherwise the request already names its real owner. */
  onWriteDone(_req: WriteRequest, status: number): void {
    this.#earlyStatus = status
  }

  onShutdownDone(): void {
    // The goodbye of `close` is not waited for.
  }

  onConnectDone(status: number): void {
    this.owner?.onConnectDone(status)
  }

  onTransportFailed(reason: string): void {
    this.owner?.onTransportFailed(reason)
  }

  /** The socket ended before the handshake did. */
  protected onHandshakeCut(count: number): void {
    this.fail(count === eof ? '' : `TLS_error:|${count}:system library:OPENSSL_internal:socket error:TLS_error_end`)
  }

  // ── the handshake ──

  protected wrapWith(handle: TlsHandle): void {
    this.wrap = handle
    this.tls.handshakeBeginMs ??= performance.now()
    handle.onhandshakestart = nothing
    handle.onhandshakedone = () => setImmediate(() => this.guard(() => this.#finishHandshake()))
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- no event target
    handle.onerror = error => this.#onError(error)
    attach(handle, this, sharedReadBuffer.bytes)
    handle.readStart()
  }

  /** A bug, or an error of OpenSSL that nobody foresaw, costs this connection only. */
  protected guard(work: () => void): void {
    try {
      work()
    } catch (error) {
      log.critical(`connection closed by an error of TLS: ${error instanceof Error ? error.stack : String(error)}`)
      this.fail('')
    }
  }

  protected fail(reason: string): void {
    if (!this.closed) this.owner?.onTransportFailed(reason)
  }

  #onError(error: OpenSslError): void {
    if (this.closed) return
    this.tls.version = this.wrap?.getProtocol() ?? ''
    this.settings.stats.onFailure(failureName(error) === noCertificate ? 'no-cert' : 'connection')
    this.fail(handshakeFailure(error))
  }

  #finishHandshake(): void {
    const { wrap, tls } = this
    if (this.closed || wrap === undefined || this.#handshaken) return
    tls.version = wrap.getProtocol()
    tls.cipher = wrap.getCipher().name
    tls.alpn = wrap.getALPNNegotiatedProtocol() || undefined
    tls.handshakeEndMs = performance.now()
    tls.setSession(() => (this.#destroyed ? undefined : wrap.getSession()))
    tls.setPeer(() => (this.#destroyed ? undefined : wrap.getPeerCertificate(true)))
    tls.peerPresented = wrap.hasPeerCertificate()
    if (wrap.isSessionReused()) this.onResumed()
    const fault = this.#verify(wrap)
    if (fault !== undefined) {
      this.settings.stats.onFailure(fault.kind)
      this.fail(verifyFailure(fault.reason))
      return
    }
    const { stats, verifier } = this.settings
    tls.peerValidated = tls.peerPresented && verifier.validates
    stats.onHandshake({
      version: tls.version,
      cipher: tls.cipher,
      group: tls.group,
      reused: wrap.isSessionReused(),
      peerPresented: tls.peerPresented,
    })
    this.#handshaken = true
    // Whoever uses the connection says when to read.
    if (!this.#reading) wrap.readStop()
    this.onVerified(wrap)
    this.owner?.onConnectDone(0)
    if (!this.#reading || this.#held === undefined) return
    this.#deliverHeld()
  }

  #verify(wrap: TlsHandle): PeerFault | { readonly kind: 'no-cert'; readonly reason: string } | undefined {
    const { verifier } = this.settings
    if (!this.tls.peerPresented)
      return verifier.requireCertificate ? { kind: 'no-cert', reason: 'no certificate' } : undefined
    const chain = (): readonly X509Certificate[] => {
      const { peerChain } = this.tls
      if (peerChain.length === 0) throw new Error('the certificate of the peer cannot be read')
      return peerChain.map(each => each.x509)
    }
    return verifier.verify(wrap.verifyError() ?? undefined, chain, this.expectedNames)
  }

  // ── reading ──

  #hold(count: number): void {
    this.#held ??= []
    this.#held.push(count < 0 ? count : Buffer.from(sharedReadBuffer.bytes.subarray(0, count)))
  }

  #deliverHeld(): void {
    while (this.#reading && !this.closed && this.#held !== undefined) {
      const next = this.#held.shift()
      if (next === undefined) {
        this.#held = undefined
        this.wrap?.readStart()
      } else if (typeof next === 'number') this.owner?.onRead(next)
      else {
        sharedReadBuffer.bytes.set(next)
        this.owner?.onRead(next.length)
      }
    }
  }

  // ── closing ──

  #close(reset: boolean): void {
    if (this.closed) return
    this.closed = true
    this.#held = undefined
    if (!reset && this.#handshaken && this.writeQueueSize === 0) shutdown(this.wrap as TlsHandle, this)
    const destroy = (): void => {
      this.#destroyed = true
      this.wrap?.destroySSL()
    }
    if (reset && this.raw.reset !== undefined) this.raw.reset(destroy)
    else this.raw.close(destroy)
  }
}

/** The server's side. */
export class TlsServerStream extends TlsStream {
  protected override readonly settings: TlsServerSettings
  /** Parts of a ClientHello that is not complete. */
  #hello: Buffer | undefined = undefined

  constructor(raw: StreamHandle, settings: TlsServerSettings) {
    super(raw)
    this.settings = settings
  }

  /** To be called when the owner is set. @param first what has already been read of the socket */
  start(first?: Uint8Array): void {
    attach(this.raw, this, sharedReadBuffer.bytes)
    this.raw.readStart()
    if (first !== undefined) this.guard(() => this.#onHello(first))
  }

  override onRead(count: number): undefined {
    if (this.wrap !== undefined || count < 0) super.onRead(count)
    else if (!this.closed) this.guard(() => this.#onHello(sharedReadBuffer.bytes.subarray(0, count)))
  }

  #onHello(chunk: Uint8Array): void {
    const bytes = this.#hello === undefined ? chunk : Buffer.concat([this.#hello, chunk])
    const hello = parseClientHello(bytes)
    if (hello === 'incomplete') {
      this.#hello = Buffer.from(bytes)
      return
    }
    this.#hello = undefined
    const context = this.settings.chooseContext(hello)
    const handle = makeTlsHandle(this.raw, context.secureContext, true)
    const { requestCertificate, requireCertificate } = this.settings.verifier
    if (requestCertificate) handle.setVerifyMode(true, requireCertificate)
    const protocol = this.settings.alpnProtocols.find(each => hello?.alpn.includes(each))
    if (protocol !== undefined) handle.setALPNProtocols(encodeAlpn([protocol]))
    this.tls.sni = hello?.serverName
    this.tls.setLocal(context.certificate)
    this.wrapWith(handle)
    handle.receive(bytes)
  }

  protected override get expectedNames(): ExpectedNames {
    return noNames
  }

  /** OpenSSL keeps the client's certificate in the session. */
  protected override onResumed(): void {
    // Nothing is missing.
  }

  protected override onVerified(): void {
    this.tls.hasSessionId = this.tls.version !== 'TLSv1.3'
  }
}

/** What a client asks for. */
export interface TlsClientHello {
  /** '' sends none. */
  readonly serverName: string
  readonly alpnProtocols: readonly string[]
  /** Name or address that the server's certificate must be for; undefined: as the settings say. */
  readonly expectedSan: string | undefined
}

/** The client's side. */
export class TlsClientStream extends TlsStream {
  protected override readonly settings: TlsClientSettings
  readonly #hello: TlsClientHello
  #verified = false
  #resumed: TlsSession | undefined = undefined
  /** A session that the server gave us, not remembered yet. */
  #session: Buffer | undefined = undefined

  constructor(raw: StreamHandle, settings: TlsClientSettings, hello: TlsClientHello) {
    super(raw)
    this.settings = settings
    this.#hello = hello
  }

  /** The socket is connected, or not. */
  override onConnectDone(status: number): void {
    if (status < 0) {
      super.onConnectDone(status)
      return
    }
    if (!this.closed) this.guard(() => this.#start())
  }

  #start(): void {
    const { settings } = this
    const { serverName, alpnProtocols } = this.#hello
    if (serverName.length > maxServerName) {
      // OpenSSL would refuse it and leave an error behind that the next connection takes for its own.
      settings.stats.onFailure('connection')
      this.fail(serverNameFailure)
      return
    }
    const handle = makeTlsHandle(this.raw, settings.secureContext, false)
    if (serverName !== '') {
      this.tls.sni = serverName
      handle.setServername(serverName)
    }
    this.tls.setLocal(settings.certificate)
    if (alpnProtocols.length > 0) handle.setALPNProtocols(encodeAlpn(alpnProtocols))
    this.#resumed = settings.sessions.take(serverName)
    if (this.#resumed !== undefined) handle.setSession(this.#resumed.bytes)
    handle.enableSessionCallbacks()
    handle.onnewsession = (_id, fresh) => {
      this.#session = fresh
      if (this.#verified) this.guard(() => this.#remember())
    }
    this.wrapWith(handle)
    handle.start()
  }

  protected override get expectedNames(): ExpectedNames {
    const { serverName, expectedSan } = this.#hello
    const validated = this.settings.validateServerName && serverName !== ''
    return { san: expectedSan, serverName: validated ? serverName : undefined }
  }

  protected override onVerified(): void {
    this.#verified = true
    this.#remember()
  }

  protected override onResumed(): void {
    this.tls.setPeerChain(this.#resumed?.peerChain ?? [])
  }

  #remember(): void {
    const bytes = this.#session
    if (bytes === undefined) return
    this.#session = undefined
    const peerChain = this.tls.peerChain.map(each => each.x509)
    this.settings.sessions.put({ bytes, peerChain }, this.#hello.serverName, this.tls.version === 'TLSv1.3')
  }
}

/** RFC 1035. */
const maxServerName = 255
const noNames: ExpectedNames = { san: undefined, serverName: undefined }
const nothing = (): void => undefined

/** Each protocol with its length before it. */
function encodeAlpn(protocols: readonly string[]): Buffer {
  return Buffer.concat(protocols.map(each => Buffer.from(String.fromCharCode(each.length) + each, 'latin1')))
}
