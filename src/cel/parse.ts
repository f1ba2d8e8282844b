/**
 * CEL's text as the expression tree that protobuf messages have too. Follows the grammar of cel-spec's langdef.md; what
 * Envoy's parser has switched off (`.?`, `[?`) is refused.
 */
import type { Constant, Expr } from '../config/v3.ts'
import { CelSyntaxError } from './syntax-error.ts'
import { type Token, tokenize } from './tokens.ts'

/** What the text may have at most; Envoy's parser has 100,000 and 32. */
export const maxExpressionLength = 100_000
export const maxDepth = 200

const reserved = new Set(
  'as break const continue else for function if import let loop package namespace return var void while'.split(' '),
)
/** From the one that binds least. */
const binary: readonly Readonly<Record<string, string>>[] = [
  { '||': '_||_' },
  { '&&': '_&&_' },
  { '<': '_<_', '<=': '_<=_', '>': '_>_', '>=': '_>=_', '==': '_==_', '!=': '_!=_', in: '@in' },
  { '+': '_+_', '-': '_-_' },
  { '*': '_*_', '/': '_/_', '%': '_%_' },
]

/** Throws CelSyntaxError. */
export function parseCel(text: string): Expr {
  if (text.length > maxExpressionLength)
    throw new CelSyntaxError(`expression size exceeds ${maxExpressionLength} characters`, '', 0)
  return new Parser(text).parse()
}

