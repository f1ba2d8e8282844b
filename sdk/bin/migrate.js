/** Programs of older SDKs, rewritten for this one. Files are parsed by AssemblyScript's own parser and changed in place. */
import { basename } from 'node:path'
import { newOptions, newProgram, NodeKind, parse } from 'assemblyscript'

const sdk = 'proxy-wasm-sdk-as'
const olderPackages = ['@solo-io/proxy-runtime', '@kong/proxy-wasm-sdk', '@gcoredev/proxy-wasm-sdk-as']
const entries = new Set(['proxy', 'assembly/proxy', 'assembly/exports', 'assembly/malloc'])
const libraries = new Set(['', 'index', 'runtime', 'assembly', 'assembly/index', 'assembly/runtime'])

/** Functions and enum members that have another name here. */
const renamed = new Map([['proxy_set_effective_context', 'set_effective_context']])
const renamedMembers = new Map([
  ['HeaderMapTypeValues.MAX', 'HttpCallResponseTrailers'],
  ['BufferTypeValues.MAX', 'CallData'],
  ['StreamTypeValues.MAX', 'Upstream'],
])
/** Callbacks that have another name here. */
const renamedMethods = new Map([
  ['on_grpc_receive_initial_metadata', 'onGrpcReceiveInitialMetadata'],
  ['on_grpc_trailing_metadata', 'onGrpcReceiveTrailingMetadata'],
  ['on_grpc_receive', 'onGrpcReceive'],
  ['on_grpc_close', 'onGrpcClose'],
])
/** Functions of a header map, which is their first argument, and the methods of ours. `bytes`: they take no texts. */
const mapFunctions = new Map([
  ['add_header_map_value_string', { method: 'add', bytes: false }],
  ['replace_header_map_value_string', { method: 'replace', bytes: false }],
  ['remove_header_map_value_string', { method: 'remove', bytes: false }],
  ['get_header_map_size', { method: 'size', bytes: false }],
  ['add_header_map_value', { method: 'add', bytes: true }],
  ['replace_header_map_value', { method: 'replace', bytes: true }],
  ['remove_header_map_value', { method: 'remove', bytes: true }],
  ['get_header_map_value', { method: 'get', bytes: true }],
])
const helpers = new Set(['RootContextHelper', 'ContextHelper'])
/** What the older SDKs exported for themselves only. */
const internals = new Set([
  ...['Reference', 'abort_proc_exit', 'ensureRootContext', 'ensureContext', 'getBaseContext', 'getContext'],
  ...['getRootContext', 'deleteContext', 'globalArrayBufferReference'],
])

/**
 * @param {string} file its name decides what it is: package.json, asconfig.json, or AssemblyScript
 * @param {string} text
 * @returns {{ text: string, notes: { line: number, message: string }[] }} notes: what a person should look at
 */
export function migrate(file, text) {
  if (basename(file) === 'package.json') return migrateJson(text, migratePackage)
  if (basename(file).endsWith('asconfig.json')) return migrateJson(text, migrateConfig)
  return new Migration(text).run()
}

class Migration {
  #text
  #edits = []
  #notes = []
  /** Local names of what the file imports from an older SDK, and of `import * as`. */
  #names = new Map()
  #namespaces = new Set()
  #imports = []
  #added = new Set()
  #histograms = new Set()

  constructor(text) {
    this.#text = text
  }

