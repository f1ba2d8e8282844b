/** What admin's `/wasm` tells: plain data, as it is written. */

export interface WasmStatus {
  readonly plugins: readonly WasmPluginStatus[]
  readonly workers: readonly WasmWorkerStatus[]
  /** Of stat sinks and singleton services, if there are any. */
  readonly main_thread?: WasmWorkerStatus
}

export interface WasmPluginStatus {
  readonly name: string
  readonly root_id: string
  readonly vm_id: string
  readonly failure_policy: string
  /** `file <path>`, `inline <sha256>` or `remote <uri>`. */
  readonly source: string
  /** '' without code. */
  readonly sha256: string
  readonly limits: Readonly<Record<string, number>>
  readonly reloads: { readonly success: number; readonly failure: number }
  readonly last_reload: WasmReloadResult | undefined
}

export interface WasmReloadResult {
  readonly name: string
  readonly outcome: 'reloaded' | 'unchanged' | 'failed'
  /** Why it failed. */
  readonly reason?: string
  /** Wall clock, ISO 8601. */
  readonly time: string
}

export interface WasmWorkerStatus {
  readonly vms: readonly WasmVmStatus[]
  /** The latest, oldest first. */
  readonly traps: readonly WasmTrap[]
}

export interface WasmVmStatus {
  /** `trapped`: it gets no new streams; those that it has go on. `waiting`: it has trapped, and its successor must wait. */
  readonly state: 'running' | 'trapped' | 'waiting'
  readonly vm_id: string
  readonly plugins: readonly string[]
  readonly abi: string
  readonly sha256: string
  readonly memory_bytes: number
  /** Root contexts and streams. */
  readonly contexts: number
  readonly callbacks: number
  readonly streams_completed: number
  /** Extrapolated from one callback in 64. */
  readonly cpu_ms: number
}

export interface WasmTrap {
  readonly time: string
  /** With the guest's stack, a frame a line. */
  readonly reason: string
}
