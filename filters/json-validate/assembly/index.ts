// Lets requests pass whose JSON body fits a schema; others get 400 with what is wrong and where.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  ConfigReader,
  Context,
  Counter,
  FilterDataStatusValues,
  FilterHeadersStatusValues,
  Json,
  JsonKind,
  makeHeaders,
  path_is_below,
  quoteJson,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { bare_path, media_type } from "../../lib/assembly/request"
import { Schema, SchemaReader } from "./schema"
import { Validator } from "./validator"

class Rule {
  path: string = "/"
  exact: bool = false
  methods: string[] = []
  types: string[] = []
  maxBody: u32 = 0
  schema: Schema = new Schema()

  covers(path: string, method: string): bool {
    return this.methods.includes(method) && (this.exact ? bare_path(path) == this.path : path_is_below(path, this.path))
  }
}

function readRule(entry: ConfigReader): Rule {
  const rule = new Rule()
  rule.path = entry.textOr("path", "/")
  rule.exact = entry.flag("exact", false)
  rule.methods = entry.has("methods") ? entry.texts("methods") : ["POST", "PUT", "PATCH"]
  rule.types = entry.has("content_types") ? entry.texts("content_types") : ["application/json"]
  rule.maxBody = <u32>entry.integer("max_body_bytes", 1, 1_048_576, 65_536)
  let schema = entry.json("schema")
  // As text it has all its numbers: a Struct knows doubles only, which is the same for JSON.
  if (schema !== null && schema.kind == JsonKind.String) {
    schema = Json.parse(schema.text)
    if (schema === null) entry.fault("schema", "is no JSON: " + Json.error)
  } else if (schema === null) entry.fault("schema", "is missing")
  if (schema !== null) rule.schema = new SchemaReader(entry, "schema", schema).read()
  return rule
}

class JsonValidateRoot extends RootContext {
  rules: Rule[] = []
  validator: Validator = new Validator(10)
  status: u32 = 400
  hide: bool = false
  passed!: Counter
  denied!: Counter

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    const list = config.list("rules")
    if (list.length == 0) config.fault("rules", "must have one")
    for (let i = 0; i < list.length; i++) this.rules.push(readRule(list[i]))
    this.validator = new Validator(<i32>config.integer("max_faults", 1, 1000, 10))
    this.status = <u32>config.integer("status", 400, 499, 400)
    this.hide = config.flag("hide_faults", false)
    if (!config.accept()) return false
    this.passed = new Counter("json_validate_passed")
    this.denied = new Counter("json_validate_denied")
    return true
  }

  createContext(context_id: u32): Context {
    return new JsonValidate(context_id, this)
  }
}

class JsonValidate extends Context {
  private rule: Rule | null = null

  constructor(
    context_id: u32,
    private root: JsonValidateRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    const headers = stream_context.headers.request
    const path = headers.get(":path")
    const method = headers.get(":method")
    for (let i = 0; i < root.rules.length; i++) {
      const rule = root.rules[i]
      if (!rule.covers(path, method)) continue
      const type = media_type(headers.get("content-type"))
      if (end_of_stream) this.refuse(root.status, '{"path":"","reason":"there is no body"}')
      else if (!rule.types.includes(type)) this.refuse(415, '{"path":"","reason":' + quoteJson("the body must be " + rule.types.join(" or ")) + "}")
      else if (headers.has("content-encoding")) this.refuse(415, '{"path":"","reason":"the body must not be compressed"}')
      else {
        this.rule = rule
        return FilterHeadersStatusValues.Continue
      }
      return FilterHeadersStatusValues.StopIteration
    }
    return FilterHeadersStatusValues.Continue
  }

  onRequestBody(size: usize, end_of_stream: bool): FilterDataStatusValues {
    const rule = this.rule
    if (rule === null) return FilterDataStatusValues.Continue
    if (size > rule.maxBody) return this.refuse(413, '{"path":"","reason":"the body has more than ' + rule.maxBody.toString() + ' bytes"}')
    if (!end_of_stream) return FilterDataStatusValues.StopIterationAndBuffer
    const body = Json.parse(stream_context.body.request.text())
    if (body === null) return this.refuse(this.root.status, '{"path":"","reason":' + quoteJson("it is no JSON: " + Json.error) + "}")
    const validator = this.root.validator
    if (!validator.check(rule.schema, body)) return this.refuse(this.root.status, validator.faults.join(","))
    this.root.passed.increment()
    return FilterDataStatusValues.Continue
  }

  private refuse(status: u32, faults: string): FilterDataStatusValues {
    this.rule = null
    this.root.denied.increment()
    const body = this.root.hide ? '{"errors":[]}' : '{"errors":[' + faults + "]}"
    send_http_response(status, "json_validate_denied", String.UTF8.encode(body), makeHeaders(["content-type", "application/json"]))
    return FilterDataStatusValues.StopIterationNoBuffer
  }
}

registerRootContext((context_id: u32) => new JsonValidateRoot(context_id), "")
