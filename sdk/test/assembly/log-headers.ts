// What test/fixtures/wasm/rust-headers does with the Rust SDK: logs all headers at debug level and adds one.
export * from 'proxy-wasm-sdk-as/assembly/proxy'
import {
  Context,
  FilterHeadersStatusValues,
  HeaderStreamManipulator,
  log,
  LogLevelValues,
  registerRootContext,
  RootContext,
  stream_context,
} from 'proxy-wasm-sdk-as/assembly'

class Root extends RootContext {
  value: string = ''

  onConfigure(size: u32): bool {
    this.value = this.getConfiguration()
    return true
  }

  createContext(context_id: u32): Context {
    return new Filter(context_id, this)
  }
}

class Filter extends Context {
  constructor(
    context_id: u32,
    private root: Root,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    logAll(stream_context.headers.request)
    return FilterHeadersStatusValues.Continue
  }

  onResponseHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    logAll(stream_context.headers.response)
    stream_context.headers.response.add('x-as', this.root.value)
    return FilterHeadersStatusValues.Continue
  }
}

function logAll(map: HeaderStreamManipulator): void {
  const all = map.snapshot()
  for (let i = 0; i < all.length; i++) log(LogLevelValues.debug, all.name(i) + ': ' + all.value(i))
}

registerRootContext((context_id: u32) => new Root(context_id), '')
