// Tells browsers and caches how long answers are good, by path, media type and status. The first rule that fits counts.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  ConfigReader,
  Context,
  FilterHeadersStatusValues,
  JsonKind,
  registerRootContext,
  RootContext,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { bare_path, media_type, path_is_below_any } from "../../lib/assembly/request"

/** Of a year: what is longer counts for no cache. */
const maxSeconds: i64 = 31_536_000

class Rule {
  paths: string[] = []
  extensions: string[] = []
  types: string[] = []
  statuses: i32[] = []
  value: string = ""
  always: bool = false
  shared: bool = false
  vary: string = ""
  surrogate: string = ""

  fits(path: string, type: string, status: i32): bool {
    if (this.statuses.length > 0 ? !this.statuses.includes(status) : !isUsuallyCached(status)) return false
    return this.fitsPath(path) && this.fitsType(type)
  }

  private fitsPath(path: string): bool {
    if (this.paths.length == 0 && this.extensions.length == 0) return true
    if (path_is_below_any(path, this.paths)) return true
    const bare = bare_path(path)
    for (let i = 0; i < this.extensions.length; i++) if (bare.endsWith(this.extensions[i])) return true
    return false
  }

  private fitsType(type: string): bool {
    if (this.types.length == 0) return true
    for (let i = 0; i < this.types.length; i++) {
      const wanted = this.types[i]
      if (wanted == type || (wanted.endsWith("/*") && type.startsWith(wanted.substring(0, wanted.length - 1)))) return true
    }
    return false
  }
}

/** Statuses that caches keep by themselves (RFC 9110, section 15.1), as far as they are harmless. */
function isUsuallyCached(status: i32): bool {
  return status == 200 || status == 203 || status == 204 || status == 206 || status == 300 || status == 301 || status == 304 || status == 308
}

function readRule(entry: ConfigReader): Rule {
  const rule = new Rule()
  rule.paths = entry.texts("paths")
  rule.extensions = entry.texts("extensions")
  for (let i = 0; i < rule.extensions.length; i++)
    if (!rule.extensions[i].startsWith(".")) entry.fault("extensions[" + i.toString() + "]", "must begin with a dot")
  rule.types = entry.texts("content_types")
  for (let i = 0; i < rule.types.length; i++) rule.types[i] = rule.types[i].toLowerCase()
  const statuses = entry.json("statuses")
  if (statuses !== null && statuses.kind != JsonKind.Array) entry.fault("statuses", "must be a list")
  for (let i = 0; statuses !== null && i < statuses.items.length; i++) {
    const status = statuses.items[i].number
    if (status >= 100 && status <= 599) rule.statuses.push(<i32>status)
    else entry.fault("statuses[" + i.toString() + "]", "must be a status such as 404")
  }
  rule.always = entry.choice("when", ["absent", "always"]) == "always"
  rule.vary = entry.textOr("vary", "")
  rule.surrogate = entry.textOr("surrogate_control", "")
  readDirectives(entry, rule)
  return rule
}

function readDirectives(entry: ConfigReader, rule: Rule): void {
  const parts: string[] = []
  const visibility = entry.choice("visibility", ["", "public", "private"])
  if (visibility.length > 0) parts.push(visibility)
  const flags = ["no_store", "no_cache", "must_revalidate", "proxy_revalidate", "no_transform", "immutable"]
  for (let i = 0; i < flags.length; i++) if (entry.flag(flags[i], false)) parts.push(flags[i].replace("_", "-"))
  const times = ["max_age", "s_maxage", "stale_while_revalidate", "stale_if_error"]
  for (let i = 0; i < times.length; i++) {
    const seconds = entry.integer(times[i] + "_seconds", 0, maxSeconds, -1)
    if (seconds >= 0) parts.push((times[i] == "s_maxage" ? "s-maxage" : times[i].replaceAll("_", "-")) + "=" + seconds.toString())
  }
  if (entry.flag("no_store", false) && parts.length > 1) entry.fault("no_store", "goes alone: nothing else counts beside it")
  if (visibility == "private" && entry.has("s_maxage_seconds")) entry.fault("s_maxage_seconds", "is for shared caches, which keep nothing that is private")
  if (parts.length == 0) entry.fault("", "must have a directive, such as max_age_seconds")
  rule.shared = visibility == "public" || entry.has("s_maxage_seconds")
  rule.value = parts.join(", ")
}

class CacheControlRoot extends RootContext {
  rules: Rule[] = []
  evenWithCookies: bool = false

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    const list = config.list("rules")
    if (list.length == 0) config.fault("rules", "must have one")
    for (let i = 0; i < list.length; i++) this.rules.push(readRule(list[i]))
    this.evenWithCookies = config.flag("share_with_cookies", false)
    return config.accept()
  }

  createContext(context_id: u32): Context {
    return new CacheControl(context_id, this)
  }
}

class CacheControl extends Context {
  private path: string = ""
  private applies: bool = false
  private authorized: bool = false

  constructor(
    context_id: u32,
    private root: CacheControlRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const headers = stream_context.headers.request
    const method = headers.get(":method")
    this.applies = method == "GET" || method == "HEAD"
    this.path = headers.get(":path")
    this.authorized = headers.has("authorization")
    return FilterHeadersStatusValues.Continue
  }

  onResponseHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    if (!this.applies) return FilterHeadersStatusValues.Continue
    const root = this.root
    const headers = stream_context.headers.response
    const status = <i32>parseInt(headers.get(":status"))
    const type = media_type(headers.get("content-type"))
    for (let i = 0; i < root.rules.length; i++) {
      const rule = root.rules[i]
      if (!rule.fits(this.path, type, status)) continue
      if (!rule.always && headers.has("cache-control")) break
      // One visitor's answer must not come to another.
      const isPersonal = !root.evenWithCookies && (this.authorized || headers.has("set-cookie"))
      headers.replace("cache-control", rule.shared && isPersonal ? "private, no-cache" : rule.value)
      headers.remove("expires")
      headers.remove("pragma")
      if (rule.surrogate.length > 0 && !isPersonal) headers.replace("surrogate-control", rule.surrogate)
      if (rule.vary.length > 0) headers.add("vary", rule.vary)
      break
    }
    return FilterHeadersStatusValues.Continue
  }
}

registerRootContext((context_id: u32) => new CacheControlRoot(context_id), "")
