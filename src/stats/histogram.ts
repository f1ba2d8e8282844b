/**
 * Log-linear histogram bins as in libcircllhist, which Envoy uses: two significant digits of the value and a power of
 * ten. Quantiles, sums and bucket counts are computed from the bins the way Envoy prints them.
 */

/** Bins of one power of ten: mantissas 10 to 99. */
export const rowLength = 90
/** Values in percent are kept as integers of this fraction. */
export const percentScale = 1_000_000
/** Values from 10^17 on fall into the last row. */
export const maxExponent = 16

/** Counts by exponent: row `e` bin `m` counts values in [(10 + m) · 10^(e-1), (11 + m) · 10^(e-1)). */
export interface HistogramBins {
  zero: number
  readonly rows: (Float64Array | undefined)[]
}

export const quantiles: readonly number[] = [0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.995, 0.999, 1]

/** `le` bounds that Prometheus output uses by default, in the unit of the histogram. */
export const defaultBuckets: readonly number[] = [
  0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000, 600_000, 1_800_000,
  3_600_000,
]

export function emptyBins(): HistogramBins {
  return { zero: 0, rows: [] }
}

/** Adds `sign` times the counts of `more` to `bins`. */
export function addBins(bins: HistogramBins, more: HistogramBins, sign: 1 | -1 = 1): void {
  bins.zero += sign * more.zero
  for (const [exponent, row] of more.rows.entries()) {
    if (row === undefined) continue
    const into = (bins.rows[exponent] ??= new Float64Array(rowLength))
    for (let m = 0; m < rowLength; m++) into[m] = (into[m] as number) + sign * (row[m] as number)
  }
}

export interface Bin {
  readonly left: number
  readonly width: number
  readonly count: number
}

/** The bins that counted something, from the lowest. @param scale divides every bound */
export function nonEmptyBins(bins: HistogramBins, scale = 1): Bin[] {
  const found: Bin[] = bins.zero > 0 ? [{ left: 0, width: 0, count: bins.zero }] : []
  for (const [exponent, row] of bins.rows.entries()) {
    if (row === undefined) continue
    const unit = 10 ** exponent
    for (let m = 0; m < rowLength; m++) {
      const count = row[m] as number
      if (count > 0) found.push({ left: (((10 + m) / 10) * unit) / scale, width: unit / 10 / scale, count })
    }
  }
  return found
}

export function sampleCount(bins: readonly Bin[]): number {
  return bins.reduce((sum, bin) => sum + bin.count, 0)
}

/** The sum that the bins stand for, each with the harmonic mean of its bounds. */
export function sampleSum(bins: readonly Bin[]): number {
  let sum = 0
  for (const { left, width, count } of bins)
    if (width > 0) sum += (left + width * (left / (left + (left + width)))) * count
  return sum
}

/** The value at each of `quantiles`, NaN when nothing was recorded. */
export function computeQuantiles(bins: readonly Bin[]): number[] {
  const total = sampleCount(bins)
  if (total === 0) return quantiles.map(() => Number.NaN)
  let at = 0
  let lower = 0
  return quantiles.map(q => {
    const rank = Math.max(1, Math.ceil(q * total))
    while (lower + (bins[at] as Bin).count < rank) lower += (bins[at++] as Bin).count
    const { left, width, count } = bins[at] as Bin
    return left + ((rank - lower) / (count + 1)) * width
  })
}

/** How many values are at or below each bound; a bin counts when its lower bound does. */
export function countsBelow(bins: readonly Bin[], bounds: readonly number[]): number[] {
  let at = 0
  let sum = 0
  return bounds.map(bound => {
    while (at < bins.length && (bins[at] as Bin).left <= bound) sum += (bins[at++] as Bin).count
    return sum
  })
}
