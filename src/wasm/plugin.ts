/**
 * A plugin: one use of a wasm module in the configuration, and what it is on one thread. Follows Envoy's
 * `PluginConfig` handling (`source/extensions/common/wasm/plugin.h`, `wasm.h`).
 *
 * Plugins whose modules, vm_ids and VM configurations are equal share a VM (`VmSlot`). A VM that trapped is replaced
 * when the failure policy and the back-off allow it: FAIL_CLOSED and FAIL_OPEN never, FAIL_RELOAD after its back-off.
 * Without a policy it is replaced at once, after growing pauses if the next one traps before it has served a stream,
 * and streams beside the one that trapped go on.
 */
import { logger } from '../base/log.ts'
import type { LogContext } from '../core/access-log.ts'
import type { NetworkFilter, NetworkFilterCallbacks } from '../core/connection.ts'
import type { HttpFilter, HttpFilterCallbacks } from '../core/http-filter.ts'
import type { Counter } from '../stats/scope.ts'
import { failedReply, type HttpContext, httpContextClass } from './http-context.ts'
import { FailedNetworkFilter, type NetworkContext, networkContextClass } from './network-context.ts'
import { RootContext } from './root-context.ts'
import type { VmSlot } from './vm-slot.ts'
import { WasmLoadError, type WasmVm } from './vm.ts'

export type FailurePolicy = 'closed' | 'open' | 'reload'

export interface Plugin {
  /** Equal for uses that may share a root context. */
  readonly key: string
  readonly name: string
  readonly rootId: string
  readonly configuration: Uint8Array
  readonly failurePolicy: FailurePolicy
  /** Streams that a VM has when another stream traps in it go on in it; otherwise they fail with it. */
  readonly finishesStreams: boolean
  /** The deprecated `fail_open`: a stream in which the VM traps goes on without the filter. */
  readonly failOpen: boolean
  /** Pause before a trapped VM is replaced: after the first trap, and at most. */
  readonly reloadBaseMs: number
  readonly reloadMaxMs: number
  readonly allowOnHeadersStopIteration: boolean
  readonly trafficDirection: 'UNSPECIFIED' | 'INBOUND' | 'OUTBOUND'
  readonly listenerMetadata: Readonly<Record<string, unknown>> | undefined
}

interface Running {
  readonly vm: WasmVm
  readonly root: RootContext
  readonly contextClass: typeof HttpContext
  readonly networkContextClass: typeof NetworkContext
}

/** A plugin that waits to be switched to new code. */
export interface PreparedPlugin {
  readonly slot: VmSlot
  readonly running: Running
}

interface ReloadStats {
  readonly attempts: Counter
  readonly success: Counter
  readonly backoff: Counter
  readonly failure: Counter
}

const log = logger('wasm')
const noFilter: HttpFilter & NetworkFilter = {}

/** A plugin on one thread, for each kind of use. */
export interface PluginUse {
  newHttpFilter(callbacks: HttpFilterCallbacks): HttpFilter
  newNetworkFilter(callbacks: NetworkFilterCallbacks): NetworkFilter
  /** As an access logger: the root context is told, there is no stream context. */
  log(context: LogContext): void
  /** As a stat sink. @param blob makes what the guest reads (stats-blob.ts), if it wants it */
  updateStats(blob: () => Uint8Array): void
}

/** A plugin whose code could not be had: as one whose VM has trapped and is not replaced. */
export class MissingPlugin implements PluginUse {
  readonly #open: boolean

  constructor({ failurePolicy }: Plugin) {
    this.#open = failurePolicy === 'open'
  }

  newHttpFilter(callbacks: HttpFilterCallbacks): HttpFilter {
    return this.#open ? noFilter : new FailedFilter(callbacks)
  }

  newNetworkFilter(callbacks: NetworkFilterCallbacks): NetworkFilter {
    return this.#open ? noFilter : new FailedNetworkFilter(callbacks)
  }

  log(): void {}

  updateStats(): void {}
}

export class PluginHandle implements PluginUse {
  readonly plugin: Plugin
  #slot: VmSlot
  readonly #stats: ReloadStats
  #running: Running

