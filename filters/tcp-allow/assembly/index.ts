// A network filter: lets connections from listed addresses through and closes all others before a byte is read.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  close_downstream,
  Context,
  Counter,
  FilterStatusValues,
  IpRange,
  log,
  LogLevelValues,
  properties,
  registerRootContext,
  RootContext,
} from "proxy-wasm-sdk-as/assembly"
import { in_ranges, ip_ranges } from "../../lib/assembly/ranges"

class TcpAllowRoot extends RootContext {
  allow: IpRange[] = []
  deny: IpRange[] = []
  others: bool = false
  logDenied: bool = true
  allowed!: Counter
  denied!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.allow = ip_ranges(config, "allow")
    this.deny = ip_ranges(config, "deny")
    this.others = config.choice("others", ["deny", "allow"]) == "allow"
    this.logDenied = config.flag("log_denied", true)
    if (!this.others && this.allow.length == 0) config.fault("allow", "must have an address: nobody could connect")
    if (!config.accept()) return false
    this.allowed = new Counter("tcp_allow_allowed")
    this.denied = new Counter("tcp_allow_denied")
    return true
  }

  createContext(context_id: u32): Context {
    return new TcpAllow(context_id, this)
  }
}

class TcpAllow extends Context {
  private closed: bool = false

  constructor(
    context_id: u32,
    private root: TcpAllowRoot,
  ) {
    super(context_id, root)
  }

  onNewConnection(): FilterStatusValues {
    const root = this.root
    const address = properties.source.address()
    if (!in_ranges(root.deny, address) && (root.others || in_ranges(root.allow, address))) {
      root.allowed.increment()
      return FilterStatusValues.Continue
    }
    root.denied.increment()
    if (root.logDenied) log(LogLevelValues.info, "denied: " + address)
    this.closed = true
    close_downstream()
    return FilterStatusValues.StopIteration
  }

  onDownstreamData(size: usize, end: bool): FilterStatusValues {
    return this.closed ? FilterStatusValues.StopIteration : FilterStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new TcpAllowRoot(context_id), "")