class Parser {
  readonly #source: string
  readonly #tokens: readonly Token[]
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#source = text
    this.#tokens = tokenize(text)
  }

  parse(): Expr {
    const expr = this.#expression()
    if (this.#token.kind !== 'end') this.#unexpected('the end')
    return expr
  }

  get #token(): Token {
    return this.#tokens[this.#at] as Token
  }

  #is(text: string): boolean {
    const { kind } = this.#token
    return (kind === 'symbol' || kind === 'identifier') && this.#token.text === text
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false
    this.#at++
    return true
  }

  #expect(text: string): void {
    if (!this.#take(text)) this.#unexpected(`'${text}'`)
  }

  #unexpected(expected: string): never {
    const { kind, text } = this.#token
    return this.#fail(`'${kind === 'end' ? '<EOF>' : text}' where ${expected} should be`)
  }

  #fail(reason: string, { offset } = this.#token): never {
    throw new CelSyntaxError(reason, this.#source, offset)
  }

  #deep(depth: number): void {
    if (depth > maxDepth) this.#fail(`Exceeded max recursion depth of ${maxDepth} when parsing.`)
  }

  /** `condition ? a : b` */
  #expression(): Expr {
    this.#deep(++this.#depth)
    const condition = this.#binary(0)
    let expr = condition
    if (this.#take('?')) {
      const whenTrue = this.#binary(0)
      this.#expect(':')
      expr = call('_?_:_', [condition, whenTrue, this.#expression()])
    }
    this.#depth--
    return expr
  }

  #binary(level: number): Expr {
    const operators = binary[level]
    if (operators === undefined) return this.#unary()
    let left = this.#binary(level + 1)
    for (let count = 0; ; count++) {
      const { kind, text } = this.#token
      const name =
        (kind === 'symbol' || kind === 'identifier') && Object.hasOwn(operators, text) ? operators[text] : undefined
      if (name === undefined) return left
      this.#deep(count)
      this.#at++
      left = call(name, [left, this.#binary(level + 1)])
    }
  }

  #unary(): Expr {
    for (const [symbol, name] of [
      ['!', '!_'],
      ['-', '-_'],
    ] as const) {
      let count = 0
      while (this.#take(symbol)) count++
      if (count === 0) continue
      if (symbol === '-' && this.#isNumber()) {
        // The sign belongs to the literal: -9223372036854775808 is one.
        const literal = this.#member('-')
        return (count - 1) % 2 === 0 ? literal : call(name, [literal])
      }
      const operand = this.#member()
      return count % 2 === 0 ? operand : call(name, [operand])
    }
    return this.#member()
  }

  #isNumber(): boolean {
    return this.#token.kind === 'int' || this.#token.kind === 'double'
  }

  /** A primary with `.field`, `.method(…)` and `[index]` behind it. */
  #member(sign = ''): Expr {
    let expr = this.#primary(sign)
    for (let count = 0; ; count++) {
      this.#deep(count)
      if (this.#take('.')) {
        const { kind, text: field } = this.#token
        if ((kind !== 'identifier' && kind !== 'quoted') || field === 'in') this.#unexpected('a name')
        this.#at++
        if (kind === 'identifier' && this.#take('(')) expr = this.#call(field, expr)
        else expr = { id: 0n, selectExpr: { operand: expr, field, testOnly: false } }
      } else if (this.#take('[')) {
        expr = call('_[_]', [expr, this.#expression()])
        this.#expect(']')
      } else if (this.#is('{') && qualifiedName(expr) !== undefined) {
        this.#fail('messages cannot be made in expressions')
      } else return expr
    }
  }

  #call(name: string, target?: Expr): Expr {
    const args = this.#list(')')
    if (name === 'has' && target === undefined && args.length === 1) {
      const select = args[0]?.selectExpr
      if (select === undefined) return this.#fail('has() argument must be a field selection')
      return { id: 0n, selectExpr: { ...select, testOnly: true } }
    }
    return { id: 0n, callExpr: { function: name, args, ...(target && { target }) } }
  }

  #list(end: string): Expr[] {
    const items: Expr[] = []
    while (!this.#take(end)) {
      items.push(this.#expression())
      if (this.#take(',')) {
        if (end === ')' && this.#is(')')) this.#unexpected('an expression')
      } else if (!this.#is(end)) this.#unexpected(`',' or '${end}'`)
    }
    return items
  }

  #primary(sign: string): Expr {
    const token = this.#token
    this.#at++
    switch (token.kind) {
      case 'int':
        return constant({ int64Value: this.#integer(sign + token.text, -(1n << 63n), (1n << 63n) - 1n, token) })
      case 'uint':
        return constant({ uint64Value: this.#integer(token.text, 0n, (1n << 64n) - 1n, token) })
      case 'double':
        return constant({ doubleValue: Number(sign + token.text) })
      case 'string':
        return constant({ stringValue: token.text })
      case 'bytes':
        return constant({ bytesValue: Buffer.from(token.text, 'latin1') })
      case 'identifier':
        return this.#identifier(token)
      case 'symbol':
        if (token.text === '(') return this.#parenthesised()
        if (token.text === '[') return { id: 0n, listExpr: { elements: this.#list(']'), optionalIndices: [] } }
        if (token.text === '{') return this.#map()
        if (token.text === '-' && sign === '' && this.#isNumber()) return this.#primary('-')
        if (token.text === '.' && this.#token.kind === 'identifier') return this.#primary('')
        break
      case 'quoted':
      case 'end':
    }
    this.#at--
    return this.#unexpected('an expression')
  }

  #parenthesised(): Expr {
    const expr = this.#expression()
    this.#expect(')')
    return expr
  }

  #integer(text: string, min: bigint, max: bigint, token: Token): bigint {
    const negative = text.startsWith('-')
    const value = negative ? -BigInt(text.slice(1)) : BigInt(text)
    return value < min || value > max ? this.#fail(`invalid ${token.kind} literal`, token) : value
  }

  #identifier(token: Token): Expr {
    const { text } = token
    if (text === 'true' || text === 'false') return constant({ boolValue: text === 'true' })
    if (text === 'null') return constant({ nullValue: 'NULL_VALUE' })
    if (reserved.has(text)) this.#fail(`reserved identifier: ${text}`, token)
    if (text === 'in') {
      this.#at--
      this.#unexpected('an expression')
    }
    return this.#take('(') ? this.#call(text) : { id: 0n, identExpr: { name: text } }
  }

  #map(): Expr {
    const entries = []
    while (!this.#take('}')) {
      const mapKey = this.#expression()
      this.#expect(':')
      entries.push({ id: 0n, mapKey, value: this.#expression(), optionalEntry: false })
      if (!this.#take(',') && !this.#is('}')) this.#unexpected("',' or '}'")
    }
    return { id: 0n, structExpr: { messageName: '', entries } }
  }
}

function call(name: string, args: Expr[]): Expr {
  return { id: 0n, callExpr: { function: name, args } }
}

function constant(constExpr: Constant): Expr {
  return { id: 0n, constExpr }
}

/** `a.b.c`; undefined when it is something else. */
export function qualifiedName(expr: Expr | undefined): string | undefined {
  if (expr?.identExpr !== undefined) return expr.identExpr.name
  const select = expr?.selectExpr
  if (select === undefined || select.testOnly) return undefined
  const operand = qualifiedName(select.operand)
  return operand === undefined ? undefined : `${operand}.${select.field}`
}
