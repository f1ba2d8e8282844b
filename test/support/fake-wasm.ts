/** A wasm plugin without a proxy around it: a fake chain for one stream, and a thread context with nothing upstream. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Cluster, ClusterManager } from '../../src/core/cluster.ts'
import type { ListenerFactoryContext } from '../../src/core/extension.ts'
import { HeaderMap } from '../../src/core/header-map.ts'
import type { HttpFilter, HttpFilterCallbacks, LocalReply } from '../../src/core/http-filter.ts'
import type { DownstreamInfo } from '../../src/core/stream-info.ts'
import { ChunkBuffer } from '../../src/http/body-buffer.ts'
import { StreamInformation } from '../../src/network/stream-info.ts'
import { defaultLimits } from '../../src/wasm/limits.ts'
import type { Plugin, PluginUse } from '../../src/wasm/plugin.ts'
import { PluginHandle } from '../../src/wasm/plugin.ts'
import type { VmSettings } from '../../src/wasm/vm.ts'
import { WasmThread } from '../../src/wasm/wasm-thread.ts'
import type { Counter, Gauge, Histogram, Scope } from '../../src/stats/scope.ts'

export function fixture(name: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(readFileSync(join(import.meta.dirname, `../fixtures/wasm/${name}/${name}.wasm`)))
}

/** Counts by name. */
export class FakeStats implements Scope {
  readonly values: Map<string, number>
  readonly #prefix: string

  constructor(values = new Map<string, number>(), prefix = '') {
    this.values = values
    this.#prefix = prefix
  }

  scope(prefix: string): Scope {
    return new FakeStats(this.values, `${this.#prefix}${prefix}.`)
  }

  counter(name: string): Counter {
    return this.gauge(name)
  }

  gauge(name: string): Gauge {
    const { values } = this
    const key = this.#prefix + name
    if (!values.has(key)) values.set(key, 0)
    const add = (n: number): void => void values.set(key, (values.get(key) ?? 0) + n)
    return {
      inc: () => add(1),
      dec: () => add(-1),
      add,
      sub: n => add(-n),
      set: value => void values.set(key, value),
      get value() {
        return values.get(key) ?? 0
      },
    }
  }

  histogram(name: string): Histogram {
    return { record: value => void this.values.set(`${this.#prefix}${name}`, value) }
  }

  text(): void {}
}

export interface FakeThread {
  readonly thread: WasmThread
  readonly stats: FakeStats
  readonly clusters: Map<string, Cluster>
  readonly context: ListenerFactoryContext
  close(): void
}

export function fakeThread(singletons = new Map<string, unknown>()): FakeThread {
  const stats = new FakeStats()
  const clusters = new Map<string, Cluster>()
  const closers: (() => void)[] = []
  const manager: ClusterManager = { get: name => clusters.get(name), clusters }
  const context = {
    clusters: manager,
    stats,
    workerIndex: 0,
    node: { id: 'node-1', cluster: 'cluster-1', zone: 'zone-1' },
    singletons,
    runtime: {
      getInteger: (_key: string, value: number) => value,
      getDouble: (_key: string, value: number) => value,
      getBoolean: (_key: string, value: boolean) => value,
    },
    trafficDirection: 'INBOUND',
    listenerMetadata: undefined,
    onClose: (close: () => void) => void closers.push(close),
    onThreadEnd: (close: () => void) => void closers.push(close),
  } as unknown as ListenerFactoryContext
  const close = (): void => {
    for (const each of closers.splice(0).toReversed()) each()
  }
  return { thread: WasmThread.of(context), stats, clusters, context, close }
}

export function makeHandle(
  code: Uint8Array<ArrayBuffer>,
  plugin: Partial<Plugin> & { readonly text?: string } = {},
  settings: Partial<VmSettings> = {},
  { thread } = fakeThread(),
): PluginHandle {
  const { text = '', ...rest } = plugin
  const full: Plugin = {
    key: JSON.stringify([rest.name, rest.rootId, text]),
    name: 'plugin',
    rootId: '',
    configuration: Buffer.from(text),
    failurePolicy: 'reload',
    finishesStreams: false,
    failOpen: false,
    reloadBaseMs: 0,
    reloadMaxMs: 10_000,
    allowOnHeadersStopIteration: false,
    trafficDirection: 'INBOUND',
    listenerMetadata: undefined,
    ...rest,
  }
  const defaults = {
    vmId: '',
    runtime: 'envoy.wasm.runtime.v8',
    configuration: new Uint8Array(0),
    environment: [],
    allowedCapabilities: undefined,
  }
  const compiled = thread.code(
    {
      name: `test ${code.length} ${Buffer.from(code).toString('base64').slice(-64)}`,
      limits: settings.limits ?? defaultLimits,
      read: () => code,
    },
    false,
  )
  return new PluginHandle(full, thread.slot(compiled, { ...defaults, ...settings }))
}

