/** Foreign functions: what a host offers besides the ABI, by name. */
import * as host from './host'
import { WasmResultValues } from './enums'
import { beginCall, encode, encodedSize, outPointer, outSize, takeBytes } from './memory'
import { quoteJson } from './json'
import { set_property } from './properties'

/** What `foreign_function` answers. */
export class ForeignResult {
  constructor(
    /** NotFound: this host has no such function. */
    public result: WasmResultValues,
    /** Empty unless the result is Ok. */
    public data: ArrayBuffer,
  ) {}
}

/** Calls a host's function. */
export function foreign_function(function_name: string, argument: ArrayBuffer): ForeignResult {
  beginCall()
  const name = encode(function_name)
  store<u64>(outPointer, 0)
  const result = host.proxy_call_foreign_function(
    name,
    encodedSize,
    changetype<usize>(argument),
    argument.byteLength,
    outPointer,
    outSize,
  )
  return new ForeignResult(result, result == WasmResultValues.Ok ? takeBytes() : new ArrayBuffer(0))
}

/** The same with a text as argument; empty when the host refuses. */
export function call_foreign_function(function_name: string, argument: string): ArrayBuffer {
  return foreign_function(function_name, String.UTF8.encode(argument)).data
}

/** Makes the proxy choose the route again. Changed request headers do that by themselves. */
export function clear_route_cache(): WasmResultValues {
  return foreign_function('clear_route_cache', new ArrayBuffer(0)).result
}

/** zlib compression. Null when the host has none. */
export function compress(data: ArrayBuffer): ArrayBuffer | null {
  const answer = foreign_function('compress', data)
  return answer.result == WasmResultValues.Ok ? answer.data : null
}

/** The reverse of `compress`. Null for broken data. */
export function uncompress(data: ArrayBuffer): ArrayBuffer | null {
  const answer = foreign_function('uncompress', data)
  return answer.result == WasmResultValues.Ok ? answer.data : null
}

/**
 * Writes a text into the stream's dynamic metadata, where access logs (`%DYNAMIC_METADATA(filter:key)%`), RBAC and rate
 * limits read it. Hosts without the foreign function `set_dynamic_metadata` (Envoy has no way to do it) keep the value as
 * filter state `wasm.<filter>.<key>`, which `%FILTER_STATE(wasm.<filter>.<key>:PLAIN)%` and later filters read.
 * @param filter name space, by custom a filter's name such as `com.example.auth`
 */
export function set_metadata(filter: string, key: string, value: string): WasmResultValues {
  const argument = String.UTF8.encode(filter + '\0{' + quoteJson(key) + ':' + quoteJson(value) + '}')
  const result = foreign_function('set_dynamic_metadata', argument).result
  return result == WasmResultValues.NotFound || result == WasmResultValues.Unimplemented
    ? set_property(filter + '.' + key, String.UTF8.encode(value))
    : result
}
