/**
 * Checks that the functions which a module imports have the types that it thinks they have. JavaScript would convert
 * whatever comes; Envoy refuses the module, and so do we.
 */
import { hostFunctions } from './abi.ts'
import { section, WasmReader } from './meter-binary.ts'

/** `i` i32, `I` i64; all but `proc_exit` give an i32. */
export const wasiParameters: Readonly<Record<string, string>> = {
  args_get: 'ii',
  args_sizes_get: 'ii',
  environ_get: 'ii',
  environ_sizes_get: 'ii',
  clock_res_get: 'ii',
  clock_time_get: 'iIi',
  fd_advise: 'iIIi',
  fd_allocate: 'iII',
  fd_close: 'i',
  fd_datasync: 'i',
  fd_fdstat_get: 'ii',
  fd_fdstat_set_flags: 'ii',
  fd_fdstat_set_rights: 'iII',
  fd_filestat_get: 'ii',
  fd_filestat_set_size: 'iI',
  fd_filestat_set_times: 'iIIi',
  fd_pread: 'iiiIi',
  fd_prestat_get: 'ii',
  fd_prestat_dir_name: 'iii',
  fd_pwrite: 'iiiIi',
  fd_read: 'iiii',
  fd_readdir: 'iiiIi',
  fd_renumber: 'ii',
  fd_seek: 'iIii',
  fd_sync: 'i',
  fd_tell: 'ii',
  fd_write: 'iiii',
  path_create_directory: 'iii',
  path_filestat_get: 'iiiii',
  path_filestat_set_times: 'iiiiIIi',
  path_link: 'iiiiiii',
  path_open: 'iiiiiIIii',
  path_readlink: 'iiiiii',
  path_remove_directory: 'iii',
  path_rename: 'iiiiii',
  path_symlink: 'iiiii',
  path_unlink_file: 'iii',
  poll_oneoff: 'iiii',
  proc_exit: 'i',
  proc_raise: 'i',
  sched_yield: '',
  random_get: 'ii',
  sock_accept: 'iii',
  sock_recv: 'iiiiii',
  sock_send: 'iiiii',
  sock_shutdown: 'ii',
}
export const withoutResult = new Set(['proc_exit', 'emscripten_notify_memory_growth'])
const wasiModules = new Set(['wasi_snapshot_preview1', 'wasi_unstable'])
const typeNames: Readonly<Record<number, string>> = { 0x7f: 'i32', 0x7e: 'i64', 0x7d: 'f32', 0x7c: 'f64' }

/** What does not match, in Envoy's words. Functions that nobody has are not looked at. @param bytes of a valid module */
export function importMismatch(bytes: Uint8Array): string | undefined {
  const reader = new WasmReader(bytes, 8)
  const types: string[] = []
  while (reader.at < reader.end) {
    const id = reader.byte()
    const size = reader.u32()
    const payload = new WasmReader(bytes, reader.at, reader.at + size)
    reader.skip(size)
    if (id === section.type) readTypes(payload, types)
    else if (id === section.import) return checkImports(payload, types)
  }
  return undefined
}

function readTypes(reader: WasmReader, types: string[]): void {
  const count = reader.u32()
  for (let i = 0; i < count; i++) {
    // Other kinds of types come from modules that cannot be metered anyway.
    if (reader.byte() !== 0x60) return
    types.push(`${readValueTypes(reader)} -> ${readValueTypes(reader)}`)
  }
}

function readValueTypes(reader: WasmReader): string {
  const names: string[] = []
  for (let rest = reader.u32(); rest > 0; rest--) {
    const start = reader.at
    reader.skipType()
    names.push(typeNames[reader.bytes[start] as number] ?? 'ref')
  }
  return names.length === 0 ? 'void' : names.join(' ')
}

function checkImports(reader: WasmReader, types: readonly string[]): string | undefined {
  const count = reader.u32()
  for (let i = 0; i < count; i++) {
    const from = reader.name()
    const name = reader.name()
    // Only functions have a place in the host; what else is imported is refused by name when the module is linked.
    if (reader.byte() !== 0) return undefined
    const wanted = types[reader.u32()]
    const known = hostType(from, name)
    if (known !== undefined && wanted !== undefined && known !== wanted)
      return `Failed to load Wasm module due to an import type mismatch: ${from}.${name}, want: ${wanted}, but host exports: ${known}`
  }
  return undefined
}

function hostType(from: string, name: string): string | undefined {
  const table: Readonly<Record<string, { readonly parameters: string }>> = hostFunctions
  let parameters: string | undefined
  if (wasiModules.has(from) && Object.hasOwn(wasiParameters, name)) parameters = wasiParameters[name]
  else if (from === 'env' && Object.hasOwn(table, name)) parameters = table[name]?.parameters
  if (parameters === undefined) return undefined
  const names = Array.from(parameters, letter => (letter === 'I' ? 'i64' : 'i32'))
  return `${names.length === 0 ? 'void' : names.join(' ')} -> ${withoutResult.has(name) ? 'void' : 'i32'}`
}
