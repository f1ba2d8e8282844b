/**
 * The SDK's part in a compilation: takes out the callbacks that no class of the filter overrides (the host then does not
 * call them, and what only they need goes too), and refuses what goes wrong without a word: texts as conditions, which mean
 * something else in TypeScript, sums of bools, and `replaceAll` that writes past its memory.
 */
import { Compiler, DiagnosticCode, LiteralKind, NodeKind, Token, TypeKind } from 'assemblyscript'

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
    for (const source of parser.sources) if (!source.isLibrary) findAlternatives(source.statements)
  }

  afterInitialize(program) {
    guarded.add(program)
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

/** Programs that are compiled with this transform; the left sides of their `||`. */
const guarded = new WeakSet()
const alternatives = new WeakSet()

/** Remembers the left side of every `||`. */
function findAlternatives(node, seen = new Set()) {
  if (node === null || typeof node !== 'object' || seen.has(node)) return
  seen.add(node)
  if (node.kind === NodeKind.Binary && node.operator === Token.Bar_Bar) alternatives.add(node.left)
  for (const [name, value] of Object.entries(node))
    if (name !== 'range' && name !== 'source') findAlternatives(value, seen)
}

/**
 * The compiler asks here what a condition amounts to, and knows its type. In TypeScript an empty text is false; here only
 * null is. A text that may be null can be tested for null so (`if (text)`), but not stand before `||`.
 */
const makeIsTrueish = Reflect.get(Compiler.prototype, 'makeIsTrueish')
Compiler.prototype.makeIsTrueish = function (expression, type, node) {
  const isText = type.getClass()?.prototype === this.program.stringInstance.prototype
  if (isText && guarded.has(this.program) && !node.range.source.isLibrary) {
    const text = node.range.toString()
    if (alternatives.has(node))
      this.error(
        DiagnosticCode.User_defined_0,
        node.range,
        `'||' keeps an empty text, only null is false in AssemblyScript: write ${text}.length > 0 ? ${text} : …`,
      )
    else if (!type.isNullableReference)
      this.error(
        DiagnosticCode.User_defined_0,
        node.range,
        `an empty text is true in AssemblyScript, this condition always holds: write ${text}.length > 0`,
      )
  }
  return makeIsTrueish.call(this, expression, type, node)
}

/** Operators whose result in TypeScript is a number. */
const arithmetic = new Set([
  Token.Plus,
  Token.Minus,
  Token.Asterisk,
  Token.Slash,
  Token.Percent,
  Token.LessThan_LessThan,
])

/**
 * Where a condition is wanted the numbers 0 and 1 are bools, and what is computed of bools is one: in
 * `(a ? 1 : 0) + (b ? 1 : 0) != 1` one and one are one.
 */
const compileBinaryExpression = Reflect.get(Compiler.prototype, 'compileBinaryExpression')
Compiler.prototype.compileBinaryExpression = function (expression, contextualType, constraints) {
  const compiled = compileBinaryExpression.call(this, expression, contextualType, constraints)
  if (
    arithmetic.has(expression.operator) &&
    this.currentType.kind === TypeKind.Bool &&
    guarded.has(this.program) &&
    !expression.range.source.isLibrary
  )
    this.error(
      DiagnosticCode.User_defined_0,
      expression.range,
      `this is computed as a bool, so that 1 + 1 is 1: write i32(…) around one of '${expression.left.range}' and '${expression.right.range}'`,
    )
  return compiled
}

/** `replaceAll` doubles its memory once where a longer replacement needs more of it. */
const compileCallDirect = Reflect.get(Compiler.prototype, 'compileCallDirect')
Compiler.prototype.compileCallDirect = function (instance, operands, node, thisArgument, constraints) {
  if (
    instance.internalName === '~lib/string/String#replaceAll' &&
    guarded.has(this.program) &&
    !node.range.source.isLibrary &&
    !(textLength(operands[1]) <= textLength(operands[0]))
  ) {
    const [search, replacement] = operands.map(operand => operand.range.toString())
    this.error(
      DiagnosticCode.User_defined_0,
      node.range,
      `replaceAll writes past its memory when the replacement is long: write split(${search}).join(${replacement})`,
    )
  }
  return compileCallDirect.call(this, instance, operands, node, thisArgument, constraints)
}

/** Of a literal; NaN of anything else. */
function textLength(expression) {
  const literal = expression?.kind === NodeKind.Literal && expression.literalKind === LiteralKind.String
  return literal ? expression.value.length : NaN
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
