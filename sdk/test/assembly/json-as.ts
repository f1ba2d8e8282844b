// The configuration as a class of json-as, beside the SDK. Run by json-as.test.ts.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import { JSON } from "json-as"
import { Context, FilterHeadersStatusValues, log, LogLevelValues, registerRootContext, RootContext, stream_context } from "proxy-wasm-sdk-as/assembly"

@json
class Rule {
  path: string = ""
  header: string = ""
}

@json
class Config {
  name: string = ""
  limit: i32 = 10
  rules: Rule[] = []
}

class Root extends RootContext {
  config: Config = new Config()

  onConfigure(configuration_size: u32): bool {
    const text = this.getConfigurationJsonText()
    if (text === null) return false
    this.config = JSON.parse<Config>(text)
    log(LogLevelValues.info, JSON.stringify(this.config))
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
    const rules = this.root.config.rules
    const path = stream_context.headers.request.get(":path")
    for (let i = 0; i < rules.length; i++)
      if (path.startsWith(rules[i].path)) stream_context.headers.request.replace("x-rule", rules[i].header)
    return FilterHeadersStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new Root(context_id), "")
