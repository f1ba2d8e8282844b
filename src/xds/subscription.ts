/**
 * One resource that the configuration follows: takes what a source brings (file-source.ts, grpc-source.ts), checks it, hands
 * it on, and keeps count. Follows Envoy's `RdsRouteConfigSubscription` and `FilterConfigSubscription`.
 */
import { logger } from '../base/log.ts'
import { encodeBinary } from '../config/encode-binary.ts'
import type { AnyMessage } from '../config/build-message.ts'
import type { DiscoveryRequest } from '../core/discovery.ts'
import type { Scope } from '../stats/scope.ts'
import { DiscoveryStats } from './discovery-stats.ts'

export interface ReceivedResource {
  readonly name: string
  readonly version: string
  readonly resource: AnyMessage
}

export interface SubscriptionEvents {
  /** The message that will be used. Throws what is wrong with it. */
  check(resource: AnyMessage, typeUrl: string): object
  /** Throws what is wrong with it: then nothing has changed. */
  apply(key: string, message: object): void
}

/** What a source is told to bring, and where. */
export interface ResourceWatcher {
  readonly typeUrl: string
  /** '' for all of the type. */
  readonly name: string
  /** Counts an attempt more than answers and failures do: when a stream asks, and as Envoy's increments do. */
  onAttempt(): void
  /** Throws what is wrong with them: `onFailure` tells it to all whom the answer was for. */
  onResources(resources: readonly ReceivedResource[], removed: readonly string[], version: string): void
  onFailure(failure: SourceFailure): void
}

/** No connection, or one that broke; an answer that cannot be read; one that is refused. */
export type SourceFailure = 'connection' | 'unreadable' | 'rejected'

/** Every resource has a name. */
export function resourceName({ value }: AnyMessage): string {
  const { name } = value as { readonly name?: unknown }
  return typeof name === 'string' ? name : ''
}

const log = logger('config')
const defaultInitialFetchMs = 15_000

export class Subscription implements ResourceWatcher {
  readonly request: DiscoveryRequest
  readonly stats: DiscoveryStats
  /** The first answer has come, whatever it was, or has been waited for long enough. */
  readonly ready: Promise<void>
  version = ''
  lastUpdated = new Date(0)
  message: object | undefined
  readonly #key: string
  readonly #events: SubscriptionEvents
  readonly #becomeReady: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(key: string, request: DiscoveryRequest, stats: Scope, events: SubscriptionEvents) {
    this.#key = key
    this.request = request
    this.stats = new DiscoveryStats(stats.scope(request.statPrefix))
    this.#events = events
    const { promise, resolve } = Promise.withResolvers<void>()
    this.ready = promise
    this.#becomeReady = resolve
    const timeoutMs = request.source.initialFetchTimeout ?? defaultInitialFetchMs
    if (timeoutMs > 0)
      this.#timer = setTimeout(() => {
        log.warn(`${request.typeUrl}: initial fetch of ${request.name} timed out`)
        this.stats.initFetchTimeout.inc()
        this.stats.updateAttempt.inc()
        this.#settle()
      }, timeoutMs)
  }

  get typeUrl(): string {
    return this.request.typeUrl
  }

  get name(): string {
    return this.request.name
  }

  onResources(resources: readonly ReceivedResource[], removed: readonly string[], version: string): void {
    const startMs = performance.now()
    this.#take(resources, removed)
    this.stats.accepted(version, startMs)
    this.#settle()
  }

  /** A connection is tried again: its first answer may still come. */
  onFailure(failure: SourceFailure): void {
    if (failure === 'rejected') this.stats.rejected()
    else this.stats.failed()
    if (failure !== 'connection') this.#settle()
  }

  onAttempt(): void {
    this.stats.updateAttempt.inc()
  }

  close(): void {
    this.#settle()
  }

  /** Removals are ignored, as in Envoy: what is in use stays. */
  #take(resources: readonly ReceivedResource[], removed: readonly string[]): void {
    if (resources.length === 0) {
      if (removed.length === 0) this.stats.updateEmpty.inc()
      return
    }
    const [received, second] = resources as readonly [ReceivedResource, ...ReceivedResource[]]
    if (second !== undefined) throw new Error(`Unexpected RDS resource length: ${resources.length}`)
    if (received.name !== this.name)
      throw new Error(`Unexpected RDS configuration (expecting ${this.name}): ${received.name}`)
    const message = this.#events.check(received.resource, this.typeUrl)
    if (this.message !== undefined && sameMessage(this.typeUrl, this.message, message)) return
    this.#events.apply(this.#key, message)
    this.message = message
    this.version = received.version
    this.lastUpdated = new Date()
    this.stats.reloaded()
  }

  #settle(): void {
    clearTimeout(this.#timer)
    this.#becomeReady()
  }
}

function sameMessage(typeUrl: string, a: object, b: object): boolean {
  return Buffer.from(encodeBinary(typeUrl, a)).equals(encodeBinary(typeUrl, b))
}
