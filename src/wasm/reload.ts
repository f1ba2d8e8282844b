/**
 * Hot swap, on the main thread: changed code is read, metered and compiled, tried with every plugin that uses it in
 * VMs that nothing else sees, then made ready by every worker, and only then given to new streams. When anything fails,
 * everything stays as it is.
 */
import { createHash } from 'node:crypto'
import { type FSWatcher, watch } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname } from 'node:path'
import { logger } from '../base/log.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { WasmPluginStatus, WasmReloadResult } from '../core/wasm-status.ts'
import type { Counter, Scope } from '../stats/scope.ts'
import { PluginHandle } from './plugin.ts'
import { type ReloadTarget, targetsOf } from './reload-targets.ts'
import { type CompiledCode, meterCode, type SwapStep, WasmThread } from './wasm-thread.ts'

export interface WasmReloaderOptions {
  /** Where plugins are tried: clusters that are not started, stats that nobody reads. */
  canary(): FactoryContext
  /** The process's own: compiled code is replaced in them for workers that start later. */
  readonly singletons: Map<string, unknown>
  readonly stats: Scope
  /** A step of a swap on all workers. @returns what went wrong there */
  swap(step: SwapStep, code: CompiledCode): Promise<readonly string[]>
}

interface ReloadStats {
  readonly success: Counter
  readonly failure: Counter
}

const log = logger('wasm')
/** Writers may take more than one write. */
const settleMs = 20

export class WasmReloader {
  readonly #options: WasmReloaderOptions
  readonly #targets: readonly ReloadTarget[]
  readonly #stats = new Map<string, ReloadStats>()
  readonly #results = new Map<string, WasmReloadResult>()
  readonly #watchers: FSWatcher[] = []
  readonly #timers = new Map<string, NodeJS.Timeout>()
  /** Reloads run one after another. */
  #last: Promise<unknown> = Promise.resolve()
  #closed = false

  constructor(options: WasmReloaderOptions) {
    this.#options = options
    this.#targets = targetsOf(options.singletons)
    for (const { plugin } of this.#targets) {
      const stats = options.stats.scope(`wasm.${plugin.name}`)
      this.#stats.set(plugin.name, {
        success: stats.counter('code_reload_success'),
        failure: stats.counter('code_reload_failure'),
      })
    }
  }

  /** Reloads a plugin's code when its file changes. */
  watch(): void {
    const directories = Map.groupBy(this.#paths(), path => dirname(path))
    for (const [directory, paths] of directories) {
      try {
        // The directory, because a file is often replaced by another one of its name.
        const watcher = watch(directory, { persistent: false }, (_event, changed) => {
          for (const path of paths) if (changed === null || changed === basename(path)) this.#settle(path)
        })
        watcher.on('error', error => log.warn(`cannot watch ${directory}: ${error.message}`))
        this.#watchers.push(watcher)
      } catch (error) {
        log.warn(`cannot watch ${directory}: ${(error as Error).message}`)
      }
    }
  }

  /**
   * Reloads the code of the plugins of a name, which other plugins may share.
   * @param name '' reloads all
   * @returns a result for each plugin, undefined when there is none of that name
   */
  async reload(name: string): Promise<readonly WasmReloadResult[] | undefined> {
    const targets = this.#targets.filter(each => name === '' || each.plugin.name === name)
    if (targets.length === 0) return undefined
    const keys = new Set(targets.map(each => each.codeKey))
    const results: WasmReloadResult[] = []
    for (const key of keys) results.push(...(await this.#enqueue(() => this.#reloadCode(key))))
    return results
  }

  plugins(): WasmPluginStatus[] {
    return this.#targets.map(({ plugin, settings, limits, codeKey, source }) => {
      const stats = this.#stats.get(plugin.name) as ReloadStats
      return {
        name: plugin.name,
        root_id: plugin.rootId,
        vm_id: settings.vmId,
        failure_policy: plugin.failurePolicy,
        source,
        sha256: this.#code(codeKey)?.hash ?? '',
        limits: { ...limits },
        reloads: { success: stats.success.value, failure: stats.failure.value },
        last_reload: this.#results.get(plugin.name),
      }
    })
  }

  close(): void {
    this.#closed = true
    for (const watcher of this.#watchers) watcher.close()
    for (const timer of this.#timers.values()) clearTimeout(timer)
  }

  #paths(): string[] {
    return [...new Set(this.#targets.flatMap(each => each.path ?? []))]
  }

  /** Undefined: it is remote and could not be had. */
  #code(key: string): CompiledCode | undefined {
    return this.#options.singletons.get(key) as CompiledCode | undefined
  }

  #settle(path: string): void {
    clearTimeout(this.#timers.get(path))
    const keys = new Set(this.#targets.filter(each => each.path === path).map(each => each.codeKey))
    const timer = setTimeout(() => {
      for (const key of keys) void this.#enqueue(() => this.#reloadCode(key))
    }, settleMs)
    this.#timers.set(path, timer.unref())
  }

  #enqueue<T>(run: () => Promise<T>): Promise<T> {
    const result = this.#last.then(run)
    this.#last = result
    return result
  }

  /** Never rejects. */
  async #reloadCode(key: string): Promise<readonly WasmReloadResult[]> {
    const targets = this.#targets.filter(each => each.codeKey === key)
    const [{ path, limits }] = targets as [ReloadTarget]
    const known = this.#code(key)
    if (path === undefined || known === undefined || this.#closed) return this.#note(targets, 'unchanged')
    try {
      const bytes = new Uint8Array(await readFile(path))
      const hash = createHash('sha256').update(bytes).digest('hex')
      if (hash === known.hash) return this.#note(targets, 'unchanged')
      const metered = meterCode(bytes, limits, path)
      const module = await WebAssembly.compile(metered.bytes)
      const { positions } = metered
      const code: CompiledCode = { key, hash, generation: known.generation + 1, module, positions }
      for (const target of targets) this.#try(code, target)
      const refused = await this.#options.swap('prepare', code)
      if (refused.length > 0) {
        await this.#options.swap('abort', code)
        throw new Error([...new Set(refused)].join('; '))
      }
      // A worker that starts from now on begins with the new code.
      this.#options.singletons.set(key, code)
      const faults = await this.#options.swap('commit', code)
      if (faults.length > 0) throw new Error(faults.join('; '))
      return this.#note(targets, 'reloaded')
    } catch (error) {
      return this.#note(targets, 'failed', (error as Error).message)
    }
  }

  /** @throws WasmLoadError when the code does not load or refuses the plugin's configuration */
  #try(code: CompiledCode, { plugin, settings }: ReloadTarget): void {
    const slot = WasmThread.of(this.#options.canary()).slot(code, settings)
    try {
      new PluginHandle(plugin, slot).endTrial()
    } catch (error) {
      slot.release()
      throw error
    }
  }

  #note(targets: readonly ReloadTarget[], outcome: WasmReloadResult['outcome'], reason?: string): WasmReloadResult[] {
    return targets.map(({ plugin: { name } }) => {
      const result = { name, outcome, ...(reason === undefined ? {} : { reason }), time: new Date().toISOString() }
      const stats = this.#stats.get(name)
      if (outcome === 'reloaded') {
        stats?.success.inc()
        log.info(`Wasm plugin ${name} runs new code`)
      } else if (outcome === 'failed') {
        stats?.failure.inc()
        log.error(`Failed to reload Wasm plugin ${name}, its old code goes on: ${reason}`)
      }
      if (outcome !== 'unchanged') this.#results.set(name, result)
      return result
    })
  }
}
