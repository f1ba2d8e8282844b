/**
 * Named integers that all threads of the process share, over one SharedArrayBuffer: what Envoy keeps process-wide
 * (circuit-breaker counts, rate-limit tokens). A name is found by its hash in an open-addressed table, so no thread
 * has to ask another. Each thread adds to its own column and reads the sum, so what a dead worker held can be dropped.
 */
const slots = 16_384
const maxThreads = 65 // main + 64 workers
const keyWords = slots * 2
const registersAt = (keyWords + slots * maxThreads) * 4

export class SharedCells {
  readonly buffer: SharedArrayBuffer
  readonly #keys: Int32Array
  readonly #values: Int32Array
  readonly #registers: BigInt64Array
  readonly #column: number

  /** @param column this thread's: 0 main, 1 + index for workers */
  constructor(column: number, buffer = new SharedArrayBuffer(registersAt + slots * 8)) {
    this.buffer = buffer
    this.#keys = new Int32Array(buffer, 0, keyWords)
    this.#values = new Int32Array(buffer, keyWords * 4, slots * maxThreads)
    this.#registers = new BigInt64Array(buffer, registersAt)
    this.#column = column
  }

  /** The cell of a name; throws RangeError when all 16,384 are taken. */
  cell(name: string): SharedCell {
    return new SharedCell(this.#values, this.#slot(name) * maxThreads, this.#column)
  }

  /** The register of a name; throws as `cell`. */
  register(name: string): SharedRegister {
    return new SharedRegister(this.#registers, this.#slot(name))
  }

  #slot(name: string): number {
    const [high, low] = hash(name)
    for (let probe = 0; probe < slots; probe++) {
      const slot = (low + probe) & (slots - 1)
      const seen = Atomics.compareExchange(this.#keys, slot * 2, 0, high)
      if (seen !== 0 && seen !== high) continue
      const seenLow = Atomics.compareExchange(this.#keys, slot * 2 + 1, 0, low)
      if (seenLow === 0 || seenLow === low) return slot
    }
    throw new RangeError(`more than ${slots} shared cells`)
  }

  /** Drops what a dead thread held. */
  clearColumn(column: number): void {
    for (let slot = 0; slot < slots; slot++) Atomics.store(this.#values, slot * maxThreads + column, 0)
  }
}

export class SharedCell {
  readonly #values: Int32Array
  readonly #start: number
  readonly #own: number

  constructor(values: Int32Array, start: number, column: number) {
    this.#values = values
    this.#start = start
    this.#own = start + column
  }

  add(n: number): void {
    Atomics.add(this.#values, this.#own, n)
  }

  /** Over all threads. */
  sum(): number {
    const end = this.#start + threadCount
    let total = 0
    for (let i = this.#start; i < end; i++) total += Atomics.load(this.#values, i)
    return total
  }
}

/** A number that all threads change one after the other; 0 at first. */
export class SharedRegister {
  readonly #values: BigInt64Array
  readonly #at: number
  readonly #number = new Float64Array(1)
  readonly #bits = new BigInt64Array(this.#number.buffer)

  constructor(values: BigInt64Array, at: number) {
    this.#values = values
    this.#at = at
  }

  get value(): number {
    this.#bits[0] = Atomics.load(this.#values, this.#at)
    return this.#number[0] as number
  }

  /** Sets it to what `next` makes of it, which is asked again when another thread was faster; undefined: it stays. */
  update(next: (now: number) => number | undefined): void {
    for (;;) {
      const before = Atomics.load(this.#values, this.#at)
      this.#bits[0] = before
      const after = next(this.#number[0] as number)
      if (after === undefined) return
      this.#number[0] = after
      if (Atomics.compareExchange(this.#values, this.#at, before, this.#bits[0]) === before) return
    }
  }
}

/** A register that no other thread sees. */
export function ownRegister(): SharedRegister {
  return new SharedRegister(new BigInt64Array(new SharedArrayBuffer(8)), 0)
}

/** A cell that no other thread sees. */
export function ownCell(): SharedCell {
  return new SharedCell(new Int32Array(maxThreads), 0, 0)
}

let threadCount = maxThreads

/** Tells this thread how many columns are in use, so that sums read no more. */
export function setThreadCount(count: number): void {
  threadCount = Math.min(count, maxThreads)
}

/** Two non-zero 31-bit halves of a 64-bit FNV-like hash. */
function hash(name: string): [number, number] {
  let a = 0x811c9dc5
  let b = 0x1b873593
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i)
    a = Math.imul(a ^ c, 0x01000193)
    b = Math.imul(b ^ c, 0x85ebca6b) + (b >>> 13)
  }
  return [(a & 0x7fffffff) | 1, (b & 0x7fffffff) | 1]
}
