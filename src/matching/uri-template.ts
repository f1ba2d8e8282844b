/**
 * Path templates such as `/images/{id=*}/{file=**}.jpg`: as an expression with a group for each variable, and paths made
 * from those groups. Follows Envoy's `source/extensions/path/uri_template_lib`.
 */
import { RE2JS } from 're2js'

const literalCharacters = "a-zA-Z0-9-._~%!$&'()+,;:@"
const literal = new RegExp(`^[${literalCharacters}]+$`)
const rewriteLiteral = new RegExp(`^[${literalCharacters}/]+$`)
const variableName = /^[a-zA-Z][a-zA-Z0-9_]*$/
const maxVariables = 5
const maxNameLength = 16

export interface UriTemplate {
  /** Takes a path without its query. */
  matches(path: string): boolean
  /** Makes what fills a rewrite template with the variables of a path; undefined for a path that does not match. Throws Error. */
  makeRewrite(template: string): (path: string) => string | undefined
}

/** Throws Error for what is no template. */
export function parseUriTemplate(template: string): UriTemplate {
  const parsed = new Parser(template)
  const regex = RE2JS.compile(parsed.pattern)
  return {
    matches: path => regex.matches(path),
    makeRewrite(rewriteTemplate) {
      const pieces = parseRewrite(rewriteTemplate).map(piece => {
        if (!piece.variable) return piece.text
        const group = parsed.variables.indexOf(piece.text) + 1
        if (group === 0) throw new Error(`the path template has no variable "${piece.text}"`)
        return group
      })
      return path => {
        const matcher = regex.matcher(path)
        if (!matcher.matches()) return undefined
        let result = ''
        for (const piece of pieces) result += typeof piece === 'string' ? piece : (matcher.group(piece) ?? '')
        return result
      }
    },
  }
}

/** Literal text and names of variables in turn. Throws Error. */
function parseRewrite(template: string): { readonly variable: boolean; readonly text: string }[] {
  if (!template.startsWith('/')) throw new Error('a rewrite template begins with "/"')
  if (template.includes('//')) throw new Error('a rewrite template has no "//"')
  const pieces: { variable: boolean; text: string }[] = []
  let rest = template
  while (rest !== '') {
    const open = rest.indexOf('{')
    const text = open < 0 ? rest : rest.slice(0, open)
    if (text !== '') {
      if (!rewriteLiteral.test(text)) throw new Error(`"${text}" has characters that a path cannot have`)
      pieces.push({ variable: false, text })
    }
    if (open < 0) break
    const close = rest.indexOf('}', open)
    if (close < 0) throw new Error('a "{" is never closed')
    const name = rest.slice(open + 1, close)
    if (!variableName.test(name)) throw new Error(`"${name}" is no name of a variable`)
    pieces.push({ variable: true, text: name })
    rest = rest.slice(close + 1)
  }
  return pieces
}

class Parser {
  readonly pattern: string
  /** In the order of their groups. */
  readonly variables: string[] = []
  #rest: string
  /** After `**` no other glob may come: where it ends could not be told. */
  #textGlobSeen = false

  constructor(template: string) {
    if (!/^\/[\x21-\x7e]*$/.test(template)) throw new Error('a path template begins with "/" and has no white space')
    this.#rest = template.slice(1)
    this.pattern = `/${this.#segments()}`
  }

  #segments(): string {
    let pattern = ''
    while (this.#rest !== '') {
      pattern += this.#segment()
      if (this.#rest === '' || this.#rest === '/') return pattern + this.#rest
      if (this.#rest.startsWith('/')) {
        pattern += '/'
        this.#rest = this.#rest.slice(1)
        continue
      }
      pattern += this.#literal()
      if (this.#rest !== '') throw new Error(`"${this.#rest}" cannot follow a suffix`)
    }
    return pattern
  }

  #segment(): string {
    if (this.#rest.startsWith('{')) return this.#variable()
    return this.#rest.startsWith('*') ? this.#glob() : this.#literal()
  }

  #glob(): string {
    if (this.#textGlobSeen) throw new Error('no glob may follow a "**"')
    if (!this.#rest.startsWith('**')) {
      this.#rest = this.#rest.slice(1)
      return `[${literalCharacters}]+`
    }
    this.#textGlobSeen = true
    this.#rest = this.#rest.slice(2)
    return `[${literalCharacters}/]*`
  }

  #literal(): string {
    const slash = this.#rest.indexOf('/')
    const text = slash < 0 ? this.#rest : this.#rest.slice(0, slash)
    if (!literal.test(text)) throw new Error(`"${text}" has characters that a path segment cannot have`)
    this.#rest = this.#rest.slice(text.length)
    return text.replace(/[$()+.]/g, String.raw`\$&`)
  }

  #variable(): string {
    const close = this.#rest.indexOf('}')
    if (close < 0) throw new Error('a "{" is never closed')
    const text = this.#rest.slice(1, close)
    const after = this.#rest.slice(close + 1)
    const equals = text.indexOf('=')
    const name = equals < 0 ? text : text.slice(0, equals)
    if (!variableName.test(name)) throw new Error(`"${name}" is no name of a variable`)
    if (name.length > maxNameLength) throw new Error(`the name "${name}" is longer than ${maxNameLength} characters`)
    if (this.variables.includes(name)) throw new Error(`two variables have the name "${name}"`)
    if (this.variables.length >= maxVariables) throw new Error(`at most ${maxVariables} variables are allowed`)
    this.variables.push(name)
    this.#rest = equals < 0 ? '*' : text.slice(equals + 1)
    const pattern = this.#variablePattern()
    this.#rest = after
    return `(${pattern})`
  }

  #variablePattern(): string {
    if (this.#rest === '') throw new Error('a variable has nothing after its "="')
    let pattern = ''
    for (;;) {
      pattern += this.#rest.startsWith('*') ? this.#glob() : this.#literal()
      if (this.#rest === '') return pattern
      if (!this.#rest.startsWith('/') || this.#rest === '/')
        throw new Error(`"${this.#rest}" cannot follow in a variable`)
      pattern += '/'
      this.#rest = this.#rest.slice(1)
    }
  }
}
