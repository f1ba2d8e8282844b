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
    return this.word.length > 0
  }

  createContext(context_id: u32): Context {
    return new Filter(context_id, this)
  }
}

/** Not replaceAll, which needs a replacement that is no longer; split and join are slower. */
function replaced(text: string, word: string): string {
  let result = ''
  let from = 0
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, from)) {
    result += text.substring(from, at) + '***'
    from = at + word.length
  }
  return result + text.substring(from)
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
    body.set_text(replaced(body.text(), this.root.word))
    return FilterDataStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new Root(context_id), '')
