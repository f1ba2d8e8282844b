/** Host functions on properties. */
import { type HostFunctions, Status } from '../abi.ts'
import { getProperty } from '../property.ts'
import { WasmState } from '../filter-state.ts'
import type { WasmVm } from '../vm.ts'

/** What filters may keep in one stream's filter state by `proxy_set_property`. */
const maxFilterStateBytes = 1024 * 1024
const maxFilterStateEntries = 100

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
      const info = vm.current.properties()?.streamInfo
      if (info === undefined) return Status.notFound
      const state = (info.filterState ??= new Map())
      const name = `wasm.${path}`
      if (value.length > maxFilterStateBytes || (state.size >= maxFilterStateEntries && !state.has(name)))
        return Status.internalFailure
      state.set(name, new WasmState(value))
      return Status.ok
    },
  }
}
