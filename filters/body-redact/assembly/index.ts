// Replaces what matches patterns in bodies as they stream through: no more is kept back than may become a match.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  BufferManipulator,
  close_response,
  ConfigReader,
  Context,
  Counter,
  FilterDataStatusValues,
  FilterHeadersStatusValues,
  FilterTrailersStatusValues,
  HeaderStreamManipulator,
  log,
  LogLevelValues,
  makeHeaders,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { Pattern } from "../../lib/assembly/pattern"
import { media_type, path_is_below_any } from "../../lib/assembly/request"
import { knownNames, knownPattern } from "./known"
import { Redactor, Rule } from "./redactor"

/** Bytes of the longest match that a pattern may have. */
const maxLength = 4096
/** Names for `type`: a media type, `type/*`, or `*+suffix`. */
const usualTypes = ["text/*", "application/json", "*+json", "application/xml", "*+xml", "application/x-www-form-urlencoded", "application/javascript"]

class BodyRedactRoot extends RootContext {
  rules: Rule[] = []
  types: string[] = []
  paths: string[] = []
  request: bool = false
  response: bool = true
  passEncoded: bool = false
  unreadable!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    const list = config.list("patterns")
    if (list.length == 0) config.fault("patterns", "must have one")
    for (let i = 0; i < list.length; i++) this.rules.push(readRule(list[i], i))
    this.types = config.has("content_types") ? config.texts("content_types") : usualTypes
    for (let i = 0; i < this.types.length; i++) this.types[i] = this.types[i].toLowerCase()
    this.paths = config.texts("paths")
    this.request = config.flag("request", false)
    this.response = config.flag("response", true)
    this.passEncoded = config.choice("encoded_bodies", ["refuse", "pass"]) == "pass"
    if (!this.request && !this.response) config.fault("", "must redact request or response, or both")
    if (!config.accept()) return false
    for (let i = 0; i < this.rules.length; i++)
      this.rules[i].counter = new Counter("body_redact_matches", ["pattern", this.rules[i].name])
    this.unreadable = new Counter("body_redact_unreadable")
    return true
  }

  createContext(context_id: u32): Context {
    return new BodyRedact(context_id, this)
  }
}

function readRule(entry: ConfigReader, index: i32): Rule {
  const known = entry.textOr("known", "")
  const text = entry.textOr("text", "")
  let source = entry.textOr("regex", "")
  let key = "regex"
  const given = [known, text, source].filter(each => each.length > 0)
  if (given.length != 1) entry.fault("", "must have one of known, regex, text")
  if (known.length > 0) {
    key = "known"
    source = knownPattern(known)
    if (source.length == 0) entry.fault("known", "must be one of: " + knownNames.join(", "))
  } else if (text.length > 0) {
    key = "text"
    source = quoted(text)
  }
  const pattern = new Pattern(source)
  if (pattern.fault.length > 0) entry.fault(key, "is no pattern: " + pattern.fault)
  else if (source.length > 0 && pattern.longestLength < 0)
    entry.fault(key, "may match without end: write an upper bound, such as {1,64} for +")
  else if (pattern.longestLength > maxLength) entry.fault(key, "may match more than " + maxLength.toString() + " bytes")
  else if (source.length > 0 && pattern.matchesEmpty) entry.fault(key, "may match nothing at all")
  const name = entry.textOr("name", known.length > 0 ? known : index.toString())
  const replacement = entry.textOr("replacement", "[redacted]")
  return new Rule(name, pattern, String.UTF8.encode(replacement))
}

/** The text as a pattern that matches it alone. */
function quoted(text: string): string {
  let source = ""
  for (let i = 0; i < text.length; i++) {
    if ("\\^$.|?*+()[]{}".includes(text.charAt(i))) source += "\\"
    source += text.charAt(i)
  }
  return source
}

/** One direction of a stream. */
class Side {
  redactor: Redactor | null = null
  /** Trailers are announced: their callback cannot add what was kept back, so that the host keeps the body. */
  buffers: bool = false

  constructor(
    private root: BodyRedactRoot,
    private headers: HeaderStreamManipulator,
    private body: BufferManipulator,
  ) {}

