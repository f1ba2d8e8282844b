/** The stats of one subscription (`update_attempt` …). Follows Envoy's `SubscriptionStats`. */
import { xxHash64 } from '../base/xxhash64.ts'
import type { Counter, Gauge, Histogram, Scope } from '../stats/scope.ts'
import type { ResourceKind } from './resource-kind.ts'

export class DiscoveryStats {
  readonly updateAttempt: Counter
  readonly updateSuccess: Counter
  readonly updateFailure: Counter
  readonly updateRejected: Counter
  readonly initFetchTimeout: Counter
  /** An update without the resource, where that is no fault. */
  readonly updateEmpty: Counter | undefined
  /** Failures of any kind, where they are counted together. */
  readonly configFail: Counter | undefined
  /** What is made of the resource has changed. */
  readonly configReload: Counter
  /** Wall clock, ms. */
  readonly #updateTime: Gauge
  readonly #configReloadTime: Gauge | undefined
  /** `all_scopes`, `active_scopes`: how many there are. */
  readonly #sizes: readonly Gauge[]
  /** The hash of the version, to compare proxies by. */
  readonly #version: Gauge
  /** Ms. */
  readonly #updateDuration: Histogram
  readonly #scope: Scope

  constructor(scope: Scope, { canBeEmpty, countsFaults, isCollection }: ResourceKind) {
    this.#scope = scope
    this.updateAttempt = scope.counter('update_attempt')
    this.updateSuccess = scope.counter('update_success')
    this.updateFailure = scope.counter('update_failure')
    this.updateRejected = scope.counter('update_rejected')
    this.initFetchTimeout = scope.counter('init_fetch_timeout')
    this.updateEmpty = canBeEmpty ? scope.counter('update_empty') : undefined
    this.configFail = countsFaults ? scope.counter('config_fail') : undefined
    if (countsFaults) scope.counter('config_conflict')
    this.configReload = scope.counter('config_reload')
    this.#updateTime = scope.gauge('update_time')
    this.#configReloadTime = countsFaults ? undefined : scope.gauge('config_reload_time_ms')
    this.#version = scope.gauge('version')
    this.#updateDuration = scope.histogram('update_duration', 'milliseconds')
    this.#sizes = isCollection ? [scope.gauge('all_scopes'), scope.gauge('active_scopes')] : []
    if (isCollection) scope.gauge('on_demand_scopes')
    scope.text('version_text', '')
  }

  /** @param durationMs undefined: not measured */
  accepted(version: string, durationMs: number | undefined): void {
    this.updateAttempt.inc()
    this.updateSuccess.inc()
    this.#updateTime.set(Date.now())
    this.#version.set(Number(xxHash64(version)))
    if (durationMs !== undefined) this.#updateDuration.record(durationMs)
    this.#scope.text('version_text', version)
  }

  sized(count: number): void {
    for (const gauge of this.#sizes) gauge.set(count)
  }

  reloaded(): void {
    this.configReload.inc()
    this.#configReloadTime?.set(Date.now())
  }

  rejected(): void {
    this.updateAttempt.inc()
    this.updateRejected.inc()
    this.configFail?.inc()
  }

  failed(): void {
    this.updateAttempt.inc()
    this.updateFailure.inc()
    this.configFail?.inc()
  }
}
