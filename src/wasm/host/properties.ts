/** Host functions on properties. */
import { type HostFunctions, Status } from '../abi.ts'
import { getProperty } from '../property.ts'
import { setWasmState } from '../filter-state.ts'
import { RootContext } from '../root-context.ts'
import type { WasmVm } from '../vm.ts'

export function propertyFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm
  return {
    proxy_get_property(pathAt, pathSize, pointerAt, sizeAt) {
      const path = memory.text(pathAt, pathSize)
      if (path === undefined) return Status.invalidMemoryAccess
      const parts = path.split('\0')
      if (parts.length > 1 && parts.at(-1) === '') parts.pop()
      const result = getProperty(vm.current, parts)
      if (typeof result === 'number') return result
      return typeof result === 'string'
        ? memory.returnText(result, pointerAt, sizeAt)
        : memory.returnBytes(result, pointerAt, sizeAt)
    },

    proxy_set_property(pathAt, pathSize, valueAt, valueSize) {
      const path = memory.copy(pathAt, pathSize)?.toString()
      const value = memory.copy(valueAt, valueSize)
      if (path === undefined || value === undefined) return Status.invalidMemoryAccess
      // An access logger may read what it logs, not write it.
      const info = vm.current instanceof RootContext ? undefined : vm.current.properties()?.streamInfo
      if (info === undefined) return Status.notFound
      return setStatus[setWasmState(vm.current, info, path, value)]
    },
  }
}

const setStatus = { ok: Status.ok, readonly: Status.badArgument, full: Status.internalFailure } as const
