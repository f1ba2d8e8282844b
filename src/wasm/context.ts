/**
 * What guest code acts on: a context. Roots stand for a plugin's configuration, streams for one HTTP stream each. The
 * base answers every host function as a context does that has nothing: kinds override what they have.
 * Follows proxy-wasm-cpp-host's `ContextBase`.
 */
import type { AttributeSource } from '../attributes/attribute-source.ts'
import type { FilterTime } from '../core/filter-time.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { LocalReply } from '../core/http-filter.ts'
import { BufferType, MapType, Status } from './abi.ts'
import type { RootContext } from './root-context.ts'
import type { WasmVm } from './vm.ts'

/** Stands for a buffer that is not there now. */
export const noBuffer = -1
/** Stands for a buffer that no context has. */
export const unknownBuffer = -2

const empty = new Uint8Array(0)

export class WasmContext {
  readonly vm: WasmVm
  readonly id: number
  /** Undefined for the context of a module that is being started. */
  readonly root: RootContext | undefined
  /** Of a network filter: what it writes to filter state lives as long as the connection. */
  readonly isConnection: boolean = false
  /** In `on_log`: a map or header that is not there is NOT_FOUND rather than BAD_ARGUMENT. */
  inLog = false
  /** The guest trapped while it acted for this context: it is not told anything any more. */
  trapped = false
  /** What the guest has added to headers and bodies of the stream (limits.ts). */
  addedHeaderBytes = 0
  addedBodyBytes = 0
  left = false
  /** Where somebody wants to know. */
  time: FilterTime | undefined = undefined

  constructor(vm: WasmVm, id: number, root: RootContext | undefined) {
    this.vm = vm
    this.id = id
    this.root = root
    root?.enter()
  }

  /** The stream has ended. */
  leave(): void {
    this.vm.contexts.delete(this.id)
    if (!this.left) this.root?.leaveStream()
    this.left = true
  }

  /** `root`, or this one if it is a root. */
  get rootContext(): RootContext | undefined {
    return this.root
  }

  get logPrefix(): string {
    return 'wasm log'
  }

  /** The header map of a type (abi.ts), undefined while the context may not read it. */
  readableMap(type: number): HeaderMap | undefined {
    return type >= MapType.grpcInitialMetadata ? this.root?.readableMap(type) : undefined
  }

  /** The same for writing. May make trailers. */
  writableMap(_type: number): HeaderMap | undefined {
    return undefined
  }

  /** Told after a change through `writableMap`. */
  onMapChanged(_type: number): void {}

  /** Bytes in a buffer, `noBuffer` or `unknownBuffer`. */
  bufferLength(type: number): number {
    if (type <= BufferType.upstreamData) return 0
    if (type === BufferType.grpcMessage) return this.root?.bufferLength(type) ?? 0
    if (type === BufferType.httpCallResponseBody && this.root !== undefined) return this.root.bufferLength(type)
    if (type === BufferType.vmConfiguration) return this.vm.settings.configuration.length
    return type <= BufferType.foreignArguments ? noBuffer : unknownBuffer
  }

  /** `start + length` is within `bufferLength`. */
  bufferSlice(type: number, start: number, length: number): Uint8Array {
    if (type === BufferType.vmConfiguration) return this.vm.settings.configuration.subarray(start, start + length)
    if (type === BufferType.grpcMessage || type === BufferType.httpCallResponseBody)
      return this.root?.bufferSlice(type, start, length) ?? empty
    return empty
  }

  /** Copies `bufferSlice` to a place in `target`. */
  copyBuffer(type: number, start: number, length: number, target: Uint8Array, at: number): void {
    target.set(this.bufferSlice(type, start, length), at)
  }

  /** Replaces the first `length` bytes (`start` 0) or appends (`start` at or past the end). */
  setBuffer(_type: number, _start: number, _length: number, _data: Uint8Array): number {
    return Status.badArgument
  }

  sendLocalReply(_reply: LocalReply): void {}

  /** @param type of `StreamType` */
  continueStream(_type: number): void {}

  closeStream(_type: number): void {}

  clearRouteCache(): void {}

  /** Runs what host functions put off until the guest has returned. */
  runDeferred(): void {}

  properties(): AttributeSource | undefined {
    return undefined
  }
}
