/** Foreign functions: Envoy's own, called by name. An unknown name is NOT_FOUND. */
import { constants, deflateSync, inflateSync } from 'node:zlib'
import { type HostFunctions, Status } from '../abi.ts'
import type { WasmVm } from '../vm.ts'
import type { ForeignFunction } from './foreign-arguments.ts'
import { exprCreate, exprDelete, exprEvaluate } from './foreign-expressions.ts'
import { sign, verifySignature } from './foreign-crypto.ts'
import { declarePropertyFunction, setDynamicMetadata, setEnvoyFilterState } from './foreign-state.ts'

/** What `uncompress` may grow to. */
const maxOutputLength = 64 * 1024 * 1024
const nothing = new Uint8Array(0)

const functions: Readonly<Record<string, ForeignFunction>> = {
  compress: (_vm, argument) => deflateSync(argument, { level: constants.Z_DEFAULT_COMPRESSION }),
  uncompress(_vm, argument) {
    try {
      return inflateSync(argument, { maxOutputLength })
    } catch {
      return Status.serializationFailure
    }
  },
  clear_route_cache(vm) {
    vm.current.clearRouteCache()
    return nothing
  },
  declare_property: declarePropertyFunction,
  set_envoy_filter_state: setEnvoyFilterState,
  set_dynamic_metadata: setDynamicMetadata,
  expr_create: exprCreate,
  expr_evaluate: exprEvaluate,
  expr_delete: exprDelete,
  verify_signature: verifySignature,
  sign,
}

export function foreignFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm
  return {
    proxy_call_foreign_function(nameAt, nameSize, argumentAt, argumentSize, pointerAt, sizeAt) {
      const name = memory.text(nameAt, nameSize)
      const argument = memory.copy(argumentAt, argumentSize)
      if (name === undefined || argument === undefined) return Status.invalidMemoryAccess
      const found = Object.hasOwn(functions, name) ? functions[name] : undefined
      if (found === undefined) return Status.notFound
      const result = found(vm, argument)
      if (typeof result === 'number') return result
      return result.length === 0 ? Status.ok : memory.returnBytes(result, pointerAt, sizeAt)
    },
  }
}
