/** All subscriptions of the process, on the main thread: starts those that are followed, ends those that nobody follows. */
import type { DiscoveryRequest } from '../core/discovery.ts'
import type { Scope } from '../stats/scope.ts'
import { FileSource } from './file-source.ts'
import { Subscription, type SubscriptionEvents } from './subscription.ts'
import type { DiscoveryListener } from './thread-discovery.ts'

interface Started {
  readonly subscription: Subscription
  readonly source: { close(): void }
}

export class Subscriptions implements DiscoveryListener {
  readonly #stats: Scope
  readonly #events: SubscriptionEvents
  readonly #started = new Map<string, Started>()

  constructor(stats: Scope, events: SubscriptionEvents) {
    this.#stats = stats
    this.#events = events
  }

  onFollowed(key: string, request: DiscoveryRequest): void {
    const subscription = new Subscription(key, request, this.#stats, this.#events)
    const { pathConfigSource, path } = request.source
    const source = new FileSource(pathConfigSource ?? { path: path ?? '' }, subscription)
    this.#started.set(key, { subscription, source })
  }

  onForsaken(key: string): void {
    const started = this.#started.get(key)
    this.#started.delete(key)
    started?.source.close()
    started?.subscription.close()
  }

  /** Resolves when every subscription has had its first answer, or waited long enough. */
  async ready(): Promise<void> {
    const seen = new Set<Subscription>()
    // What comes may make others be followed.
    for (;;) {
      const waiting = this.all().filter(each => !seen.has(each))
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
  }
}
