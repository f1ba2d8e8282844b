/**
 * One connection of one wasm network filter. Follows `source/extensions/common/wasm/context.cc`.
 *
 * Bytes that the guest stops stay here, in either direction, and are part of what its next callback of that direction
 * sees; downstream bytes go on with continue_stream too. The connection's buffer limit bounds them: reading stops, or,
 * where there is no reader to stop (upstream bytes), the connection is closed.
 */
import type { AttributeSource } from '../attributes/attribute-source.ts'
import type {
  ConnectionCallbacks,
  ConnectionEvent,
  NetworkFilter,
  NetworkFilterCallbacks,
  NetworkFilterStatus,
} from '../core/connection.ts'
import { filterTimeOf } from '../core/filter-time.ts'
import { BufferType, type GuestFunction, PeerType, StreamType } from './abi.ts'
import { WasmContext } from './context.ts'
import { HeldData } from './held-data.ts'
import type { RootContext } from './root-context.ts'
import type { WasmVm } from './vm.ts'

export class NetworkContext extends WasmContext implements NetworkFilter, ConnectionCallbacks, AttributeSource {
  override readonly root: RootContext
  override readonly isConnection = true
  readonly #callbacks: NetworkFilterCallbacks
  #created = false
  #over = false
  /** A callback runs whose answer counts. */
  #running = false
  #newConnectionStopped = false
  readonly #downstream = new HeldData()
  #downstreamStopped = false
  #downstreamEnd = false
  #readDisabled = false
  readonly #upstream = new HeldData()
  // What the guest asked for in the callback:
  #continue = false
  #close = ''

  constructor(callbacks: NetworkFilterCallbacks, root: RootContext) {
    super(root.vm, root.vm.newContextId(), root)
    this.#callbacks = callbacks
    this.root = root
    this.time = filterTimeOf(callbacks.streamInfo, root.plugin.name)
    callbacks.connection.addCallbacks(this)
  }

  // ── the chain and the connection call ──

