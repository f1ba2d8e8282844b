// What test/fixtures/wasm/rust-shared does with the Rust SDK: counts requests by path in shared data and tells the
// upstream the number.
export * from 'proxy-wasm-sdk-as/assembly/proxy'
import {
  Context,
  FilterHeadersStatusValues,
  get_shared_data,
  registerRootContext,
  RootContext,
  set_shared_data,
  stream_context,
  WasmResultValues,
} from 'proxy-wasm-sdk-as/assembly'

class Root extends RootContext {
  createContext(context_id: u32): Context {
    return new Filter(context_id, this)
  }
}

class Filter extends Context {
  onRequestHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const key = 'count ' + stream_context.headers.request.get(':path')
    for (let tries = 0; tries < 10; tries++) {
      const shared = get_shared_data(key)
      const value = shared.value
      const count: u64 = value !== null && value.byteLength == 8 ? load<u64>(changetype<usize>(value)) + 1 : 1
      const bytes = new ArrayBuffer(8)
      store<u64>(changetype<usize>(bytes), count)
      if (set_shared_data(key, bytes, shared.cas) != WasmResultValues.Ok) continue
      stream_context.headers.request.replace('x-count', count.toString())
      break
    }
    return FilterHeadersStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new Root(context_id), '')
