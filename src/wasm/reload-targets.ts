/** The plugins of a configuration, noted while the main thread checks it: what may be reloaded, and what `/wasm` lists. */
import type { WasmLimits } from './limits.ts'
import type { Plugin } from './plugin.ts'
import type { VmSettings } from './vm.ts'

/** One for each plugin, VM settings and code; plain data, because it travels to workers with the rest. */
export interface ReloadTarget {
  readonly plugin: Plugin
  readonly settings: VmSettings
  readonly limits: WasmLimits
  /** Of the compiled code among the singletons. */
  readonly codeKey: string
  /** `file <path>`, `inline <sha256>` or `remote <uri>`. */
  readonly source: string
  /** Undefined for code that cannot change. */
  readonly path: string | undefined
}

const singleton = 'wasm.targets'

export function noteTarget(singletons: Map<string, unknown>, target: ReloadTarget): void {
  const targets = targetsOf(singletons)
  if (!targets.some(each => isSame(each, target))) singletons.set(singleton, [...targets, target])
}

/** What used it is gone. */
export function forgetTarget(singletons: Map<string, unknown>, target: ReloadTarget): void {
  singletons.set(
    singleton,
    targetsOf(singletons).filter(each => !isSame(each, target)),
  )
}

export function targetsOf(singletons: ReadonlyMap<string, unknown>): readonly ReloadTarget[] {
  return (singletons.get(singleton) as readonly ReloadTarget[] | undefined) ?? []
}

function isSame(one: ReloadTarget, other: ReloadTarget): boolean {
  return (
    one.plugin.key === other.plugin.key &&
    one.codeKey === other.codeKey &&
    one.settings.vmId === other.settings.vmId &&
    Buffer.compare(one.settings.configuration, other.settings.configuration) === 0
  )
}
