/** The root context of one plugin on one VM: its configuration, its timer, its HTTP calls. */
import type { AttributeEnvironment, AttributeSource } from '../attributes/attribute-source.ts'
import type { LogContext } from '../core/access-log.ts'
import type { Cancellable } from '../core/cluster.ts'
import type { HeaderMap } from '../core/header-map.ts'
import { BufferType, MapType, Status } from './abi.ts'
import { WasmContext } from './context.ts'
import type { HttpCallResponse } from './http-call.ts'
import { type LimitCounters, limitCounters } from './limits.ts'
import type { Plugin } from './plugin.ts'
import type { WasmVm } from './vm.ts'

/** What a timer takes; more would be 1 ms. */
const maxTimerMs = 2 ** 31 - 1

export class RootContext extends WasmContext {
  readonly plugin: Plugin
  /** The answer that `proxy_on_http_call_response` is being told about. */
  callResponse: HttpCallResponse | undefined
  /** HTTP and gRPC calls under way, by token. */
  readonly calls = new Map<number, Cancellable>()
  /** What a gRPC callback is being told about. */
  grpcInitialMetadata: HeaderMap | undefined
  grpcTrailingMetadata: HeaderMap | undefined
  grpcMessage: Uint8Array | undefined
  /** What `envoy_on_resolve_dns` or `envoy_on_stats_update` is being told about. */
  callData: Uint8Array | undefined
  /** The request or connection that an access logger is being told about. */
  #logged: AttributeSource | undefined
  readonly limits: LimitCounters
  readonly environment: AttributeEnvironment
  /** Streams and connections that have not ended. */
  #streams = 0
  #onIdle: (() => void) | undefined
  /** The guest's `proxy_on_done` was false: `proxy_done` ends the context. */
  awaitsDone = false
  /** Only `proxy_on_context_create` and `proxy_on_configure` may read the plugin configuration. */
  #configuring = false
  #timer: NodeJS.Timeout | undefined
  readonly #logPrefix: string
  /** Of the streams and connections of the plugin. */
  readonly streamLogPrefix: string

  constructor(vm: WasmVm, id: number, plugin: Plugin) {
    super(vm, id, undefined)
    this.plugin = plugin
    this.limits = limitCounters(vm.host.stats.scope(`wasm.${plugin.name}`))
    const { trafficDirection, listenerMetadata } = plugin
    this.environment = { ...vm.host.environment, trafficDirection, listenerMetadata }
    const parts = [plugin.rootId, vm.settings.vmId].filter(part => part !== '')
    this.#logPrefix = ['wasm log', ...parts].join(' ')
    this.streamLogPrefix = ['wasm log', ...(plugin.name === '' ? [] : [plugin.name]), ...parts].join(' ')
  }

  override get rootContext(): RootContext {
    return this
  }

  override get logPrefix(): string {
    return this.#logPrefix
  }

  /** Creates, starts and configures. False when the guest refuses; `vm.failed` when it traps. */
  start(): boolean {
    const { budget } = this.vm
    budget.starting = true
    const started = this.#start()
    budget.starting = false
    return started
  }

