/** Host functions on data and queues that all VMs of a vm_id share. */
import { type HostFunctions, Status } from '../abi.ts'
import { RootContext } from '../root-context.ts'
import type { WasmVm } from '../vm.ts'

export function sharedFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm
  const { shared } = vm.host
  const { sharedDataLimitBytes, sharedQueueLimit } = vm.limits
  const scope = Buffer.from(vm.settings.vmId).toString('latin1')

  return {
    proxy_get_shared_data(keyAt, keySize, pointerAt, sizeAt, casAt) {
      const key = memory.text(keyAt, keySize)
      if (key === undefined) return Status.invalidMemoryAccess
      const found = shared.get(scope, key)
      if (found === undefined) return Status.notFound
      return memory.returnBytes(found.value, pointerAt, sizeAt) || memory.writeUint32(casAt, found.cas)
    },

    proxy_set_shared_data(keyAt, keySize, valueAt, valueSize, cas) {
      const key = memory.text(keyAt, keySize)
      valueAt >>>= 0
      valueSize >>>= 0
      if (key === undefined || !memory.inBounds(valueAt, valueSize)) return Status.invalidMemoryAccess
      const value = memory.bytes.subarray(valueAt, valueAt + valueSize)
      return setStatus[shared.set(scope, key, value, cas >>> 0, sharedDataLimitBytes)]
    },

    proxy_register_shared_queue(nameAt, nameSize, tokenAt) {
      const name = memory.text(nameAt, nameSize)
      if (name === undefined) return Status.invalidMemoryAccess
      const context = vm.current
      const root = context instanceof RootContext ? context : context.root
      const onReady = (queueToken: number): void => {
        if (root !== undefined && !vm.failed) vm.callGuest(root, vm.guest.onQueueReady, root.id, queueToken)
      }
      const token = shared.registerQueue(scope, name, onReady, sharedQueueLimit, sharedDataLimitBytes)
      return token === 0 ? Status.internalFailure : memory.writeUint32(tokenAt, token)
    },

    proxy_resolve_shared_queue(vmIdAt, vmIdSize, nameAt, nameSize, tokenAt) {
      const otherVmId = memory.text(vmIdAt, vmIdSize)
      const name = memory.text(nameAt, nameSize)
      if (otherVmId === undefined || name === undefined) return Status.invalidMemoryAccess
      const token = shared.resolveQueue(otherVmId === '' ? scope : otherVmId, name)
      return token === 0 ? Status.notFound : memory.writeUint32(tokenAt, token)
    },

    proxy_enqueue_shared_queue(token, pointer, size) {
      pointer >>>= 0
      size >>>= 0
      if (!memory.inBounds(pointer, size)) return Status.invalidMemoryAccess
      const item = memory.bytes.subarray(pointer, pointer + size)
      return enqueueStatus[shared.enqueue(token, item, scope, sharedDataLimitBytes)]
    },

    proxy_dequeue_shared_queue(token, pointerAt, sizeAt) {
      const item = shared.dequeue(token)
      if (item === 'no-queue') return Status.notFound
      return item === 'empty' ? Status.empty : memory.returnBytes(item, pointerAt, sizeAt)
    },
  }
}

const setStatus = { ok: Status.ok, 'cas-mismatch': Status.casMismatch, full: Status.internalFailure } as const
const enqueueStatus = { ok: Status.ok, 'no-queue': Status.notFound, full: Status.internalFailure } as const
