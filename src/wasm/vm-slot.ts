/** The place of one VM on one thread: plugins with the same VM key share what is in it, and its replacement. */
import { type VmSettings, WasmVm } from './vm.ts'
import type { WasmHost } from './wasm-host.ts'
import type { CompiledCode } from './wasm-thread.ts'

/** A VM that has run this long without a trap has its record cleared. */
const calmMs = 60_000
/** Replacements at once: this many, and one more every so often. */
const maxCredits = 100
const creditMs = 100
const firstPauseMs = 100

export class VmSlot {
  readonly host: WasmHost
  readonly code: CompiledCode
  readonly #settings: VmSettings
  readonly #onRelease: () => void
  #vm: WasmVm | undefined
  #users = 0
  #failures = 0
  #youngFailures = 0
  #credits = maxCredits
  #failedAtMs = 0

  constructor(code: CompiledCode, settings: VmSettings, host: WasmHost, onRelease: () => void) {
    this.code = code
    this.#settings = settings
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

  /** The VM, a new one if there is none or it has trapped. @throws WasmLoadError */
  vm(): WasmVm {
    if (this.#vm !== undefined && !this.#vm.failed) return this.#vm
    try {
      return (this.#vm = new WasmVm(this.code.module, this.#settings, this.host))
    } catch (error) {
      this.countFailure()
      throw error
    }
  }

  /** Told when its VM traps. */
  countFailure(vm?: WasmVm): void {
    const now = performance.now()
    const sinceLastMs = now - this.#failedAtMs
    this.#failures = sinceLastMs > calmMs ? 1 : this.#failures + 1
    // A loop that was stopped has cost all other traffic its time, however much the VM had done before.
    const wasUseful = vm !== undefined && vm.streamsCompleted > 0 && !vm.budget.exceeded
    this.#youngFailures = wasUseful ? 0 : (sinceLastMs > calmMs ? 0 : this.#youngFailures) + 1
    this.#credits = Math.min(maxCredits, this.#credits + sinceLastMs / creditMs) - 1
    this.#failedAtMs = now
  }

  /** The latest VM, which may have trapped. */
  get current(): WasmVm | undefined {
    return this.#vm
  }

  owns(vm: WasmVm): boolean {
    return this.#vm === vm
  }

  /** Whether the pause after the last failure is over: `baseMs`, doubled for each failure before it. */
  mayReload(baseMs: number, maxMs: number): boolean {
    if (this.#vm !== undefined && !this.#vm.failed) return true
    const pauseMs = baseMs > 0 ? baseMs * 2 ** (this.#failures - 1) : this.#defaultPauseMs()
    return performance.now() >= this.#failedAtMs + Math.min(maxMs, pauseMs)
  }

  /** A VM that has served streams is replaced at once while there is credit, and so is the first that has not. */
  #defaultPauseMs(): number {
    if (this.#youngFailures > 1) return firstPauseMs * 2 ** (this.#youngFailures - 2)
    return this.#credits >= 0 ? 0 : firstPauseMs
  }
}
