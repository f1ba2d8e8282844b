/** All subscriptions of the process, on the main thread: starts those that are followed, ends those that nobody follows. */
import type { ApiConfigSource } from '../config/v3.ts'
import type { DiscoveryRequest } from '../core/discovery.ts'
import { CollectionSubscription } from './collection.ts'
import { FileSource } from './file-source.ts'
import type { GrpcMux } from './grpc-mux.ts'
import { aggregated, type GrpcSourceParts, makeGrpcMux } from './grpc-source.ts'
import { kindOf } from './resource-kind.ts'
import { SingleSubscription } from './single-subscription.ts'
import type { Subscription, SubscriptionEvents } from './subscription.ts'
import type { DiscoveryListener } from './thread-discovery.ts'

export interface SubscriptionsParts extends GrpcSourceParts {
  /** `dynamic_resources.ads_config` */
  readonly adsConfig: ApiConfigSource | undefined
}

interface Started {
  readonly subscription: Subscription
  stop(): void
}

export class Subscriptions implements DiscoveryListener {
  readonly #parts: SubscriptionsParts
  readonly #events: SubscriptionEvents
  readonly #started = new Map<string, Started>()
  #ads: GrpcMux | undefined

  constructor(parts: SubscriptionsParts, events: SubscriptionEvents) {
    this.#parts = parts
    this.#events = events
  }

  onFollowed(key: string, request: DiscoveryRequest): void {
    const { isCollection } = kindOf(request.typeUrl)
    const Kind = isCollection ? CollectionSubscription : SingleSubscription
    const subscription = new Kind(key, request, this.#parts.stats, this.#events)
    // Before it starts: a file's first answer may make others be followed.
    const started = { subscription, stop: () => undefined as void }
    this.#started.set(key, started)
    started.stop = this.#start(subscription)
  }

  onForsaken(key: string): void {
    const started = this.#started.get(key)
    this.#started.delete(key)
    started?.stop()
    started?.subscription.close()
  }

  /** Resolves when every subscription has had its first answer, or waited long enough. */
  async ready(): Promise<void> {
    const seen = new Set<Subscription>()
    // What comes may make others be followed.
    for (;;) {
      const waiting = this.all().filter(each => !seen.has(each) && each.request.isOptional !== true)
      if (waiting.length === 0) return
      for (const each of waiting) seen.add(each)
      await Promise.all(waiting.map(each => each.ready))
    }
  }

  all(): Subscription[] {
    return [...this.#started.values()].map(each => each.subscription)
  }

  close(): void {
    for (const key of [...this.#started.keys()]) this.onForsaken(key)
    this.#ads?.close()
  }

  /** @returns stops it */
  #start(subscription: Subscription): () => void {
    const { request } = subscription
    const { apiConfigSource, ads, pathConfigSource, path } = request.source
    if (ads !== undefined) return this.#aggregated().watch(subscription)
    if (apiConfigSource !== undefined) {
      const stats = this.#parts.stats.scope(request.statPrefix)
      const mux = makeGrpcMux(apiConfigSource, kindOf(request.typeUrl), { ...this.#parts, stats })
      mux.watch(subscription)
      return () => mux.close()
    }
    const file = new FileSource(pathConfigSource ?? { path: path ?? '' }, subscription)
    return () => file.close()
  }

  #aggregated(): GrpcMux {
    this.#ads ??= makeGrpcMux(this.#parts.adsConfig as ApiConfigSource, aggregated, this.#parts)
    return this.#ads
  }
}
