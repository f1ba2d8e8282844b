/**
 * Where sluice answers otherwise than Envoy on purpose. Each entry is the expected outcome in place of the recorded one and
 * the reason, which docs/differences.md repeats.
 */
import type { Outcome } from './run.ts'

export interface Difference {
  readonly reason: string
  /** What differs from the recording; the rest must still be equal. */
  readonly ours: Partial<Outcome>
}

/** Keyed by `group/case`. */
export const knownDifferences: Readonly<Record<string, Difference>> = {}

/** Stats that Envoy has and sluice does not, with the reason. */
export const absentStats: readonly { readonly name: RegExp; readonly reason: string }[] = []
