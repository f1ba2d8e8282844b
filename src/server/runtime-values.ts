/**
 * Runtime values (`layered_runtime`): static layers and the admin layer that `/runtime_modify` writes, the later over the
 * earlier, keys as dotted paths. Follows Envoy's `source/common/runtime/runtime_impl.cc`.
 */
import type { JsonObject } from '../config/json-source.ts'
import type { RuntimeLayer } from '../config/v3.ts'
import { parseYaml } from '../config/yaml-source.ts'
import type { Runtime } from '../core/extension.ts'

const denominators = { HUNDRED: 100, TEN_THOUSAND: 10_000, MILLION: 1_000_000 } as const

export class RuntimeValues implements Runtime {
  readonly #layers: readonly RuntimeLayer[]
  readonly #overrides: Map<string, string>
  #values: ReadonlyMap<string, unknown>

  /** @param overrides what the admin layer holds; `override` writes into it */
  constructor(layers: readonly RuntimeLayer[], overrides: Map<string, string>) {
    this.#layers = layers
    this.#overrides = overrides
    this.#values = this.#merged()
  }

  /** The number of keys that have a value. */
  get size(): number {
    return this.#values.size
  }

  get hasOverrides(): boolean {
    return this.#overrides.size > 0
  }

  /** As texts, for `/runtime`. */
  get layers(): readonly { readonly name: string; readonly values: ReadonlyMap<string, string> }[] {
    return this.#layers.map(layer => ({
      name: layer.name,
      values: layer.adminLayer === undefined ? textValues(flattenRuntime(layer.staticLayer ?? {})) : this.#overrides,
    }))
  }

  /** Writes the admin layer; '' takes a key out of it. @returns false without an admin layer */
  override(changes: ReadonlyMap<string, string>): boolean {
    if (this.#layers.every(layer => layer.adminLayer === undefined)) return false
    for (const [key, value] of changes) {
      if (value === '') this.#overrides.delete(key)
      else this.#overrides.set(key, value)
    }
    this.#values = this.#merged()
    return true
  }

  getInteger(key: string, defaultValue: number): number {
    return integer(this.#values.get(key)) ?? defaultValue
  }

  getDouble(key: string, defaultValue: number): number {
    const value = this.#values.get(key)
    const number = typeof value === 'string' && value !== '' ? Number(value) : value
    return typeof number === 'number' && Number.isFinite(number) ? number : defaultValue
  }

  getBoolean(key: string, defaultValue: boolean): boolean {
    const text = String(this.#values.get(key)).toLowerCase()
    return text === 'true' || (text !== 'false' && defaultValue)
  }

  featureEnabled(key: string, numerator: number, denominator: number, random: number): boolean {
    const value = key === '' ? undefined : this.#values.get(key)
    if (typeof value === 'object' && value !== null) {
      const fraction = value as { numerator?: number; denominator?: keyof typeof denominators }
      return random % denominators[fraction.denominator ?? 'HUNDRED'] < (fraction.numerator ?? 0)
    }
    const percent = integer(value)
    return percent === undefined ? random % denominator < numerator : random % 100 < percent
  }

  #merged(): ReadonlyMap<string, unknown> {
    return new Map(
      this.#layers.flatMap(layer =>
        layer.adminLayer === undefined
          ? [...flattenRuntime(layer.staticLayer ?? {})]
          : [...this.#overrides].map(([key, text]) => [key, overrideValue(text)] as const),
      ),
    )
  }
}

function integer(value: unknown): number | undefined {
  const number = typeof value === 'string' ? Number(value) : value
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 ? number : undefined
}

/** A FractionalPercent may be written as `{numerator: 5}`. */
function overrideValue(text: string): unknown {
  if (!text.startsWith('{')) return text
  try {
    const { value } = parseYaml(text, 'runtime')
    return typeof value === 'object' && value !== null && 'numerator' in value ? value : text
  } catch {
    return text
  }
}

/** The values of a layer by dotted key. */
function flattenRuntime(layer: JsonObject): ReadonlyMap<string, unknown> {
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

function textValues(values: ReadonlyMap<string, unknown>): ReadonlyMap<string, string> {
  return new Map([...values].map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]))
}
