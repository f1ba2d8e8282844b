// Refuses GraphQL operations that are too deep, too costly or too many, before the server parses them.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  Context,
  Counter,
  FilterDataStatusValues,
  FilterHeadersStatusValues,
  Json,
  JsonKind,
  makeHeaders,
  quoteJson,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { percent_decode } from "../../lib/assembly/percent"
import { media_type, path_is_below_any, query_of } from "../../lib/assembly/request"
import { DocumentParser } from "./document"
import { Prices, Scale } from "./weight"

class GraphqlGuardRoot extends RootContext {
  paths: string[] = []
  maxDepth: i32 = 0
  maxCost: f64 = 0
  maxTokens: i32 = 0
  maxAliases: i32 = 0
  maxDirectives: i32 = 0
  maxRootFields: i32 = 0
  maxBatch: i32 = 0
  maxBody: u32 = 0
  introspection: bool = true
  persisted: bool = false
  subscriptions: bool = true
  prices: Prices = new Prices()
  passed!: Counter
  denied!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.paths = config.has("paths") ? config.texts("paths") : ["/graphql"]
    this.maxDepth = <i32>config.integer("max_depth", 1, 200, 10)
    this.maxCost = <f64>config.integer("max_cost", 1, 1_000_000_000, 1000)
    this.maxTokens = <i32>config.integer("max_tokens", 1, 100_000, 5000)
    this.maxAliases = <i32>config.integer("max_aliases", 0, 100_000, 30)
    this.maxDirectives = <i32>config.integer("max_directives", 0, 100_000, 50)
    this.maxRootFields = <i32>config.integer("max_root_fields", 1, 10_000, 20)
    this.maxBatch = <i32>config.integer("max_batch", 1, 1000, 1)
    this.maxBody = <u32>config.integer("max_body_bytes", 1, 1_048_576, 65_536)
    this.introspection = config.flag("introspection", true)
    this.persisted = config.flag("persisted_queries", false)
    this.subscriptions = config.flag("subscriptions", true)
    const prices = this.prices
    prices.field = config.decimal("field_cost", 0, 1_000_000, 1)
    prices.unknownList = config.decimal("unknown_list_size", 1, 1_000_000, 10)
    prices.listArguments = config.has("list_arguments") ? config.texts("list_arguments") : ["first", "last", "limit"]
    const costs = config.object("field_costs")
    const names = costs.keys()
    for (let i = 0; i < names.length; i++) prices.fields.set(names[i], costs.decimal(names[i], 0, 1_000_000, 1))
    if (!config.accept()) return false
    this.passed = new Counter("graphql_guard_passed")
    this.denied = new Counter("graphql_guard_denied")
    return true
  }

  createContext(context_id: u32): Context {
    return new GraphqlGuard(context_id, this)
  }
}

/** Why a request is refused. */
class Refusal {
  constructor(
    public status: u32,
    public code: string,
    public message: string,
  ) {}
}

function bad(message: string): Refusal {
  return new Refusal(400, "GRAPHQL_PARSE_FAILED", message)
}

class GraphqlGuard extends Context {
  private guards: bool = false
  private isDocument: bool = false
  private depth: i32 = 0
  private cost: f64 = 0

