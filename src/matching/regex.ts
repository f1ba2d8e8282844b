/** Regular expressions of the configuration: RE2 syntax in linear time. Follows Envoy's `source/common/common/regex.cc`. */
import { RE2JS } from 're2js'
import { toBytes, toText } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { RegexMatchAndSubstitute, RegexMatcher } from '../config/v3.ts'

export interface Regex {
  /** Whether the whole value matches. */
  matches(value: string): boolean
  /** All matches replaced; the substitution refers to groups as `\1`. */
  replaceAll(value: string, substitution: Substitution): string
}

/** Literal pieces and group numbers in turn. */
type Substitution = readonly (string | number)[]

/** Where re2js has Go's words for what is wrong. */
const re2Words: Readonly<Record<string, string>> = {
  'missing closing )': 'missing )',
  'missing closing ]': 'missing ]',
  'missing argument to repetition operator': 'no argument for repetition operator',
  'invalid nested repetition operator': 'bad repetition operator',
  'invalid repeat count': 'invalid repetition size',
  'invalid or unsupported Perl syntax': 'invalid perl operator',
  'invalid named capture': 'invalid named capture group',
  'trailing backslash at end of expression': 'trailing \\',
}

/** What is wrong with an expression, in the words of RE2: `missing ): (`. @param error of re2js */
export function re2Error(error: unknown): string {
  const [, words = '', part] =
    /^(?:error parsing regexp: )?([^`]*?)(?:: `(.*)`)?$/s.exec((error as Error).message) ?? []
  const known = re2Words[words] ?? words
  return part === undefined ? known : `${known}: ${part}`
}

/** Throws `ConfigError` for what RE2 refuses. */
export function makeRegex(message: RegexMatcher): Regex {
  if (/^[\w/ ~:=&%@,;<>"'#!-]*$/.test(message.regex)) return new Literal(message.regex)
  try {
    return new Re2(RE2JS.compile(message.regex))
  } catch (error) {
    throw configError(message, 'regex', `"${message.regex}" is no RE2 expression: ${re2Error(error)}`)
  }
}

/** Throws `ConfigError` for a bad pattern, and for a substitution with a stray backslash or a group that is not there. */
export function makeReplacement(message: RegexMatchAndSubstitute): (value: string) => string {
  if (message.pattern === undefined) throw configError(message, 'pattern', 'a pattern is required')
  const regex = makeRegex(message.pattern)
  const groups = RE2JS.compile(message.pattern.regex).groupCount()
  const substitution: (string | number)[] = []
  let literal = ''
  for (let i = 0; i < message.substitution.length; i++) {
    const character = message.substitution[i] as string
    if (character !== '\\') {
      literal += character
      continue
    }
    const next = message.substitution[++i] ?? ''
    if (next === '\\') literal += next
    else if (/\d/.test(next) && Number(next) <= groups) {
      substitution.push(toBytes(literal), Number(next))
      literal = ''
    } else
      throw configError(
        message,
        'substitution',
        `"\\${next}" is no group of "${message.pattern.regex}": use \\0 to \\${groups}, or \\\\ for a backslash`,
      )
  }
  substitution.push(toBytes(literal))
  return value => regex.replaceAll(value, substitution)
}

class Re2 implements Regex {
  readonly #re2: RE2JS

  constructor(re2: RE2JS) {
    this.#re2 = re2
  }

  matches(value: string): boolean {
    return this.#re2.matches(toText(value))
  }

  replaceAll(value: string, substitution: Substitution): string {
    const text = toText(value)
    const matcher = this.#re2.matcher(text)
    let result = ''
    let end = 0
    let matched = false
    while (matcher.find()) {
      // As RE2: no empty match right after another one.
      if (matched && matcher.start() === end && matcher.end() === end) continue
      matched = true
      result += toBytes(text.slice(end, matcher.start()))
      for (const piece of substitution)
        result += typeof piece === 'string' ? piece : toBytes(matcher.group(piece) ?? '')
      end = matcher.end()
    }
    return matched ? result + toBytes(text.slice(end)) : value
  }
}

/** An expression without operators: far cheaper as a comparison. */
class Literal implements Regex {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  matches(value: string): boolean {
    return value === this.#text
  }

  replaceAll(value: string, substitution: Substitution): string {
    const text = this.#text
    return value.replaceAll(text, () => substitution.map(piece => (typeof piece === 'string' ? piece : text)).join(''))
  }
}
