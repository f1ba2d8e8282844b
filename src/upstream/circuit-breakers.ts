/**
 * Limits of a cluster over all workers. Follows Envoy's `ResourceManagerImpl`: counts may pass a limit by as many as
 * there are workers, since asking and counting are two steps.
 */
import type { SharedCell, SharedCells } from '../base/shared-cells.ts'
import type { CircuitBreakers_Thresholds as Thresholds } from '../config/v3.ts'
import type { Priority, Resource, ResourceManager } from '../core/cluster.ts'
import type { Gauge, Scope } from '../stats/scope.ts'

const defaultMax = 1024
const defaultRetries = 3
const unlimited = 4_294_967_295
const defaultBudgetPercent = 20
const defaultMinRetries = 3

class SharedResource implements Resource {
  readonly max: number
  readonly #cell: SharedCell
  readonly #open: Gauge
  readonly #remaining: Gauge | undefined
  #isOpen = false

  constructor(max: number, cell: SharedCell, open: Gauge, remaining: Gauge | undefined) {
    this.max = max
    this.#cell = cell
    this.#open = open
    this.#remaining = remaining
    remaining?.set(max)
  }

  get count(): number {
    return this.#cell.sum()
  }

  canCreate(): boolean {
    return this.#cell.sum() < this.max
  }

  inc(): void {
    this.#cell.add(1)
    this.#show()
  }

  dec(): void {
    this.#cell.add(-1)
    this.#show()
  }

  #show(): void {
    const count = this.#cell.sum()
    const open = count >= this.max
    if (open !== this.#isOpen) {
      this.#isOpen = open
      this.#open.set(open ? 1 : 0)
    }
    this.#remaining?.set(Math.max(this.max - count, 0))
  }
}

/** `retry_budget`: retries may be a share of what is active, and always a few. */
class RetryBudget implements Resource {
  readonly #retries: SharedResource
  readonly #active: readonly Resource[]
  readonly #share: number
  readonly #minimum: number

  constructor(retries: SharedResource, active: readonly Resource[], share: number, minimum: number) {
    this.#retries = retries
    this.#active = active
    this.#share = share
    this.#minimum = minimum
  }

  get max(): number {
    const active = this.#active.reduce((sum, each) => sum + each.count, 0)
    return Math.max(Math.floor(active * this.#share), this.#minimum)
  }

  get count(): number {
    return this.#retries.count
  }

  canCreate(): boolean {
    return this.#retries.count < this.max
  }

  inc(): void {
    this.#retries.inc()
  }

  dec(): void {
    this.#retries.dec()
  }
}

/**
 * @param thresholds the entry of this priority, if any
 * @param stats scope of `cluster.<name>`
 */
export function makeResourceManager(
  clusterName: string,
  priority: Priority,
  thresholds: Thresholds | undefined,
  shared: SharedCells,
  stats: Scope,
): ResourceManager {
  const scope = stats.scope(`circuit_breakers.${priority}`)
  const resource = (max: number, name: string, openName: string): SharedResource =>
    new SharedResource(
      max,
      shared.cell(`cluster.${clusterName}.circuit_breakers.${priority}.${name}`),
      scope.gauge(`${openName}_open`),
      thresholds?.trackRemaining ? scope.gauge(`remaining_${remainingNames[openName]}`) : undefined,
    )
  const pendingRequests = resource(thresholds?.maxPendingRequests ?? defaultMax, 'pending_requests', 'rq_pending')
  const requests = resource(thresholds?.maxRequests ?? defaultMax, 'requests', 'rq')
  const budget = thresholds?.retryBudget
  const retries = resource(
    budget === undefined ? (thresholds?.maxRetries ?? defaultRetries) : unlimited,
    'retries',
    'rq_retry',
  )
  return {
    connections: resource(thresholds?.maxConnections ?? defaultMax, 'connections', 'cx'),
    pendingRequests,
    requests,
    retries:
      budget === undefined
        ? retries
        : new RetryBudget(
            retries,
            [requests, pendingRequests],
            (budget.budgetPercent?.value ?? defaultBudgetPercent) / 100,
            budget.minRetryConcurrency ?? defaultMinRetries,
          ),
    connectionPools: resource(thresholds?.maxConnectionPools ?? unlimited, 'connection_pools', 'cx_pool'),
  }
}

const remainingNames: Readonly<Record<string, string>> = {
  cx: 'cx',
  cx_pool: 'cx_pools',
  rq: 'rq',
  rq_pending: 'pending',
  rq_retry: 'retries',
}
