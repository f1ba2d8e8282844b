/** Host functions for logging, time and timers. */
import { logger, logLevels } from '../../base/log.ts'
import { type HostFunctions, Status } from '../abi.ts'
import { RootContext } from '../root-context.ts'
import type { WasmVm } from '../vm.ts'

const log = logger('wasm')

export function logFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm
  return {
    proxy_log(level, pointer, size) {
      const name = level >= 0 && level <= 5 ? logLevels[level] : undefined
      if (name === undefined) return Status.badArgument
      if (!log.enabled(name)) return Status.ok
      const text = memory.copy(pointer, size)
      if (text === undefined) return Status.invalidMemoryAccess
      log.log(name, `${vm.current.logPrefix}: ${text.toString()}`)
      return Status.ok
    },

    proxy_get_log_level(levelAt) {
      return memory.writeUint32(levelAt, logLevels.indexOf(log.level))
    },

    proxy_get_current_time_nanoseconds(timeAt) {
      return memory.writeUint64(timeAt, wallClockNanoseconds())
    },

    proxy_set_tick_period_milliseconds(periodMs) {
      const context = vm.current
      const root = context instanceof RootContext ? context : context.root
      root?.setTickPeriod(periodMs >>> 0)
      return Status.ok
    },
  }
}

export function wallClockNanoseconds(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}
