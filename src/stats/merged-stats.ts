/**
 * The stats of the whole process, on the main thread: reads the cells that every thread announced and adds them up.
 * A dead worker's counters stay, its gauges go. Follows Envoy's `Stats::Store` as admin handlers and sinks see it.
 */
import { addBins, emptyBins, type HistogramBins, percentScale, rowLength } from './histogram.ts'
import type { HistogramUnit } from './scope.ts'
import type { CounterMode, GaugeMode, StatDefinition } from './store.ts'
import { TagExtraction, type TaggedName } from './tags.ts'

/** The main thread's own store; workers have 0, 1, … */
export const mainThread = -1

interface Cell {
  readonly worker: number
  readonly cells: Float64Array
  readonly slot: number
}

abstract class MergedStat {
  readonly name: string
  readonly #extraction: TagExtraction
  #tagged: TaggedName | undefined

  constructor(name: string, extraction: TagExtraction) {
    this.name = name
    this.#extraction = extraction
  }

  /** The name without its tags, and the tags; computed once. */
  get tagged(): TaggedName {
    this.#tagged ??= this.#extraction.extract(this.name)
    return this.#tagged
  }

  /** Something was written since the start. */
  abstract readonly used: boolean
}

export class MergedCounter extends MergedStat {
  readonly cells: Cell[] = []
  readonly #mode: CounterMode
  #retired = -0
  #base = 0
  #latched = 0

  constructor(name: string, extraction: TagExtraction, mode: CounterMode) {
    super(name, extraction)
    this.#mode = mode
  }

  get #total(): number {
    let total = this.#retired
    for (const { cells, slot } of this.cells) total = this.#join(total, cells[slot] as number)
    return total
  }

  #join(a: number, b: number): number {
    return this.#mode === 'accumulate' ? a + b : Math.max(a, b)
  }

  get value(): number {
    return this.#total - this.#base
  }

  get used(): boolean {
    return !Object.is(this.#total, -0)
  }

  reset(): void {
    this.#base = this.#latched = this.#total
  }

  /** What was added since the last call: for sinks. */
  latch(): number {
    const total = this.#total
    const added = total - this.#latched
    this.#latched = total
    return added
  }

  retire(worker: number): void {
    for (let i = this.cells.length - 1; i >= 0; i--) {
      const { worker: owner, cells, slot } = this.cells[i] as Cell
      if (owner !== worker) continue
      this.#retired = this.#join(this.#retired, cells[slot] as number)
      this.cells.splice(i, 1)
    }
  }
}

export class MergedGauge extends MergedStat {
  readonly cells: Cell[] = []
  readonly mode: GaugeMode

  constructor(name: string, extraction: TagExtraction, mode: GaugeMode) {
    super(name, extraction)
    this.mode = mode
  }

  /** `never-import`: the main thread's if it ever set it, otherwise that of the first worker. */
  get value(): number {
    return this.#raw + 0
  }

  get used(): boolean {
    return !Object.is(this.#raw, -0)
  }

  get #raw(): number {
    let sum = -0
    let first: Cell | undefined
    for (const cell of this.cells) {
      const value = cell.cells[cell.slot] as number
      sum += value
      if (!Object.is(value, -0) && (first === undefined || cell.worker < first.worker)) first = cell
    }
    if (this.mode === 'accumulate') return sum
    return first === undefined ? -0 : (first.cells[first.slot] as number)
  }

  retire(worker: number): void {
    for (let i = this.cells.length - 1; i >= 0; i--) if (this.cells[i]?.worker === worker) this.cells.splice(i, 1)
  }
}

export class MergedHistogram extends MergedStat {
  readonly unit: HistogramUnit
  readonly zeros: Cell[] = []
  readonly rows: (Cell & { readonly exponent: number })[] = []
  readonly #retired = emptyBins()
  #previous = emptyBins()
  #interval = emptyBins()

  constructor(name: string, extraction: TagExtraction, unit: HistogramUnit) {
    super(name, extraction)
    this.unit = unit
  }

  /** Divides what the bins hold into the histogram's unit. */
  get scale(): number {
    return this.unit === 'percent' ? percentScale : 1
  }

