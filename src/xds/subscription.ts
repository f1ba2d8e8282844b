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
  /** Throws what is wrong, for the source to tell. */
  onResources(resources: readonly ReceivedResource[], removed: readonly string[], version: string): void
  /** The source is there, but what it says cannot be read. */
  onFailure(): void
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
        this.#settle()
      }, timeoutMs)
  }

  get typeUrl(): string {
    return this.request.typeUrl
  }

  get name(): string {
    return this.request.name
  }

  onResources(resources: readonly ReceivedResource[], _removed: readonly string[], version: string): void {
    const startMs = performance.now()
    try {
      this.#take(resources)
    } catch (error) {
      this.stats.rejected()
      this.#settle()
      throw error
    }
    this.stats.accepted(version, startMs)
    this.#settle()
  }

  onFailure(): void {
    this.stats.failed()
    this.#settle()
  }

  close(): void {
    this.#settle()
  }

  /** Removals are ignored, as in Envoy: what is in use stays. */
  #take(resources: readonly ReceivedResource[]): void {
    if (resources.length === 0) return this.stats.updateEmpty.inc()
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
