// Lets browsers in that solved a challenge: a page whose script sets a signed cookie, after some work if that is wanted.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  base64_decode,
  Context,
  cookie_value,
  Counter,
  FilterHeadersStatusValues,
  get_current_time_nanoseconds,
  IpRange,
  makeHeaders,
  properties,
  random_u64,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
  withoutPort,
} from "proxy-wasm-sdk-as/assembly"
import { in_ranges, ip_ranges } from "../../lib/assembly/ranges"
import { path_is_below_any } from "../../lib/assembly/request"
import { base64, base64url, equal_digests, hmac_sha256, sha256 } from "../../lib/assembly/sha256"
import { page, script } from "./page"

/** Clocks of proxies that share secrets may differ by so many seconds. */
const leeway: i64 = 60

class BotChallengeRoot extends RootContext {
  private secrets: ArrayBuffer[] = []
  cookie: string = ""
  private cookieText: string = ""
  private lifetime: i64 = 0
  bits: i32 = 0
  private bindsAddress: bool = true
  private bindsAgent: bool = true
  paths: string[] = []
  openPaths: string[] = []
  addresses: IpRange[] = []
  status: u32 = 403
  private title: string = ""
  private message: string = ""
  private policy: string = ""
  passed!: Counter
  private challenged!: Counter
  private refused!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    const secrets = config.texts("secrets")
    if (secrets.length == 0) config.fault("secrets", "must have one")
    for (let i = 0; i < secrets.length; i++) {
      if (secrets[i].length < 16) config.fault("secrets[" + i.toString() + "]", "must have 16 characters or more")
      this.secrets.push(String.UTF8.encode(secrets[i]))
    }
    this.cookie = config.textOr("cookie", "challenge")
    if (!isName(this.cookie)) config.fault("cookie", "may have letters, digits, '-' and '_' only")
    this.lifetime = config.integer("lifetime_seconds", 60, 2_592_000, 3600)
    this.bits = <i32>config.integer("work_bits", 0, 24, 0)
    const binding = config.choice("bind_to", ["address_and_agent", "address", "agent", "nothing"])
    this.bindsAddress = binding.startsWith("address")
    this.bindsAgent = binding.endsWith("agent")
    this.paths = config.texts("paths")
    this.openPaths = config.texts("open_paths")
    this.addresses = ip_ranges(config, "allow_addresses")
    this.status = <u32>config.integer("status", 200, 599, 403)
    this.title = config.textOr("title", "One moment")
    this.message = config.textOr("message", "Checking your browser. This takes a moment.")
    this.cookieText = this.cookie + "=; Path=/; Max-Age=" + this.lifetime.toString() + "; SameSite=Lax"
    if (config.flag("secure", false)) this.cookieText += "; Secure"
    if (!config.accept()) return false
    this.policy = "default-src 'none'; script-src 'sha256-" + base64(sha256(String.UTF8.encode(script))) + "'; frame-ancestors 'none'"
    this.passed = new Counter("bot_challenge_passed")
    this.challenged = new Counter("bot_challenge_challenged")
    this.refused = new Counter("bot_challenge_refused")
    return true
  }

  /** Who may use the cookie. */
  private binding(): string {
    const address = this.bindsAddress ? withoutPort(properties.source.address()) : ""
    return address + "\n" + (this.bindsAgent ? stream_context.headers.request.get("user-agent") : "")
  }

  private sign(secret: ArrayBuffer, issued: string): ArrayBuffer {
    return hmac_sha256(secret, String.UTF8.encode(issued + "\n" + this.binding()))
  }

  /** Is it an answer to a challenge of ours? */
  accepts(answer: string): bool {
    const parts = answer.split(".")
    if (parts.length != 4 || answer.length > 200 || parts[3].length == 0) return false
    const issued = parseInt(parts[0])
    const now = seconds()
    if (isNaN(issued) || <i64>issued > now + leeway || <i64>issued + this.lifetime < now) return false
    const signature = base64_decode(parts[2])
    if (signature === null) return false
    let isOurs = false
    const text = parts[0] + "." + parts[1]
    for (let i = 0; i < this.secrets.length; i++) if (equal_digests(this.sign(this.secrets[i], text), signature)) isOurs = true
    return isOurs && (this.bits == 0 || zeroBits(sha256(String.UTF8.encode(answer))) >= this.bits)
  }

  /** Answers with the page, or shortly to what is no browser loading a page. */
  challenge(): void {
    const headers = stream_context.headers.request
    if (headers.get(":method") != "GET" || !headers.get("accept").includes("text/html")) {
      this.refused.increment()
      const reply = makeHeaders(["content-type", "text/plain", "cache-control", "no-store"])
      send_http_response(this.status, "bot_challenge_refused", String.UTF8.encode("a browser must load a page here first\n"), reply)
      return
    }
    this.challenged.increment()
    const issued = seconds().toString() + "." + random_u64().toString(36)
    const challenge = issued + "." + base64url(this.sign(this.secrets[0], issued))
    const body = page(this.title, this.message, challenge, this.bits, this.cookieText)
    const reply = makeHeaders(["content-type", "text/html; charset=utf-8", "cache-control", "no-store", "content-security-policy", this.policy])
    send_http_response(this.status, "bot_challenge_challenged", String.UTF8.encode(body), reply)
  }

  createContext(context_id: u32): Context {
    return new BotChallenge(context_id, this)
  }
}

function isName(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const letter = unit | 0x20
    if ((letter < 0x61 || letter > 0x7a) && (unit < 0x30 || unit > 0x39) && unit != 0x2d && unit != 0x5f) return false
  }
  return text.length > 0
}

function seconds(): i64 {
  return <i64>(get_current_time_nanoseconds() / 1_000_000_000)
}

function zeroBits(digest: ArrayBuffer): i32 {
  return clz<i32>(bswap<i32>(load<i32>(changetype<usize>(digest))))
}

class BotChallenge extends Context {
  constructor(
    context_id: u32,
    private root: BotChallengeRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    const headers = stream_context.headers.request
    const path = headers.get(":path")
    if (!this.isGuarded(path)) return FilterHeadersStatusValues.Continue
    if (root.addresses.length > 0 && in_ranges(root.addresses, properties.source.address())) return FilterHeadersStatusValues.Continue
    const answer = cookie_value(headers.get("cookie"), root.cookie)
    if (answer !== null && root.accepts(answer)) {
      root.passed.increment()
      return FilterHeadersStatusValues.Continue
    }
    root.challenge()
    return FilterHeadersStatusValues.StopIteration
  }

  private isGuarded(path: string): bool {
    const root = this.root
    if (path_is_below_any(path, root.openPaths)) return false
    return root.paths.length == 0 || path_is_below_any(path, root.paths)
  }
}

registerRootContext((context_id: u32) => new BotChallengeRoot(context_id), "")
