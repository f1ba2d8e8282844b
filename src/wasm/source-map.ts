/**
 * From positions in a module that runs to those in its source, for the stacks of traps: through the code that metering
 * has added (meter.ts), then through a source map beside the module (`filter.wasm.map`, as AssemblyScript writes it;
 * ECMA-426). Plain data, because it travels to workers.
 */
import { readFileSync } from 'node:fs'

/** Where code of the module as it runs comes from: from each `to` on, bytes follow those at `from`. Ascending. */
export interface MovedCode {
  readonly to: number[]
  readonly from: number[]
}

export interface SourcePositions {
  readonly moved: MovedCode
  /** Positions in the module as it was built, ascending, and their places in the source. */
  readonly offsets: Uint32Array
  /** Of `sources`. */
  readonly files: Uint16Array
  /** 1-based. */
  readonly lines: Uint32Array
  /** 1-based. */
  readonly columns: Uint32Array
  readonly sources: readonly string[]
}

const maxMapBytes = 64 * 1024 * 1024
const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/'
const values = new Int8Array(128).fill(-1)
for (const [value, digit] of Array.from(digits).entries()) values[digit.charCodeAt(0)] = value

/** The map beside a module. Undefined when there is none. Throws Error for one that cannot be read. */
export function readSourceMap(path: string, moved: MovedCode): SourcePositions | undefined {
  let text: string
  try {
    text = readFileSync(`${path}.map`, 'utf8')
  } catch {
    return undefined
  }
  if (text.length > maxMapBytes) throw new Error('it is too big')
  const map = JSON.parse(text) as { readonly mappings?: unknown; readonly sources?: unknown }
  const { mappings, sources } = map
  if (typeof mappings !== 'string' || !Array.isArray(sources)) throw new Error('it is no source map')
  return decode(mappings, sources.map(String), moved)
}

/** A module is one line, whose columns are its bytes. */
function decode(mappings: string, sources: readonly string[], moved: MovedCode): SourcePositions {
  const offsets: number[] = []
  const files: number[] = []
  const lines: number[] = []
  const columns: number[] = []
  const at = [0, 0, 0, 0]
  for (const segment of (mappings.split(';', 1)[0] as string).split(',')) {
    const deltas = decodeSegment(segment)
    for (let i = 0; i < 4; i++) at[i] = (at[i] as number) + (deltas[i] ?? 0)
    if (deltas.length < 4) continue
    const [offset = 0, file = 0, line = 0, column = 0] = at
    offsets.push(offset)
    files.push(file)
    lines.push(line + 1)
    columns.push(column + 1)
  }
  return {
    ...{ moved, sources, offsets: Uint32Array.from(offsets), files: Uint16Array.from(files) },
    ...{ lines: Uint32Array.from(lines), columns: Uint32Array.from(columns) },
  }
}

/** Base 64 VLQ. */
function decodeSegment(text: string): number[] {
  const numbers: number[] = []
  let value = 0
  let shift = 0
  for (let i = 0; i < text.length; i++) {
    const digit = values[text.charCodeAt(i)] ?? -1
    if (digit < 0 || shift > 30) throw new Error('its mappings are no source map’s')
    value |= (digit & 31) << shift
    shift += 5
    if (digit & 32) continue
    numbers.push(value & 1 ? -(value >>> 1) : value >>> 1)
    value = shift = 0
  }
  return numbers
}

/** `assembly/index.ts:12:3`; undefined for code that the source map does not know. */
export function sourcePosition(positions: SourcePositions, offset: number): string | undefined {
  const { moved, offsets, files, lines, columns, sources } = positions
  const piece = lastAtMost(moved.to, offset)
  if (piece < 0) return undefined
  const ahead = offset - (moved.to[piece] as number) + (moved.from[piece] as number)
  // Code that metering has put between two pieces counts as the beginning of the second, which may be an earlier one again.
  const next = moved.from[piece + 1] ?? ahead
  const found = lastAtMost(offsets, next > (moved.from[piece] as number) ? Math.min(ahead, next) : ahead)
  if (found < 0) return undefined
  return `${sources[files[found] as number]}:${lines[found]}:${columns[found]}`
}

function lastAtMost(ascending: ArrayLike<number>, value: number): number {
  let low = 0
  let high = ascending.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((ascending[middle] as number) <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}
