/** `retry_priority`: retries go to priorities that were not tried yet. Follows Envoy's `source/extensions/retry/priority/previous_priorities`. */
import { configError } from '../config/position.ts'
import { PreviousPrioritiesConfig, type RetryPolicy_RetryPriority as Message } from '../config/v3.ts'
import type { Host, PriorityLoad, RetryPriority } from '../core/cluster.ts'

/** @throws ConfigError for an unknown one */
export function makeRetryPriorityFactory(message: Message): () => RetryPriority {
  const any = message.typedConfig
  if (any?.typeUrl !== PreviousPrioritiesConfig.typeUrl)
    throw configError(message, 'typedConfig', `must be ${PreviousPrioritiesConfig.typeUrl}`)
  const { updateFrequency } = any.value as PreviousPrioritiesConfig
  return () => new PreviousPriorities(updateFrequency)
}

export class PreviousPriorities implements RetryPriority {
  readonly #updateFrequency: number
  readonly #excluded = new Set<number>()
  #attempted: number[] = []
  #load: PriorityLoad | undefined = undefined

  /** @param updateFrequency after how many attempts their priorities are left out */
  constructor(updateFrequency: number) {
    this.#updateFrequency = updateFrequency
  }

  onHostAttempted(host: Host): void {
    this.#attempted.push(host.priority)
  }

  determinePriorityLoad(original: PriorityLoad, available: PriorityLoad): PriorityLoad {
    const attempts = this.#attempted.length
    if (attempts < this.#updateFrequency) return original
    if (attempts % this.#updateFrequency === 0) {
      for (const priority of this.#attempted) this.#excluded.add(priority)
      this.#load = this.#adjust(available)
    }
    return this.#load ?? original
  }

  #adjust(available: PriorityLoad): PriorityLoad | undefined {
    const left = this.#withoutExcluded(available)
    if (left !== undefined) return left
    // All were tried: it begins anew.
    this.#excluded.clear()
    this.#attempted = []
    return this.#withoutExcluded(available)
  }

  /** Undefined when nothing is left. */
  #withoutExcluded(available: PriorityLoad): PriorityLoad | undefined {
    const included = (part: number, priority: number): number => (this.#excluded.has(priority) ? 0 : part)
    const healthy = available.healthy.map(included)
    const degraded = available.degraded.map(included)
    const total = Math.min(100, sum(healthy) + sum(degraded))
    if (total === 0) return undefined
    const healthyLoad = healthy.map(() => 0)
    const degradedLoad = degraded.map(() => 0)
    const take = (from: readonly number[], to: number[], all: number): number => {
      let left = all
      for (let i = 0; i < from.length; i++) {
        const load = Math.min(left, Math.floor(((from[i] as number) * 100) / total))
        to[i] = (to[i] as number) + load
        left -= load
      }
      return left
    }
    // What rounding leaves over goes to the first priorities.
    for (let left = 100; left > 0; ) left = take(degraded, degradedLoad, take(healthy, healthyLoad, left))
    return { healthy: healthyLoad, degraded: degradedLoad }
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0)
}