  run() {
    const source = parsed(this.#text)
    walk(source.statements, node => this.#collect(node))
    walk(source.statements, node => this.#visit(node))
    for (const node of this.#imports) this.#importMembers(node)
    let text = this.#text
    for (const { start, end, by } of this.#edits.toSorted((a, b) => b.start - a.start || b.end - a.end))
      text = text.slice(0, start) + by + text.slice(end)
    return { text, notes: this.#notes.toSorted((a, b) => a.line - b.line) }
  }

  #replace(start, end, by) {
    this.#edits.push({ start, end, by })
  }

  #note(node, message) {
    this.#notes.push({ line: this.#text.slice(0, node.range.start).split('\n').length, message })
  }

  #textOf(node) {
    return this.#text.slice(node.range.start, node.range.end)
  }

  /** Paths of imports and exports; names from older SDKs; names of histograms. */
  #collect(node) {
    if (node.kind === NodeKind.Import || node.kind === NodeKind.Export) {
      const path = node.path?.value
      const older =
        path === undefined ? undefined : olderPackages.find(name => path === name || path.startsWith(`${name}/`))
      if (older === undefined) return
      const rest = path.slice(older.length + 1)
      if (!entries.has(rest) && !libraries.has(rest)) {
        this.#note(node, `${path} has nothing to stand for it in ${sdk}`)
        return
      }
      const quote = this.#text[node.path.range.start]
      const ours = `${sdk}/assembly${entries.has(rest) ? '/proxy' : ''}`
      this.#replace(node.path.range.start, node.path.range.end, `${quote}${ours}${quote}`)
      if (node.kind === NodeKind.Export || entries.has(rest)) return
      if (node.namespaceName) this.#namespaces.add(node.namespaceName.text)
      if (!node.declarations) return
      this.#imports.push(node)
      for (const { name, foreignName } of node.declarations) this.#names.set(name.text, foreignName.text)
    } else if (node.kind === NodeKind.FieldDeclaration || node.kind === NodeKind.VariableDeclaration) {
      const type =
        node.type?.name?.identifier.text ??
        (node.initializer?.kind === NodeKind.New ? this.#textOf(node.initializer.typeName) : '')
      if (type.split('.').at(-1) === 'Histogram') this.#histograms.add(node.name.text)
    }
  }

  #visit(node) {
    if (node.kind === NodeKind.Call) this.#call(node)
    else if (node.kind === NodeKind.MethodDeclaration) this.#renameMethod(node.name)
    else if (node.kind === NodeKind.FunctionDeclaration) this.#callback(node)
    else if (node.kind === NodeKind.PropertyAccess) {
      this.#renameMethod(node.property)
      const member = renamedMembers.get(`${this.#nameOf(node.expression)}.${node.property.text}`)
      if (member !== undefined) this.#replace(node.property.range.start, node.property.range.end, member)
    } else if (node.kind === NodeKind.Identifier) {
      const name = this.#names.get(node.text)
      if (name !== undefined && internals.has(name))
        this.#note(node, `${name} was internal to the older SDK: ${sdk} has no such thing`)
    }
  }

  #renameMethod(name) {
    const ours = renamedMethods.get(name.text)
    if (ours !== undefined) this.#replace(name.range.start, name.range.end, ours)
  }

  /** What an expression names of the older SDK, or undefined. */
  #nameOf(expression) {
    if (expression.kind === NodeKind.Identifier) return this.#names.get(expression.text)
    if (expression.kind !== NodeKind.PropertyAccess || expression.expression.kind !== NodeKind.Identifier)
      return undefined
    return this.#namespaces.has(expression.expression.text) ? expression.property.text : undefined
  }

  /** How the file says a name of ours. */
  #ours(name, expression) {
    if (expression?.kind === NodeKind.PropertyAccess) return `${this.#textOf(expression.expression)}.${name}`
    const [namespace] = this.#namespaces
    if (this.#imports.length === 0 && namespace !== undefined) return `${namespace}.${name}`
    this.#added.add(name)
    return name
  }

