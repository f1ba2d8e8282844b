/**
 * The SDK's part in a compilation: takes out the callbacks that no class of the filter overrides (the host then does not
 * call them, and what only they need goes too), and refuses `text || 'default'`, which keeps an empty text.
 */

/** Exports and the methods, any of which a filter overrides to need them. */
const callbacks = {
  proxy_on_vm_start: ['onStart'],
  proxy_validate_configuration: ['validateConfiguration'],
  proxy_on_tick: ['onTick'],
  proxy_on_queue_ready: ['onQueueReady'],
  proxy_on_foreign_function: ['onForeignFunction'],
  proxy_on_request_headers: ['onRequestHeaders'],
  proxy_on_request_body: ['onRequestBody'],
  proxy_on_request_trailers: ['onRequestTrailers'],
  proxy_on_request_metadata: ['onRequestMetadata'],
  proxy_on_response_headers: ['onResponseHeaders'],
  proxy_on_response_body: ['onResponseBody'],
  proxy_on_response_trailers: ['onResponseTrailers'],
  proxy_on_response_metadata: ['onResponseMetadata'],
  proxy_on_new_connection: ['onNewConnection'],
  proxy_on_downstream_data: ['onDownstreamData'],
  proxy_on_upstream_data: ['onUpstreamData'],
  proxy_on_downstream_connection_close: ['onDownstreamConnectionClose'],
  proxy_on_upstream_connection_close: ['onUpstreamConnectionClose'],
  proxy_on_grpc_receive_initial_metadata: ['onGrpcReceiveInitialMetadata'],
  proxy_on_grpc_receive: ['onGrpcReceive', 'onGrpcClose'],
  proxy_on_grpc_receive_trailing_metadata: ['onGrpcReceiveTrailingMetadata'],
  proxy_on_grpc_close: ['onGrpcReceive', 'onGrpcClose'],
  proxy_on_done: ['onDone'],
  proxy_on_log: ['onLog'],
}
/** Needed when the module makes the call. */
const answers = { proxy_on_http_call_response: 'proxy_http_call' }

export default class ProxyWasmTransform {
  #overridden = new Set()

  afterParse(parser) {
    const faults = parser.sources.filter(source => !source.isLibrary).flatMap(source => textAlternatives(source))
    if (faults.length > 0) throw new Error(faults.join('\n'))
  }

  afterInitialize(program) {
    for (const element of program.elementsByDeclaration.values()) {
      if (!inherits(element)) continue
      for (const name of element.instanceMembers?.keys() ?? []) this.#overridden.add(name)
    }
  }

  afterCompile(module) {
    const imported = name => module.getFunction(`~lib/proxy-wasm-sdk-as/assembly/host/${name}`) !== 0
    for (const [name, methods] of Object.entries(callbacks))
      if (!methods.some(method => this.#overridden.has(method))) remove(module, name)
    for (const [name, call] of Object.entries(answers)) if (!imported(call)) remove(module, name)
  }
}

/** Places of `||` with a literal text beside it. */
function textAlternatives(source) {
  const faults = []
  const seen = new Set()
  const visit = node => {
    if (node === null || typeof node !== 'object' || seen.has(node)) return
    seen.add(node)
    const { left, right, operator } = node
    if (typeof operator === 'number' && left?.range && right?.range) {
      const between = source.text.slice(left.range.end, right.range.start)
      if (between.includes('||') && (isText(left) || isText(right)))
        faults.push(
          `${source.normalizedPath}:${source.lineAt(right.range.start)}: '||' keeps an empty text, only null is false ` +
            `in AssemblyScript: write x.length > 0 ? x : 'default'`,
        )
    }
    for (const [name, value] of Object.entries(node)) if (name !== 'range' && name !== 'source') visit(value)
  }
  visit(source.statements)
  return faults
}

const stringLiteral = 2
const templateLiteral = 3

function isText(node) {
  return node.literalKind === stringLiteral || node.literalKind === templateLiteral
}

/** Is it a class that extends one of the SDK's contexts, outside of the SDK? */
function inherits(element) {
  if (element.basePrototype === undefined || isSdk(element)) return false
  for (let base = element.basePrototype; base; base = base.basePrototype)
    if (isSdk(base) && base.name === 'BaseContext') return true
  return false
}

function isSdk(element) {
  return /(^|\/)(proxy-wasm-sdk-as|sdk)\/assembly\/contexts\//.test(element.internalName)
}

function remove(module, name) {
  if (module.getExport(name) !== 0) module.removeExport(name)
}
