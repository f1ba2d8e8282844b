/** The `runtime.*` stats of Envoy. */
import type { Counter, Gauge, Scope } from '../stats/scope.ts'
import type { RuntimeValues } from './runtime-values.ts'

export class RuntimeStats {
  readonly #runtime: RuntimeValues
  readonly #loadSuccess: Counter
  readonly #keys: Gauge
  readonly #overrides: Gauge

  constructor(stats: Scope, runtime: RuntimeValues) {
    const scope = stats.scope('runtime')
    this.#runtime = runtime
    this.#loadSuccess = scope.counter('load_success')
    this.#keys = scope.gauge('num_keys')
    this.#overrides = scope.gauge('admin_overrides_active')
    scope.counter('load_error')
    scope.gauge('num_layers').set(runtime.layers.length)
    // Envoy loads twice as it starts.
    this.#loadSuccess.inc()
    this.refresh()
  }

  /** Values were loaded or overridden. */
  refresh(): void {
    this.#loadSuccess.inc()
    this.#keys.set(this.#runtime.size)
    this.#overrides.set(this.#runtime.hasOverrides ? 1 : 0)
  }
}
