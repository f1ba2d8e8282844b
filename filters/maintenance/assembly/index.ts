// Answers everything with a page while work is going on, but for some paths, addresses and who knows a secret header.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  Context,
  equals_constant_time,
  FilterHeadersStatusValues,
  IpRange,
  makeHeaderPair,
  makeHeaders,
  properties,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { in_ranges, ip_ranges } from "../../lib/assembly/ranges"
import { path_is_below_any } from "../../lib/assembly/request"

class MaintenanceRoot extends RootContext {
  enabled: bool = true
  status: u32 = 503
  body: ArrayBuffer = new ArrayBuffer(0)
  contentType: string = ""
  retryAfter: string = ""
  openPaths: string[] = []
  openAddresses: IpRange[] = []
  bypassHeader: string = ""
  bypassValue: string = ""

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.enabled = config.flag("enabled", true)
    this.status = <u32>config.integer("status", 200, 599, 503)
    this.body = String.UTF8.encode(config.textOr("message", "<h1>Down for maintenance</h1>"))
    this.contentType = config.textOr("content_type", "text/html; charset=utf-8")
    const seconds = config.integer("retry_after_seconds", 0, 31_536_000, 0)
    if (seconds > 0) this.retryAfter = seconds.toString()
    this.openPaths = config.texts("open_paths")
    this.openAddresses = ip_ranges(config, "open_addresses")
    if (config.has("bypass")) {
      const bypass = config.object("bypass")
      this.bypassHeader = bypass.text("header")
      this.bypassValue = bypass.text("value")
    }
    return config.accept()
  }

  createContext(context_id: u32): Context {
    return new Maintenance(context_id, this)
  }
}

class Maintenance extends Context {
  constructor(
    context_id: u32,
    private root: MaintenanceRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    if (!root.enabled || this.isOpen()) return FilterHeadersStatusValues.Continue
    const headers = makeHeaders(["content-type", root.contentType, "cache-control", "no-store"])
    if (root.retryAfter.length > 0) headers.push(makeHeaderPair("retry-after", root.retryAfter))
    send_http_response(root.status, "maintenance", root.body, headers)
    return FilterHeadersStatusValues.StopIteration
  }

  private isOpen(): bool {
    const root = this.root
    const headers = stream_context.headers.request
    const path = headers.get(":path")
    if (path_is_below_any(path, root.openPaths)) return true
    if (root.bypassHeader.length > 0) {
      const isKnown = equals_constant_time(headers.get(root.bypassHeader), root.bypassValue)
      headers.remove(root.bypassHeader)
      if (isKnown) return true
    }
    return root.openAddresses.length > 0 && in_ranges(root.openAddresses, properties.source.address())
  }
}

registerRootContext((context_id: u32) => new MaintenanceRoot(context_id), "")
