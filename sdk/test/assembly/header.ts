export * from 'proxy-wasm-sdk-as/assembly/proxy'
import {
  Context,
  FilterHeadersStatusValues,
  registerRootContext,
  RootContext,
  stream_context,
} from 'proxy-wasm-sdk-as/assembly'

class HeaderRoot extends RootContext {
  value: string = ''

  onConfigure(size: u32): bool {
    this.value = this.getConfiguration()
    return true
  }

  createContext(context_id: u32): Context {
    return new HeaderFilter(context_id, this)
  }
}

class HeaderFilter extends Context {
  constructor(
    context_id: u32,
    private root: HeaderRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    stream_context.headers.request.replace('x-seen-path', stream_context.headers.request.get(':path'))
    return FilterHeadersStatusValues.Continue
  }

  onResponseHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add('x-sdk', this.root.value)
    return FilterHeadersStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new HeaderRoot(context_id), 'header')
