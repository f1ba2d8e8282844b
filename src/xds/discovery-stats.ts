/** The stats of one subscription (`update_attempt` …). Follows Envoy's `SubscriptionStats`. */
import { xxHash64 } from '../base/xxhash64.ts'
import type { Counter, Gauge, Histogram, Scope } from '../stats/scope.ts'

export class DiscoveryStats {
  readonly updateAttempt: Counter
  readonly updateSuccess: Counter
  readonly updateFailure: Counter
  readonly updateRejected: Counter
  readonly initFetchTimeout: Counter
  /** An update without the resource. */
  readonly updateEmpty: Counter
  /** What is made of the resource has changed. */
  readonly configReload: Counter
  /** Wall clock, ms. */
  readonly #updateTime: Gauge
  readonly #configReloadTime: Gauge
  /** The hash of the version, to compare proxies by. */
  readonly #version: Gauge
  /** Ms. */
  readonly #updateDuration: Histogram
  readonly #scope: Scope

  constructor(scope: Scope) {
    this.#scope = scope
    this.updateAttempt = scope.counter('update_attempt')
    this.updateSuccess = scope.counter('update_success')
    this.updateFailure = scope.counter('update_failure')
    this.updateRejected = scope.counter('update_rejected')
    this.initFetchTimeout = scope.counter('init_fetch_timeout')
    this.updateEmpty = scope.counter('update_empty')
    this.configReload = scope.counter('config_reload')
    this.#updateTime = scope.gauge('update_time')
    this.#configReloadTime = scope.gauge('config_reload_time_ms')
    this.#version = scope.gauge('version')
    this.#updateDuration = scope.histogram('update_duration', 'milliseconds')
    scope.text('version_text', '')
  }

  accepted(version: string, startMs: number): void {
    this.updateAttempt.inc()
    this.updateSuccess.inc()
    this.#updateTime.set(Date.now())
    this.#version.set(Number(xxHash64(version)))
    this.#updateDuration.record(performance.now() - startMs)
    this.#scope.text('version_text', version)
  }

  reloaded(): void {
    this.configReload.inc()
    this.#configReloadTime.set(Date.now())
  }

  rejected(): void {
    this.updateAttempt.inc()
    this.updateRejected.inc()
  }

  failed(): void {
    this.updateAttempt.inc()
    this.updateFailure.inc()
  }
}
