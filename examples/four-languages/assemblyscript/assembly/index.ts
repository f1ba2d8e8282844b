// Adds the response header x-served-by with the configuration's text and counts the responses.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  Context,
  Counter,
  FilterHeadersStatusValues,
  log,
  LogLevelValues,
  registerRootContext,
  RootContext,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"

class ServedByRoot extends RootContext {
  name: string = ""
  served!: Counter

  onConfigure(configuration_size: u32): bool {
    this.name = this.getConfiguration()
    if (this.name.length == 0) {
      log(LogLevelValues.error, "the configuration must be a name")
      return false
    }
    this.served = new Counter("served_by_" + this.name)
    return true
  }

  createContext(context_id: u32): Context {
    return new ServedBy(context_id, this)
  }
}

class ServedBy extends Context {
  constructor(
    context_id: u32,
    private root: ServedByRoot,
  ) {
    super(context_id, root)
  }

  onResponseHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    stream_context.headers.response.add("x-served-by", this.root.name)
    this.root.served.increment()
    return FilterHeadersStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new ServedByRoot(context_id), "")
