// What test/fixtures/wasm/rust-body does with the Rust SDK: keeps the response's body until it is whole and replaces a
// word in it.
export * from 'proxy-wasm-sdk-as/assembly/proxy'
import {
  Context,
  FilterDataStatusValues,
  FilterHeadersStatusValues,
  registerRootContext,
  RootContext,
  stream_context,
} from 'proxy-wasm-sdk-as/assembly'

class Root extends RootContext {
  word: string = ''

  onConfigure(size: u32): bool {
    this.word = this.getConfiguration()
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

  onResponseHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    stream_context.headers.response.remove('content-length')
    return FilterHeadersStatusValues.Continue
  }

  onResponseBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    if (!end_of_stream) return FilterDataStatusValues.StopIterationAndBuffer
    const body = stream_context.body.response
    body.set_text(body.text().split(this.root.word).join('***'))
    return FilterDataStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new Root(context_id), '')
