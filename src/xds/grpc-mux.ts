/**
 * One discovery stream: asks for the resources of all who watch through it, hands on what comes, and opens the stream again,
 * later each time, when it ends. Follows Envoy's `GrpcStream` and `GrpcMuxImpl`.
 */
import { logger } from '../base/log.ts'
import { decodeBinary } from '../config/decode-binary.ts'
import { encodeBinary } from '../config/encode-binary.ts'
import type { DiscoveryResponse, Node } from '../config/v3.ts'
import { type GrpcRequest, GrpcStream } from '../grpc/client-stream.ts'
import type { Cluster } from '../core/cluster.ts'
import type { Counter, Gauge, Scope } from '../stats/scope.ts'
import { type DiscoveryProtocol, type TypeState, withNode } from './protocol.ts'
import type { ResourceWatcher } from './subscription.ts'

export interface GrpcMuxSettings {
  readonly protocol: DiscoveryProtocol
  readonly request: GrpcRequest
  readonly clusterName: string
  readonly node: Node | undefined
  readonly nodeOnFirstMessageOnly: boolean
  /** Of the wait before the stream is opened again, ms. */
  readonly baseMs: number
  readonly maxMs: number
}

export interface GrpcMuxParts {
  cluster(): Cluster | undefined
  readonly stats: Scope
  /** 0 ≤ x < 1. */
  random(): number
}

const log = logger('config')

export class GrpcMux {
  readonly #settings: GrpcMuxSettings
  readonly #parts: GrpcMuxParts
  readonly #types = new Map<string, TypeState>()
  readonly #connected: Gauge
  readonly #dropped: Counter
  #stream: GrpcStream | undefined
  #timer: NodeJS.Timeout | undefined
  #failures = 0
  #nodeSent = false
  #scheduled = false
  #closed = false

  constructor(settings: GrpcMuxSettings, parts: GrpcMuxParts) {
    this.#settings = settings
    this.#parts = parts
    const stats = parts.stats.scope('control_plane')
    this.#connected = stats.gauge('connected_state')
    this.#dropped = stats.counter('rate_limit_enforced')
    stats.gauge('pending_requests')
    stats.text('identifier', '')
  }

  /** @returns ends it */
  watch(watcher: ResourceWatcher): () => void {
    const { typeUrl } = watcher
    let type = this.#types.get(typeUrl)
    if (type === undefined) this.#types.set(typeUrl, (type = this.#settings.protocol.newState(typeUrl)))
    const { watchers } = type
    watchers.add(watcher)
    watcher.onAttempt()
    this.#schedule()
    return () => {
      watchers.delete(watcher)
      this.#schedule()
    }
  }

  close(): void {
    this.#closed = true
    clearTimeout(this.#timer)
    this.#stream?.cancel()
    this.#stream = undefined
    this.#connected.set(0)
  }

  /** After this turn, so that all who come in it are asked for at once. */
  #schedule(): void {
    if (this.#scheduled || this.#closed) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (this.#closed) return
      if (this.#stream === undefined) {
        if (this.#timer === undefined) this.#connect()
        return
      }
      for (const type of this.#types.values()) {
        const request = type.changed()
        if (request !== undefined) this.#send(request)
      }
    })
  }

  #connect(): void {
    this.#timer = undefined
    const cluster = this.#parts.cluster()
    const stream = new GrpcStream({
      onInitialMetadata: () => undefined,
      onMessage: bytes => this.#onMessage(bytes),
      onTrailingMetadata: () => undefined,
      onClose: (status, message) => this.#onClose(status, message),
    })
    this.#stream = stream
    this.#nodeSent = false
    if (cluster === undefined) return this.#onClose(14, `there is no cluster "${this.#settings.clusterName}"`)
    this.#connected.set(1)
    stream.start(cluster, this.#settings.request)
    for (const type of this.#types.values()) if (type.watchers.size > 0) this.#send(type.first())
  }

  #send(request: object): void {
    const { protocol, node, nodeOnFirstMessageOnly } = this.#settings
    const withNodeOrNot = withNode(request, this.#nodeSent && nodeOnFirstMessageOnly ? undefined : node)
    this.#nodeSent = true
    if (this.#stream?.send(encodeBinary(protocol.requestType, withNodeOrNot), false) !== false) return
    this.#dropped.inc()
    this.#stream.cancel()
    this.#onClose(8, 'too much waits to be sent')
  }

  #onMessage(bytes: Uint8Array): void {
    const { protocol } = this.#settings
    let response: DiscoveryResponse
    try {
      const options = { label: 'xds', rawAny: true }
      response = decodeBinary(protocol.responseType, bytes, options) as unknown as DiscoveryResponse
    } catch (error) {
      return log.warn(`${this.#name} sent what is no discovery response: ${(error as Error).message}`)
    }
    this.#failures = 0
    const { typeUrl, controlPlane } = response
    if (controlPlane !== undefined) this.#parts.stats.scope('control_plane').text('identifier', controlPlane.identifier)
    const type = this.#types.get(typeUrl)
    if (type === undefined) return log.warn(`${this.#name} sent resources of ${typeUrl}, which nothing asks for`)
    const { answer, refusal } = type.take(response as unknown as Record<string, unknown>)
    if (refusal !== undefined) log.warn(`gRPC config for ${typeUrl} rejected: ${refusal}`)
    // After what the answer made others ask for, as in Envoy.
    queueMicrotask(() => {
      if (!this.#closed) this.#send(answer)
    })
  }

  #onClose(status: number, message: string): void {
    this.#stream = undefined
    this.#connected.set(0)
    if (this.#closed) return
    log.warn(`${this.#name} closed: ${status}, ${message}`)
    for (const type of this.#types.values()) for (const watcher of type.watchers) watcher.onFailure('connection')
    const { baseMs, maxMs } = this.#settings
    const waitMs = this.#parts.random() * Math.min(baseMs * 2 ** this.#failures, maxMs)
    this.#failures = Math.min(this.#failures + 1, 30)
    this.#timer = setTimeout(() => this.#connect(), waitMs)
  }

  get #name(): string {
    return `${this.#settings.request.method} gRPC config stream to ${this.#settings.clusterName}`
  }
}
