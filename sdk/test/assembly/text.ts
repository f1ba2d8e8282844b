// Logs what the SDK's text helpers say of the arguments in the VM configuration: one function and its arguments, by tabs.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import * as sdk from "proxy-wasm-sdk-as/assembly"

class Root extends sdk.RootContext {
  onStart(size: usize): bool {
    const parts = String.UTF8.decode(sdk.get_buffer_bytes(sdk.BufferTypeValues.VmConfiguration, 0, <u32>size)).split("\t")
    sdk.log(sdk.LogLevelValues.info, answer(parts))
    return true
  }
}

function answer(parts: string[]): string {
  const name = parts[0]
  if (name == "contains") {
    const range = sdk.IpRange.parse(parts[1])
    return range === null ? "bad range" : range.contains(parts[2]).toString()
  }
  if (name == "equals") return sdk.equals_constant_time(parts[1], parts[2]).toString()
  if (name == "base64") {
    const bytes = sdk.base64_decode(parts[1])
    return bytes === null ? "null" : String.UTF8.decode(bytes)
  }
  if (name == "cookie") {
    const value = sdk.cookie_value(parts[1], parts[2])
    return value === null ? "null" : value
  }
  if (name == "below") return sdk.path_is_below(parts[1], parts[2]).toString()
  return (sdk.random_u64() != sdk.random_u64()).toString()
}

sdk.registerRootContext((context_id: u32) => new Root(context_id), "")
