/** The place of one VM on one thread: plugins with the same VM key share what is in it, and its replacement. */
import { type VmSettings, WasmVm } from './vm.ts'
import type { WasmHost } from './wasm-host.ts'

/** A VM that has run this long without a trap has its record cleared. */
const calmMs = 60_000

export class VmSlot {
  readonly host: WasmHost
  readonly #module: WebAssembly.Module
  readonly #settings: VmSettings
  readonly #onRelease: () => void
  #vm: WasmVm | undefined
  #users = 0
  #failures = 0
  #failedAtMs = 0

  constructor(module: WebAssembly.Module, settings: VmSettings, host: WasmHost, onRelease: () => void) {
    this.#module = module
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
    if (this.#vm?.failed === false) this.host.onVmRemoved()
    this.#vm = undefined
    this.#onRelease()
  }

  /** The VM, a new one if there is none or it has trapped. @throws WasmLoadError */
  vm(): WasmVm {
    if (this.#vm !== undefined && !this.#vm.failed) return this.#vm
    try {
      return (this.#vm = new WasmVm(this.#module, this.#settings, this.host))
    } catch (error) {
      this.countFailure()
      throw error
    }
  }

  /** Told when its VM traps. */
  countFailure(): void {
    const now = performance.now()
    this.#failures = now - this.#failedAtMs > calmMs ? 1 : this.#failures + 1
    this.#failedAtMs = now
  }

  owns(vm: WasmVm): boolean {
    return this.#vm === vm
  }

  /** Whether the pause after the last failure is over: `baseMs`, doubled for each failure before it. */
  mayReload(baseMs: number, maxMs: number): boolean {
    if (this.#vm !== undefined && !this.#vm.failed) return true
    const pauseMs = Math.min(maxMs, baseMs * 2 ** (this.#failures - 1))
    // Without a base the first trap costs no pause, later ones do.
    const defaultMs = this.#failures <= 1 ? 0 : Math.min(maxMs, 100 * 2 ** (this.#failures - 2))
    return performance.now() >= this.#failedAtMs + (baseMs === 0 ? defaultMs : pauseMs)
  }
}
