/**
 * The values of metrics that guests define, one for all threads of the process: in Envoy a guest reads and sets what all
 * workers have made of a metric, not only its own. Names are found by their hash in an open-addressed table.
 */
import { createHash } from 'node:crypto'

const slots = 16_384
/** Of the names of guests' metrics among the stats. */
export const metricPrefix = 'wasmcustom.'
/** A full table is not searched to its end. */
const maxProbes = 64

/** To be shared with all threads. */
export function makeMetricBuffer(): SharedArrayBuffer {
  return new SharedArrayBuffer(slots * 2 * BigInt64Array.BYTES_PER_ELEMENT)
}

export class MetricStore {
  readonly #keys: BigInt64Array
  readonly #values: BigInt64Array

  constructor(buffer: SharedArrayBuffer) {
    this.#keys = new BigInt64Array(buffer, 0, slots)
    this.#values = new BigInt64Array(buffer, slots * BigInt64Array.BYTES_PER_ELEMENT)
  }

  counter(name: string): MetricCell | undefined {
    return this.cell(`0 ${name}`)
  }

  gauge(name: string): MetricCell | undefined {
    return this.cell(`1 ${name}`)
  }

  /** Undefined when the table is full: such a metric is each thread's own. */
  cell(name: string): MetricCell | undefined {
    const digest = createHash('sha256').update(name).digest()
    const key = digest.readBigInt64LE(0) || 1n
    const first = digest.readUInt32LE(8)
    for (let probe = 0; probe < maxProbes; probe++) {
      const slot = (first + probe) % slots
      const seen = Atomics.compareExchange(this.#keys, slot, 0n, key)
      if (seen === 0n || seen === key) return new MetricCell(this.#values, slot)
    }
    return undefined
  }
}

/** A worker is gone, and with it its part of the gauges (`wasmcustom.…` of the stats): what guests read goes with it. */
export function forgetGauges(store: MetricStore, gauges: Iterable<readonly [name: string, value: number]>): void {
  for (const [name, value] of gauges)
    if (name.startsWith(metricPrefix)) store.gauge(name.slice(metricPrefix.length))?.add(-BigInt(Math.trunc(value)))
}

export class MetricCell {
  readonly #values: BigInt64Array
  readonly #slot: number

  constructor(values: BigInt64Array, slot: number) {
    this.#values = values
    this.#slot = slot
  }

  add(amount: bigint): void {
    Atomics.add(this.#values, this.#slot, amount)
  }

  /** @returns the value before */
  set(value: bigint): bigint {
    return Atomics.exchange(this.#values, this.#slot, value)
  }

  get value(): bigint {
    return Atomics.load(this.#values, this.#slot)
  }
}
