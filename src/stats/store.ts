/**
 * The stats of one thread. Values live in Float64Array cells over shared memory that this thread alone writes, so a
 * counter is one addition and the main thread reads a worker's values without asking it. New metrics are announced
 * in batches; `MergedStats` adds up what all threads announce. Follows Envoy's `Stats::ThreadLocalStoreImpl`.
 */
import { maxExponent, percentScale, rowLength } from './histogram.ts'
import type { Counter, Gauge, Histogram, HistogramUnit, Scope } from './scope.ts'

const chunkCells = 4096
const defaultLimit = 1_000_000

export type CounterMode = 'accumulate' | 'highest'
export type GaugeMode = 'accumulate' | 'never-import'

/** What a store tells of itself, in order: a chunk comes before the metrics that live in it. */
export type StatDefinition =
  | { readonly kind: 'chunk'; readonly chunk: number; readonly buffer: SharedArrayBuffer }
  | {
      readonly kind: 'counter'
      readonly name: string
      readonly mode: CounterMode
      readonly chunk: number
      readonly slot: number
    }
  | {
      readonly kind: 'gauge'
      readonly name: string
      readonly mode: GaugeMode
      readonly chunk: number
      readonly slot: number
    }
  /** The cell that counts zeros. */
  | {
      readonly kind: 'histogram'
      readonly name: string
      readonly unit: HistogramUnit
      readonly chunk: number
      readonly slot: number
    }
  /** 90 cells of one power of ten, announced with the first value that falls there. */
  | {
      readonly kind: 'histogram-row'
      readonly name: string
      readonly exponent: number
      readonly chunk: number
      readonly slot: number
    }
  | { readonly kind: 'text'; readonly name: string; readonly value: string }

export interface StatsStoreOptions {
  /** Called in a microtask after new metrics were made. */
  readonly onDefine?: (definitions: readonly StatDefinition[]) => void
  /** Most metrics of this thread; what is asked for beyond works but is not shown. `server.stats_overflow` counts it. */
  readonly limit?: number
  /** Names that `stats_matcher` refuses are not shown either. */
  readonly rejects?: (name: string) => boolean
}

export class StatsStore implements Scope {
  readonly #onDefine: ((definitions: readonly StatDefinition[]) => void) | undefined
  readonly #limit: number
  readonly #rejects: ((name: string) => boolean) | undefined
  readonly #counters = new Map<string, CellCounter>()
  readonly #gauges = new Map<string, CellGauge>()
  readonly #histograms = new Map<string, CellHistogram>()
  readonly #texts = new Map<string, string>()
  #overflow: CellCounter | undefined
  #cells = new Float64Array(new SharedArrayBuffer(0))
  #chunk = -1
  #used = 0
  #pending: StatDefinition[] = []

  constructor(options: StatsStoreOptions = {}) {
    this.#onDefine = options.onDefine
    this.#limit = options.limit ?? defaultLimit
    this.#rejects = options.rejects
  }

  scope(prefix: string): Scope {
    return new PrefixScope(this, `${prefix.replace(/\.$/, '')}.`)
  }

