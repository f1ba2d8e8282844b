/**
 * Node's own stream handles (libuv sockets) without the `net.Socket` and stream machinery above them, which saves
 * 2 µs a request and 3 KB a connection. This file alone touches them: `process.binding` is Node's documented, if
 * deprecated, door to them. The TLS handle has the same methods, so a TLS connection will run on the same code.
 */
import { constants } from 'node:os'
import { getSystemErrorMap } from 'node:util'
import type { ReadBuffer } from '../base/read-buffer.ts'

export interface StreamHandle {
  /** The connection that the handle's callbacks work for; ours, not Node's. */
  owner: HandleOwner | undefined
  onread: (this: StreamHandle) => void
  readStart(): number
  readStop(): number
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
  reset?(callback?: () => void): number
}

/** What a handle calls. Must not throw. */
export interface HandleOwner {
  /** Bytes read into the buffer given last, or a negative libuv error (`eof` at the end). */
  onRead(count: number): void
  onWriteDone(req: WriteRequest, status: number): void
  onShutdownDone(): void
  onConnectDone(status: number): void
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
interface ShutdownRequest {
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
interface SocketBinding<Handle> {
  readonly constants: { readonly SOCKET: number }
  readonly TCP: new (type: number) => Handle
  readonly Pipe: new (type: number) => Handle
  readonly TCPConnectWrap: new () => ConnectRequest
  readonly PipeConnectWrap: new () => ConnectRequest
}

const binding = (process as unknown as { binding(name: string): unknown }).binding
const stream = binding('stream_wrap') as StreamBinding
const tcp = binding('tcp_wrap') as SocketBinding<TcpHandle>
const pipe = binding('pipe_wrap') as SocketBinding<PipeHandle>
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

export function shutdown(handle: StreamHandle, owner: HandleOwner): number {
  const req = new ShutdownWrap()
  req.owner = owner
  req.oncomplete = onShutdownDone
  return handle.shutdown(req)
}

function onRead(this: StreamHandle): void {
  this.owner?.onRead(state[kReadBytesOrError] as number)
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
