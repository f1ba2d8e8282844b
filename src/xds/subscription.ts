/**
 * What the configuration follows: takes what a source brings (file-source.ts, grpc-source.ts), checks it, hands it on, and keeps
 * count. One resource (single-subscription.ts) or all of a type (collection.ts).
 */
import { logger } from '../base/log.ts'
import { encodeBinary } from '../config/encode-binary.ts'
import type { AnyMessage } from '../config/build-message.ts'
import type { DiscoveryRequest } from '../core/discovery.ts'
import type { Scope } from '../stats/scope.ts'
import { DiscoveryStats } from './discovery-stats.ts'
import { kindOf, type ResourceKind } from './resource-kind.ts'

export interface ReceivedResource {
  readonly name: string
  readonly version: string
  readonly resource: AnyMessage
}

export interface SubscriptionEvents {
  /** The message that will be used. Throws what is wrong with it. */
  check(resource: AnyMessage, typeUrl: string): object
  /** Throws what is wrong with it: then nothing has changed. Undefined: it is gone. */
  apply(key: string, message: object | undefined): void
}

/** What a source is told to bring, and where. */
export interface ResourceWatcher {
  readonly typeUrl: string
  /** '' for all of the type. */
  readonly resourceName: string
  /** Counts an attempt more than answers and failures do: when a stream asks, and as Envoy's increments do. */
  onAttempt(): void
  /**
   * Throws what is wrong with them: `onFailure` tells it to all whom the answer was for.
   * @param isWhole of a collection: what is not among them is gone
   */
  onResources(
    resources: readonly ReceivedResource[],
    removed: readonly string[],
    version: string,
    isWhole: boolean,
  ): void
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

export abstract class Subscription implements ResourceWatcher {
  readonly request: DiscoveryRequest
  readonly stats: DiscoveryStats
  /** The first answer has come, whatever it was, or has been waited for long enough. */
  readonly ready: Promise<void>
  /** What is in use, undefined until there is something; a list for a collection. */
  message: object | undefined
  /** Of what is in use: one that changed nothing is not it. */
  version = ''
  lastUpdated = new Date(0)
  protected readonly key: string
  protected readonly kind: ResourceKind
  protected readonly events: SubscriptionEvents
  readonly #becomeReady: () => void
  #timer: NodeJS.Timeout | undefined

  constructor(key: string, request: DiscoveryRequest, stats: Scope, events: SubscriptionEvents) {
    this.key = key
    this.request = request
    this.kind = kindOf(request.typeUrl)
    this.stats = new DiscoveryStats(stats.scope(request.statPrefix), this.kind)
    this.events = events
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

  /** What a source is asked for. */
  get resourceName(): string {
    return this.request.name
  }

  onResources(
    resources: readonly ReceivedResource[],
    removed: readonly string[],
    version: string,
    isWhole: boolean,
  ): void {
    const startMs = performance.now()
    this.take(resources, removed, version, isWhole)
    const { path, pathConfigSource } = this.request.source
    // A file's are not measured, as in Envoy.
    const isFile = path !== undefined || pathConfigSource !== undefined
    this.stats.accepted(version, isFile ? undefined : performance.now() - startMs)
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

  /** Checks and applies. Throws what is wrong: then nothing has changed. */
  protected abstract take(
    resources: readonly ReceivedResource[],
    removed: readonly string[],
    version: string,
    isWhole: boolean,
  ): void

  /** Hands it on, and remembers it. */
  protected use(message: object, version: string): void {
    this.events.apply(this.key, message)
    this.message = message
    this.version = version
    this.lastUpdated = new Date()
    this.stats.reloaded()
  }

  #settle(): void {
    clearTimeout(this.#timer)
    this.#becomeReady()
  }
}

export function sameMessage(typeUrl: string, a: object, b: object): boolean {
  return Buffer.from(encodeBinary(typeUrl, a)).equals(encodeBinary(typeUrl, b))
}