  /** Since the start. */
  get cumulative(): HistogramBins {
    const bins = emptyBins()
    addBins(bins, this.#retired)
    for (const { cells, slot } of this.zeros) bins.zero += cells[slot] as number
    for (const row of this.rows) addRow(bins, row.exponent, row.cells, row.slot)
    return bins
  }

  /** Of the last finished flush interval. */
  get interval(): HistogramBins {
    return this.#interval
  }

  get used(): boolean {
    return this.rows.length > 0 || this.cumulative.zero > 0 || this.#retired.rows.length > 0
  }

  /** Ends a flush interval. */
  merge(): void {
    const now = this.cumulative
    const interval = emptyBins()
    addBins(interval, now)
    addBins(interval, this.#previous, -1)
    this.#previous = now
    this.#interval = interval
  }

  retire(worker: number): void {
    for (let i = this.zeros.length - 1; i >= 0; i--) {
      const { worker: owner, cells, slot } = this.zeros[i] as Cell
      if (owner !== worker) continue
      this.#retired.zero += cells[slot] as number
      this.zeros.splice(i, 1)
    }
    for (let i = this.rows.length - 1; i >= 0; i--) {
      const row = this.rows[i]
      if (row?.worker !== worker) continue
      addRow(this.#retired, row.exponent, row.cells, row.slot)
      this.rows.splice(i, 1)
    }
  }
}

export class MergedText extends MergedStat {
  value = ''

  get used(): boolean {
    return this.value !== ''
  }
}

export class MergedStats {
  readonly counters = new Map<string, MergedCounter>()
  readonly gauges = new Map<string, MergedGauge>()
  readonly histograms = new Map<string, MergedHistogram>()
  readonly texts = new Map<string, MergedText>()
  readonly #extraction: TagExtraction
  /** By worker, then chunk number. */
  readonly #chunks = new Map<number, Float64Array[]>()

  constructor(extraction = new TagExtraction()) {
    this.#extraction = extraction
  }

  /** Takes what a thread's store announced. @param worker its index, `mainThread` for the main thread's own */
  define(worker: number, definitions: readonly StatDefinition[]): void {
    let chunks = this.#chunks.get(worker)
    if (chunks === undefined) this.#chunks.set(worker, (chunks = []))
    for (const each of definitions) {
      if (each.kind === 'chunk') {
        chunks[each.chunk] = new Float64Array(each.buffer)
        continue
      }
      if (each.kind === 'text') {
        this.#get(this.texts, each.name, () => new MergedText(each.name, this.#extraction)).value = each.value
        continue
      }
      const cell = { worker, cells: chunks[each.chunk] as Float64Array, slot: each.slot }
      if (each.kind === 'counter')
        this.#get(this.counters, each.name, () => new MergedCounter(each.name, this.#extraction, each.mode)).cells.push(
          cell,
        )
      else if (each.kind === 'gauge')
        this.#get(this.gauges, each.name, () => new MergedGauge(each.name, this.#extraction, each.mode)).cells.push(
          cell,
        )
      else if (each.kind === 'histogram') this.#histogram(each.name, each.unit).zeros.push(cell)
      else this.#histogram(each.name, 'unspecified').rows.push({ ...cell, exponent: each.exponent })
    }
  }

  /** What a worker's part of each gauge is, as far as it is not 0. */
  *gaugesOf(worker: number): Iterable<readonly [name: string, value: number]> {
    for (const gauge of this.gauges.values()) {
      const value = gauge.cells.reduce((sum, each) => (each.worker === worker ? sum + valueOf(each) : sum), 0)
      if (value !== 0) yield [gauge.name, value]
    }
  }

  /** A worker is gone: what its counters and histograms held stays, its gauges are dropped. */
  retire(worker: number): void {
    this.#chunks.delete(worker)
    for (const map of [this.counters, this.gauges, this.histograms])
      for (const stat of map.values()) stat.retire(worker)
  }

  resetCounters(): void {
    for (const counter of this.counters.values()) counter.reset()
  }

  /** Ends a flush interval (`stats_flush_interval`): histograms show the values of the last one. */
  mergeHistograms(): void {
    for (const histogram of this.histograms.values()) histogram.merge()
  }

  #histogram(name: string, unit: HistogramUnit): MergedHistogram {
    return this.#get(this.histograms, name, () => new MergedHistogram(name, this.#extraction, unit))
  }

  #get<T>(map: Map<string, T>, name: string, make: () => T): T {
    let found = map.get(name)
    if (found === undefined) map.set(name, (found = make()))
    return found
  }
}

function addRow(bins: HistogramBins, exponent: number, cells: Float64Array, slot: number): void {
  const into = (bins.rows[exponent] ??= new Float64Array(rowLength))
  for (let m = 0; m < rowLength; m++) into[m] = (into[m] as number) + (cells[slot + m] as number)
}

function valueOf({ cells, slot }: Cell): number {
  return cells[slot] as number
}
