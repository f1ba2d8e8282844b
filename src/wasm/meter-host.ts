/** The host's side of a metered module (meter.ts): the clock behind the fuel, and what a trap is told as. */
import { performance } from '../base/clock.ts'
import type { GuestFunction } from './abi.ts'
import type { Containment } from './containment.ts'
import { type SourcePositions, sourcePosition } from './source-map.ts'
import { fuelSlice, meterCalls, meterStart, meterTable } from './meter.ts'

/** A callback that takes less is not measured: asking for the CPU time costs as much as a short one. Less than any budget (containment.ts). */
const measuredFromMs = 1
/** A slice takes less if the thread has a processor, unless it calls the host or touches new memory for most of it. */
const maxSliceMs = 1

/** After a costly failure: as many touches of new pages, the slowest that code can do, take some 10 ms. */
const strictSlice = fuelSlice >> 6

export class CpuBudget {
  readonly containment: Containment
  /** The guest was stopped because of its budget. */
  exceeded = false
  /** The module is being loaded or configured. */
  starting = false
  /** When the callback that runs asked for its first slice, 0 before. */
  #beginMs = 0
  #lastMs = 0
  /** What its slices took, at most `maxSliceMs` each. */
  #ranMs = 0
  /** When to look at its CPU time; 0: it is not measured yet. */
  #deadlineMs = 0
  /** What it may take. */
  #limitMs = 0
  /** The thread's CPU time when it began to be measured. */
  #startCpuMs = 0
  readonly #onRefusedGrowth: () => void

  constructor(containment: Containment, onRefusedGrowth: () => void) {
    this.containment = containment
    this.#onRefusedGrowth = onRefusedGrowth
  }

  /** A callback begins. */
  begin(): void {
    this.#beginMs = 0
    this.#ranMs = 0
    this.#deadlineMs = 0
    this.exceeded = false
  }

  /** It has ended. */
  end(failed: boolean): void {
    if (this.#deadlineMs === 0 || this.starting) return
    if (failed) this.containment.onFailure(this.#usedMs)
    else this.containment.onCallback(this.#usedMs)
  }

  /** Gives a metered module its host functions. @returns its start function, which is still to be called */
  attach(exports: Readonly<Record<string, unknown>>): GuestFunction | undefined {
    const table = exports[meterTable]
    if (!(table instanceof WebAssembly.Table)) return undefined
    // Only functions of modules can be in a table: these come through one that hands them on.
    const { fuel, refused } = new WebAssembly.Instance(handOn(), {
      h: { f: () => this.#fuel(), r: () => this.#onRefusedGrowth() },
    }).exports
    table.set(meterCalls.fuel, fuel)
    table.set(meterCalls.refused, refused)
    return exports[meterStart] as GuestFunction | undefined
  }

  /** What the callback that was stopped was allowed. */
  get limitMs(): number {
    return this.#limitMs
  }

  #fuel(): number {
    const now = performance.now()
    if (this.#beginMs === 0) this.#beginMs = this.#lastMs = now
    this.#ranMs += Math.min(now - this.#lastMs, maxSliceMs)
    this.#lastMs = now
    const wallMs = now - this.#beginMs
    if (this.#deadlineMs === 0) {
      if (wallMs < measuredFromMs) return this.#slice(now)
      this.#limitMs = this.starting ? this.containment.startMs : this.containment.callbackMs
      this.#deadlineMs = this.#beginMs + this.#limitMs
      this.#startCpuMs = threadCpuMs() - this.#ranMs
    }
    if (now < this.#deadlineMs) return this.#slice(now)
    // A thread that waited for a processor has used less than the time that went by. Its other streams wait all the same.
    const usedMs = this.#usedMs
    const leftMs = this.#limitMs - usedMs
    const patienceMs = this.starting ? leftMs : this.containment.wallMs - wallMs
    if (leftMs > 0 && (patienceMs > 0 || usedMs < this.#limitMs / 4)) {
      this.#deadlineMs = now + Math.min(leftMs, Math.max(patienceMs, 1))
      return this.#slice(now)
    }
    this.exceeded = true
    return 0
  }

  #slice(now: number): number {
    return this.containment.isStrict(now) ? strictSlice : fuelSlice
  }

  /** The system counts the CPU time of a thread that runs in steps of some milliseconds. */
  get #usedMs(): number {
    return Math.max(threadCpuMs() - this.#startCpuMs, this.#ranMs)
  }
}

/** User and system time of this thread. */
export function threadCpuMs(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1000
}

let handOnModule: WebAssembly.Module | undefined

/** (import "h" "f" (func (result i32))) (import "h" "r" (func)) (export "fuel" (func 0)) (export "refused" (func 1)) */
function handOn(): WebAssembly.Module {
  handOnModule ??= new WebAssembly.Module(
    Uint8Array.from([
      ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 8, 2, 0x60, 0, 1, 0x7f, 0x60, 0, 0],
      ...[2, 13, 2, 1, 0x68, 1, 0x66, 0, 0, 1, 0x68, 1, 0x72, 0, 1],
      ...[7, 18, 2, 4, ...Buffer.from('fuel'), 0, 0, 7, ...Buffer.from('refused'), 0, 1],
    ]),
  )
  return handOnModule
}

/**
 * An error's message and the guest's frames of its stack, with names as the module's name section has them, and places
 * in the source where there is a source map.
 */
export function describeTrap(error: unknown, budget: CpuBudget, positions?: SourcePositions): string {
  if (!(error instanceof Error)) return String(error)
  let frames = (error.stack ?? '').split('\n').filter(line => line.includes('wasm-function['))
  if (budget.exceeded) frames = frames.slice(1)
  const message = budget.exceeded
    ? `stopped: the callback used up its CPU budget of ${Math.round(budget.limitMs)} ms`
    : `${error.name}: ${error.message}`
  return [message, ...frames.map(line => describeFrame(line, positions))].join('\n')
}

/** `    at loop (wasm://wasm/filter-0a1b2c3d:wasm-function[7]:0x1f)` */
function describeFrame(line: string, positions: SourcePositions | undefined): string {
  return line.replace(
    /wasm:\/\/wasm\/[^:]*:(wasm-function\[\d+\]:(0x[0-9a-f]+))/,
    (_, place: string, offset: string) => {
      const source = positions && sourcePosition(positions, Number(offset))
      return source ?? place
    },
  )
}
