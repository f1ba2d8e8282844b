/** All wasm of one thread: its VMs by key, and the modules and stores that threads share. */
import { createHash } from 'node:crypto'
import { type AttributeEnvironment, attributeEnvironment } from '../attributes/attribute-source.ts'
import { logger } from '../base/log.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { ClusterManager } from '../core/cluster.ts'
import type { WasmTrap, WasmVmStatus, WasmWorkerStatus } from '../core/wasm-status.ts'
import type { Scope } from '../stats/scope.ts'
import type { WasmLimits } from './limits.ts'
import type { GuestMemory } from './memory.ts'
import { UnknownWasmError } from './meter-binary.ts'
import { meterModule } from './meter.ts'
import type { PluginHandle, PreparedPlugin } from './plugin.ts'
import { signatureMismatch } from './signatures.ts'
import { forgetGauges, makeMetricBuffer, MetricStore } from './metric-store.ts'
import { makeSharedBuffer, SharedStore } from './shared-store.ts'
import { type MovedCode, readSourceMap, type SourcePositions } from './source-map.ts'
import { type VmSettings, WasmLoadError, type WasmVm } from './vm.ts'
import { VmSlot } from './vm-slot.ts'
import type { WasmHost } from './wasm-host.ts'

/** A compiled module, shared by all threads. */
export interface CompiledCode {
  /** Of the place that it came from and how it was metered. */
  readonly key: string
  readonly hash: string
  /** Grows with each swap, so that code that comes back gets VMs of its own. */
  readonly generation: number
  readonly module: WebAssembly.Module
  /** Where there is a source map. */
  readonly positions?: SourcePositions | undefined
}

export type SwapStep = 'prepare' | 'commit' | 'abort'

export interface CodeSource {
  /** What tells this code from others: `file <name>`, or a hash of inline code. */
  readonly name: string
  readonly limits: WasmLimits
  /** Of a file. */
  readonly path?: string | undefined
  readonly read: () => Uint8Array<ArrayBuffer>
}

interface ThreadPlugin {
  readonly handle: PluginHandle
  readonly settings: VmSettings
  code: CompiledCode
}

const log = logger('wasm')
/** Traps that `/wasm` shows. */
const maxTraps = 16

/** Linear memory that may wait until V8 collects garbage anyway. */
const tolerableDeadBytes = 256 * 1024 * 1024

/** Among the singletons. */
const metricsKey = 'wasm.metrics'

const threads = new WeakMap<ClusterManager, WasmThread>()

export class WasmThread implements WasmHost {
  readonly clusters: ClusterManager
  readonly stats: Scope
  readonly environment: AttributeEnvironment
  readonly shared: SharedStore
  readonly metrics: MetricStore
  readonly #slots = new Map<string, VmSlot>()
  readonly #plugins = new Set<ThreadPlugin>()
  readonly #prepared = new Map<ThreadPlugin, PreparedPlugin>()
  readonly #traps: WasmTrap[] = []
  /** Of VMs that are no longer used, since V8 was told last. */
  #deadBytes = 0
  readonly #singletons: Map<string, unknown>

