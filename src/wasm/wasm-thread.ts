/** All wasm of one thread: its VMs by key, and the modules and stores that threads share. */
import { createHash } from 'node:crypto'
import type { FactoryContext } from '../core/extension.ts'
import type { ClusterManager } from '../core/cluster.ts'
import type { Scope } from '../stats/scope.ts'
import { defaultLimits, type WasmLimits } from './limits.ts'
import { UnknownWasmError } from './meter-binary.ts'
import { meterModule } from './meter.ts'
import { makeSharedBuffer, SharedStore } from './shared-store.ts'
import type { VmSettings, WasmVm } from './vm.ts'
import { VmSlot } from './vm-slot.ts'
import type { WasmHost } from './wasm-host.ts'

/** A compiled module, shared by all threads. */
export interface CompiledCode {
  readonly hash: string
  readonly module: WebAssembly.Module
}

const threads = new WeakMap<ClusterManager, WasmThread>()

export class WasmThread implements WasmHost {
  readonly clusters: ClusterManager
  readonly stats: Scope
  readonly node: WasmHost['node']
  readonly shared: SharedStore
  readonly #slots = new Map<string, VmSlot>()
  readonly #singletons: Map<string, unknown>

  private constructor(context: FactoryContext) {
    this.clusters = context.clusters
    this.stats = context.stats
    this.node = context.node
    this.#singletons = context.singletons
    this.shared = new SharedStore(this.#singleton('wasm.shared', makeSharedBuffer))
    context.onClose(() => {
      this.shared.close()
      threads.delete(this.clusters)
    })
  }

  /** The one of the thread that `context` belongs to. */
  static of(context: FactoryContext): WasmThread {
    let thread = threads.get(context.clusters)
    if (thread === undefined) {
      thread = new WasmThread(context)
      threads.set(context.clusters, thread)
    }
    return thread
  }

  /**
   * Compiles once for the process: the main thread reads and compiles while it checks the configuration, workers find
   * the result.
   * @param source what tells this code from others: a file name, or a hash of inline code
   * @param fresh read it even if it is known: the main thread's check
   * @throws WebAssembly.CompileError, or what `read` throws
   */
  code(
    source: string,
    fresh: boolean,
    read: () => Uint8Array<ArrayBuffer>,
    limits: WasmLimits = defaultLimits,
  ): CompiledCode {
    const key = codeKey(source, limits)
    const known = this.#singletons.get(key) as CompiledCode | undefined
    if (known !== undefined && !fresh) return known
    const bytes = read()
    const hash = createHash('sha256').update(bytes).digest('hex')
    if (known?.hash === hash) return known
    const compiled = { hash, module: compile(bytes, limits) }
    this.#singletons.set(key, compiled)
    return compiled
  }

  /** The slot of a VM with these settings; the caller releases it. */
  slot(code: CompiledCode, settings: VmSettings): VmSlot {
    const key = vmKey(code, settings)
    let slot = this.#slots.get(key)
    if (slot === undefined) {
      slot = new VmSlot(code.module, settings, this, () => this.#slots.delete(key))
      this.#slots.set(key, slot)
    }
    return slot.acquire()
  }

  onVmCreated({ settings }: WasmVm): void {
    this.stats.counter(`wasm.${settings.runtime}.created`).inc()
    this.stats.gauge(`wasm.${settings.runtime}.active`).inc()
    this.stats.gauge('wasm.wasm_vm_count').inc()
  }

  onVmRemoved({ settings }: WasmVm): void {
    this.stats.gauge(`wasm.${settings.runtime}.active`).dec()
    this.stats.gauge('wasm.wasm_vm_count').dec()
  }

  onVmFailed(vm: WasmVm): void {
    this.onVmRemoved(vm)
    for (const slot of this.#slots.values()) if (slot.owns(vm)) slot.countFailure(vm)
  }

  #singleton<T>(key: string, make: () => T): T {
    const known = this.#singletons.get(key) as T | undefined
    if (known !== undefined) return known
    const made = make()
    this.#singletons.set(key, made)
    return made
  }
}

/** Among the singletons. */
function codeKey(source: string, limits: WasmLimits): string {
  return `wasm.code ${limits.cpuBudgetMs > 0 ? 'metered' : 'plain'} ${limits.memoryLimitBytes} ${source}`
}

/** @throws WebAssembly.CompileError, UnknownWasmError */
function compile(bytes: Uint8Array<ArrayBuffer>, limits: WasmLimits): WebAssembly.Module {
  let metered: Uint8Array<ArrayBuffer>
  try {
    metered = meterModule(bytes, { cpu: limits.cpuBudgetMs > 0, memoryBytes: limits.memoryLimitBytes })
  } catch (error) {
    // A broken module is told as such.
    void new WebAssembly.Module(bytes)
    throw new UnknownWasmError(`the module cannot be metered: ${(error as Error).message}`)
  }
  return new WebAssembly.Module(metered)
}

/** Envoy's sha256(vm_id || vm configuration || code), and what else makes VMs differ. */
function vmKey(code: CompiledCode, settings: VmSettings): string {
  const hash = createHash('sha256').update(settings.vmId).update('\0').update(settings.configuration).update(code.hash)
  hash.update(JSON.stringify([settings.environment, settings.allowedCapabilities && [...settings.allowedCapabilities]]))
  hash.update(JSON.stringify(settings.limits ?? null))
  return hash.digest('hex')
}
