/**
 * Node's own stream handles (libuv sockets) without the `net.Socket` and stream machinery above them, which saves
 * 2 µs a request and 3 KB a connection. This file alone touches them: `process.binding` is Node's documented, if
 * deprecated, door to them.
 */
import { constants } from 'node:os'
import type { SecureContext } from 'node:tls'
import { getSystemErrorMap } from 'node:util'
import type { ReadBuffer } from '../base/read-buffer.ts'
import type { TlsConnectionInfo } from './tls-info.ts'

export interface StreamHandle {
  /** The connection that the handle's callbacks work for; ours, not Node's. */
  owner: HandleOwner | undefined
  onread: (this: StreamHandle) => Uint8Array | undefined
  readStart(): number
  readStop(): number
  /** Once: each call takes 50 bytes that are not given back before the handle is closed. */
  useUserBuffer(buffer: Uint8Array): void
  writeLatin1String(req: WriteRequest, data: string): number
  writeBuffer(req: WriteRequest, data: Uint8Array): number
  /** All buffers: a list of them. Otherwise pairs of chunk and `'latin1'` or `'buffer'`. */
  writev(req: WriteRequest, chunks: readonly (Uint8Array | string)[], allBuffers: boolean): number
  shutdown(req: ShutdownRequest): number
  close(callback?: () => void): void
  ref(): void
  unref(): void
  readonly writeQueueSize: number
  getsockname?(out: SocketName): number
  getpeername?(out: SocketName): number
  setNoDelay?(enabled: boolean): number
  setKeepAlive?(enabled: boolean, idleSeconds: number, intervalSeconds?: number, probes?: number): number
  /** Closes with RST. */
  reset?(callback?: () => void): number | void
  /** A write may begin when the one before is done, and a shutdown too. It copies what it is given. */
  readonly oneWriteAtATime?: boolean
  /** Of TLS: set when the handshake is done. */
  readonly tls?: TlsConnectionInfo
  readonly nextProtocol?: string
}

/** Node's `TLSWrap`. Also what its `openssl` callbacks want: all must be set before `readStart`. */
export interface TlsHandle extends StreamHandle {
  onhandshakestart: () => void
  onhandshakedone: () => void
  onerror: (error: Error) => void
  onnewsession: (id: Buffer, session: Buffer) => void
  /** Begins a client's handshake. */
  start(): void
  /** Takes bytes as if they had been read from the socket. */
  receive(bytes: Uint8Array): void
  setVerifyMode(requestCertificate: boolean, requireCertificate: boolean): void
  setServername(name: string): void
  setALPNProtocols(encoded: Uint8Array): void
  setSession(session: Buffer): void
  enableSessionCallbacks(): void
  isSessionReused(): boolean
  getProtocol(): string
  getCipher(): { readonly name: string }
  getALPNNegotiatedProtocol(): string | false | undefined
  /** Serialised; undefined before there is one. */
  getSession(): Uint8Array | undefined
  hasPeerCertificate(): boolean
  /** @param detailed with the chain */
  getPeerCertificate(detailed: boolean): PeerCertificate | undefined
  verifyError(): Error | null
  /** Frees what OpenSSL holds; when the socket is closed. */
  destroySSL(): void
}

/** Node's description of a peer's certificate; the chain by `issuerCertificate`, a root refers to itself. */
export interface PeerCertificate {
  readonly raw: Buffer
  readonly issuerCertificate?: PeerCertificate
}

/** What a handle calls. Must not throw. */
export interface HandleOwner {
  /**
   * Bytes read into the buffer given last, or a negative libuv error (`eof` at the end). What it returns is read into
   * from now on.
   */
  onRead(count: number): Uint8Array | undefined
  onWriteDone(req: WriteRequest, status: number): void
  onShutdownDone(): void
  onConnectDone(status: number): void
  /** TLS failed, in the handshake or later. @param reason '' when the peer just left */
  onTransportFailed(reason: string): void
}

export interface SocketName {
  address?: string
  port?: number
  family?: string
}

export interface WriteRequest {
  oncomplete: (this: WriteRequest, status: number) => void
  owner: HandleOwner | undefined
  /** What the kernel still reads from. */
  pins: readonly ReadBuffer[] | undefined
}
export interface ShutdownRequest {
  oncomplete: (this: ShutdownRequest) => void
  owner: HandleOwner | undefined
}
interface ConnectRequest {
  oncomplete: (this: ConnectRequest, status: number) => void
  owner: HandleOwner | undefined
}

export interface TcpHandle extends StreamHandle {
  bind(ip: string, port: number): number
  bind6(ip: string, port: number, flags: number): number
  connect(req: ConnectRequest, ip: string, port: number): number
  connect6(req: ConnectRequest, ip: string, port: number): number
}
export interface PipeHandle extends StreamHandle {
  connect(req: ConnectRequest, path: string): number
}