  /** @throws WasmLoadError when the module cannot be loaded, started or configured */
  constructor(plugin: Plugin, slot: VmSlot) {
    this.plugin = plugin
    this.#slot = slot
    const stats = slot.host.stats.scope(`wasm.${plugin.name}`)
    this.#stats = {
      attempts: stats.counter('vm_reload'),
      success: stats.counter('vm_reload_success'),
      backoff: stats.counter('vm_reload_backoff'),
      failure: stats.counter('vm_reload_failure'),
    }
    this.#running = this.#start(slot)
  }

  newHttpFilter(callbacks: HttpFilterCallbacks): HttpFilter {
    const running = this.#running.vm.failed ? this.#reload() : this.#running
    if (running !== undefined) return new running.contextClass(callbacks, running.root)
    return this.plugin.failurePolicy === 'open' ? noFilter : new FailedFilter(callbacks)
  }

  newNetworkFilter(callbacks: NetworkFilterCallbacks): NetworkFilter {
    const running = this.#running.vm.failed ? this.#reload() : this.#running
    if (running !== undefined) return new running.networkContextClass(callbacks, running.root)
    return this.plugin.failurePolicy === 'open' ? noFilter : new FailedNetworkFilter(callbacks)
  }

  log(context: LogContext): void {
    const running = this.#running.vm.failed ? this.#reload() : this.#running
    running?.root.log(context)
  }

  updateStats(blob: () => Uint8Array): void {
    const running = this.#running.vm.failed ? this.#reload() : this.#running
    if (running?.vm.guest.onStatsUpdate) running.root.updateStats(blob())
  }

  /**
   * Makes the plugin ready in a VM of `slot`, which has other code. Nothing changes before `activate`.
   * @throws WasmLoadError; the slot is released then
   */
  prepare(slot: VmSlot): PreparedPlugin {
    try {
      return { slot, running: this.#start(slot) }
    } catch (error) {
      slot.release()
      throw error
    }
  }

  /** New streams run there; those in flight stay where they are, and the last of them frees the old VM. */
  activate({ slot, running }: PreparedPlugin): void {
    const old = this.#slot
    const { root, vm } = this.#running
    this.#slot = slot
    this.#running = running
    root.retire(() => leave(root, vm, old))
  }

  /** Instead of `activate`. */
  discard({ slot, running: { root, vm } }: PreparedPlugin): void {
    leave(root, vm, slot)
  }

  close(): void {
    const { root, vm } = this.#running
    leave(root, vm, this.#slot)
  }

  /** Closes a plugin that was only tried: the guest is not told. */
  endTrial(): void {
    const { root, vm } = this.#running
    root.abandon()
    vm.removeRoot(root)
    this.#slot.release()
  }

  #start(slot: VmSlot): Running {
    return slot.start(vm => this.#enter(vm))
  }

  #enter(vm: WasmVm): Running {
    const classes = { contextClass: httpContextClass(vm), networkContextClass: networkContextClass(vm) }
    const known = vm.roots.get(this.plugin.key)
    if (known !== undefined) return { vm, root: known, ...classes }
    const root = new RootContext(vm, vm.newContextId(), this.plugin)
    vm.contexts.set(root.id, root)
    vm.roots.set(this.plugin.key, root)
    if (!root.start()) {
      const reason = vm.failed ? 'the module trapped while it was configured' : 'the module refused its configuration'
      root.abandon()
      vm.removeRoot(root)
      vm.fail(`${root.logPrefix}: ${reason}`)
      throw new WasmLoadError(reason)
    }
    return { vm, root, ...classes }
  }

  #reload(): Running | undefined {
    const { plugin } = this
    if (plugin.failurePolicy !== 'reload') return undefined
    this.#stats.attempts.inc()
    if (!this.#slot.mayReload(plugin.reloadBaseMs, plugin.reloadMaxMs)) {
      this.#stats.backoff.inc()
      return undefined
    }
    try {
      this.#running = this.#start(this.#slot)
      this.#stats.success.inc()
      return this.#running
    } catch (error) {
      this.#stats.failure.inc()
      log.error(`Failed to reload Wasm plugin ${plugin.name}: ${(error as Error).message}`)
      return undefined
    }
  }
}

function leave(root: RootContext, vm: WasmVm, slot: VmSlot): void {
  if (vm.failed) root.abandon()
  else root.shutDown()
  slot.release()
}

/** Answers streams that come while there is no VM for them. */
class FailedFilter implements HttpFilter {
  readonly #callbacks: HttpFilterCallbacks

  constructor(callbacks: HttpFilterCallbacks) {
    this.#callbacks = callbacks
  }

  decodeHeaders(): 'stop-all-and-watermark' {
    this.#callbacks.sendLocalReply(failedReply)
    return 'stop-all-and-watermark'
  }
}
