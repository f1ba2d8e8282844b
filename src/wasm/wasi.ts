/**
 * The WASI functions that proxy-wasm modules import, under both module names: enough for language runtimes to start,
 * print and tell the time; files and sockets are refused. Follows proxy-wasm-cpp-host's exports.
 */
import { randomFillSync } from 'node:crypto'
import type { HostFunction } from './abi.ts'
import { maxLogBytes, wallClockNanoseconds, writeLog } from './host/logs.ts'
import type { WasmVm } from './vm.ts'

export const wasiErrno = {
  success: 0,
  badFile: 8,
  fault: 21,
  invalid: 28,
  noEntry: 44,
  notSupported: 58,
  notSupportedFunction: 52,
  notCapable: 76,
} as const

const maxRandomBytes = 65_536
const stdout = 1
const stderr = 2

export function makeWasiFunctions(vm: WasmVm): Readonly<Record<string, HostFunction>> {
  const { memory } = vm
  const refuse = (errno: number) => () => errno
  const notSupported = refuse(wasiErrno.notSupported)
  const unimplemented = refuse(wasiErrno.notSupportedFunction)
  const succeed = refuse(wasiErrno.success)
  const put = (at: number, value: number): number => (memory.writeUint32(at, value) === 0 ? 0 : wasiErrno.fault)
  const environment = vm.settings.environment.map(entry => Buffer.from(`${entry}\0`))

  return {
    proc_exit(code: number) {
      writeLog(vm, 'warning', `proc_exit(${code})`)
      return 0
    },

    fd_write(fd: number, vectorsAt: number, count: number, writtenAt: number) {
      if (fd !== stdout && fd !== stderr) return wasiErrno.badFile
      vectorsAt >>>= 0
      count >>>= 0
      if (!memory.inBounds(vectorsAt, count * 8)) return wasiErrno.fault
      let text = ''
      let written = 0
      for (let i = 0; i < count; i++) {
        const at = memory.view.getUint32(vectorsAt + i * 8, true)
        const size = memory.view.getUint32(vectorsAt + i * 8 + 4, true)
        if (!memory.inBounds(at, size)) return wasiErrno.fault
        if (text.length < maxLogBytes) text += memory.bytes.utf8Slice(at, at + Math.min(size, maxLogBytes))
        written += size
      }
      if (text.endsWith('\n')) text = text.slice(0, -1)
      if (written > 0) writeLog(vm, fd === stdout ? 'info' : 'error', text)
      return put(writtenAt, written)
    },

    args_sizes_get: (countAt: number, sizeAt: number) => put(countAt, 0) || put(sizeAt, 0),
    args_get: succeed,

    environ_sizes_get: (countAt: number, sizeAt: number) =>
      put(countAt, environment.length) ||
      put(
        sizeAt,
        environment.reduce((sum, entry) => sum + entry.length, 0),
      ),
    environ_get(pointersAt: number, at: number) {
      for (const entry of environment) {
        if (put(pointersAt, at) !== 0 || !memory.inBounds(at >>> 0, entry.length)) return wasiErrno.fault
        memory.bytes.set(entry, at >>> 0)
        pointersAt += 4
        at += entry.length
      }
      return wasiErrno.success
    },

    clock_time_get(clock: number, _precision: bigint, timeAt: number) {
      if (clock !== 0 && clock !== 1) return wasiErrno.notSupported
      const now = clock === 0 ? wallClockNanoseconds() : process.hrtime.bigint()
      return memory.writeUint64(timeAt, now) === 0 ? 0 : wasiErrno.fault
    },

    random_get(at: number, size: number) {
      at >>>= 0
      size >>>= 0
      if (size > maxRandomBytes) return wasiErrno.invalid
      if (!memory.inBounds(at, size)) return wasiErrno.invalid
      randomFillSync(memory.bytes, at, size)
      return wasiErrno.success
    },

    fd_fdstat_get(fd: number, at: number) {
      if (fd !== stdout && fd !== stderr) return wasiErrno.badFile
      at >>>= 0
      if (!memory.inBounds(at, 24)) return wasiErrno.fault
      memory.bytes.fill(0, at, at + 24)
      memory.view.setUint32(at + 8, 64, true) // the right to write
      return wasiErrno.success
    },

    poll_oneoff: (_in: number, _out: number, _count: number, eventsAt: number) => put(eventsAt, 0),
    sched_yield: succeed,
    fd_seek: succeed,
    fd_close: succeed,
    fd_prestat_get: refuse(wasiErrno.badFile),
    fd_prestat_dir_name: unimplemented,
    fd_fdstat_set_flags: unimplemented,
    fd_fdstat_set_rights: notSupported,
    fd_read: unimplemented,
    fd_pread: unimplemented,
    fd_pwrite: notSupported,
    fd_readdir: refuse(20),
    fd_advise: notSupported,
    fd_allocate: notSupported,
    fd_datasync: notSupported,
    fd_sync: notSupported,
    fd_tell: notSupported,
    fd_renumber: notSupported,
    fd_filestat_get: notSupported,
    fd_filestat_set_size: notSupported,
    fd_filestat_set_times: notSupported,
    path_open: refuse(wasiErrno.noEntry),
    path_create_directory: notSupported,
    path_filestat_get: notSupported,
    path_filestat_set_times: notSupported,
    path_link: notSupported,
    path_readlink: notSupported,
    path_remove_directory: notSupported,
    path_rename: notSupported,
    path_symlink: notSupported,
    path_unlink_file: notSupported,
    sock_accept: notSupported,
    sock_recv: notSupported,
    sock_send: notSupported,
    sock_shutdown: notSupported,
    clock_res_get: notSupported,
    proc_raise: notSupported,
  }
}