  onNewConnection(): NetworkFilterStatus {
    const { vm } = this
    if (vm.failed && this.#unusable()) return this.#fails() ? 'stop' : 'continue'
    this.#created = true
    vm.contexts.set(this.id, this)
    vm.callGuest(this, vm.guest.onContextCreate, this.id, this.root.id)
    const passes = this.#call(vm.guest.onNewConnection, 0, false)
    this.#newConnectionStopped = !passes && !this.#over
    return passes ? 'continue' : 'stop'
  }

  onData(data: Uint8Array, endStream: boolean): NetworkFilterStatus {
    const held = this.#downstream
    held.begin(data)
    const passes = this.#call(this.vm.guest.onDownstreamData, held.length, endStream)
    if (this.#over) return 'consumed'
    this.#downstreamEnd ||= endStream
    if (!passes) {
      held.keep()
      this.#downstreamStopped = true
      this.#limitDownstream()
      return 'consumed'
    }
    this.#downstreamStopped = false
    if (!held.changed) {
      held.release()
      return 'continue'
    }
    this.#passDownstream()
    return 'consumed'
  }

  onWrite(data: Uint8Array | string, endStream: boolean): NetworkFilterStatus {
    if (!this.#created || this.#over) return 'continue'
    const held = this.#upstream
    held.begin(typeof data === 'string' ? Buffer.from(data, 'latin1') : data)
    const passes = this.#call(this.vm.guest.onUpstreamData, held.length, endStream)
    if (endStream && !this.#dead()) {
      held.present = false
      this.#tell(this.vm.guest.onUpstreamConnectionClose, PeerType.unknown)
    }
    if (this.#over) return 'consumed'
    if (!passes) {
      held.keep()
      this.#limitUpstream()
      return 'consumed'
    }
    if (!held.changed) {
      held.release()
      return 'continue'
    }
    this.#callbacks.injectWriteData(held.take(), endStream)
    return 'consumed'
  }

  onEvent(event: ConnectionEvent): void {
    if (event === 'connected') return
    if (this.#over || !this.#created) return this.leave()
    this.#over = true
    const { vm } = this
    const { guest } = vm
    this.#tell(guest.onDownstreamConnectionClose, event === 'local-close' ? PeerType.local : PeerType.remote)
    if (!this.#dead()) vm.callGuest(this, guest.onDone, this.id)
    if (!this.#dead()) vm.callGuest(this, guest.onLog, this.id)
    if (!this.#dead()) vm.callGuest(this, guest.onDelete, this.id)
    if (!this.trapped) vm.streamsCompleted++
    this.leave()
  }

  // ── the guest calls ──

  override get logPrefix(): string {
    return this.root.streamLogPrefix
  }

  override bufferLength(type: number): number {
    return this.#data(type)?.length ?? super.bufferLength(type)
  }

  override bufferSlice(type: number, start: number, length: number): Uint8Array {
    return this.#data(type)?.slice(start, length) ?? super.bufferSlice(type, start, length)
  }

  override copyBuffer(type: number, start: number, length: number, target: Uint8Array, at: number): void {
    const held = this.#data(type)
    if (held === undefined) super.copyBuffer(type, start, length, target, at)
    else held.copy(start, length, target, at)
  }

  /** Only where there is something: in the callback of the direction, and while its bytes are held. */
  override setBuffer(type: number, start: number, length: number, data: Uint8Array): number {
    const held = this.#data(type)
    return held?.present === true ? held.set(start, length, data) : super.setBuffer(type, start, length, data)
  }

  override continueStream(type: number): void {
    if (type !== StreamType.downstream || this.#over) return
    this.#continue = true
    this.vm.defer(this)
  }

  override closeStream(type: number): void {
    if (this.#over) return
    if (type === StreamType.downstream) this.#close = 'wasm_downstream_close'
    else if (type === StreamType.upstream) this.#close = 'wasm_upstream_close'
    else return
    this.vm.defer(this)
  }

  override runDeferred(): void {
    if (this.#over) return
    if (this.#close !== '') return this.#callbacks.connection.close('flush-write', this.#close)
    // While a callback runs, what comes of it is for `#call` to say.
    if (this.#running) return
    if ((this.#newConnectionStopped || this.#downstreamStopped) && this.#dead()) {
      if (!this.#fails()) this.#resume()
    } else if (this.#continue) {
      this.#continue = false
      this.#resume()
    }
  }

  override properties(): AttributeSource {
    return this
  }

  // ── properties ──

  get streamInfo() {
    return this.#callbacks.streamInfo
  }

  readonly requestHeaders = undefined
  readonly responseHeaders = undefined
  readonly responseTrailers = undefined

  // ── parts ──

  /** True: the bytes go on. */
  #call(callback: GuestFunction | undefined, size: number, endStream: boolean): boolean {
    const { vm } = this
    if (this.#over) return false
    if (vm.failed && this.#unusable()) return !this.#fails()
    this.#running = true
    const action = vm.callGuest(this, callback, this.id, size, endStream ? 1 : 0)
    this.#running = false
    if (vm.failed && this.#unusable()) return !this.#fails()
    const resumed = this.#continue
    this.#continue = false
    return (action === 0 || resumed) && !this.#over
  }

  #tell(callback: GuestFunction | undefined, peer: number): void {
    if (!this.#dead()) this.vm.callGuest(this, callback, this.id, peer)
  }

  #dead(): boolean {
    return this.vm.failed && this.#unusable()
  }

  #unusable(): boolean {
    return this.trapped || !this.root.plugin.finishesStreams
  }

  /** The VM is dead for this connection. True: so is the connection; false: it goes on without the filter. */
  #fails(): boolean {
    if (this.root.plugin.failOpen) return false
    this.#over = true
    this.vm.contexts.delete(this.id)
    this.#callbacks.connection.close('flush-write', 'wasm_fail_stream')
    return true
  }

  #resume(): void {
    const { connection } = this.#callbacks
    const work = (): void => {
      if (this.#newConnectionStopped) {
        this.#newConnectionStopped = false
        this.#callbacks.continueReading()
      }
      if (this.#downstreamStopped && !this.#over) this.#passDownstream()
    }
    if (connection.guard === undefined) work()
    else connection.guard(work)
  }

  #passDownstream(): void {
    this.#downstreamStopped = false
    this.#callbacks.injectReadData(this.#downstream.take(), this.#downstreamEnd)
    if (!this.#readDisabled) return
    this.#readDisabled = false
    this.#callbacks.connection.readDisable(false)
  }

  #limitDownstream(): void {
    const { connection } = this.#callbacks
    if (this.#readDisabled || connection.bufferLimitBytes === 0) return
    if (this.#downstream.length <= connection.bufferLimitBytes) return
    this.#readDisabled = true
    connection.readDisable(true)
  }

  #limitUpstream(): void {
    const { connection } = this.#callbacks
    if (connection.bufferLimitBytes === 0 || this.#upstream.length <= connection.bufferLimitBytes) return
    this.vm.host.stats.counter('wasm.network_upstream_data_overflow').inc()
    connection.close('no-flush', 'wasm_upstream_data_overflow')
  }

  #data(type: number): HeldData | undefined {
    if (type === BufferType.downstreamData) return this.#downstream
    return type === BufferType.upstreamData ? this.#upstream : undefined
  }
}

/** Closes connections that come while there is no VM for them. */
export class FailedNetworkFilter implements NetworkFilter {
  readonly #callbacks: NetworkFilterCallbacks

  constructor(callbacks: NetworkFilterCallbacks) {
    this.#callbacks = callbacks
  }

  onNewConnection(): NetworkFilterStatus {
    this.#callbacks.connection.close('flush-write', 'wasm_fail_stream')
    return 'stop'
  }
}

/** As those of HTTP (http-context.ts). */
const classes = new Map<string, typeof NetworkContext>()

/** NetworkContext without the methods whose callbacks the guest does not export: then writing is not filtered at all. */
export function networkContextClass({ guest }: WasmVm): typeof NetworkContext {
  const absent: (keyof NetworkFilter)[] = []
  if (guest.onDownstreamData === undefined) absent.push('onData')
  if (guest.onUpstreamData === undefined && guest.onUpstreamConnectionClose === undefined) absent.push('onWrite')
  const known = classes.get(absent.join())
  if (known !== undefined) return known
  class ExportedNetworkContext extends NetworkContext {}
  for (const method of absent) Object.defineProperty(ExportedNetworkContext.prototype, method, { value: undefined })
  classes.set(absent.join(), ExportedNetworkContext)
  return ExportedNetworkContext
}
