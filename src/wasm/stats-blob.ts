/**
 * The stats that `envoy_on_stats_update` is told, as Envoy's `Context::onStatsUpdate` writes them: a block of the counters
 * and one of the gauges that were used. A block is its size, its type, the number of entries; an entry is the length
 * of the name and the name, zeros up to a multiple of 8, the value and, of counters, what was added since the last time.
 */
import type { MetricSnapshot } from '../core/stat-sink.ts'

const counterType = 1
const gaugeType = 2
const headBytes = 12

interface Entry {
  readonly name: Buffer
  /** Where its values begin, from the start of the blob. */
  readonly valuesAt: number
  readonly values: readonly number[]
}

export function encodeStats({ counters, gauges }: MetricSnapshot): Uint8Array {
  const counterEntries: Entry[] = []
  let end = headBytes
  const add = (entries: Entry[], text: string, values: readonly number[]): void => {
    const name = Buffer.from(text)
    const valuesAt = (end + 4 + name.length + 7) & ~7
    entries.push({ name, valuesAt, values })
    end = valuesAt + values.length * 8
  }
  for (const { counter, delta } of counters) if (counter.used) add(counterEntries, counter.name, [counter.value, delta])
  const gaugesAt = end
  end += headBytes
  const gaugeEntries: Entry[] = []
  for (const gauge of gauges) if (gauge.used) add(gaugeEntries, gauge.name, [gauge.value])

  const blob = Buffer.alloc(end)
  writeBlock(blob, 0, gaugesAt, counterType, counterEntries)
  writeBlock(blob, gaugesAt, end, gaugeType, gaugeEntries)
  return blob
}

function writeBlock(blob: Buffer, start: number, end: number, type: number, entries: readonly Entry[]): void {
  blob.writeUInt32LE(end - start, start)
  blob.writeUInt32LE(type, start + 4)
  blob.writeUInt32LE(entries.length, start + 8)
  let at = start + headBytes
  for (const { name, valuesAt, values } of entries) {
    blob.writeUInt32LE(name.length, at)
    name.copy(blob, at + 4)
    for (const [index, value] of values.entries())
      blob.writeBigUInt64LE(BigInt(Math.trunc(value)), valuesAt + index * 8)
    at = valuesAt + values.length * 8
  }
}
