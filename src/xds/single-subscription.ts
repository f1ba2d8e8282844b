/** One resource by its name. Follows Envoy's `RdsRouteConfigSubscription` and `FilterConfigSubscription`. */
import { type ReceivedResource, sameMessage, Subscription } from './subscription.ts'

export class SingleSubscription extends Subscription {
  protected override take(resources: readonly ReceivedResource[], removed: readonly string[]): void {
    const [received] = resources
    if (received === undefined && removed.length > 0) return this.#remove()
    if (received === undefined && this.kind.canBeEmpty) return this.stats.updateEmpty?.inc()
    if (received === undefined || resources.length > 1) throw new Error(this.kind.wrongCount(resources.length))
    if (received.name !== this.name) throw new Error(this.kind.wrongName(this.name, received.name))
    const message = this.events.check(received.resource, this.typeUrl)
    if (this.message === undefined || !sameMessage(this.typeUrl, this.message, message))
      this.use(message, received.version)
  }

  #remove(): void {
    if (!this.kind.canBeRemoved || this.message === undefined) return
    this.events.apply(this.key, undefined)
    this.message = undefined
    this.stats.reloaded()
  }
}
