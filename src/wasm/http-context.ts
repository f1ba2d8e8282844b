/**
 * One HTTP stream of one wasm filter: turns the chain's calls into guest callbacks and the guest's answers into filter
 * statuses. Follows `source/extensions/common/wasm/context.cc`.
 *
 * A header map is the guest's from its callback until the filter lets it go (Continue, or continue_stream). What the
 * guest asks of the chain waits until the guest has returned.
 */
import type { AttributeSource } from '../attributes/attribute-source.ts'
import { filterTimeOf } from '../core/filter-time.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type {
  DataStatus,
  HeadersStatus,
  HttpFilter,
  HttpFilterCallbacks,
  LocalReply,
  TrailersStatus,
} from '../core/http-filter.ts'
import type { Route } from '../core/route.ts'
import { BufferType, MapType, StreamType } from './abi.ts'
import { BodyWindow } from './body-window.ts'
import { WasmContext } from './context.ts'
import type { RootContext } from './root-context.ts'
import type { WasmVm } from './vm.ts'

const dataStatuses: readonly DataStatus[] = ['continue', 'stop-and-buffer', 'stop-and-watermark', 'stop-no-buffer']

/** Directions, as bits. */
const request = 1
const response = 2

export class HttpContext extends WasmContext implements HttpFilter, AttributeSource {
  readonly callbacks: HttpFilterCallbacks
  override readonly root: RootContext
  #created = false
  /** The stream is being ended by us: the guest hears no more of it. */
  #over = false
  /** The direction whose callback runs, 0 between callbacks. */
  #running = 0
  /** Directions that wait for continue_stream. */
  #paused = 0
  #endOfStream = false
  // What the guest may touch now:
  #requestHeaders: HeaderMap | undefined = undefined
  #requestTrailers: HeaderMap | undefined = undefined
  #responseHeaders: HeaderMap | undefined = undefined
  #responseTrailers: HeaderMap | undefined = undefined
  #requestBody: BodyWindow | undefined = undefined
  #responseBody: BodyWindow | undefined = undefined
  // What it asked for in the callback:
  #deferred = false
  #continue = 0
  #close = false
  #reply: LocalReply | undefined = undefined
  /** It ended the stream, so the callback's own answer counts for nothing. */
  #stopped = false

  constructor(callbacks: HttpFilterCallbacks, root: RootContext) {
    super(root.vm, root.vm.newContextId(), root)
    this.callbacks = callbacks
    this.root = root
    this.time = filterTimeOf(callbacks.streamInfo, root.plugin.name)
  }

  // ── the chain calls ──

  decodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    this.#create()
    const { vm } = this
    if (vm.failed && this.#unusable()) return this.#fails() ? 'stop-all-and-watermark' : 'continue'
    if (vm.guest.onRequestHeaders === undefined) return 'continue'
    this.#requestHeaders = headers
    this.#endOfStream = endStream
    const action = this.#call(request, vm.guest.onRequestHeaders, headers.size, endStream)
    const status = this.#headersStatus(request, action)
    if (status === 'continue') this.#requestHeaders = undefined
    return status
  }

