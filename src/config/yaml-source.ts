/**
 * YAML as Envoy reads it with yaml-cpp (source/common/protobuf/yaml_utility.cc): the first document; plain scalars become
 * null, bool, 32-bit integer or string, in this order; quoted ones are strings; later duplicates win; keys tagged
 * `!ignore` are dropped; `<<` is an ordinary key.
 */
import {
  Composer,
  type CST,
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type Pair,
  Parser,
  Scalar,
} from 'yaml'
import { ConfigError } from '../base/errors.ts'
import { type JsonObject, type JsonValue, setOwn } from './json-source.ts'
import { type Source, sameKey } from './position.ts'

/** Throws `ConfigError` for what is not YAML. */
export function parseYaml(text: string, file: string): { value: JsonValue; source: Source } {
  const lines = new LineCounter()
  const document = firstDocument(text, lines)
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset)
    return { line, column: col }
  }
  const fault = (reason: string, at: Node | number) => {
    const offset = typeof at === 'number' ? at : (at.range?.[0] ?? 0)
    return new ConfigError(`not YAML: ${reason}`, { file, path: '', ...place(offset) })
  }
  const syntax = document?.errors[0]
  if (syntax !== undefined) throw fault(syntax.message, syntax.pos[0])
  const anchors = new Map<string, { node: Node; value: JsonValue }>()

  const toValue = (node: Node | null | undefined): JsonValue => {
    if (node === null || node === undefined) return null
    if (isAlias(node)) {
      const target = anchors.get(node.source)
      if (target === undefined) throw fault(`the alias *${node.source} has no anchor`, node)
      return target.value
    }
    const value = isMap(node) ? toObject(node.items) : isSeq(node) ? node.items.map(toItem) : scalarValue(node)
    if (node.anchor !== undefined) anchors.set(node.anchor, { node, value })
    return value
  }
  const toItem = (item: unknown): JsonValue => (isPair(item) ? toObject([item]) : toValue(item as Node | null))
  const toObject = (pairs: readonly Pair[]): JsonObject => {
    const object: JsonObject = {}
    for (const pair of pairs) {
      const value = toValue(pair.value as Node | null)
      if (isScalar(pair.key) && pair.key.tag === '!ignore') continue
      if (!isScalar(pair.key) && pair.key !== null) throw fault('a key must be a scalar', pair.key as Node)
      setOwn(object, keyText(pair.key), value)
    }
    return object
  }

  const value = toValue(document?.contents)
  const root = document?.contents ?? undefined
  return {
    value,
    source: {
      file,
      locate: path => place(locate(root, path, name => anchors.get(name)?.node)),
    },
  }
}

/** Later documents are never looked at, so that they may be anything. */
function firstDocument(text: string, lines: LineCounter): Document | undefined {
  const composer = new Composer({
    schema: 'failsafe',
    uniqueKeys: false,
    strict: false,
    logLevel: 'silent',
  })
  for (const token of parseTokens(text, lines)) {
    for (const document of composer.next(token)) return document
  }
  for (const document of composer.end(true, text.length)) return document
  return undefined
}

function keyText(key: unknown): string {
  if (!isScalar<string | null>(key)) return String(key)
  return key.value ?? 'null'
}

function* parseTokens(text: string, lines: LineCounter): Generator<CST.Token> {
  const parser = new Parser(lines.addNewLine)
  lines.addNewLine(0)
  for (const lexeme of lenientLexer().lex(text)) yield* parser.next(lexeme)
  yield* parser.end()
}

interface LexerInternals {
  /** What the next line must be indented by to go on with what is open. */
  indentNext: number
  parseFlowCollection(): Generator<string, unknown>
  parseQuotedScalar(): Generator<string, unknown>
}

/** As yaml-cpp, takes any indentation inside of `[]`, `{}` and quotes. The lexer has no option for that. */
function lenientLexer(): Lexer {
  const lexer = new Lexer()
  const internals = lexer as unknown as LexerInternals
  for (const method of ['parseFlowCollection', 'parseQuotedScalar'] as const) {
    const strict = internals[method]
    internals[method] = function* () {
      const { indentNext } = internals
      internals.indentNext = 0
      const next = yield* strict.call(lexer)
      internals.indentNext = indentNext
      return next
    }
  }
  return lexer
}

const decimal = /^[+-]?(0|[1-9][0-9]*)$/
const octal = /^[+-]?0[0-7]+$/
const hexadecimal = /^[+-]?0[xX][0-9a-fA-F]+$/

function scalarValue(node: Node): JsonValue {
  // The failsafe schema knows no other scalars than strings.
  if (!isScalar<string | null>(node)) return null
  const text = node.value ?? ''
  if (node.type !== Scalar.PLAIN && node.type !== undefined && node.tag === undefined) return text
  if (node.tag === undefined && /^(|~|null|Null|NULL)$/.test(text)) return null
  if (/^(y|yes|true|on|Y|YES|TRUE|ON|Yes|True|On)$/.test(text)) return true
  if (/^(n|no|false|off|N|NO|FALSE|OFF|No|False|Off)$/.test(text)) return false
  return integerValue(text) ?? text
}

/** C++ stream extraction with automatic base; beyond 32 bits the number becomes a decimal string. */
function integerValue(text: string): JsonValue | undefined {
  let value: bigint
  if (decimal.test(text)) value = BigInt(text.replace('+', ''))
  else if (octal.test(text)) value = signed(text, digits => BigInt(`0o${digits}`))
  else if (hexadecimal.test(text)) value = signed(text, digits => BigInt(digits))
  else return undefined
  if (BigInt.asIntN(32, value) === value) return Number(value)
  return BigInt.asIntN(64, value) === value ? String(value) : undefined
}

function signed(text: string, parse: (digits: string) => bigint): bigint {
  const digits = text.replace(/^[+-]/, '')
  return text.startsWith('-') ? -parse(digits) : parse(digits)
}

/** Offset of the key, or of the list item, that the path leads to. */
function locate(
  root: Node | undefined,
  path: readonly (string | number)[],
  anchored: (name: string) => Node | undefined,
): number {
  let node = root
  let offset = root?.range?.[0] ?? 0
  for (const key of path) {
    if (node !== undefined && isAlias(node)) node = anchored(node.source)
    if (isMap(node) && typeof key === 'string') {
      const pair = node.items.findLast(item => sameKey(keyText(item.key), key))
      if (pair === undefined) return offset
      offset = (pair.key as Node).range?.[0] ?? offset
      node = (pair.value as Node | null) ?? undefined
    } else if (isSeq(node) && typeof key === 'number') {
      const item = node.items[key] as Node | undefined
      if (item === undefined) return offset
      offset = item.range?.[0] ?? offset
      node = item
      // A single value may stand where a list is expected.
    } else if (typeof key !== 'number') return offset
  }
  return offset
}
