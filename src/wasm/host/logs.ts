/** Host functions for logging, time and timers. */
import { performance } from '../../base/clock.ts'
import { type LogLevel, logger, logLevels } from '../../base/log.ts'
import { type HostFunctions, Status } from '../abi.ts'
import { countLimit } from '../limits.ts'
import { RootContext } from '../root-context.ts'
import type { WasmVm } from '../vm.ts'

const log = logger('wasm')
/** Of one line; what is beyond is cut. */
export const maxLogBytes = 64 * 1024

export function logFunctions(vm: WasmVm): HostFunctions {
  const { memory } = vm
  return {
    proxy_log(level, pointer, size) {
      if (level < 0 || level > 5) return Status.badArgument
      if (!log.enabledAt(level)) return Status.ok
      pointer >>>= 0
      size >>>= 0
      if (!memory.inBounds(pointer, size)) return Status.invalidMemoryAccess
      writeLog(vm, logLevels[level] as LogLevel, memory.bytes.utf8Slice(pointer, pointer + Math.min(size, maxLogBytes)))
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

/** A line of the guest's, if it may still write one in this second. */
export function writeLog(vm: WasmVm, level: LogLevel, text: string): void {
  const allowed = vm.logLimit.take()
  if (allowed === true) return log.log(level, `${vm.current.logPrefix}: ${text}`)
  countLimit(vm, 'logLinesDropped')
  if (allowed === 'last')
    log.warn(`${vm.current.logPrefix}: more than ${vm.limits.logLinesPerSecond} lines in a second, the rest is dropped`)
}

export function wallClockNanoseconds(): bigint {
  return BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000)) * 1000n
}
