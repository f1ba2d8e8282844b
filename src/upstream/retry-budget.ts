/** `retry_budget`: retries may be a share of the requests, of those under way or of those of a while. Follows Envoy's `RetryBudgetImpl`. */
import type { SharedCell } from '../base/shared-cells.ts'
import type { Resource } from '../core/cluster.ts'
import type { Runtime } from '../core/extension.ts'

/** How many requests retries are a share of. */
export interface BudgetBase {
  readonly count: number
}

/** Undefined without a budget in the configuration. */
export interface BudgetSettings {
  readonly percent: number | undefined
  /** Retries that are always allowed. */
  readonly minimum: number | undefined
}

export const defaultBudgetPercent = 20
export const defaultMinRetries = 3

export class RetryBudget implements Resource {
  readonly #retries: Resource
  readonly #base: BudgetBase
  readonly #settings: BudgetSettings
  readonly #runtime: Runtime
  readonly #percentKey: string
  readonly #minimumKey: string

  /** @param key of the runtime values that go before the settings, and make a budget where there is none */
  constructor(retries: Resource, base: BudgetBase, settings: BudgetSettings, runtime: Runtime, key: string) {
    this.#retries = retries
    this.#base = base
    this.#settings = settings
    this.#runtime = runtime
    this.#percentKey = `${key}budget_percent`
    this.#minimumKey = `${key}min_retry_concurrency`
  }

  get max(): number {
    const percent = this.#runtime.getDouble(this.#percentKey, this.#settings.percent ?? Number.NaN)
    const minimum = this.#runtime.getInteger(this.#minimumKey, this.#settings.minimum ?? Number.NaN)
    if (Number.isNaN(percent) && Number.isNaN(minimum)) return this.#retries.max
    const share = Number.isNaN(percent) ? defaultBudgetPercent : percent
    return Math.max(Math.floor((this.#base.count * share) / 100), Number.isNaN(minimum) ? defaultMinRetries : minimum)
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

/** Without `budget_interval`: requests that wait or are under way. */
export class ActiveRequests implements BudgetBase {
  readonly #requests: Resource
  readonly #pending: Resource

  constructor(requests: Resource, pending: Resource) {
    this.#requests = requests
    this.#pending = pending
  }

  get count(): number {
    return this.#requests.count + this.#pending.count
  }
}

const slots = 10

/** Requests that began in the last `budget_interval`, to a tenth of it, over all workers. */
export class RecentRequests implements BudgetBase {
  readonly #cell: SharedCell
  readonly #slotMs: number
  /** Of this worker, newest last; those before the last are whole. */
  readonly #slots: number[] = []
  #timer: NodeJS.Timeout | undefined = undefined

  constructor(cell: SharedCell, intervalMs: number) {
    this.#cell = cell
    this.#slotMs = Math.max(intervalMs / slots, 1)
  }

  get count(): number {
    return this.#cell.sum()
  }

  onRequest(): void {
    this.#cell.add(1)
    if (this.#slots.length === 0) this.#slots.push(0)
    const last = this.#slots.length - 1
    this.#slots[last] = (this.#slots[last] as number) + 1
    this.#timer ??= setInterval(() => this.#onSlotEnd(), this.#slotMs).unref()
  }

  #onSlotEnd(): void {
    this.#slots.push(0)
    if (this.#slots.length > slots + 1) this.#cell.add(-(this.#slots.shift() as number))
    if (this.#slots.some(count => count > 0)) return
    this.#slots.length = 0
    clearInterval(this.#timer)
    this.#timer = undefined
  }
}