  counter(name: string, mode: CounterMode = 'accumulate'): Counter {
    let found = this.#counters.get(name)
    if (found === undefined) {
      const shown = this.#shows(name)
      found = new CellCounter(...this.#allocate(1, shown))
      if (shown) this.#define({ kind: 'counter', name, mode, chunk: this.#chunk, slot: found.slot })
      if (shown || this.#size < this.#limit) this.#counters.set(name, found)
    }
    return found
  }

  gauge(name: string, mode: GaugeMode = 'accumulate'): Gauge {
    let found = this.#gauges.get(name)
    if (found === undefined) {
      const shown = this.#shows(name)
      found = new CellGauge(...this.#allocate(1, shown))
      if (shown) this.#define({ kind: 'gauge', name, mode, chunk: this.#chunk, slot: found.slot })
      if (shown || this.#size < this.#limit) this.#gauges.set(name, found)
    }
    return found
  }

  histogram(name: string, unit: HistogramUnit = 'unspecified'): Histogram {
    let found = this.#histograms.get(name)
    if (found === undefined) {
      const shown = this.#shows(name)
      const [cells, slot] = this.#allocate(1, shown)
      const addRow = (exponent: number): CellRow => {
        const [rowCells, rowSlot] = this.#allocate(rowLength, shown)
        if (shown) this.#define({ kind: 'histogram-row', name, exponent, chunk: this.#chunk, slot: rowSlot })
        return { cells: rowCells, slot: rowSlot }
      }
      found = new CellHistogram({ cells, slot }, unit === 'percent' ? percentScale : 1, addRow)
      if (shown) this.#define({ kind: 'histogram', name, unit, chunk: this.#chunk, slot })
      if (shown || this.#size < this.#limit) this.#histograms.set(name, found)
    }
    return found
  }

  text(name: string, value: string): void {
    if (this.#texts.get(name) === value || (!this.#texts.has(name) && !this.#shows(name))) return
    this.#texts.set(name, value)
    this.#define({ kind: 'text', name, value })
  }

  get #size(): number {
    return this.#counters.size + this.#gauges.size + this.#histograms.size + this.#texts.size
  }

  #shows(name: string): boolean {
    if (this.#rejects?.(name)) return false
    if (this.#size < this.#limit) return true
    this.#countOverflow()
    return false
  }

  #countOverflow(): void {
    if (this.#overflow === undefined) {
      const name = 'server.stats_overflow'
      this.#overflow = new CellCounter(...this.#allocate(1, true))
      this.#define({ kind: 'counter', name, mode: 'accumulate', chunk: this.#chunk, slot: this.#overflow.slot })
    }
    this.#overflow.inc()
  }

  /** Fresh cells, in shared memory if the metric is shown. They hold -0 until they are written: "not used". */
  #allocate(length: number, shown: boolean): [cells: Float64Array, slot: number] {
    if (!shown) return [new Float64Array(length), 0]
    if (this.#used + length > this.#cells.length) {
      const buffer = new SharedArrayBuffer(chunkCells * Float64Array.BYTES_PER_ELEMENT)
      this.#cells = new Float64Array(buffer).fill(-0)
      this.#chunk++
      this.#used = 0
      this.#define({ kind: 'chunk', chunk: this.#chunk, buffer })
    }
    const slot = this.#used
    this.#used += length
    return [this.#cells, slot]
  }

  #define(definition: StatDefinition): void {
    if (this.#onDefine === undefined) return
    if (this.#pending.length === 0) queueMicrotask(() => this.flush())
    this.#pending.push(definition)
  }

  /** Announces now what the microtask would. */
  flush(): void {
    if (this.#pending.length === 0) return
    const definitions = this.#pending
    this.#pending = []
    this.#onDefine?.(definitions)
  }
}

class PrefixScope implements Scope {
  readonly #store: StatsStore
  readonly #prefix: string

  constructor(store: StatsStore, prefix: string) {
    this.#store = store
    this.#prefix = prefix
  }

  scope(prefix: string): Scope {
    return this.#store.scope(this.#prefix + prefix)
  }

  counter(name: string, mode?: CounterMode): Counter {
    return this.#store.counter(this.#prefix + name, mode)
  }

  gauge(name: string, mode?: GaugeMode): Gauge {
    return this.#store.gauge(this.#prefix + name, mode)
  }

  histogram(name: string, unit?: HistogramUnit): Histogram {
    return this.#store.histogram(this.#prefix + name, unit)
  }

  text(name: string, value: string): void {
    this.#store.text(this.#prefix + name, value)
  }
}

class CellCounter implements Counter {
  readonly cells: Float64Array
  readonly slot: number

  constructor(cells: Float64Array, slot: number) {
    this.cells = cells
    this.slot = slot
  }

  inc(): void {
    ;(this.cells[this.slot] as number) += 1
  }

  add(n: number): void {
    ;(this.cells[this.slot] as number) += n
  }

  get value(): number {
    return (this.cells[this.slot] as number) + 0
  }
}

class CellGauge extends CellCounter implements Gauge {
  dec(): void {
    ;(this.cells[this.slot] as number) -= 1
  }

  sub(n: number): void {
    ;(this.cells[this.slot] as number) -= n
  }

  set(value: number): void {
    // + 0: a written zero is +0, see StatsStore.#allocate.
    this.cells[this.slot] = value + 0
  }
}

interface CellRow {
  readonly cells: Float64Array
  readonly slot: number
}

class CellHistogram implements Histogram {
  readonly #zero: CellRow
  readonly #scale: number
  readonly #rows: (CellRow | undefined)[] = Array.from({ length: maxExponent + 1 }, () => undefined)
  readonly #addRow: (exponent: number) => CellRow

  constructor(zero: CellRow, scale: number, addRow: (exponent: number) => CellRow) {
    this.#zero = zero
    this.#scale = scale
    this.#addRow = addRow
  }

  record(value: number): void {
    // Envoy records integers.
    const integer = Math.floor(value * this.#scale)
    if (!(integer >= 1)) {
      ;(this.#zero.cells[this.#zero.slot] as number) += 1
      return
    }
    let exponent = 0
    let unit = 1
    while (exponent < maxExponent && integer >= unit * 10) {
      unit *= 10
      exponent++
    }
    const mantissa = Math.min(99, Math.floor((integer * 10) / unit))
    const row = (this.#rows[exponent] ??= this.#addRow(exponent))
    ;(row.cells[row.slot + mantissa - 10] as number) += 1
  }
}
