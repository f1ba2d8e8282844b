/**
 * Many timeouts of one length: they end in the order in which they began, so a list and one timer serve all. Saves the
 * router 0.4 µs a request against `setTimeout` and `clearTimeout` (test/bench/micro/router.ts).
 */
const longestMs = 2 ** 31 - 1

/** Who waits; the fields belong to the list. */
export interface Deadline {
  deadlineAt: number
  previousDeadline: Deadline | undefined
  nextDeadline: Deadline | undefined
  onDeadline(): void
}

export class Deadlines {
  readonly #lengthMs: number
  #first: Deadline | undefined = undefined
  #last: Deadline | undefined = undefined
  /** The moment that the timer stands for; 0 when there is none. Not moved when the first one stops. */
  #timerAt = 0

  /** Longer than 24 days counts as 24 days. */
  constructor(lengthMs: number) {
    this.#lengthMs = Math.min(lengthMs, longestMs)
  }

  /** `deadline` must not be waiting. `nowMs`: `performance.now()`. */
  start(deadline: Deadline, nowMs: number): void {
    deadline.deadlineAt = nowMs + this.#lengthMs
    deadline.previousDeadline = this.#last
    if (this.#last === undefined) this.#first = deadline
    else this.#last.nextDeadline = deadline
    this.#last = deadline
    if (this.#timerAt === 0) this.#arm(deadline.deadlineAt, this.#lengthMs)
  }

  /** Does nothing when `deadline` is not waiting. */
  stop(deadline: Deadline): void {
    if (deadline.deadlineAt === 0) return
    const { previousDeadline, nextDeadline } = deadline
    if (previousDeadline === undefined) this.#first = nextDeadline
    else previousDeadline.nextDeadline = nextDeadline
    if (nextDeadline === undefined) this.#last = previousDeadline
    else nextDeadline.previousDeadline = previousDeadline
    deadline.deadlineAt = 0
    deadline.previousDeadline = undefined
    deadline.nextDeadline = undefined
  }

  onTimer(): void {
    const nowMs = Math.max(this.#timerAt, performance.now())
    try {
      for (let first = this.#first; first !== undefined && first.deadlineAt <= nowMs; first = this.#first) {
        this.stop(first)
        first.onDeadline()
      }
    } finally {
      if (this.#first === undefined) this.#timerAt = 0
      else this.#arm(this.#first.deadlineAt, this.#first.deadlineAt - nowMs)
    }
  }

  #arm(at: number, delayMs: number): void {
    this.#timerAt = at
    // What waits has sockets that keep the process alive.
    setTimeout(onTimer, delayMs, this).unref()
  }
}

function onTimer(deadlines: Deadlines): void {
  deadlines.onTimer()
}
