/** What wasm VMs of one thread have around them. */
import type { AttributeEnvironment } from '../attributes/attribute-source.ts'
import type { ClusterManager } from '../core/cluster.ts'
import type { Scope } from '../stats/scope.ts'
import type { MetricStore } from './metric-store.ts'
import type { SharedStore } from './shared-store.ts'
import type { WasmVm } from './vm.ts'

export interface WasmHost {
  readonly clusters: ClusterManager
  readonly stats: Scope
  readonly shared: SharedStore
  readonly metrics: MetricStore
  readonly environment: AttributeEnvironment
  /** Once for each VM; later either of: */
  onVmCreated(vm: WasmVm): void
  onVmRemoved(vm: WasmVm): void
  /** @param reason with the guest's stack */
  onTrap(reason: string): void
  /** Once for each VM that traps. */
  onVmFailed(vm: WasmVm): void
}
