// A network filter: logs what each TLS client asks for (SNI, ALPN, versions) and changes nothing.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  Context,
  Counter,
  FilterStatusValues,
  log,
  LogLevelValues,
  PeerTypeValues,
  properties,
  quoteJson,
  registerRootContext,
  RootContext,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { ClientHello, HelloState } from "./client-hello"

const levels = ["info", "debug", "trace", "warn", "error"]
const levelValues: LogLevelValues[] = [LogLevelValues.info, LogLevelValues.debug, LogLevelValues.trace, LogLevelValues.warn, LogLevelValues.error]

class SniLogRoot extends RootContext {
  level: LogLevelValues = LogLevelValues.info
  limit: i32 = 0
  logOthers: bool = true
  hellos!: Counter
  others!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    const level = levels.indexOf(config.choice("level", levels))
    if (level >= 0) this.level = levelValues[level]
    this.limit = <i32>config.integer("max_hello_bytes", 512, 65_536, 16_384)
    this.logOthers = config.flag("log_others", true)
    if (!config.accept()) return false
    this.hellos = new Counter("sni_log_hellos")
    this.others = new Counter("sni_log_others")
    return true
  }

  createContext(context_id: u32): Context {
    return new SniLog(context_id, this)
  }
}

class SniLog extends Context {
  private hello: ClientHello | null

  constructor(
    context_id: u32,
    private root: SniLogRoot,
  ) {
    super(context_id, root)
    this.hello = new ClientHello(root.limit)
  }

  onDownstreamData(size: usize, end: bool): FilterStatusValues {
    const hello = this.hello
    if (hello === null) return FilterStatusValues.Continue
    const state = hello.add(stream_context.data.downstream.get())
    if (state == HelloState.Complete) {
      this.hello = null
      this.root.hellos.increment()
      this.say(
        ',"sni":' + (hello.serverName.length > 0 ? quoteJson(hello.serverName) : "null") +
          ',"alpn":' + quotedList(hello.protocols) + ',"versions":' + quotedList(hello.versions) +
          ',"ciphers":' + hello.ciphers.toString() + (hello.encrypted ? ',"ech":true}' : ',"ech":false}'),
      )
    } else if (state == HelloState.Other) this.other("no TLS")
    else if (state == HelloState.TooLong) this.other("ClientHello too long")
    else if (end && hello.started) this.other("ClientHello incomplete")
    return FilterStatusValues.Continue
  }

  onDownstreamConnectionClose(peer: PeerTypeValues): void {
    const hello = this.hello
    if (hello !== null && hello.started) this.other("ClientHello incomplete")
  }

  private other(what: string): void {
    this.hello = null
    this.root.others.increment()
    if (this.root.logOthers) this.say(',"error":' + quoteJson(what) + "}")
  }

  private say(rest: string): void {
    log(this.root.level, '{"client":' + quoteJson(properties.source.address()) + rest)
  }
}

function quotedList(texts: string[]): string {
  let list = ""
  for (let i = 0; i < texts.length; i++) list += (i > 0 ? "," : "") + quoteJson(texts[i])
  return "[" + list + "]"
}

registerRootContext((context_id: u32) => new SniLogRoot(context_id), "")
