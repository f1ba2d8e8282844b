/**
 * Filter state that guests write. Follows Envoy's `CelState` and `FilterStateImpl`: what lives as long as the connection
 * is seen by all of its streams.
 */
import type { FilterStateObject, StreamInfo } from '../core/stream-info.ts'
import type { WasmContext } from './context.ts'

/** What filters may keep in one stream's, or connection's, filter state. */
const maxFilterStateBytes = 1024 * 1024
const maxFilterStateEntries = 100

/** What `proxy_set_property` keeps: the bytes that the guest gave. */
export class WasmState implements FilterStateObject {
  value: Uint8Array
  readonly readonly: boolean

  constructor(value: Uint8Array, readonly: boolean) {
    this.value = value
    this.readonly = readonly
  }

  serializeAsString(): string {
    return Buffer.from(this.value).toString()
  }

  attribute(): Uint8Array {
    return this.value
  }
}

export class TextState implements FilterStateObject {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  serializeAsString(): string {
    return this.#text
  }
}

interface PropertyPrototype {
  /** Set once. */
  readonly readonly: boolean
  readonly onConnection: boolean
}

const prototypes = new WeakMap<WasmContext, Map<string, PropertyPrototype>>()

/** Streams use what their root context has declared. False: it was declared before, or is one too many. */
export function declareProperty(context: WasmContext, name: string, prototype: PropertyPrototype): boolean {
  let known = prototypes.get(context)
  if (known === undefined) prototypes.set(context, (known = new Map()))
  if (known.has(name) || known.size >= maxFilterStateEntries) return false
  known.set(name, prototype)
  return true
}

/** `proxy_set_property`. @param path of the property, NUL between its parts */
export function setWasmState(
  context: WasmContext,
  info: StreamInfo,
  path: string,
  value: Uint8Array,
): 'ok' | 'readonly' | 'full' {
  if (value.length > maxFilterStateBytes) return 'full'
  const name = `wasm.${path}`
  const known = info.filterState?.get(name) ?? info.downstream.filterState?.get(name)
  if (known instanceof WasmState) {
    if (known.readonly) return 'readonly'
    known.value = value
    return 'ok'
  }
  const { readonly, onConnection } = prototypes.get(context.root ?? context)?.get(path) ?? {
    readonly: false,
    onConnection: false,
  }
  const state = new WasmState(value, readonly)
  return setFilterState(info, name, state, onConnection || context.isConnection) ? 'ok' : 'full'
}

/** False: there is too much of it. */
export function setFilterState(
  info: StreamInfo,
  name: string,
  state: FilterStateObject,
  onConnection: boolean,
): boolean {
  const owner = onConnection ? info.downstream : info
  const all = (owner.filterState ??= new Map())
  if (all.size >= maxFilterStateEntries && !all.has(name)) return false
  all.set(name, state)
  return true
}