  /** @returns whether the body can be read, if it must */
  begin(): bool {
    const headers = this.headers
    if (!this.covers(headers.get("content-type"))) return true
    const encoding = headers.get("content-encoding").toLowerCase()
    if (encoding.length > 0 && encoding != "identity") return this.root.passEncoded
    this.redactor = new Redactor(this.root.rules)
    this.buffers = headers.has("trailer")
    headers.remove("content-length")
    return true
  }

  next(end_of_stream: bool): FilterDataStatusValues {
    const redactor = this.redactor
    if (redactor === null) return FilterDataStatusValues.Continue
    if (this.buffers && !end_of_stream) return FilterDataStatusValues.StopIterationAndBuffer
    this.body.set(redactor.next(this.body.get(), end_of_stream))
    return FilterDataStatusValues.Continue
  }

  /** @returns false when bytes would be lost */
  trailers(): bool {
    const redactor = this.redactor
    if (redactor === null) return true
    if (!this.buffers) return !redactor.pending
    this.body.set(redactor.next(this.body.get(), true))
    return true
  }

  private covers(contentType: string): bool {
    const types = this.root.types
    const type = media_type(contentType)
    for (let i = 0; i < types.length; i++) {
      const wanted = types[i]
      if (wanted == "*" || wanted == type) return true
      if (wanted.endsWith("/*") && type.startsWith(wanted.substring(0, wanted.length - 1))) return true
      if (wanted.startsWith("*+") && type.endsWith(wanted.substring(1))) return true
    }
    return false
  }
}

class BodyRedact extends Context {
  private path: string = ""
  private applies: bool = false
  private request: Side
  private response: Side
  private refused: bool = false

  constructor(
    context_id: u32,
    private root: BodyRedactRoot,
  ) {
    super(context_id, root)
    this.request = new Side(root, stream_context.headers.request, stream_context.body.request)
    this.response = new Side(root, stream_context.headers.response, stream_context.body.response)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    const headers = stream_context.headers.request
    this.path = headers.get(":path")
    this.applies = root.paths.length == 0 || path_is_below_any(this.path, root.paths)
    if (!this.applies) return FilterHeadersStatusValues.Continue
    if (root.response) {
      // Compressed bodies cannot be read, and parts of one could cut a match in two.
      headers.replace("accept-encoding", "identity")
      headers.remove("range")
      headers.remove("if-range")
    }
    if (root.request && !end_of_stream && !this.request.begin()) return this.refuse(415, "the body must not be compressed\n")
    return FilterHeadersStatusValues.Continue
  }

  onRequestBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    return this.request.next(end_of_stream)
  }

  onRequestTrailers(count: u32): FilterTrailersStatusValues {
    if (!this.request.trailers()) this.reset()
    return FilterTrailersStatusValues.Continue
  }

  onResponseHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    if (!this.root.response || !this.applies || this.refused || end_of_stream) return FilterHeadersStatusValues.Continue
    if (!this.response.begin()) return this.refuse(502, "the answer is compressed and cannot be redacted\n")
    return FilterHeadersStatusValues.Continue
  }

  onResponseBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    return this.response.next(end_of_stream)
  }

  onResponseTrailers(count: u32): FilterTrailersStatusValues {
    if (!this.response.trailers()) this.reset()
    return FilterTrailersStatusValues.Continue
  }

  private refuse(status: u32, text: string): FilterHeadersStatusValues {
    this.refused = true
    this.root.unreadable.increment()
    send_http_response(status, "body_redact_unreadable", String.UTF8.encode(text), makeHeaders(["content-type", "text/plain"]))
    return FilterHeadersStatusValues.StopIteration
  }

  /** Trailers that were not announced came while bytes were kept back: better no body than one that lacks its end. */
  private reset(): void {
    this.root.unreadable.increment()
    log(LogLevelValues.warn, "trailers that no 'trailer' header announced: the stream is reset, for its body's end cannot be redacted")
    close_response()
  }
}

registerRootContext((context_id: u32) => new BodyRedactRoot(context_id), "")