  decodeData(data: Uint8Array, endStream: boolean): DataStatus {
    if (this.vm.failed && this.#unusable()) return this.#fails() ? 'stop-no-buffer' : 'continue'
    this.#endOfStream = endStream
    const body = (this.#requestBody ??= new BodyWindow(this.callbacks, true))
    body.chunk = data
    const action = this.#call(request, this.vm.guest.onRequestBody, body.length, endStream)
    return this.#dataStatus(request, body, action)
  }

  decodeTrailers(trailers: HeaderMap): TrailersStatus {
    if (this.vm.failed && this.#unusable()) return this.#fails() ? 'stop' : 'continue'
    this.#requestTrailers = trailers
    const action = this.#call(request, this.vm.guest.onRequestTrailers, trailers.size, false)
    const status = this.#trailersStatus(request, action)
    if (status === 'continue') this.#requestTrailers = undefined
    return status
  }

  encodeHeaders(headers: HeaderMap, endStream: boolean): HeadersStatus {
    const { vm } = this
    if (!this.#created || this.#over) return 'continue'
    if (vm.failed && this.#unusable()) return this.#fails() ? 'stop-all-and-watermark' : 'continue'
    this.#responseHeaders = headers
    this.#endOfStream = endStream
    const action = this.#call(response, vm.guest.onResponseHeaders, headers.size, endStream)
    const status = this.#headersStatus(response, action)
    if (status === 'continue') this.#responseHeaders = undefined
    return status
  }

  encodeData(data: Uint8Array, endStream: boolean): DataStatus {
    if (!this.#created || this.#over) return 'continue'
    if (this.vm.failed && this.#unusable()) return this.#fails() ? 'stop-no-buffer' : 'continue'
    this.#endOfStream = endStream
    const body = (this.#responseBody ??= new BodyWindow(this.callbacks, false))
    body.chunk = data
    const action = this.#call(response, this.vm.guest.onResponseBody, body.length, endStream)
    return this.#dataStatus(response, body, action)
  }

  encodeTrailers(trailers: HeaderMap): TrailersStatus {
    if (!this.#created || this.#over) return 'continue'
    if (this.vm.failed && this.#unusable()) return this.#fails() ? 'stop' : 'continue'
    this.#responseTrailers = trailers
    const action = this.#call(response, this.vm.guest.onResponseTrailers, trailers.size, false)
    const status = this.#trailersStatus(response, action)
    if (status === 'continue') this.#responseTrailers = undefined
    return status
  }

  log(): void {
    const { vm } = this
    if (vm.guest.onLog === undefined || (vm.failed && this.#unusable())) return
    this.#create()
    this.inLog = true
    vm.callGuest(this, vm.guest.onLog, this.id)
    this.inLog = false
  }

  onDestroy(): void {
    const { vm } = this
    this.#over = true
    this.#paused = 0
    if (this.#created && (!vm.failed || !this.#unusable())) {
      vm.callGuest(this, vm.guest.onDone, this.id)
      if (!this.trapped) vm.callGuest(this, vm.guest.onDelete, this.id)
      if (!this.trapped) vm.streamsCompleted++
    }
    this.leave()
  }

  // ── the guest calls ──

  override get logPrefix(): string {
    return this.root.streamLogPrefix
  }

  override readableMap(type: number): HeaderMap | undefined {
    switch (type) {
      case MapType.requestHeaders:
        return this.inLog ? this.callbacks.requestHeaders : this.#requestHeaders
      case MapType.requestTrailers:
        return this.inLog ? undefined : this.#requestTrailers
      case MapType.responseHeaders:
        return this.inLog ? this.callbacks.responseHeaders : this.#responseHeaders
      case MapType.responseTrailers:
        return this.inLog ? this.callbacks.responseTrailers : this.#responseTrailers
      default:
        return this.root.readableMap(type)
    }
  }

  override writableMap(type: number): HeaderMap | undefined {
    switch (type) {
      case MapType.requestHeaders:
        return this.#requestHeaders
      case MapType.requestTrailers:
        if (this.#requestTrailers === undefined && this.#endOfStream && this.#requestBody?.chunk !== undefined)
          this.#requestTrailers = this.callbacks.addDecodedTrailers()
        return this.#requestTrailers
      case MapType.responseHeaders:
        return this.#responseHeaders
      case MapType.responseTrailers:
        if (this.#responseTrailers === undefined && this.#endOfStream && this.#responseBody?.chunk !== undefined)
          this.#responseTrailers = this.callbacks.addEncodedTrailers()
        return this.#responseTrailers
      default:
        return undefined
    }
  }

  override onMapChanged(type: number): void {
    if (type === MapType.requestHeaders) this.callbacks.clearRouteCache()
  }

  override bufferLength(type: number): number {
    if (type === BufferType.requestBody) return this.#requestBody?.length ?? 0
    if (type === BufferType.responseBody) return this.#responseBody?.length ?? 0
    return super.bufferLength(type)
  }

  override bufferSlice(type: number, start: number, length: number): Uint8Array {
    const body = this.#body(type)
    return body === undefined ? super.bufferSlice(type, start, length) : body.slice(start, length)
  }

  override copyBuffer(type: number, start: number, length: number, target: Uint8Array, at: number): void {
    const body = this.#body(type)
    if (body === undefined) super.copyBuffer(type, start, length, target, at)
    else body.copyTo(target, at, start, length)
  }

  override setBuffer(type: number, start: number, length: number, data: Uint8Array): number {
    return this.#body(type)?.set(start, length, data) ?? super.setBuffer(type, start, length, data)
  }

  /** A second one in the same callback is ignored. */
  override sendLocalReply(reply: LocalReply): void {
    if (this.#over) return
    this.#reply ??= reply
    this.#stopped = true
    this.#defer()
  }

  override continueStream(type: number): void {
    if (type === StreamType.request) {
      this.#continue |= request
      this.#releaseRequest()
    } else if (type === StreamType.response) this.#continue |= response
    else return
    this.#defer()
  }

  override closeStream(type: number): void {
    if (type !== StreamType.request && type !== StreamType.response) return
    this.#close = true
    this.#stopped = true
    this.#defer()
  }

  override clearRouteCache(): void {
    this.callbacks.clearRouteCache()
  }

  override runDeferred(): void {
    this.#deferred = false
    if (this.#paused !== 0 && this.vm.failed && this.#unusable()) return this.#failPaused()
    const reply = this.#reply
    this.#reply = undefined
    if (this.#close) {
      this.#close = false
      this.#over = true
      this.#paused = 0
      this.callbacks.resetStream('local-reset', 'wasm_close_stream')
      return
    }
    if (reply !== undefined) {
      this.#paused = 0
      this.#continue = 0
      if (this.#responseHeaders !== undefined) this.#over = true
      this.callbacks.sendLocalReply(reply)
      return
    }
    // In the callback of the same direction nothing is paused yet: its answer then is Continue (#answer).
    const ready = this.#continue & this.#paused & ~this.#running
    this.#continue &= this.#running
    if (ready & request) {
      this.#paused &= ~request
      this.#releaseRequest()
      this.callbacks.continueDecoding()
    }
    if (ready & response && !this.#over) {
      this.#paused &= ~response
      // The maps stay, as in Envoy.
      if (this.#responseBody) this.#responseBody.buffering = false
      this.callbacks.continueEncoding()
    }
  }

  override properties(): AttributeSource {
    return this
  }

  // ── properties ──

  get streamInfo() {
    return this.callbacks.streamInfo
  }

  get requestHeaders(): HeaderMap | undefined {
    return this.inLog ? this.callbacks.requestHeaders : this.#requestHeaders
  }

  get responseHeaders(): HeaderMap | undefined {
    return this.inLog ? this.callbacks.responseHeaders : this.#responseHeaders
  }

  get responseTrailers(): HeaderMap | undefined {
    return this.inLog ? this.callbacks.responseTrailers : this.#responseTrailers
  }

  route(): Route | undefined {
    return this.callbacks.route()
  }

  // ── parts ──

  #create(): void {
    if (this.#created || (this.vm.failed && this.#unusable())) return
    this.#created = true
    this.vm.contexts.set(this.id, this)
    this.vm.callGuest(this, this.vm.guest.onContextCreate, this.id, this.root.id)
  }

  #call(direction: number, callback: WasmVm['guest']['onRequestBody'], size: number, endStream: boolean): number {
    this.#running = direction
    this.#stopped = false
    const action = this.vm.callGuest(this, callback, this.id, size, endStream ? 1 : 0)
    this.#running = 0
    return action
  }

  /** The action once what the guest asked for besides is taken into account. */
  #answer(direction: number, action: number): number {
    const resumed = (this.#continue & direction) !== 0
    this.#continue &= ~direction
    if (this.#stopped || action === 0 || resumed) {
      this.#paused &= ~direction
      return 0
    }
    this.#paused |= direction
    return action
  }

  #headersStatus(direction: number, action: number): HeadersStatus {
    if (this.vm.failed && this.#unusable() && this.#fails()) return 'stop-all-and-watermark'
    switch (this.#answer(direction, action)) {
      case 0:
        return this.#stopped ? 'stop-all-and-watermark' : 'continue'
      case 1:
        return this.root.plugin.allowOnHeadersStopIteration ? 'stop' : 'stop-all-and-watermark'
      case 2:
        this.#paused &= ~direction
        return 'continue'
      case 3:
        return 'stop-all-and-buffer'
      default:
        return 'stop-all-and-watermark'
    }
  }

  #dataStatus(direction: number, body: BodyWindow, action: number): DataStatus {
    body.chunk = undefined
    if (this.vm.failed && this.#unusable() && this.#fails()) return 'stop-no-buffer'
    const status = dataStatuses[Math.min(this.#answer(direction, action) >>> 0, 3)] as DataStatus
    body.buffering = status === 'stop-and-buffer'
    return this.#stopped ? 'stop-no-buffer' : status
  }

  #trailersStatus(direction: number, action: number): TrailersStatus {
    if (this.vm.failed && this.#unusable() && this.#fails()) return 'stop'
    const answer = this.#answer(direction, action)
    return this.#stopped || answer !== 0 ? 'stop' : 'continue'
  }

  /** The VM has failed: is it dead for this stream too? */
  #unusable(): boolean {
    return this.trapped || !this.root.plugin.finishesStreams
  }

  /** Nobody will continue this stream. */
  #failPaused(): void {
    const paused = this.#paused
    if (this.#fails()) return
    if (paused & request) this.callbacks.continueDecoding()
    if (paused & response) this.callbacks.continueEncoding()
  }

  /** The VM is dead for this stream. True: so is this stream, with 503 (or a reset); false: it goes on without the filter. */
  #fails(): boolean {
    this.#paused = 0
    this.#requestHeaders = this.#responseHeaders = this.#requestTrailers = this.#responseTrailers = undefined
    if (this.root.plugin.failOpen) return false
    if (this.#over) return this.#stopped
    this.#over = true
    if (!this.#stopped) this.callbacks.sendLocalReply(failedReply)
    return true
  }

  /** The request goes on: its maps are no longer the guest's. */
  #releaseRequest(): void {
    this.#requestHeaders = this.#requestTrailers = undefined
    if (this.#requestBody) this.#requestBody.buffering = false
  }

  #body(type: number): BodyWindow | undefined {
    return type === BufferType.requestBody
      ? this.#requestBody
      : type === BufferType.responseBody
        ? this.#responseBody
        : undefined
  }

  #defer(): void {
    if (this.#deferred) return
    this.#deferred = true
    this.vm.defer(this)
  }
}

export const failedReply: LocalReply = { status: 503, details: 'wasm_fail_stream' }

/** By the callbacks that are absent: contexts of all VMs share few hidden classes, or a chain of filters is slow. */
const classes = new Map<string, typeof HttpContext>()

/** HttpContext without the methods whose callbacks the guest does not export: the chain skips what is absent. */
export function httpContextClass({ guest }: WasmVm): typeof HttpContext {
  const callbacks: [keyof HttpFilter, unknown][] = [
    ['decodeData', guest.onRequestBody],
    ['decodeTrailers', guest.onRequestTrailers],
    ['encodeHeaders', guest.onResponseHeaders],
    ['encodeData', guest.onResponseBody],
    ['encodeTrailers', guest.onResponseTrailers],
    ['log', guest.onLog],
  ]
  const absent = callbacks.filter(([, callback]) => callback === undefined).map(([method]) => method)
  const known = classes.get(absent.join())
  if (known !== undefined) return known
  class ExportedHttpContext extends HttpContext {}
  for (const method of absent) Object.defineProperty(ExportedHttpContext.prototype, method, { value: undefined })
  classes.set(absent.join(), ExportedHttpContext)
  return ExportedHttpContext
}
