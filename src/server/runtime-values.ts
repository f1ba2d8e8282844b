/** Runtime values (`layered_runtime`): static layers, the later over the earlier, keys as dotted paths. */
import type { JsonObject } from '../config/json-source.ts'
import type { Runtime } from '../core/extension.ts'

const denominators = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const

export class StaticRuntime implements Runtime {
  readonly values: ReadonlyMap<string, unknown>

  constructor(layers: readonly JsonObject[]) {
    this.values = new Map(layers.flatMap(layer => [...flattenRuntime(layer)]))
  }

  getInteger(key: string, defaultValue: number): number {
    const value = Number(this.values.get(key) ?? defaultValue)
    return Number.isFinite(value) ? value : defaultValue
  }

  getBoolean(key: string, defaultValue: boolean): boolean {
    const value = this.values.get(key)
    if (value === undefined) return defaultValue
    return value === true || value === 'true'
  }

  featureEnabled(key: string, numerator: number, denominator: number, random: number): boolean {
    const value = key === '' ? undefined : this.values.get(key)
    let limit = numerator
    let base = denominator
    if (typeof value === 'object' && value !== null) {
      const fraction = value as { numerator?: number; denominator?: keyof typeof denominators }
      limit = Number(fraction.numerator ?? 0)
      base = denominators[fraction.denominator ?? 'HUNDRED']
    } else if (value !== undefined) {
      limit = Number(value)
      base = 100
    }
    return random % base < limit
  }
}

/** The values of a layer by dotted key. */
export function flattenRuntime(layer: JsonObject): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>()
  flatten(layer, '', values)
  return values
}

/** A FractionalPercent written as an object stays one value; other objects are folders. */
function flatten(value: unknown, path: string, into: Map<string, unknown>): void {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || 'numerator' in value) {
    into.set(path, value)
    return
  }
  for (const [key, child] of Object.entries(value)) flatten(child, path === '' ? key : `${path}.${key}`, into)
}
