// Adds a response header: the configuration is its name and value, "name: value". Built by `npm run build:filters`.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  Context,
  FilterHeadersStatusValues,
  log,
  LogLevelValues,
  registerRootContext,
  RootContext,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"

class ResponseHeaderRoot extends RootContext {
  name: string = ""
  value: string = ""

  onConfigure(configuration_size: u32): bool {
    const text = this.getConfiguration()
    const colon = text.indexOf(":")
    if (colon <= 0) {
      log(LogLevelValues.critical, 'the configuration must be "name: value"')
      return false
    }
    this.name = text.substring(0, colon).trim()
    this.value = text.substring(colon + 1).trim()
    return true
  }

  createContext(context_id: u32): Context {
    return new ResponseHeader(context_id, this)
  }
}

class ResponseHeader extends Context {
  constructor(
    context_id: u32,
    private root: ResponseHeaderRoot,
  ) {
    super(context_id, root)
  }

  onResponseHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add(this.root.name, this.root.value)
    return FilterHeadersStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new ResponseHeaderRoot(context_id), "")
