// Lets in requests with a JSON Web Token (RFC 7519) that a known issuer signed, and tells its claims in headers.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  base64_decode,
  ConfigReader,
  Context,
  cookie_value,
  Counter,
  FilterHeadersStatusValues,
  get_current_time_nanoseconds,
  Json,
  JsonKind,
  makeHeaders,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { path_is_below_any } from "../../lib/assembly/request"
import { Key, readKeys } from "./keys"

/** Longer tokens are not looked at. */
const maxTokenLength = 16_384

class Provider {
  issuer: string = ""
  audiences: string[] = []
  keys: Key[] = []
  leeway: f64 = 0
  needsExpiry: bool = true
}

class ClaimHeader {
  constructor(
    public claim: string,
    public header: string,
  ) {}
}

class Requirement {
  constructor(
    public claim: string,
    public values: string[],
  ) {}
}

class JwtAuthRoot extends RootContext {
  providers: Provider[] = []
  headerName: string = ""
  headerPrefix: string = ""
  cookie: string = ""
  parameter: string = ""
  forward: bool = false
  optional: bool = false
  openPaths: string[] = []
  claimHeaders: ClaimHeader[] = []
  requirements: Requirement[] = []
  payloadHeader: string = ""
  realm: string = ""
  accepted!: Counter
  denied!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    const list = config.list("providers")
    if (list.length == 0) config.fault("providers", "must have one")
    for (let i = 0; i < list.length; i++) this.providers.push(readProvider(list[i]))
    this.headerName = config.textOr("header", "authorization").toLowerCase()
    this.headerPrefix = config.textOr("header_prefix", this.headerName == "authorization" ? "Bearer " : "")
    this.cookie = config.textOr("cookie", "")
    this.parameter = config.textOr("parameter", "")
    this.forward = config.flag("forward_token", false)
    this.optional = config.flag("allow_missing", false)
    this.openPaths = config.texts("open_paths")
    this.payloadHeader = config.textOr("payload_header", "").toLowerCase()
    this.realm = config.textOr("realm", "api")
    if (this.realm.includes('"') || this.realm.includes("\\")) config.fault("realm", "may have no quotes and no backslashes")
    const claims = config.list("claims_to_headers")
    for (let i = 0; i < claims.length; i++)
      this.claimHeaders.push(new ClaimHeader(claims[i].text("claim"), claims[i].text("header").toLowerCase()))
    const requirements = config.list("require_claims")
    for (let i = 0; i < requirements.length; i++) {
      const values = requirements[i].texts("values")
      if (values.length == 0) requirements[i].fault("values", "must have one")
      this.requirements.push(new Requirement(requirements[i].text("claim"), values))
    }
    if (!config.accept()) return false
    this.accepted = new Counter("jwt_auth_accepted")
    this.denied = new Counter("jwt_auth_denied")
    return true
  }

  createContext(context_id: u32): Context {
    return new JwtAuth(context_id, this)
  }
}

function readProvider(entry: ConfigReader): Provider {
  const provider = new Provider()
  provider.issuer = entry.textOr("issuer", "")
  provider.audiences = entry.texts("audiences")
  provider.leeway = <f64>entry.integer("leeway_seconds", 0, 3600, 60)
  provider.needsExpiry = entry.flag("require_expiry", true)
  provider.keys = readKeys(entry)
  if (provider.keys.length == 0) entry.fault("jwks.keys", "must have one")
  return provider
}

/** A JSON object in base64url, or null. */
function part(text: string): Json | null {
  if (!isBase64url(text)) return null
  const bytes = base64_decode(text)
  if (bytes === null) return null
  const json = Json.parse(String.UTF8.decode(bytes))
  if (json === null) return null
  return json.kind == JsonKind.Object ? json : null
}

function isBase64url(text: string): bool {
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    const letter = unit | 0x20
    if ((letter < 0x61 || letter > 0x7a) && (unit < 0x30 || unit > 0x39) && unit != 0x2d && unit != 0x5f) return false
  }
  return text.length > 0
}

function textOf(json: Json, key: string): string {
  const member = json.get(key)
  if (member === null) return ""
  return member.kind == JsonKind.String ? member.text : ""
}

/** A claim by name; where there is none, by a path with dots. */
function claimOf(claims: Json, path: string): Json | null {
  const whole = claims.get(path)
  if (whole !== null) return whole
  const names = path.split(".")
  let value: Json | null = claims
  for (let i = 0; i < names.length; i++) {
    const object = value
    if (object === null || object.kind != JsonKind.Object) return null
    value = object.get(names[i])
  }
  return value
}

/** Texts and numbers as they are, lists joined by commas, all else as JSON. */
function headerText(value: Json): string {
  if (value.kind == JsonKind.Null) return ""
  if (value.kind == JsonKind.String) return value.text
  if (value.kind != JsonKind.Array) return value.toString()
  let text = ""
  for (let i = 0; i < value.items.length; i++) text += (i > 0 ? "," : "") + headerText(value.items[i])
  return text
}

/** Is it one of the values, or a list with one of them? A text of words (as `scope`) is a list of words too. */
function hasValue(value: Json, values: string[]): bool {
  if (value.kind == JsonKind.Array) {
    for (let i = 0; i < value.items.length; i++) if (values.includes(headerText(value.items[i]))) return true
    return false
  }
  const text = headerText(value)
  if (values.includes(text)) return true
  if (value.kind != JsonKind.String) return false
  const words = text.split(" ")
  for (let i = 0; i < words.length; i++) if (values.includes(words[i])) return true
  return false
}

