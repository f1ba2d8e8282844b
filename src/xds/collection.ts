/**
 * All resources of a type together: what is applied is a list, in the order in which they came. Follows Envoy's
 * `ScopedRdsConfigSubscription`.
 */
import type { ResourceCollection } from '../core/discovery.ts'
import { type ReceivedResource, sameMessage, Subscription } from './subscription.ts'

export class CollectionSubscription extends Subscription {
  #resources = new Map<string, object>()

  override get resourceName(): string {
    return ''
  }

  protected override take(
    resources: readonly ReceivedResource[],
    removed: readonly string[],
    version: string,
    isWhole: boolean,
  ): void {
    const next = new Map(isWhole ? [] : this.#resources)
    for (const name of removed) next.delete(name)
    const came = new Set<string>()
    for (const { name, resource } of resources) {
      if (came.has(name)) throw new Error(`${this.kind.duplicate} ${name} found`)
      came.add(name)
      next.set(name, this.events.check(resource, this.typeUrl))
    }
    const isSame =
      next.size === this.#resources.size &&
      [...next].every(([name, message]) => {
        const before = this.#resources.get(name)
        return before !== undefined && sameMessage(this.typeUrl, before, message)
      })
    if (isSame && this.message !== undefined) return
    const collection: ResourceCollection = { resources: [...next.values()] }
    this.use(collection, version)
    this.#resources = next
    this.stats.sized(next.size)
  }
}