  constructor(
    context_id: u32,
    private root: GraphqlGuardRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    const headers = stream_context.headers.request
    const path = headers.get(":path")
    const covered = path_is_below_any(path, root.paths)
    const method = headers.get(":method")
    if (!covered || method == "OPTIONS") return FilterHeadersStatusValues.Continue
    // Servers may take the operation from the query of a POST too.
    const refusal = this.inQuery(path, method)
    if (refusal !== null) return this.refuse(refusal)
    if (end_of_stream || method != "POST") {
      if (method == "POST") return this.refuse(bad("there is no operation"))
      if (method != "GET" && method != "HEAD") return this.refuse(new Refusal(405, "METHOD_NOT_ALLOWED", "GET and POST only"))
      return end_of_stream ? FilterHeadersStatusValues.Continue : this.refuse(bad("a GET may have no body"))
    }
    const type = media_type(headers.get("content-type"))
    this.isDocument = type == "application/graphql"
    if (type != "application/json" && !this.isDocument) return this.refuse(new Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "application/json only"))
    if (headers.has("content-encoding")) return this.refuse(new Refusal(415, "UNSUPPORTED_MEDIA_TYPE", "the body must not be compressed"))
    this.guards = true
    return FilterHeadersStatusValues.Continue
  }

  onRequestBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    if (!this.guards) return FilterDataStatusValues.Continue
    if (size > this.root.maxBody) {
      this.refuse(new Refusal(413, "BODY_TOO_LARGE", "the body has more than " + this.root.maxBody.toString() + " bytes"))
      return FilterDataStatusValues.StopIterationNoBuffer
    }
    if (!end_of_stream) return FilterDataStatusValues.StopIterationAndBuffer
    const refusal = this.inBody(stream_context.body.request.text())
    if (refusal !== null) {
      this.refuse(refusal)
      return FilterDataStatusValues.StopIterationNoBuffer
    }
    return FilterDataStatusValues.Continue
  }

  private inQuery(path: string, method: string): Refusal | null {
    const pairs = query_of(path).split("&")
    let query = ""
    let variables: Json | null = null
    for (let i = 0; i < pairs.length; i++) {
      const equals = pairs[i].indexOf("=")
      if (equals < 0) continue
      const key = percent_decode(pairs[i].substring(0, equals))
      const value = percent_decode(pairs[i].substring(equals + 1))
      // Of several a server may take any.
      if (key == "query" && query.length > 0) return bad("more than one query")
      if (key == "query") query = value
      if (key == "variables" && value.length > 0) {
        variables = Json.parse(value)
        if (variables === null) return bad("variables are no JSON")
      }
    }
    if (query.length > 0) return this.check(query, variables)
    return method == "POST" || this.root.persisted ? null : bad("there is no operation")
  }

  private inBody(body: string): Refusal | null {
    if (this.isDocument) return this.check(body, null)
    const json = Json.parse(body)
    if (json === null) return bad("the body is no JSON")
    if (json.kind != JsonKind.Array) return this.inRequest(json)
    if (json.items.length > this.root.maxBatch) return new Refusal(400, "BATCH_TOO_LARGE", "more than " + this.root.maxBatch.toString() + " operations at once")
    for (let i = 0; i < json.items.length; i++) {
      const refusal = this.inRequest(json.items[i])
      if (refusal !== null) return refusal
    }
    return null
  }

  private inRequest(request: Json): Refusal | null {
    if (request.kind != JsonKind.Object) return bad("the body must be an object")
    let named = 0
    for (let i = 0; i < request.keys.length; i++) if (request.keys[i] == "query" || request.keys[i] == "variables") named++
    if (named > 2 || (named == 2 && request.keys.indexOf("query") != request.keys.lastIndexOf("query"))) return bad("a member is there twice")
    const query = request.get("query")
    if (query === null || query.kind == JsonKind.Null) return this.root.persisted && request.get("extensions") !== null ? null : bad("there is no operation")
    if (query.kind != JsonKind.String) return bad("query must be a text")
    return this.check(query.text, request.get("variables"))
  }

  private check(source: string, variables: Json | null): Refusal | null {
    const root = this.root
    const document = new DocumentParser(source, root.maxTokens).parse()
    if (document.fault.length > 0) return bad(document.fault)
    if (document.aliases > root.maxAliases) return new Refusal(400, "TOO_MANY_ALIASES", "more than " + root.maxAliases.toString() + " aliases")
    if (document.directives > root.maxDirectives) return new Refusal(400, "TOO_MANY_DIRECTIVES", "more than " + root.maxDirectives.toString() + " directives")
    const scale = new Scale(document, variables, root.prices)
    for (let i = 0; i < document.operations.length; i++) {
      const operation = document.operations[i]
      const weight = scale.weigh(operation)
      if (scale.fault.length > 0) return bad(scale.fault)
      if (operation.kind == "subscription" && !root.subscriptions) return new Refusal(400, "SUBSCRIPTIONS_OFF", "subscriptions are not allowed here")
      if (weight.introspects && !root.introspection) return new Refusal(400, "INTROSPECTION_OFF", "introspection is not allowed here")
      if (scale.rootFields > root.maxRootFields) return new Refusal(400, "TOO_MANY_FIELDS", "more than " + root.maxRootFields.toString() + " fields at the top")
      if (weight.depth > root.maxDepth) return new Refusal(400, "QUERY_TOO_DEEP", "depth " + weight.depth.toString() + ", allowed " + root.maxDepth.toString())
      this.cost += weight.cost
      this.depth = max(this.depth, weight.depth)
      if (this.cost > root.maxCost) return new Refusal(400, "QUERY_TOO_COSTLY", "cost " + whole(this.cost) + ", allowed " + whole(root.maxCost))
    }
    root.passed.increment()
    return null
  }

  private refuse(refusal: Refusal): FilterHeadersStatusValues {
    this.guards = false
    this.root.denied.increment()
    const body = '{"errors":[{"message":' + quoteJson(refusal.message) + ',"extensions":{"code":' + quoteJson(refusal.code) + "}}]}"
    send_http_response(refusal.status, "graphql_guard_denied", String.UTF8.encode(body), makeHeaders(["content-type", "application/json"]))
    return FilterHeadersStatusValues.StopIteration
  }
}

function whole(number: f64): string {
  return number < 1e15 ? (<i64>Math.ceil(number)).toString() : "over 1e15"
}

registerRootContext((context_id: u32) => new GraphqlGuardRoot(context_id), "")
