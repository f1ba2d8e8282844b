/**
 * One instance of a wasm module on one thread: loads it as Envoy does, calls it, and contains what goes wrong in it.
 * Follows proxy-wasm-cpp-host's `WasmBase`. A trap marks the VM failed: it gets no new streams, and those that it has
 * end as their plugin's failure policy says.
 */
import { performance } from '../base/clock.ts'
import { IdMap } from '../base/id-map.ts'
import { logger } from '../base/log.ts'
import {
  type AbiVersion,
  type GuestCallbacks,
  type GuestFunction,
  guestCallbacks,
  type HostFunction,
  hostFunctions,
  type HostFunctionName,
  versionMarkers,
} from './abi.ts'
import { Containment } from './containment.ts'
import { WasmContext } from './context.ts'
import { makeHostFunctions } from './host/functions.ts'
import { countLimit, defaultLimits, LogLimit, limitHostFunctions, type WasmLimits } from './limits.ts'
import { GuestMemory } from './memory.ts'
import { CpuBudget, describeTrap } from './meter-host.ts'
import type { RootContext } from './root-context.ts'
import type { SourcePositions } from './source-map.ts'
import type { WasmHost } from './wasm-host.ts'
import { wasiErrno, makeWasiFunctions } from './wasi.ts'

export interface VmSettings {
  readonly vmId: string
  /** As configured, for the names of stats: '' or `envoy.wasm.runtime.v8`. */
  readonly runtime: string
  readonly configuration: Uint8Array
  /** `KEY=value` */
  readonly environment: readonly string[]
  /** Names of host functions, WASI functions and callbacks; undefined: everything is allowed. */
  readonly allowedCapabilities: ReadonlySet<string> | undefined
  /** `defaultLimits` without. */
  readonly limits?: WasmLimits
}

export interface VmCode {
  readonly module: WebAssembly.Module
  readonly positions?: SourcePositions | undefined
}

/** A module that cannot be loaded; the message is Envoy's. */
export class WasmLoadError extends Error {}

const log = logger('wasm')
/** One callback in so many is timed, a power of two. */
const timedOneIn = 64
const wasiModules = new Set(['wasi_snapshot_preview1', 'wasi_unstable'])

export class WasmVm {
  readonly settings: VmSettings
  readonly host: WasmHost
  readonly abi: AbiVersion
  readonly limits: WasmLimits
  readonly budget: CpuBudget
  readonly logLimit: LogLimit
  readonly memory = new GuestMemory()
  /** What `proxy_get_status` gives in the callback that is running. */
  readonly callStatus = { code: 0, message: '' }
  readonly guest: GuestCallbacks
  /** What host functions act on. */
  current: WasmContext
  /** Whose callback runs; `current` may be another one (`proxy_set_effective_context`). */
  called: WasmContext
  /** Trapped at least once. */
  failed = false
  /** Streams that the guest saw to their end. */
  streamsCompleted = 0
  callbacks = 0
  /** Time in the guest, of one callback in `timedOneIn`, ms. */
  #timedMs = 0
  readonly contexts = new IdMap<WasmContext>()
  readonly roots = new Map<string, RootContext>()
  readonly #positions: SourcePositions | undefined
  #nextContextId = 1
  #depth = 0
  #deferred: WasmContext[] = []

  /** @throws WasmLoadError */
  constructor(code: VmCode, settings: VmSettings, host: WasmHost, containment?: Containment) {
    const { module } = code
    this.#positions = code.positions
    this.settings = settings
    this.host = host
    this.limits = settings.limits ?? defaultLimits
    const contained = containment ?? new Containment(this.limits.cpuBudgetMs)
    this.budget = new CpuBudget(contained, () => countLimit(this, 'memoryRefused'))
    this.logLimit = new LogLimit(this.limits.logLinesPerSecond)
    this.abi = abiVersion(module)
    this.current = this.called = new WasmContext(this, 0, undefined)
    const exports = this.#instantiate(module)
    const allocate = exports.malloc ?? exports.proxy_on_memory_allocate
    if (!(exports.memory instanceof WebAssembly.Memory) || typeof allocate !== 'function')
      throw new WasmLoadError('Wasm module is missing memory or malloc/proxy_on_memory_allocate')
    this.memory.attach(exports.memory, allocate as GuestFunction)
    const allowed = settings.allowedCapabilities
    const lookUp = (name: string): GuestFunction | undefined =>
      typeof exports[name] === 'function' && (allowed === undefined || allowed.has(name))
        ? (exports[name] as GuestFunction)
        : undefined
    this.guest = Object.fromEntries(
      Object.entries(guestCallbacks).map(([key, name]) => [key, lookUp(name)]),
    ) as unknown as GuestCallbacks
    host.onVmCreated(this)
    this.#start(exports)
  }

