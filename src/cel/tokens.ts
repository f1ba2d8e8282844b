/** The words of a CEL expression. */
import { CelSyntaxError } from './syntax-error.ts'

export interface Token {
  readonly kind: 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'identifier' | 'quoted' | 'symbol' | 'end'
  /** Of strings and bytes the value (of bytes one character a byte), of numbers without the `u`. */
  readonly text: string
  readonly offset: number
}

type Fail = (reason: string) => never

const space = /(?:\s|\/\/[^\n]*)+/y
const number = /(?:(?:\d*\.\d+(?:[eE][-+]?\d+)?|\d+[eE][-+]?\d+)|(?:0x[0-9a-fA-F]+|\d+)[uU]?)(?!\w)/y
const quoted = /([bB][rR]|[bBrR])?("""|'''|"|')/y
const identifier = /[_a-zA-Z]\w*/y
const escapedName = /`([\w.\-/ ]+)`/y
const symbol = /\|\||&&|[<>=!]=|[-+*/%<>!?:.,()[\]{}]/y

/** The last one is `end`. Throws CelSyntaxError. */
export function tokenize(source: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const match = (pattern: RegExp): RegExpExecArray | undefined => {
    pattern.lastIndex = at
    return pattern.exec(source) ?? undefined
  }
  for (;;) {
    at += match(space)?.[0].length ?? 0
    if (at >= source.length) break
    const start = at
    const fail = (reason: string): never => {
      throw new CelSyntaxError(reason, source, start)
    }
    const push = (kind: Token['kind'], text: string, length: number): void => {
      tokens.push({ kind, text, offset: start })
      at += length
    }
    let found: RegExpExecArray | undefined
    if ((found = match(quoted)) !== undefined) {
      const [opening, prefix = '', quote = ''] = found
      const raw = /r/i.test(prefix)
      const isBytes = /b/i.test(prefix)
      const { content, length } = readQuoted(source, at + opening.length, quote, raw, fail)
      push(isBytes ? 'bytes' : 'string', unescape(content, raw, isBytes, fail), opening.length + length)
    } else if ((found = match(number)) !== undefined) {
      const [text] = found
      if (/u$/i.test(text)) push('uint', text.slice(0, -1), text.length)
      else push(/^0x|^\d+$/.test(text) ? 'int' : 'double', text, text.length)
    } else if ((found = match(identifier)) !== undefined) push('identifier', found[0], found[0].length)
    else if ((found = match(escapedName)) !== undefined) push('quoted', found[1] as string, found[0].length)
    else if ((found = match(symbol)) !== undefined) push('symbol', found[0], found[0].length)
    else fail(`token recognition error at: '${source[at]}'`)
  }
  tokens.push({ kind: 'end', text: '', offset: at })
  return tokens
}

function readQuoted(
  source: string,
  start: number,
  quote: string,
  raw: boolean,
  fail: Fail,
): { content: string; length: number } {
  let at = start
  while (!source.startsWith(quote, at)) {
    if (at >= source.length || (quote.length === 1 && /[\r\n]/.test(source[at] as string))) fail('a string without end')
    at += source[at] === '\\' && !raw ? 2 : 1
  }
  return { content: source.slice(start, at), length: at - start + quote.length }
}

const simpleEscapes: Readonly<Record<string, string>> = {
  ...{ a: '\x07', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' },
  ...{ '\\': '\\', '?': '?', '"': '"', "'": "'", '`': '`' },
}

/** Text, or one character a byte. */
function unescape(content: string, raw: boolean, isBytes: boolean, fail: Fail): string {
  let result = ''
  const literal = (text: string): string => (isBytes ? Buffer.from(text).toString('latin1') : text)
  if (raw) return literal(content)
  const escape = /\\(?:([abfnrtv\\?"'`])|[xX]([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8}))/y
  for (let at = 0; at < content.length; ) {
    if (content[at] !== '\\') {
      const next = content.indexOf('\\', at)
      const end = next < 0 ? content.length : next
      result += literal(content.slice(at, end))
      at = end
      continue
    }
    escape.lastIndex = at
    const match = escape.exec(content)
    if (match === null) return fail(`token recognition error at: '${content.slice(at, at + 2)}'`)
    const [whole, simple, hex, octal, short, long] = match
    const code = Number.parseInt(hex ?? short ?? long ?? '0', 16)
    if (simple !== undefined) result += simpleEscapes[simple] ?? ''
    else if (octal !== undefined) result += String.fromCharCode(Number.parseInt(octal, 8))
    else if (isBytes && hex === undefined) fail('unicode escapes cannot be used in bytes literals')
    else if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) fail('invalid unicode code point')
    else result += String.fromCodePoint(code)
    at += whole.length
  }
  return result
}