  #call(node) {
    const { expression, args } = node
    if (expression.kind === NodeKind.PropertyAccess) this.#methodCall(node)
    const name = this.#nameOf(expression)
    if (name === undefined) return
    const rename = ours => this.#replace(expression.range.start, expression.range.end, this.#ours(ours, expression))
    const mapFunction = mapFunctions.get(name)
    if (renamed.has(name)) rename(renamed.get(name))
    else if (name === 'get_shared_data' && args.length === 2) rename('set_shared_data')
    else if (name === 'set_shared_data' && args.length === 1) rename('get_shared_data')
    else if (
      (name === 'register_shared_queue' && args.length === 2) ||
      (name === 'resolve_shared_queue' && args.length === 3)
    ) {
      this.#replace(args.at(-2).range.end, args.at(-1).range.end, '')
      this.#replace(node.range.end, node.range.end, '.result')
      this.#note(node, `the queue's number is now ${name}(…).token, not written to an address`)
    } else if (mapFunction !== undefined) {
      const { method, bytes } = mapFunction
      const encodes = method === 'get'
      const map = `${this.#ours('headerMap', expression)}(`
      this.#replace(expression.range.start, args[0].range.start, `${encodes ? 'String.UTF8.encode(' : ''}${map}`)
      this.#replace(args[0].range.end, args[1]?.range.start ?? args[0].range.end, `).${method}(`)
      if (bytes)
        for (const argument of args.slice(1)) {
          this.#replace(argument.range.start, argument.range.start, 'String.UTF8.decode(')
          this.#replace(argument.range.end, argument.range.end, ')')
        }
      if (encodes) this.#replace(node.range.end, node.range.end, ')')
    }
  }

  #methodCall(node) {
    const { expression, args } = node
    const receiver = expression.expression
    const method = expression.property.text
    if (method === 'wrap' && helpers.has(this.#nameOf(receiver)) && args.length === 1) {
      this.#replace(expression.range.start, args[0].range.start, '')
      this.#replace(args[0].range.end, node.range.end, '')
    } else if (method === 'record' && args.length === 2) {
      if (this.#textOf(args[0]) === `${this.#textOf(receiver)}.metric_id`)
        this.#replace(args[0].range.start, args[1].range.start, '')
      else this.#replace(expression.range.start, expression.range.end, this.#ours('record_metric'))
    } else if (method === 'increment' && this.#isHistogram(receiver)) {
      this.#replace(expression.property.range.start, expression.property.range.end, 'record')
      this.#note(node, 'hosts refuse to increment a histogram: it records the value now')
    }
  }

  #isHistogram(receiver) {
    if (receiver.kind === NodeKind.New) return this.#textOf(receiver.typeName).split('.').at(-1) === 'Histogram'
    const name = receiver.kind === NodeKind.PropertyAccess ? receiver.property.text : receiver.text
    return this.#histograms.has(name)
  }

  /** Callbacks of `httpCall` get a BaseContext here, of any kind. */
  #callback({ signature, body }) {
    const types = signature.parameters.map(parameter => this.#textOf(parameter.type))
    if (types.length !== 4 || types.slice(1).join() !== 'u32,usize,u32') return
    const type = signature.parameters[0].type
    if (types[0].split('.').at(-1) !== 'Context') return
    const { name } = signature.parameters[0]
    this.#replace(
      type.range.start,
      type.range.end,
      this.#ours('BaseContext', types[0].includes('.') ? type.name.next : undefined),
    )
    if (body?.kind !== NodeKind.Block || !new RegExp(`\\b${name.text}\\b`).test(this.#textOf(body))) return
    this.#replace(name.range.start, name.range.end, `${name.text}_`)
    const line = this.#text.slice(this.#text.lastIndexOf('\n', body.range.start) + 1, body.range.start)
    const indent = `${/^\s*/.exec(line)?.[0]}  `
    const start = body.range.start + 1
    this.#replace(start, start, `\n${indent}const ${name.text} = changetype<${types[0]}>(${name.text}_)`)
  }

  /** The names of an import: renamed, without the helpers, and for the first import with what the file needs now. */
  #importMembers(node) {
    const members = []
    for (const { name, foreignName } of node.declarations) {
      if (helpers.has(foreignName.text) || internals.has(foreignName.text)) continue
      if (mapFunctions.has(foreignName.text)) continue
      const ours = renamed.get(foreignName.text) ?? foreignName.text
      members.push(name.text === foreignName.text ? ours : `${ours} as ${name.text}`)
    }
    if (node === this.#imports[0])
      for (const name of this.#added) if (!members.includes(name) && !this.#names.has(name)) members.push(name)
    const first = node.declarations[0]
    const last = node.declarations.at(-1)
    if (first === undefined) return
    const before = node.declarations.map(each => this.#textOf(each).replaceAll(/\s+/g, ' '))
    if (before.join() === members.join()) return
    const old = this.#text.slice(first.range.start, last.range.end)
    const separator = /,(\s*\n\s*)/.exec(old)?.[1] ?? ' '
    this.#replace(first.range.start, last.range.end, members.join(`,${separator}`))
  }
}

function parsed(text) {
  const program = newProgram(newOptions())
  parse(program, text, 'migrate.ts', true)
  const fault = program.diagnostics.find(message => message.range !== null)
  if (fault !== undefined) throw new Error(`line ${fault.range.source.lineAt(fault.range.start)}: ${fault.message}`)
  return program.sources[0]
}

function walk(node, visit, seen = new Set()) {
  if (node === null || typeof node !== 'object' || seen.has(node)) return
  seen.add(node)
  if (typeof node.kind === 'number' && node.range !== undefined) visit(node)
  for (const [name, value] of Object.entries(node)) if (name !== 'range' && name !== 'source') walk(value, visit, seen)
}

/** @param {(value: any) => void} change */
function migrateJson(text, change) {
  const value = JSON.parse(text)
  const before = JSON.stringify(value)
  change(value)
  if (JSON.stringify(value) === before) return { text, notes: [] }
  const indent = /^\s+(?=")/m.exec(text)?.[0].replaceAll('\n', '') ?? '  '
  return { text: `${JSON.stringify(value, null, indent)}\n`, notes: [] }
}

/** The compiler's settings are the SDK's; those of its own that a project has stay. */
function migrateConfig(config) {
  config.extends = `${sdk}/asconfig.json`
  for (const options of [config.options, ...Object.values(config.targets ?? {})]) {
    if (options === undefined) continue
    const use = [options.use ?? []].flat().filter(alias => !alias.includes('abort_proc_exit'))
    if (use.length > 0) options.use = use
    else delete options.use
    delete options.exportRuntime
    delete options.runtime
  }
}

function migratePackage(manifest) {
  for (const kind of ['dependencies', 'devDependencies']) {
    const packages = manifest[kind]
    if (packages === undefined) continue
    for (const name of olderPackages) {
      if (packages[name] === undefined) continue
      delete packages[name]
      packages[sdk] = '*'
    }
    delete packages['@assemblyscript/wasi-shim']
    if (packages.assemblyscript !== undefined) packages.assemblyscript = '^0.28.0'
  }
  for (const [name, script] of Object.entries(manifest.scripts ?? {})) {
    if (!/\basc\b/.test(script)) continue
    let changed = script
      .replaceAll(/ (--use|-u)[ =]abort=\S*abort_proc_exit/g, '')
      .replaceAll(/ --(validate|exportRuntime)\b/g, '')
      .replaceAll(/ (-b|--binaryFile) /g, ' --outFile ')
      .replaceAll(/ --runtime[ =]\w+/g, '')
    if (!/ --(config|target)\b/.test(changed))
      changed = changed.replace(/\basc\b/, `asc --config node_modules/${sdk}/asconfig.json`)
    manifest.scripts[name] = changed
  }
}
