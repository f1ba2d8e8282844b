/** Host functions on buffers: bodies, configurations, answers of calls. */
import { BufferType, type HostFunctions, Status } from '../abi.ts'
import { noBuffer, unknownBuffer } from '../context.ts'
import type { WasmVm } from '../vm.ts'

export function bufferFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm

  return {
    proxy_get_buffer_bytes(type, start, length, pointerAt, sizeAt) {
      start >>>= 0
      length >>>= 0
      const context = vm.current
      const size = context.bufferLength(type >>> 0)
      if (size === unknownBuffer) return Status.badArgument
      if (size === noBuffer) return Status.notFound
      if (start >= size) return memory.returnText('', pointerAt, sizeAt)
      const wanted = Math.min(length, size - start)
      const pointer = memory.allocateResult(wanted, pointerAt, sizeAt)
      if (pointer === 0) return wanted === 0 ? memory.returnText('', pointerAt, sizeAt) : Status.invalidMemoryAccess
      context.copyBuffer(type, start, wanted, memory.bytes, pointer)
      return Status.ok
    },

    proxy_get_buffer_status(type, lengthAt, flagsAt) {
      const size = vm.current.bufferLength(type >>> 0)
      if (size === unknownBuffer) return Status.badArgument
      if (size === noBuffer) return Status.notFound
      return memory.writeUint32(lengthAt, size) || memory.writeUint32(flagsAt, 0)
    },

    proxy_set_buffer_bytes(type, start, length, pointer, size) {
      const data = memory.copyTransient(pointer, size)
      if (data === undefined) return Status.invalidMemoryAccess
      const context = vm.current
      const present = context.bufferLength(type >>> 0)
      if (present === unknownBuffer) return Status.badArgument
      if (present === noBuffer) return Status.notFound
      return context.setBuffer(type, start >>> 0, length >>> 0, data)
    },

    proxy_get_configuration(pointerAt, sizeAt) {
      const context = vm.current
      const { pluginConfiguration, vmConfiguration } = BufferType
      const type = context.bufferLength(pluginConfiguration) >= 0 ? pluginConfiguration : vmConfiguration
      return memory.returnBytes(context.bufferSlice(type, 0, context.bufferLength(type)), pointerAt, sizeAt)
    },
  }
}