  private constructor(context: FactoryContext) {
    this.clusters = context.clusters
    this.stats = context.stats
    this.environment = { ...attributeEnvironment(context), trafficDirection: undefined, listenerMetadata: undefined }
    this.#singletons = context.singletons
    this.shared = new SharedStore(this.#singleton('wasm.shared', makeSharedBuffer))
    this.metrics = new MetricStore(this.#singleton(metricsKey, makeMetricBuffer))
    context.onThreadEnd(() => {
      this.shared.close()
      threads.delete(this.clusters)
    })
  }

  /** The one of the thread that has these clusters, if any plugin has needed it. */
  static existing(clusters: ClusterManager): WasmThread | undefined {
    return threads.get(clusters)
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
   * @param fresh read it even if it is known: the main thread's check
   * @throws WebAssembly.CompileError, or what `read` throws
   */
  code({ name, limits, path, read }: CodeSource, fresh: boolean): CompiledCode {
    const key = codeKey(name, limits)
    const known = this.#singletons.get(key) as CompiledCode | undefined
    if (known !== undefined && !fresh) return known
    const bytes = read()
    const hash = createHash('sha256').update(bytes).digest('hex')
    if (known?.hash === hash) return known
    const metered = meterCode(bytes, limits, path)
    const module = new WebAssembly.Module(metered.bytes)
    const compiled: CompiledCode = { key, hash, generation: 0, module, positions: metered.positions }
    this.#singletons.set(key, compiled)
    return compiled
  }

  /** The slot of a VM with these settings; the caller releases it. */
  slot(code: CompiledCode, settings: VmSettings): VmSlot {
    const key = vmKey(code, settings)
    let slot = this.#slots.get(key)
    if (slot === undefined) {
      slot = new VmSlot(code, settings, this, () => this.#slots.delete(key))
      this.#slots.set(key, slot)
    }
    return slot.acquire()
  }

  /** The code of a plugin may be swapped from now on, until the result is called. */
  addPlugin(handle: PluginHandle, code: CompiledCode, settings: VmSettings): () => void {
    const plugin = { handle, code, settings }
    this.#plugins.add(plugin)
    return () => {
      this.#plugins.delete(plugin)
      const prepared = this.#prepared.get(plugin)
      if (prepared !== undefined) handle.discard(prepared)
      this.#prepared.delete(plugin)
    }
  }

  /**
   * New code for all plugins that have it, in two steps, so that either all workers switch or none does.
   * `prepare` makes a VM of it for each plugin and changes nothing else; `commit` gives it to new streams; `abort` drops
   * what was prepared.
   * @returns what went wrong, by plugin: those keep their code
   */
  swap(step: SwapStep, code: CompiledCode): string[] {
    if (step === 'abort') {
      this.#discardPrepared()
      return []
    }
    const faults = this.#prepare(code)
    if (step === 'prepare') return faults
    this.#singletons.set(code.key, code)
    for (const [plugin, prepared] of this.#prepared) {
      plugin.handle.activate(prepared)
      plugin.code = code
    }
    this.#prepared.clear()
    return faults
  }

  /** Those that are not ready yet: at a commit, what has come since. */
  #prepare(code: CompiledCode): string[] {
    const faults: string[] = []
    for (const plugin of this.#plugins) {
      if (plugin.code.key !== code.key || plugin.code === code || this.#prepared.has(plugin)) continue
      try {
        this.#prepared.set(plugin, plugin.handle.prepare(this.slot(code, plugin.settings)))
      } catch (error) {
        faults.push(`${plugin.handle.plugin.name}: ${(error as Error).message}`)
      }
    }
    return faults
  }

  #discardPrepared(): void {
    for (const [plugin, prepared] of this.#prepared) plugin.handle.discard(prepared)
    this.#prepared.clear()
  }

  status(): WasmWorkerStatus {
    return { vms: [...this.#slots.values()].flatMap(slotStatus), traps: this.#traps }
  }

  onTrap(reason: string): void {
    this.#traps.push({ time: new Date().toISOString(), reason })
    if (this.#traps.length > maxTraps) this.#traps.shift()
  }

  onVmCreated({ settings }: WasmVm): void {
    this.stats.counter(`wasm.${settings.runtime}.created`).inc()
    this.stats.gauge(`wasm.${settings.runtime}.active`).inc()
    this.stats.gauge('wasm.wasm_vm_count').inc()
  }

  onVmRemoved({ settings, memory }: WasmVm): void {
    this.#bury(memory)
    this.stats.gauge(`wasm.${settings.runtime}.active`).dec()
    this.stats.gauge('wasm.wasm_vm_count').dec()
  }

  onVmFailed(vm: WasmVm): void {
    this.onVmRemoved(vm)
    for (const slot of this.#slots.values()) if (slot.owns(vm)) slot.countFailure(vm)
  }

  /**
   * V8 collects garbage by what it knows the garbage to weigh, and of linear memory it knows the initial size only:
   * gigabytes that dead instances have grown to are no reason for it (measured). A buffer as big, for which no page is
   * ever taken, is one.
   */
  #bury(memory: GuestMemory): void {
    this.#deadBytes += memory.grownBytes
    if (this.#deadBytes < tolerableDeadBytes) return
    try {
      memory.ballast = new ArrayBuffer(this.#deadBytes)
      this.#deadBytes = 0
    } catch {
      log.warn(`no address space for ${this.#deadBytes} bytes`)
    }
  }

  #singleton<T>(key: string, make: () => T): T {
    const known = this.#singletons.get(key) as T | undefined
    if (known !== undefined) return known
    const made = make()
    this.#singletons.set(key, made)
    return made
  }
}

function slotStatus(slot: VmSlot): WasmVmStatus[] {
  return slot.vms().map((vm, index) => ({
    state: vm.failed ? (index === 0 && slot.owns(vm) ? 'waiting' : 'trapped') : 'running',
    vm_id: vm.settings.vmId,
    plugins: [...vm.roots.values()].map(root => root.plugin.name),
    abi: vm.abi,
    sha256: slot.code.hash,
    memory_bytes: vm.memory.inBounds(0, 1) ? vm.memory.bytes.length : 0,
    contexts: vm.contexts.size,
    callbacks: vm.callbacks,
    streams_completed: vm.streamsCompleted,
    cpu_ms: Math.round(vm.cpuMs),
  }))
}

/** Among the singletons. */
export function codeKey(source: string, limits: WasmLimits): string {
  return `wasm.code ${limits.cpuBudgetMs > 0 ? 'metered' : 'plain'} ${limits.memoryLimitBytes} ${source}`
}

/** @throws WebAssembly.CompileError, UnknownWasmError, WasmLoadError */
export function compileCode(bytes: Uint8Array<ArrayBuffer>, limits: WasmLimits): WebAssembly.Module {
  return new WebAssembly.Module(meterCode(bytes, limits).bytes)
}

export interface MeteredCode {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly positions: SourcePositions | undefined
}

/**
 * The same without the compilation.
 * @param path of the module's file, if it has one: a source map may be beside it
 */
export function meterCode(bytes: Uint8Array<ArrayBuffer>, limits: WasmLimits, path?: string): MeteredCode {
  // It must be valid by itself: what is added has indices that the module may not know.
  if (!WebAssembly.validate(bytes)) void new WebAssembly.Module(bytes)
  const mismatch = signatureMismatch(bytes)
  if (mismatch !== undefined) throw new WasmLoadError(mismatch)
  try {
    const moved: MovedCode | undefined = path === undefined ? undefined : { to: [], from: [] }
    const metered = meterModule(bytes, { cpu: limits.cpuBudgetMs > 0, memoryBytes: limits.memoryLimitBytes }, moved)
    return { bytes: metered, positions: moved && positionsBeside(path as string, moved) }
  } catch (error) {
    throw new UnknownWasmError(`the module cannot be metered: ${(error as Error).message}`)
  }
}

/** A source map that cannot be read is no reason not to run the module. */
function positionsBeside(path: string, moved: MovedCode): SourcePositions | undefined {
  try {
    return readSourceMap(path, moved)
  } catch (error) {
    log.warn(`the source map ${path}.map is not used: ${(error as Error).message}`)
    return undefined
  }
}

/** Envoy's sha256(vm_id || vm configuration || code), and what else makes VMs differ. */
function vmKey(code: CompiledCode, settings: VmSettings): string {
  const hash = createHash('sha256').update(settings.vmId).update('\0').update(settings.configuration).update(code.hash)
  hash.update(JSON.stringify([settings.environment, settings.allowedCapabilities && [...settings.allowedCapabilities]]))
  hash.update(JSON.stringify([settings.limits ?? null, code.generation]))
  return hash.digest('hex')
}

/** For the main thread: a worker is gone. @param gauges its part of each gauge */
export function forgetWorker(
  singletons: ReadonlyMap<string, unknown>,
  gauges: Iterable<readonly [name: string, value: number]>,
): void {
  const buffer = singletons.get(metricsKey) as SharedArrayBuffer | undefined
  if (buffer !== undefined) forgetGauges(new MetricStore(buffer), gauges)
}
