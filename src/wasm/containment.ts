/**
 * How much of a thread's time a plugin that fails may cost everybody else. While it behaves, its callbacks have their
 * whole CPU budget. After one that cost much, they have little more than good ones have needed so far, and the VM is
 * replaced only as fast as a small share of the time allows: a request that loops stalls its worker once for the budget,
 * and from then on hardly.
 */
import { performance } from '../base/clock.ts'

/** Of the time that passes: what failures may cost in the long run. */
const share = 0.004
/** A start's cost counts for less: it keeps the plugin there for its other streams. */
const startWeight = 0.25
/** A failure that costs less disturbs nobody, ms. */
const costlyMs = 2
/** Callbacks after a costly failure have at least this, or so many times what good ones have needed. */
const leastMs = 2
const leastStartMs = 20
const headroom = 4
/** Of what a failure may cost beyond its budget: a thread looks at the clock only now and then. */
const freeMs = 10
/** A thread that waits for a processor has used less than the time that goes by: so many times its budget at most. */
const wallFactor = 1.75
/** While a module starts and is configured it may take this many times its budget. */
const startFactor = 100
/** Without a costly failure for so long a plugin is trusted again. */
export const calmMs = 60_000

export class Containment {
  readonly #budgetMs: number
  #costlyAtMs = Number.NEGATIVE_INFINITY
  /** CPU time of the longest callback that ended well, as far as it was measured. */
  #longestMs = 0
  #longestStartMs = 0
  /** What failures have cost, paid off as time goes by. */
  #debtMs = 0
  #debtAtMs = 0

  /** @param budgetMs of a callback; 0: without end */
  constructor(budgetMs: number) {
    this.#budgetMs = budgetMs
  }

  /** What a callback may take now, ms. */
  get callbackMs(): number {
    if (!this.isStrict(performance.now())) return this.#budgetMs
    return Math.min(this.#budgetMs, Math.max(leastMs, headroom * this.#longestMs))
  }

  /** How long it may keep its thread's other streams waiting, used or not, ms. */
  get wallMs(): number {
    return this.#budgetMs * wallFactor
  }

  /** `callbackMs` for loading, starting and configuring. */
  get startMs(): number {
    const allMs = this.#budgetMs * startFactor
    return this.isStrict(performance.now())
      ? Math.min(allMs, Math.max(leastStartMs, headroom * this.#longestStartMs))
      : allMs
  }

  /** A callback that was long enough to be measured has ended well. */
  onCallback(cpuMs: number): void {
    if (cpuMs > this.#longestMs) this.#longestMs = cpuMs
  }

  /** A VM was made and configured. @param again in place of one that failed */
  onStart(cpuMs: number, again: boolean): void {
    if (cpuMs > this.#longestStartMs) this.#longestStartMs = cpuMs
    if (again) this.#charge(cpuMs * startWeight)
  }

  /** @param cpuMs of the callback or start that failed */
  onFailure(cpuMs: number): void {
    if (cpuMs >= costlyMs) this.#costlyAtMs = performance.now()
    this.#charge(cpuMs)
  }

  /** How long the thread must be left alone before the next VM, ms. The first callback of a whole budget is free. */
  pauseMs(): number {
    return Math.max(0, this.#debt() - this.#budgetMs - freeMs) / share
  }

  /** There was a costly failure not long ago. */
  isStrict(now: number): boolean {
    return now - this.#costlyAtMs < calmMs
  }

  #charge(cpuMs: number): void {
    this.#debtMs = this.#debt() + cpuMs
    this.#debtAtMs = performance.now()
  }

  #debt(): number {
    return Math.max(0, this.#debtMs - (performance.now() - this.#debtAtMs) * share)
  }
}
