// Makes much garbage: takes bodies apart as JSON and puts them together again, and a header from all others.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  Context,
  FilterDataStatusValues,
  FilterHeadersStatusValues,
  Json,
  registerRootContext,
  RootContext,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"

class Root extends RootContext {
  createContext(context_id: u32): Context {
    return new Filter(context_id, this)
  }
}

class Filter extends Context {
  private seen: string[] = []

  onRequestHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const all = stream_context.headers.request.get_headers()
    for (let i = 0; i < all.length; i++) this.seen.push(all[i].toString())
    stream_context.headers.request.replace("x-all", this.seen.join(", "))
    return FilterHeadersStatusValues.Continue
  }

  onResponseBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    const json = Json.parse(stream_context.body.response.text())
    if (json !== null) stream_context.body.response.set_text(json.toString())
    return FilterDataStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new Root(context_id), "")
