/** The place of one VM on one thread: plugins with the same VM key share what is in it, and its replacement. */
import { calmMs, Containment } from './containment.ts'
import { defaultLimits } from './limits.ts'
import { threadCpuMs } from './meter-host.ts'
import { type VmSettings, WasmVm } from './vm.ts'
import type { WasmHost } from './wasm-host.ts'
import type { CompiledCode } from './wasm-thread.ts'

/** Replacements at once: this many, and one more every so often. */
const maxCredits = 100
const creditMs = 100
const firstPauseMs = 100

export class VmSlot {
  readonly host: WasmHost
  readonly code: CompiledCode
  readonly containment: Containment
  readonly #settings: VmSettings
  readonly #onRelease: () => void
  #vm: WasmVm | undefined
  /** Replaced ones that may have streams. */
  #trapped: WeakRef<WasmVm>[] = []
  #users = 0
  #failures = 0
  #youngFailures = 0
  #credits = maxCredits
  #failedAtMs = 0

  constructor(code: CompiledCode, settings: VmSettings, host: WasmHost, onRelease: () => void) {
    this.code = code
    this.#settings = settings
    this.containment = new Containment((settings.limits ?? defaultLimits).cpuBudgetMs)
    this.host = host
    this.#onRelease = onRelease
  }

  /** One more plugin uses the slot. */
  acquire(): this {
    this.#users++
    return this
  }

  /** One less; without any the VM is left to the garbage collector. */
  release(): void {
    this.#users--
    if (this.#users > 0) return
    if (this.#vm?.failed === false) this.host.onVmRemoved(this.#vm)
    this.#vm = undefined
    this.#onRelease()
  }

  /**
   * The VM, a new one if there is none or it has trapped.
   * @param configure sets a plugin up in it
   * @throws WasmLoadError, and what `configure` throws
   */
  start<T>(configure: (vm: WasmVm) => T): T {
    const known = this.#vm
    if (known !== undefined && !known.failed) return configure(known)
    if (known !== undefined) this.#trapped = [...this.#trapped.filter(isUsed), new WeakRef(known)]
    const beginMs = threadCpuMs()
    let made: WasmVm | undefined
    try {
      made = this.#vm = new WasmVm(this.code, this.#settings, this.host, this.containment)
      const result = configure(made)
      this.containment.onStart(threadCpuMs() - beginMs, known !== undefined)
      return result
    } catch (error) {
      if (made === undefined) this.countFailure()
      this.containment.onFailure(threadCpuMs() - beginMs)
      throw error
    }
  }

  /** Told when its VM traps. */
  countFailure(vm?: WasmVm): void {
    const now = performance.now()
    const sinceLastMs = now - this.#failedAtMs
    this.#failures = sinceLastMs > calmMs ? 1 : this.#failures + 1
    const wasUseful = vm !== undefined && vm.streamsCompleted > 0
    this.#youngFailures = wasUseful ? 0 : (sinceLastMs > calmMs ? 0 : this.#youngFailures) + 1
    this.#credits = Math.min(maxCredits, this.#credits + sinceLastMs / creditMs) - 1
    this.#failedAtMs = now
  }

  /** The latest VM, which may have trapped, and those before it that still have streams. */
  vms(): WasmVm[] {
    const before = this.#trapped.filter(isUsed).flatMap(each => each.deref() ?? [])
    return this.#vm === undefined ? before : [this.#vm, ...before]
  }

  owns(vm: WasmVm): boolean {
    return this.#vm === vm
  }

  /** Whether the pause after the last failure is over: `baseMs`, doubled for each failure before it. */
  mayReload(baseMs: number, maxMs: number): boolean {
    if (this.#vm !== undefined && !this.#vm.failed) return true
    const sinceMs = performance.now() - this.#failedAtMs
    if (sinceMs >= maxMs) return true
    if (baseMs > 0) return sinceMs >= baseMs * 2 ** (this.#failures - 1)
    return sinceMs >= this.#defaultPauseMs() && this.containment.pauseMs() === 0
  }

  /** A VM that has served streams is replaced at once while there is credit, and so is the first that has not. */
  #defaultPauseMs(): number {
    if (this.#youngFailures > 1) return firstPauseMs * 2 ** (this.#youngFailures - 2)
    return this.#credits >= 0 ? 0 : firstPauseMs
  }
}

function isUsed(reference: WeakRef<WasmVm>): boolean {
  const vm = reference.deref()
  return vm !== undefined && vm.contexts.size > vm.roots.size
}