const address = { kind: 'ip', ip: '127.0.0.1', port: 4000, version: 4 } as const
const downstream: DownstreamInfo = {
  connectionId: 7,
  localAddress: { ...address, port: 80 },
  directRemoteAddress: address,
  remoteAddress: address,
  requestedServerName: undefined,
  tls: undefined,
  listenerName: 'listener',
  filterChainName: 'chain',
}

/** One stream with one filter. Records what the filter does to it. */
export class FakeStream {
  readonly filter: HttpFilter
  readonly callbacks: HttpFilterCallbacks
  readonly streamInfo = new StreamInformation(downstream, 'HTTP/1.1')
  requestHeaders: HeaderMap | undefined
  requestTrailers: HeaderMap | undefined
  responseHeaders: HeaderMap | undefined
  responseTrailers: HeaderMap | undefined
  readonly requestBuffer = new ChunkBuffer()
  readonly responseBuffer = new ChunkBuffer()
  replaced: Uint8Array | undefined
  /** In order: `continue-request`, `reset wasm_close_stream`, … */
  readonly events: string[] = []
  reply: LocalReply | undefined

  constructor(handle: PluginUse) {
    this.callbacks = callbacksOf(this)
    this.filter = handle.newHttpFilter(this.callbacks)
  }

  request(
    headers: Readonly<Record<string, string>> = { ':authority': 'x', ':path': '/', ':method': 'GET' },
    end = true,
  ) {
    this.requestHeaders = HeaderMap.of(headers)
    return this.filter.decodeHeaders?.(this.requestHeaders, end)
  }

  response(headers: Readonly<Record<string, string>> = { ':status': '200' }, end = true) {
    this.responseHeaders = HeaderMap.of(headers)
    return this.filter.encodeHeaders?.(this.responseHeaders, end)
  }

  /** Delivers a chunk and keeps the buffer as the chain would. @returns status and the bytes that go on or are held */
  requestBody(text: string, end: boolean): { status: string | undefined; body: string } {
    return this.#body(text, this.requestBuffer, data => this.filter.decodeData?.(data, end))
  }

  responseBody(text: string, end: boolean): { status: string | undefined; body: string } {
    return this.#body(text, this.responseBuffer, data => this.filter.encodeData?.(data, end))
  }

  end(): void {
    this.filter.onStreamComplete?.()
    this.filter.log?.()
    this.filter.onDestroy?.()
  }

  /** Headers of the local reply, as a record. */
  get replyHeaders(): Record<string, string> {
    const headers = new HeaderMap()
    this.reply?.modifyHeaders?.(headers)
    return Object.fromEntries(headers)
  }

  #body(text: string, buffer: ChunkBuffer, deliver: (data: Uint8Array) => string | undefined) {
    this.replaced = undefined
    const status = deliver(Buffer.from(text))
    const data = this.replaced ?? Buffer.from(text)
    if (status === 'stop-and-buffer' || status === 'stop-and-watermark') buffer.append(data)
    const held = Buffer.from(buffer.all()).toString()
    if (status !== 'continue') return { status, body: held }
    buffer.drain(buffer.length)
    return { status, body: held + Buffer.from(data).toString() }
  }
}

function callbacksOf(stream: FakeStream): HttpFilterCallbacks {
  const fake = {
    streamId: 1,
    random: 1,
    filterConfigName: 'wasm',
    downstream,
    streamInfo: stream.streamInfo,
    get requestHeaders() {
      return stream.requestHeaders
    },
    get responseHeaders() {
      return stream.responseHeaders
    },
    get responseTrailers() {
      return stream.responseTrailers
    },
    route: () => undefined,
    clearRouteCache: () => void stream.events.push('clear-route-cache'),
    continueDecoding: () => void stream.events.push('continue-request'),
    continueEncoding: () => void stream.events.push('continue-response'),
    sendLocalReply(reply: LocalReply) {
      stream.events.push(`reply ${reply.status}`)
      stream.reply = reply
    },
    resetStream: (_reason: string, details: string) => void stream.events.push(`reset ${details}`),
    decodingBuffer: () => (stream.requestBuffer.length > 0 ? stream.requestBuffer : undefined),
    encodingBuffer: () => (stream.responseBuffer.length > 0 ? stream.responseBuffer : undefined),
    replaceCurrentData: (data: Uint8Array) => void (stream.replaced = data),
    addDecodedTrailers: () => (stream.requestTrailers = new HeaderMap()),
    addEncodedTrailers: () => (stream.responseTrailers = new HeaderMap()),
  }
  return fake as unknown as HttpFilterCallbacks
}