class JwtAuth extends Context {
  constructor(
    context_id: u32,
    private root: JwtAuthRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    const headers = stream_context.headers.request
    // Nobody outside may say what a token would.
    for (let i = 0; i < root.claimHeaders.length; i++) headers.remove(root.claimHeaders[i].header)
    if (root.payloadHeader.length > 0) headers.remove(root.payloadHeader)
    const path = headers.get(":path")
    if (path_is_below_any(path, root.openPaths)) return FilterHeadersStatusValues.Continue
    const token = this.token(path)
    if (token === null) return root.optional ? FilterHeadersStatusValues.Continue : this.refuse(401, "", "a token is missing")
    const parts = token.split(".")
    if (token.length > maxTokenLength || parts.length != 3) return this.refuse(401, "invalid_token", "the token is malformed")
    const header = part(parts[0])
    const claims = part(parts[1])
    const signature = isBase64url(parts[2]) ? base64_decode(parts[2]) : null
    if (header === null || claims === null || signature === null) return this.refuse(401, "invalid_token", "the token is malformed")
    // Extensions that must be understood (RFC 7515, section 4.1.11): none are.
    if (header.get("crit") !== null) return this.refuse(401, "invalid_token", "the token needs what is not known here")
    const fault = this.check(header, claims, String.UTF8.encode(parts[0] + "." + parts[1]), signature)
    if (fault.length > 0) return this.refuse(401, "invalid_token", fault)
    for (let i = 0; i < root.requirements.length; i++) {
      const value = claimOf(claims, root.requirements[i].claim)
      if (value === null || !hasValue(value, root.requirements[i].values)) return this.refuse(403, "insufficient_scope", "a claim is missing")
    }
    root.accepted.increment()
    this.tell(claims, parts[1])
    return FilterHeadersStatusValues.Continue
  }

  private token(path: string): string | null {
    const root = this.root
    const headers = stream_context.headers.request
    const value = headers.get(root.headerName)
    const prefix = root.headerPrefix
    if (value.length > prefix.length && value.substring(0, prefix.length).toLowerCase() == prefix.toLowerCase())
      return value.substring(prefix.length).trim()
    if (root.cookie.length > 0) {
      const cookie = cookie_value(headers.get("cookie"), root.cookie)
      if (cookie !== null) return cookie
    }
    const query = path.indexOf("?")
    if (root.parameter.length == 0 || query < 0) return null
    const pairs = path.substring(query + 1).split("&")
    for (let i = 0; i < pairs.length; i++)
      if (pairs[i].startsWith(root.parameter + "=")) return pairs[i].substring(root.parameter.length + 1)
    return null
  }

  /** What is wrong with the token; "" for nothing. */
  private check(header: Json, claims: Json, text: ArrayBuffer, signature: ArrayBuffer): string {
    const algorithm = textOf(header, "alg")
    const id = textOf(header, "kid")
    const issuer = textOf(claims, "iss")
    const providers = this.root.providers
    let fault = "the issuer is not known"
    for (let i = 0; i < providers.length; i++) {
      const provider = providers[i]
      if (provider.issuer.length > 0 && provider.issuer != issuer) continue
      fault = "the signature is wrong"
      for (let k = 0; k < provider.keys.length; k++) {
        const key = provider.keys[k]
        if (key.serves(algorithm, id) && key.verifies(algorithm, text, signature)) return checkClaims(provider, claims)
      }
    }
    return fault
  }

  private tell(claims: Json, payload: string): void {
    const root = this.root
    const headers = stream_context.headers.request
    for (let i = 0; i < root.claimHeaders.length; i++) {
      const value = claimOf(claims, root.claimHeaders[i].claim)
      const text = value === null ? "" : oneLine(headerText(value))
      if (text.length > 0) headers.add(root.claimHeaders[i].header, text)
    }
    if (root.payloadHeader.length > 0) headers.add(root.payloadHeader, payload)
    if (!root.forward && stream_context.headers.request.get(root.headerName).length > 0) headers.remove(root.headerName)
  }

  private refuse(status: u32, error: string, description: string): FilterHeadersStatusValues {
    this.root.denied.increment()
    let challenge = 'Bearer realm="' + this.root.realm + '"'
    if (error.length > 0) challenge += ', error="' + error + '", error_description="' + description + '"'
    const headers = makeHeaders(["content-type", "text/plain", "www-authenticate", challenge])
    send_http_response(status, "jwt_auth_denied", String.UTF8.encode(description + "\n"), headers)
    return FilterHeadersStatusValues.StopIteration
  }
}

/** What may not stand in a header goes. */
function oneLine(text: string): string {
  let clean = ""
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 0x20 && text.charCodeAt(i) != 0x7f) clean += text.charAt(i)
  return clean
}

function checkClaims(provider: Provider, claims: Json): string {
  const now = <f64>get_current_time_nanoseconds() / 1e9
  const exp = claims.get("exp")
  if (exp === null) {
    if (provider.needsExpiry) return "the token has no end"
  } else if (exp.kind != JsonKind.Number) return "the token is malformed"
  else if (now >= exp.number + provider.leeway) return "the token has expired"
  const nbf = claims.get("nbf")
  if (nbf !== null) {
    if (nbf.kind != JsonKind.Number) return "the token is malformed"
    if (now < nbf.number - provider.leeway) return "the token does not hold yet"
  }
  if (provider.audiences.length == 0) return ""
  const aud = claims.get("aud")
  if (aud !== null) {
    if (aud.kind == JsonKind.String && provider.audiences.includes(aud.text)) return ""
    for (let i = 0; aud.kind == JsonKind.Array && i < aud.items.length; i++)
      if (aud.items[i].kind == JsonKind.String && provider.audiences.includes(aud.items[i].text)) return ""
  }
  return "the token is for somebody else"
}

registerRootContext((context_id: u32) => new JwtAuthRoot(context_id), "")