interface StreamBinding {
  readonly WriteWrap: new () => WriteRequest
  readonly ShutdownWrap: new () => ShutdownRequest
  readonly streamBaseState: Int32Array
  readonly kReadBytesOrError: number
  readonly kBytesWritten: number
  readonly kLastWriteWasAsync: number
}
interface TlsBinding {
  wrap(handle: StreamHandle, context: unknown, isServer: boolean, hasActiveWrite: boolean): TlsHandle
}
interface SocketBinding<Handle> {
  readonly constants: { readonly SOCKET: number }
  readonly TCP: new (type: number) => Handle
  readonly Pipe: new (type: number) => Handle
  readonly TCPConnectWrap: new () => ConnectRequest
  readonly PipeConnectWrap: new () => ConnectRequest
}

const { binding } = process as unknown as { readonly binding: (name: string) => unknown }
const stream = binding('stream_wrap') as StreamBinding
const tcp = binding('tcp_wrap') as SocketBinding<TcpHandle>
const pipe = binding('pipe_wrap') as SocketBinding<PipeHandle>
const tls = binding('tls_wrap') as TlsBinding
const state = stream.streamBaseState
const { kReadBytesOrError, kLastWriteWasAsync, WriteWrap, ShutdownWrap } = stream

/** libuv's end of file, as `onRead` gets it. */
export const eof = -4095
export const connectionReset = -constants.errno.ECONNRESET

export function makeTcpHandle(): TcpHandle {
  return new tcp.TCP(tcp.constants.SOCKET)
}

export function makePipeHandle(): PipeHandle {
  return new pipe.Pipe(pipe.constants.SOCKET)
}

/** TLS over a socket's handle, which it takes over. */
export function makeTlsHandle(socket: StreamHandle, context: SecureContext, isServer: boolean): TlsHandle {
  const handle = tls.wrap(socket, context.context, isServer, false) as TlsHandle & { _parent: StreamHandle }
  // Node's own methods of the handle look for it there.
  handle._parent = socket
  return handle
}

export function makeTcpConnectRequest(owner: HandleOwner): ConnectRequest {
  return prepare(new tcp.TCPConnectWrap(), owner)
}

export function makePipeConnectRequest(owner: HandleOwner): ConnectRequest {
  return prepare(new pipe.PipeConnectWrap(), owner)
}

function prepare(req: ConnectRequest, owner: HandleOwner): ConnectRequest {
  req.owner = owner
  req.oncomplete = onConnectDone
  return req
}

/** Gives the handle's events to `owner` and lets it read into `buffer`. Does not start reading. */
export function attach(handle: StreamHandle, owner: HandleOwner, buffer: Uint8Array): void {
  handle.owner = owner
  handle.onread = onRead
  handle.useUserBuffer(buffer)
}

let spare: WriteRequest | undefined

/** A request for the next write. One that was finished at once (`wasAsync()` is false) is used again. */
export function writeRequest(): WriteRequest {
  if (spare === undefined) {
    spare = new WriteWrap()
    spare.oncomplete = onWriteDone
    spare.owner = undefined
    spare.pins = undefined
  }
  return spare
}

/** Whether the kernel did not take all of the last write; the request then is `owner`'s until `onWriteDone`. */
export function wasAsync(req: WriteRequest, owner: HandleOwner): boolean {
  if (state[kLastWriteWasAsync] !== 1) return false
  req.owner = owner
  spare = undefined
  return true
}

/** The request was finished, with an error, before the write returned: it is not used again. */
export function dropWriteRequest(): void {
  spare = undefined
}

export function shutdown(handle: StreamHandle, owner: HandleOwner): number {
  const req = new ShutdownWrap()
  req.owner = owner
  req.oncomplete = onShutdownDone
  return handle.shutdown(req)
}

function onRead(this: StreamHandle): Uint8Array | undefined {
  return this.owner?.onRead(state[kReadBytesOrError] as number)
}

function onWriteDone(this: WriteRequest, status: number): void {
  this.owner?.onWriteDone(this, status)
}

function onShutdownDone(this: ShutdownRequest): void {
  this.owner?.onShutdownDone()
}

function onConnectDone(this: ConnectRequest, status: number): void {
  this.owner?.onConnectDone(status)
}

/** Where libuv's words are not the C library's, which Envoy prints. */
const cLibraryWords: Readonly<Record<string, string>> = {
  EHOSTUNREACH: 'No route to host',
  EADDRNOTAVAIL: 'Cannot assign requested address',
  EPIPE: 'Broken pipe',
}

/** The C library's text of a negative libuv error: `Connection refused`. */
export function errorText(error: number): string {
  const [code, text] = getSystemErrorMap().get(error) ?? ['', 'unknown error']
  return cLibraryWords[code] ?? text.charAt(0).toUpperCase() + text.slice(1)
}
