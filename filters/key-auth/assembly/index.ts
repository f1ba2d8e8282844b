// Lets in requests that have an API key or a user name and password (Basic). Secrets are compared in constant time.
export * from "proxy-wasm-sdk-as/assembly/proxy"
import {
  base64_decode,
  Context,
  equals_constant_time,
  FilterHeadersStatusValues,
  makeHeaders,
  registerRootContext,
  RootContext,
  send_http_response,
  stream_context,
} from "proxy-wasm-sdk-as/assembly"
import { path_is_below_any } from "../../lib/assembly/request"

class KeyAuthRoot extends RootContext {
  keyHeader: string = ""
  names: string[] = []
  keys: string[] = []
  users: string[] = []
  credentials: string[] = []
  realm: string = ""
  clientHeader: string = ""
  keepCredentials: bool = false
  openPaths: string[] = []

  onConfigure(configuration_size: u32): bool {
    const config = this.getConfigurationJson()
    this.keyHeader = config.textOr("key_header", "x-api-key")
    const keys = config.object("keys")
    this.names = keys.keys()
    for (let i = 0; i < this.names.length; i++) this.keys.push(keys.text(this.names[i]))
    const users = config.object("users")
    this.users = users.keys()
    for (let i = 0; i < this.users.length; i++) {
      if (this.users[i].includes(":")) users.fault(this.users[i], "may have no colon in its name")
      this.credentials.push(this.users[i] + ":" + users.text(this.users[i]))
    }
    if (this.names.length + this.users.length == 0) config.fault("", "must have keys or users: nobody could get in")
    this.realm = config.textOr("realm", "restricted")
    if (this.realm.includes('"')) config.fault("realm", "may have no quotes")
    this.clientHeader = config.textOr("client_header", "x-client-id")
    this.keepCredentials = config.flag("keep_credentials", false)
    this.openPaths = config.texts("open_paths")
    return config.accept()
  }

  createContext(context_id: u32): Context {
    return new KeyAuth(context_id, this)
  }
}

class KeyAuth extends Context {
  constructor(
    context_id: u32,
    private root: KeyAuthRoot,
  ) {
    super(context_id, root)
  }

  onRequestHeaders(count: u32, end_of_stream: bool): FilterHeadersStatusValues {
    const root = this.root
    const headers = stream_context.headers.request
    // Nobody outside may say who they are.
    headers.remove(root.clientHeader)
    const path = headers.get(":path")
    if (path_is_below_any(path, root.openPaths)) return FilterHeadersStatusValues.Continue
    const client = this.client()
    if (client.length == 0) return this.refuse()
    headers.add(root.clientHeader, client)
    if (!root.keepCredentials) {
      if (root.names.length > 0) headers.remove(root.keyHeader)
      if (root.users.length > 0) headers.remove("authorization")
    }
    return FilterHeadersStatusValues.Continue
  }

  /** Who it is; "" for nobody. Compares with all, so that the time says nothing. */
  private client(): string {
    const root = this.root
    const headers = stream_context.headers.request
    let client = ""
    if (root.names.length > 0) {
      const key = headers.get(root.keyHeader)
      for (let i = 0; i < root.keys.length; i++) if (equals_constant_time(key, root.keys[i])) client = root.names[i]
    }
    if (root.users.length > 0) {
      const authorization = headers.get("authorization")
      const isBasic = authorization.substring(0, 6).toLowerCase() == "basic "
      const bytes = isBasic ? base64_decode(authorization.substring(6).trim()) : null
      const credentials = bytes === null ? "" : String.UTF8.decode(bytes)
      for (let i = 0; i < root.users.length; i++)
        if (equals_constant_time(credentials, root.credentials[i])) client = root.users[i]
    }
    return client
  }

  private refuse(): FilterHeadersStatusValues {
    const headers = makeHeaders(["content-type", "text/plain"])
    if (this.root.users.length > 0)
      headers.push(makeHeaders(["www-authenticate", 'Basic realm="' + this.root.realm + '", charset="UTF-8"'])[0])
    send_http_response(401, "key_auth_denied", String.UTF8.encode("no valid credentials\n"), headers)
    return FilterHeadersStatusValues.StopIteration
  }
}

registerRootContext((context_id: u32) => new KeyAuthRoot(context_id), "")
