/** What the admin listener counts of itself: `http.admin.` and `listener.admin.`, the ones that users watch. */
import type { Socket } from 'node:net'
import type { Counter, Gauge, Histogram, Scope } from '../stats/scope.ts'

export class AdminStats {
  readonly #cxTotal: readonly Counter[]
  readonly #cxDestroy: readonly Counter[]
  readonly #cxActive: readonly Gauge[]
  readonly #cxLengthMs: readonly Histogram[]
  readonly #rqTotal: Counter
  readonly #rqActive: Gauge
  readonly #rqTime: Histogram
  readonly #rqCompleted: readonly Counter[]
  /** By first digit of the status. */
  readonly #rqClass: readonly (readonly Counter[])[]

  constructor(stats: Scope) {
    const http = stats.scope('http.admin')
    const listener = stats.scope('listener.admin')
    const both = [http, listener]
    this.#cxTotal = both.map(scope => scope.counter('downstream_cx_total'))
    this.#cxDestroy = both.map(scope => scope.counter('downstream_cx_destroy'))
    this.#cxActive = both.map(scope => scope.gauge('downstream_cx_active'))
    this.#cxLengthMs = both.map(scope => scope.histogram('downstream_cx_length_ms', 'milliseconds'))
    this.#rqTotal = http.counter('downstream_rq_total')
    this.#rqActive = http.gauge('downstream_rq_active')
    this.#rqTime = http.histogram('downstream_rq_time', 'milliseconds')
    const perListener = [http, listener.scope('http.admin')]
    this.#rqCompleted = perListener.map(scope => scope.counter('downstream_rq_completed'))
    this.#rqClass = [1, 2, 3, 4, 5].map(digit => perListener.map(scope => scope.counter(`downstream_rq_${digit}xx`)))
  }

  onConnection(socket: Socket): void {
    const start = performance.now()
    for (const counter of this.#cxTotal) counter.inc()
    for (const gauge of this.#cxActive) gauge.inc()
    socket.once('close', () => {
      for (const counter of this.#cxDestroy) counter.inc()
      for (const gauge of this.#cxActive) gauge.dec()
      for (const histogram of this.#cxLengthMs) histogram.record(performance.now() - start)
    })
  }

  onRequest(): void {
    this.#rqTotal.inc()
    this.#rqActive.inc()
  }

  onComplete(status: number, durationMs: number): void {
    this.#rqActive.dec()
    this.#rqTime.record(durationMs)
    for (const counter of this.#rqCompleted) counter.inc()
    for (const counter of this.#rqClass[Math.floor(status / 100) - 1] ?? []) counter.inc()
  }
}
