/**
 * Checks that the functions which a module imports have the types that it thinks they have, and those that the host calls
 * the types that the host thinks they have. JavaScript would convert whatever comes; Envoy refuses the module, and so do we.
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
/** What the host calls: parameters and result. All may be missing. */
export const guestTypes: Readonly<Record<string, string>> = {
  _initialize: ':',
  _start: ':',
  main: 'ii:i',
  malloc: 'i:i',
  proxy_on_memory_allocate: 'i:i',
  proxy_on_context_create: 'ii:',
  proxy_on_vm_start: 'ii:i',
  proxy_on_configure: 'ii:i',
  proxy_on_tick: 'i:',
  proxy_on_queue_ready: 'ii:',
  proxy_on_new_connection: 'i:i',
  proxy_on_downstream_data: 'iii:i',
  proxy_on_upstream_data: 'iii:i',
  proxy_on_downstream_connection_close: 'ii:',
  proxy_on_upstream_connection_close: 'ii:',
  proxy_on_request_headers: 'iii:i',
  proxy_on_request_metadata: 'ii:i',
  proxy_on_request_body: 'iii:i',
  proxy_on_request_trailers: 'ii:i',
  proxy_on_response_headers: 'iii:i',
  proxy_on_response_metadata: 'ii:i',
  proxy_on_response_body: 'iii:i',
  proxy_on_response_trailers: 'ii:i',
  proxy_on_http_call_response: 'iiiii:',
  proxy_on_grpc_receive_initial_metadata: 'iii:',
  proxy_on_grpc_receive: 'iii:',
  proxy_on_grpc_receive_trailing_metadata: 'iii:',
  proxy_on_grpc_close: 'iii:',
  proxy_on_foreign_function: 'iii:',
  envoy_on_resolve_dns: 'iii:',
  envoy_on_stats_update: 'ii:',
  proxy_on_done: 'i:i',
  proxy_on_log: 'i:',
  proxy_on_delete: 'i:',
}
/** Version 0.1.0 does not tell whether headers end the stream. */
const guestTypes010: Readonly<Record<string, string>> = {
  ...guestTypes,
  proxy_on_request_headers: 'ii:i',
  proxy_on_response_headers: 'ii:i',
}
export const withoutResult = new Set(['proc_exit', 'emscripten_notify_memory_growth'])
const wasiModules = new Set(['wasi_snapshot_preview1', 'wasi_unstable'])
const typeNames: Readonly<Record<number, string>> = { 0x7f: 'i32', 0x7e: 'i64', 0x7d: 'f32', 0x7c: 'f64' }

/** What does not match, in Envoy's words. Functions that nobody has are not looked at. @param bytes of a valid module */
export function signatureMismatch(bytes: Uint8Array): string | undefined {
  const reader = new WasmReader(bytes, 8)
  const types: string[] = []
  /** Of all functions, imported ones first. */
  const functions: (string | undefined)[] = []
  while (reader.at < reader.end) {
    const id = reader.byte()
    const size = reader.u32()
    const payload = new WasmReader(bytes, reader.at, reader.at + size)
    reader.skip(size)
    let mismatch: string | undefined
    if (id === section.type) readTypes(payload, types)
    else if (id === section.import) mismatch = checkImports(payload, types, functions)
    else if (id === section.function)
      for (let count = payload.u32(); count > 0; count--) functions.push(types[payload.u32()])
    else if (id === section.export) return checkExports(payload, functions)
    if (mismatch !== undefined) return mismatch
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

function checkImports(
  reader: WasmReader,
  types: readonly string[],
  functions: (string | undefined)[],
): string | undefined {
  const count = reader.u32()
  for (let i = 0; i < count; i++) {
    const from = reader.name()
    const name = reader.name()
    // Only functions have a place in the host; what else is imported is refused by name when the module is linked.
    if (reader.byte() !== 0) return undefined
    const wanted = types[reader.u32()]
    functions.push(wanted)
    const known = hostType(from, name)
    if (known !== undefined && wanted !== undefined && known !== wanted)
      return `Failed to load Wasm module due to an import type mismatch: ${from}.${name}, want: ${wanted}, but host exports: ${known}`
  }
  return undefined
}

function checkExports(reader: WasmReader, functions: readonly (string | undefined)[]): string | undefined {
  const exported: (readonly [name: string, type: string | undefined])[] = []
  let wanted = guestTypes
  for (let count = reader.u32(); count > 0; count--) {
    const name = reader.name()
    const isFunction = reader.byte() === 0
    const index = reader.u32()
    if (!isFunction) continue
    exported.push([name, functions[index]])
    if (name === 'proxy_abi_version_0_1_0') wanted = guestTypes010
  }
  for (const [name, type] of exported) {
    const [parameters = '', result = ''] = Object.hasOwn(wanted, name) ? (wanted[name] as string).split(':') : []
    const known = typeText(parameters, result)
    if (Object.hasOwn(wanted, name) && type !== undefined && known !== type)
      return `Bad function signature for: ${name}, want: ${known}, but the module exports: ${type}`
  }
  return undefined
}

function hostType(from: string, name: string): string | undefined {
  const table: Readonly<Record<string, { readonly parameters: string }>> = hostFunctions
  let parameters: string | undefined
  if (wasiModules.has(from) && Object.hasOwn(wasiParameters, name)) parameters = wasiParameters[name]
  else if (from === 'env' && Object.hasOwn(table, name)) parameters = table[name]?.parameters
  if (parameters === undefined) return undefined
  return typeText(parameters, withoutResult.has(name) ? '' : 'i')
}

function typeText(parameters: string, result: string): string {
  const text = (letters: string): string =>
    letters === '' ? 'void' : Array.from(letters, letter => (letter === 'I' ? 'i64' : 'i32')).join(' ')
  return `${text(parameters)} -> ${text(result)}`
}
