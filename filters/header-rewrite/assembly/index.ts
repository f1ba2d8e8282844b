// Rewrites headers by a list of operations; values are templates over the request.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  ConfigReader,
  Context,
  FilterHeadersStatusValues,
  get_property_string,
  HeaderStreamManipulator,
  properties,
  registerRootContext,
  RootContext,
  stream_context,
  withoutPort,
} from "proxy-wasm-sdk-as/assembly"

enum Action {
  Set,
  Add,
  Default,
  Remove,
  Rename,
}

/** A text with places for values: literals and placeholders in turn. */
class Template {
  private literals: string[] = []
  private places: string[] = []
  /** What is wrong with it, "" for nothing. */
  fault: string = ""

  constructor(text: string) {
    let literal = ""
    let at = 0
    while (at < text.length) {
      const unit = text.charCodeAt(at)
      const doubled = at + 1 < text.length && text.charCodeAt(at + 1) == unit
      if ((unit == 0x7b || unit == 0x7d) && doubled) {
        literal += text.charAt(at)
        at += 2
      } else if (unit == 0x7b) {
        const end = text.indexOf("}", at)
        const place = end < 0 ? "" : text.substring(at + 1, end)
        if (!isPlace(place)) this.fault = end < 0 ? "'{' without '}' (write '{{' for the character)" : "there is no {" + place + "}"
        this.literals.push(literal)
        this.places.push(place)
        literal = ""
        at = end < 0 ? text.length : end + 1
      } else {
        literal += text.charAt(at++)
      }
    }
    this.literals.push(literal)
  }

  fill(stream: HeaderRewrite): string {
    if (this.places.length == 0) return this.literals[0]
    let text = ""
    for (let i = 0; i < this.places.length; i++) text += this.literals[i] + stream.value(this.places[i])
    return text + this.literals[this.places.length]
  }
}

const plainPlaces: string[] = ["path", "url_path", "query", "method", "host", "scheme", "client_ip", "protocol", "route", "cluster"]

function isPlace(place: string): bool {
  return plainPlaces.includes(place) || (place.startsWith("header:") && place.length > 7) || (place.startsWith("property:") && place.length > 9)
}

class Operation {
  constructor(
    public name: string,
    public action: Action,
    public template: Template,
  ) {}
}

function operations(config: ConfigReader, key: string): Operation[] {
  const list = config.list(key)
  const found: Operation[] = []
  for (let i = 0; i < list.length; i++) {
    const entry = list[i]
    const name = entry.text("name").toLowerCase()
    let action = Action.Set
    let value = ""
    let count = 0
    const actions = ["set", "add", "default", "remove", "rename"]
    for (let a = 0; a < actions.length; a++) {
      if (!entry.has(actions[a])) continue
      count++
      action = <Action>a
      if (action != Action.Remove) value = entry.textOr(actions[a], "")
      else if (!entry.flag("remove", false)) entry.fault("remove", "must be true")
    }
    if (count != 1) entry.fault("", "must have one of set, add, default, remove, rename")
    if (action == Action.Rename && value.length == 0) entry.fault("rename", "must be a header's name")
    const template = new Template(value)
    if (template.fault.length > 0) entry.fault(actions[<i32>action], template.fault)
    found.push(new Operation(name, action, template))
  }
  return found
}

class HeaderRewriteRoot extends RootContext {
  request: Operation[] = []
  response: Operation[] = []

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.request = operations(config, "request")
    this.response = operations(config, "response")
    return config.accept()
  }

  createContext(context_id: u32): Context {
    return new HeaderRewrite(context_id, this)
  }
}

class HeaderRewrite extends Context {
  // What response templates say of the request: its headers cannot be read any more then.
  private places: string[] = []
  private values: string[] = []

  constructor(
    context_id: u32,
    private root: HeaderRewriteRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    for (let i = 0; i < this.root.response.length; i++) this.root.response[i].template.fill(this)
    run(this.root.request, stream_context.headers.request, this)
    return FilterHeadersStatusValues.Continue
  }

  onResponseHeaders(headers: u32, end_of_stream: bool): FilterHeadersStatusValues {
    run(this.root.response, stream_context.headers.response, this)
    return FilterHeadersStatusValues.Continue
  }

  /** The value as it was when it was first asked for. */
  value(place: string): string {
    const known = this.places.indexOf(place)
    if (known >= 0) return this.values[known]
    const value = read(place)
    this.places.push(place)
    this.values.push(value)
    return value
  }
}

function read(place: string): string {
  if (place.startsWith("header:")) return stream_context.headers.request.get(place.substring(7))
  if (place == "client_ip") return withoutPort(properties.source.address())
  if (place == "route") return properties.xds.route_name()
  if (place == "cluster") return properties.xds.cluster_name()
  const path = place.startsWith("property:") ? place.substring(9).replaceAll(".", "\0") : "request\0" + place
  const value = get_property_string(path)
  return value === null ? "" : value
}

function run(operations: Operation[], headers: HeaderStreamManipulator, stream: HeaderRewrite): void {
  for (let i = 0; i < operations.length; i++) {
    const operation = operations[i]
    const name = operation.name
    switch (operation.action) {
      case Action.Set:
        headers.replace(name, operation.template.fill(stream))
        break
      case Action.Add:
        headers.add(name, operation.template.fill(stream))
        break
      case Action.Default:
        if (!headers.has(name)) headers.add(name, operation.template.fill(stream))
        break
      case Action.Remove:
        headers.remove(name)
        break
      case Action.Rename: {
        const value = headers.getOrNull(name)
        if (value !== null) {
          headers.remove(name)
          headers.replace(operation.template.fill(stream), value)
        }
      }
    }
  }
}

registerRootContext((context_id: u32) => new HeaderRewriteRoot(context_id), "")