  /** Calls the guest for a context; without such a callback nothing happens. @returns the result, 0 after a trap */
  callGuest(context: WasmContext, callback: GuestFunction | undefined, a: number, b = 0, c = 0, d = 0, e = 0): number {
    if (callback === undefined) return 0
    const outer = this.current
    const outerCalled = this.called
    this.current = this.called = context
    const { time } = context
    let startMs = 0
    let isSample = false
    if (this.#depth++ === 0) {
      this.budget.begin()
      isSample = (++this.callbacks & (timedOneIn - 1)) === 0
      if (isSample || time !== undefined) startMs = performance.now()
    }
    let result = 0
    let trapped = false
    try {
      result = callback(a, b, c, d, e)
    } catch (error) {
      trapped = true
      context.trapped = true
      this.current.trapped = true
      if (this.budget.exceeded) countLimit(this, 'cpuBudgetExceeded')
      this.fail(`${this.current.logPrefix}: ${describeTrap(error, this.budget, this.#positions)}`)
    }
    if (--this.#depth === 0) this.budget.end(trapped)
    if (startMs !== 0) {
      const ms = performance.now() - startMs
      if (isSample) this.#timedMs += ms
      if (time !== undefined) time.ms += ms
    }
    this.current = outer
    this.called = outerCalled
    if (this.#depth === 0 && this.#deferred.length > 0) {
      context.rootContext?.endCall()
      this.#runDeferred()
    }
    return result
  }

  /** The guest asked for something that must wait until it has returned. */
  defer(context: WasmContext): void {
    this.#deferred.push(context)
  }

  /** Time in the guest, extrapolated from the callbacks that were timed, ms. */
  get cpuMs(): number {
    return this.#timedMs * timedOneIn
  }

  newContextId(): number {
    return this.#nextContextId++
  }

  removeRoot(root: RootContext): void {
    this.contexts.delete(root.id)
    this.roots.delete(root.plugin.key)
  }

  #runDeferred(): void {
    while (this.#deferred.length > 0) {
      const contexts = this.#deferred
      this.#deferred = []
      for (const context of contexts) context.runDeferred()
    }
  }

  /** No new streams come. Those that wait for the guest are told. */
  fail(reason: string): void {
    log.error(reason)
    this.host.onTrap(reason)
    for (const context of this.contexts.values()) this.#deferred.push(context)
    if (this.failed) return
    this.failed = true
    for (const root of this.roots.values()) root.onVmFailed()
    this.host.onVmFailed(this)
  }

  #instantiate(module: WebAssembly.Module): Record<string, unknown> {
    const functions: Record<string, HostFunction | undefined> = limitHostFunctions(this, makeHostFunctions(this))
    const wasi: Record<string, HostFunction | undefined> = makeWasiFunctions(this)
    const imports: Record<string, Record<string, HostFunction>> = {}
    for (const { module: from, name, kind } of WebAssembly.Module.imports(module)) {
      const isWasi = wasiModules.has(from)
      const known = isWasi
        ? Object.hasOwn(wasi, name)
        : from === 'env' &&
          Object.hasOwn(hostFunctions, name) &&
          hostFunctions[name as HostFunctionName].versions.includes(this.abi)
      const found = (isWasi ? wasi : functions)[name]
      if (kind !== 'function' || !known || found === undefined)
        throw new WasmLoadError(`Failed to load Wasm module due to a missing import: ${from}.${name}`)
      ;(imports[from] ??= {})[name] = this.#allowed(name) ? found : restricted(name, isWasi)
    }
    this.budget.starting = true
    try {
      const { exports } = new WebAssembly.Instance(module, imports)
      this.budget.attach(exports)?.()
      return exports
    } catch (error) {
      throw new WasmLoadError(`Failed to initialize Wasm code: ${describeTrap(error, this.budget, this.#positions)}`)
    }
  }

  #allowed(name: string): boolean {
    const allowed = this.settings.allowedCapabilities
    return allowed === undefined || allowed.has(name)
  }

  #start(exports: Record<string, unknown>): void {
    const run = (name: string): void => {
      const entry = exports[name]
      if (typeof entry === 'function') this.callGuest(this.current, entry as GuestFunction, 0, 0)
      if (this.failed) throw new WasmLoadError(`Failed to initialize Wasm code: ${name} failed`)
    }
    if (typeof exports._initialize !== 'function') return run('_start')
    run('_initialize')
    run(typeof exports.main === 'function' ? 'main' : '__main_void')
  }
}

function abiVersion(module: WebAssembly.Module): AbiVersion {
  for (const { name } of WebAssembly.Module.exports(module)) {
    const version = versionMarkers[name]
    if (version !== undefined) return version
  }
  throw new WasmLoadError('Missing or unknown Proxy-Wasm ABI version')
}

function restricted(name: string, isWasi: boolean): HostFunction {
  return () => {
    log.error(`Attempted call to restricted proxy-wasm capability: ${name}`)
    return isWasi ? wasiErrno.notCapable : 10
  }
}