  #start(): boolean {
    const { vm, id, plugin } = this
    const { guest } = vm
    this.#configuring = true
    vm.callGuest(this, guest.onContextCreate, id, 0)
    this.#configuring = false
    if (vm.failed) return false
    if (guest.onVmStart && vm.callGuest(this, guest.onVmStart, id, vm.settings.configuration.length) === 0) return false
    if (vm.failed) return false
    this.#configuring = true
    const configured = guest.onConfigure
      ? vm.callGuest(this, guest.onConfigure, id, plugin.configuration.length) !== 0
      : true
    this.#configuring = false
    return configured && !vm.failed
  }

  /** As an access logger. */
  log(context: LogContext): void {
    const { vm } = this
    this.#logged = context
    this.inLog = true
    vm.callGuest(this, vm.guest.onLog, this.id)
    this.inLog = false
    this.#logged = undefined
  }

  /** As a stat sink. @param blob of stats-blob.ts, in the buffer of foreign arguments while the guest is called */
  updateStats(blob: Uint8Array): void {
    const { vm } = this
    this.callData = blob
    vm.callGuest(this, vm.guest.onStatsUpdate, this.id, blob.length)
    this.callData = undefined
  }

  /** A callback is over, and what comes of it are others: what it was told about is gone. */
  endCall(): void {
    this.callResponse = undefined
    this.grpcInitialMetadata = this.grpcTrailingMetadata = undefined
    this.grpcMessage = this.callData = undefined
    this.vm.callStatus.code = 0
    this.vm.callStatus.message = ''
  }

  override properties(): AttributeSource | undefined {
    return this.#logged
  }

  /** The plugin is going away. */
  shutDown(): void {
    const { vm } = this
    if (vm.failed || vm.guest.onDone === undefined) return this.finish()
    if (vm.callGuest(this, vm.guest.onDone, this.id) !== 0 || vm.failed) this.finish()
    else this.awaitsDone = true
  }

  /** A stream of the plugin begins. */
  enter(): void {
    this.#streams++
  }

  leaveStream(): void {
    if (--this.#streams === 0 && this.#onIdle !== undefined) setImmediate(this.#onIdle)
  }

  /** No stream will be added; `onIdle` is called once when the last has ended, maybe at once. */
  retire(onIdle: () => void): void {
    if (this.#streams === 0) onIdle()
    else this.#onIdle = onIdle
  }

  /** `proxy_done` was called. */
  override runDeferred(): void {
    if (this.awaitsDone) this.finish()
  }

  /** Ends everything this context has going. */
  finish(): void {
    this.awaitsDone = false
    this.setTickPeriod(0)
    for (const call of this.calls.values()) call.cancel()
    this.calls.clear()
    if (!this.vm.failed) this.vm.callGuest(this, this.vm.guest.onDelete, this.id)
    this.vm.removeRoot(this)
  }

  /** Nothing new begins. Streams that go on in the VM still get the answers to their calls. */
  onVmFailed(): void {
    if (this.plugin.finishesStreams) this.setTickPeriod(0)
    else this.abandon()
  }

  /** Ends everything without telling the guest. */
  abandon(): void {
    this.setTickPeriod(0)
    for (const call of this.calls.values()) call.cancel()
    this.calls.clear()
  }

  /** 0 stops the timer. */
  setTickPeriod(periodMs: number): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    const { vm } = this
    if (periodMs === 0 || vm.guest.onTick === undefined || vm.failed) return
    this.#timer = setInterval(
      () => {
        if (!vm.failed) vm.callGuest(this, vm.guest.onTick, this.id)
      },
      Math.min(periodMs, maxTimerMs),
    ).unref()
  }

  override readableMap(type: number): HeaderMap | undefined {
    switch (type) {
      case MapType.requestHeaders:
        return this.#logged?.requestHeaders
      case MapType.responseHeaders:
        return this.#logged?.responseHeaders
      case MapType.responseTrailers:
        return this.#logged?.responseTrailers
      case MapType.grpcInitialMetadata:
        return this.grpcInitialMetadata
      case MapType.grpcTrailingMetadata:
        return this.grpcTrailingMetadata
      case MapType.httpCallResponseHeaders:
        return this.callResponse?.headers
      case MapType.httpCallResponseTrailers:
        return this.callResponse?.trailers
      default:
        return undefined
    }
  }

  override bufferLength(type: number): number {
    if (type === BufferType.pluginConfiguration && this.#configuring) return this.plugin.configuration.length
    if (type === BufferType.httpCallResponseBody && this.callResponse) return this.callResponse.body.length
    if (type === BufferType.grpcMessage && this.grpcMessage) return this.grpcMessage.length
    if (type === BufferType.foreignArguments && this.callData) return this.callData.length
    return super.bufferLength(type)
  }

  /** The message of a gRPC callback can be changed, to no effect; nothing else. */
  override setBuffer(type: number, start: number, length: number, data: Uint8Array): number {
    const message = type === BufferType.grpcMessage ? this.grpcMessage : undefined
    if (message === undefined || (start > 0 && start < message.length))
      return super.setBuffer(type, start, length, data)
    this.grpcMessage = start === 0 ? Buffer.concat([data, message.subarray(length)]) : Buffer.concat([message, data])
    return Status.ok
  }

  override bufferSlice(type: number, start: number, length: number): Uint8Array {
    if (type === BufferType.pluginConfiguration) return this.plugin.configuration.subarray(start, start + length)
    if (type === BufferType.httpCallResponseBody && this.callResponse)
      return this.callResponse.body.subarray(start, start + length)
    if (type === BufferType.grpcMessage && this.grpcMessage) return this.grpcMessage.subarray(start, start + length)
    if (type === BufferType.foreignArguments && this.callData) return this.callData.subarray(start, start + length)
    return super.bufferSlice(type, start, length)
  }
}
