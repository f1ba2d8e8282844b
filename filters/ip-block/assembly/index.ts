// Refuses clients by address or by country. Allowed addresses go before denied ones.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  ConfigReader,
  Context,
  Counter,
  FilterHeadersStatusValues,
  IpRange,
  makeHeaders,
  properties,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { in_ranges, ip_ranges } from "../../lib/assembly/ranges"

class IpBlockRoot extends RootContext {
  deny: IpRange[] = []
  allow: IpRange[] = []
  countryHeader: string = ""
  denyCountries: string[] = []
  allowCountries: string[] = []
  others: bool = true
  status: u32 = 403
  body: ArrayBuffer = new ArrayBuffer(0)
  denied!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.deny = ip_ranges(config, "deny")
    this.allow = ip_ranges(config, "allow")
    this.denyCountries = countries(config, "deny_countries")
    this.allowCountries = countries(config, "allow_countries")
    this.countryHeader = config.textOr("country_header", "")
    if (this.denyCountries.length + this.allowCountries.length > 0 && this.countryHeader.length == 0)
      config.fault("country_header", "is missing: the header in which a geo-location filter or edge tells the country")
    this.others = config.choice("others", ["allow", "deny"]) == "allow"
    this.status = <u32>config.integer("status", 400, 599, 403)
    this.body = String.UTF8.encode(config.textOr("body", "not from there\n"))
    if (!config.accept()) return false
    this.denied = new Counter("ip_block_denied")
    return true
  }

  createContext(context_id: u32): Context {
    return new IpBlock(context_id, this)
  }
}

function countries(config: ConfigReader, key: string): string[] {
  const texts = config.texts(key)
  for (let i = 0; i < texts.length; i++) {
    if (texts[i].length != 2) config.fault(key + "[" + i.toString() + "]", "must be a country's two letters (ISO 3166-1)")
    texts[i] = texts[i].toUpperCase()
  }
  return texts
}

class IpBlock extends Context {
  constructor(
    context_id: u32,
    private root: IpBlockRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    if (this.isAllowed()) return FilterHeadersStatusValues.Continue
    this.root.denied.increment()
    send_http_response(this.root.status, "ip_blocked", this.root.body, makeHeaders(["content-type", "text/plain"]))
    return FilterHeadersStatusValues.StopIteration
  }

  private isAllowed(): bool {
    const root = this.root
    // The proxy's own idea of the client: use_remote_address and xff_num_trusted_hops of the connection manager decide.
    const address = properties.source.address()
    if (in_ranges(root.allow, address)) return true
    if (in_ranges(root.deny, address)) return false
    if (root.countryHeader.length > 0) {
      const country = stream_context.headers.request.get(root.countryHeader).toUpperCase()
      if (root.allowCountries.includes(country)) return true
      if (root.denyCountries.includes(country)) return false
    }
    return root.others
  }
}

registerRootContext((context_id: u32) => new IpBlockRoot(context_id), "")
