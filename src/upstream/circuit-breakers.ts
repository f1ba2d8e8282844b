/**
 * Limits of a cluster over all workers. Follows Envoy's `ResourceManagerImpl`: counts may pass a limit by as many as
 * there are workers, since asking and counting are two steps.
 */
import type { SharedCell } from '../base/shared-cells.ts'
import { configError } from '../config/position.ts'
import type { CircuitBreakers, CircuitBreakers_Thresholds as Thresholds } from '../config/v3.ts'
import type { Priority, Resource, ResourceManager } from '../core/cluster.ts'
import type { FactoryContext, Runtime } from '../core/extension.ts'
import type { Gauge, Scope } from '../stats/scope.ts'
import { ActiveRequests, RecentRequests, defaultBudgetPercent, defaultMinRetries, RetryBudget } from './retry-budget.ts'

const defaultMax = 1024
const defaultRetries = 3
const unlimited = 4_294_967_295

class SharedResource implements Resource {
  readonly #max: number
  readonly #runtime: Runtime
  readonly #key: string
  readonly #cell: SharedCell
  readonly #open: Gauge
  readonly #remaining: Gauge | undefined
  #isOpen = false

  /** @param key of the runtime value that goes before `max` */
  constructor(max: number, runtime: Runtime, key: string, cell: SharedCell, open: Gauge, remaining: Gauge | undefined) {
    this.#max = max
    this.#runtime = runtime
    this.#key = key
    this.#cell = cell
    this.#open = open
    this.#remaining = remaining
    remaining?.set(this.max)
  }

  get max(): number {
    return this.#runtime.getInteger(this.#key, this.#max)
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
    const { max } = this
    const open = count >= max
    if (open !== this.#isOpen) {
      this.#isOpen = open
      this.#open.set(open ? 1 : 0)
    }
    this.#remaining?.set(Math.max(max - count, 0))
  }
}

/** The only field of hosts that Envoy has. */
const perHostOnly = ['maxPendingRequests', 'maxRequests', 'maxRetries', 'maxConnectionPools', 'retryBudget'] as const

/** @throws ConfigError for limits that hosts cannot have */
function maxConnectionsPerHost(breakers: CircuitBreakers | undefined, priority: Thresholds['priority']): number {
  for (const each of breakers?.perHostThresholds ?? [])
    for (const field of perHostOnly)
      if (each[field] !== undefined)
        throw configError(each, field, 'is unsupported in per_host_thresholds: only max_connections is')
  return thresholdsOf(breakers?.perHostThresholds, priority)?.maxConnections ?? Number.POSITIVE_INFINITY
}

/** Of several for a priority the first is taken. */
function thresholdsOf(
  list: readonly Thresholds[] | undefined,
  priority: Thresholds['priority'],
): Thresholds | undefined {
  return list?.find(each => each.priority === priority)
}

/** @param stats scope of `cluster.<name>`  @throws ConfigError */
export function makeResourceManager(
  clusterName: string,
  priority: Priority,
  breakers: CircuitBreakers | undefined,
  { shared, runtime }: Pick<FactoryContext, 'shared' | 'runtime'>,
  stats: Scope,
): ResourceManager {
  const wanted = priority === 'high' ? 'HIGH' : 'DEFAULT'
  const thresholds = thresholdsOf(breakers?.thresholds, wanted)
  const scope = stats.scope(`circuit_breakers.${priority}`)
  const keys = `circuit_breakers.${clusterName}.${priority}.`
  const cell = (name: string): SharedCell => shared.cell(`cluster.${clusterName}.circuit_breakers.${priority}.${name}`)
  const resource = (max: number, name: string, openName: string, tracked = true): SharedResource => {
    const remaining = thresholds?.trackRemaining ? scope.gauge(`remaining_${remainingNames[openName]}`) : undefined
    return new SharedResource(
      max,
      runtime,
      `${keys}max_${name}`,
      cell(name),
      scope.gauge(`${openName}_open`),
      tracked ? remaining : undefined,
    )
  }
  const pendingRequests = resource(thresholds?.maxPendingRequests ?? defaultMax, 'pending_requests', 'rq_pending')
  const requests = resource(thresholds?.maxRequests ?? defaultMax, 'requests', 'rq')
  const budget = thresholds?.retryBudget
  // What remains of a budget is not told: it changes with every request.
  const retries = resource(thresholds?.maxRetries ?? defaultRetries, 'retries', 'rq_retry', budget === undefined)
  const intervalMs = budget?.budgetInterval ?? 0
  const recent = intervalMs > 0 ? new RecentRequests(cell('budget'), intervalMs) : undefined
  return {
    connections: resource(thresholds?.maxConnections ?? defaultMax, 'connections', 'cx'),
    pendingRequests,
    requests,
    retries: new RetryBudget(
      retries,
      recent ?? new ActiveRequests(requests, pendingRequests),
      budget === undefined
        ? { percent: undefined, minimum: undefined }
        : {
            percent: budget.budgetPercent?.value ?? defaultBudgetPercent,
            minimum: budget.minRetryConcurrency ?? defaultMinRetries,
          },
      runtime,
      `${keys}retry_budget.`,
    ),
    connectionPools: resource(thresholds?.maxConnectionPools ?? unlimited, 'connection_pools', 'cx_pool'),
    maxConnectionsPerHost: maxConnectionsPerHost(breakers, wanted),
    onRequest: () => recent?.onRequest(),
  }
}

const remainingNames: Readonly<Record<string, string>> = {
  cx: 'cx',
  cx_pool: 'cx_pools',
  rq: 'rq',
  rq_pending: 'pending',
  rq_retry: 'retries',
}
