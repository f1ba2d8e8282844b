/**
 * JSON as Envoy reads it with protobuf's parser: trailing commas, single quotes and bare keys are let through, comments are
 * not. Well-formed text goes through JSON.parse; positions are found by a second reading, only when an error must be told.
 */
import { ConfigError } from '../base/errors.ts'
import { type Source, sameKey } from './position.ts'

export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject
export interface JsonObject {
  [key: string]: JsonValue
}

/** `object[key] = value`, safe for the key `__proto__`. */
export function setOwn<T>(object: Record<string, T>, key: string, value: T): void {
  if (key === '__proto__') {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true })
  } else object[key] = value
}

/** Throws `ConfigError` for what is not JSON. */
export function parseJson(text: string, file: string): { value: JsonValue; source: Source } {
  const source: Source = {
    file,
    locate: path => {
      const reader = new LenientReader(text, file)
      reader.document()
      return lineOf(text, reader.locate(path))
    },
  }
  if (!longInteger.test(text)) {
    try {
      return { value: JSON.parse(text) as JsonValue, source }
    } catch {
      // The lenient reader accepts it or says what is wrong with it.
    }
  }
  return { value: new LenientReader(text, file).document(), source }
}

/** More digits than a double holds: those must stay text until the field's type is known. */
const longInteger = /[:,[]\s*-?\d{16}/

type Offsets = Map<string | number, number>

class LenientReader {
  readonly #text: string
  readonly #file: string
  #position = 0
  readonly #offsets = new Map<object, Offsets>()
  #root: JsonValue = null
  #depth = 0

  constructor(text: string, file: string) {
    this.#text = text
    this.#file = file
  }

  document(): JsonValue {
    this.#root = this.#value()
    if (this.#peek() !== '') throw this.#fault('text after the end of the document')
    return this.#root
  }

  locate(path: readonly (string | number)[]): number {
    let value = this.#root
    let offset = Math.max(this.#text.search(/\S/), 0)
    for (const key of path) {
      if (typeof value !== 'object' || value === null) return offset
      if (typeof key === 'number' && !Array.isArray(value)) continue
      const offsets = this.#offsets.get(value)
      const found = [...(offsets?.keys() ?? [])].findLast(known =>
        typeof known === 'string' && typeof key === 'string' ? sameKey(known, key) : known === key,
      )
      if (found === undefined) return offset
      offset = offsets?.get(found) ?? offset
      value = (value as JsonObject)[found] ?? null
    }
    return offset
  }

  #value(): JsonValue {
    const next = this.#peek()
    if (next === '{') return this.#nested(() => this.#object())
    if (next === '[') return this.#nested(() => this.#array())
    if (next === '"' || next === "'") return this.#string()
    const start = this.#position
    const word = this.#match(/-?[A-Za-z0-9_.+-]+/y)
    if (word === 'true') return true
    if (word === 'false') return false
    if (word === 'null') return null
    if (word !== undefined && /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/.test(word)) {
      return /^-?\d{16}/.test(word) ? word : Number(word)
    }
    this.#position = start
    throw this.#fault(word === undefined ? `unexpected ${JSON.stringify(next)}` : `unexpected ${word}`)
  }

  #nested<T>(read: () => T): T {
    if (++this.#depth > 100) throw this.#fault('nested deeper than 100')
    const value = read()
    this.#depth--
    return value
  }

  #object(): JsonObject {
    const object: JsonObject = {}
    const offsets: Offsets = new Map()
    this.#offsets.set(object, offsets)
    this.#position++
    while (this.#peek() !== '}') {
      const offset = this.#position
      const next = this.#peek()
      const key = next === '"' || next === "'" ? this.#string() : this.#match(/[A-Za-z_][\w.]*/y)
      if (key === undefined) throw this.#fault('expected a field name')
      if (this.#peek() !== ':') throw this.#fault('expected ":"')
      this.#position++
      const value = this.#value()
      setOwn(object, key, value)
      offsets.set(key, offset)
      this.#separator('}')
    }
    this.#position++
    return object
  }

  #array(): JsonValue[] {
    const array: JsonValue[] = []
    const offsets: Offsets = new Map()
    this.#offsets.set(array, offsets)
    this.#position++
    while (this.#peek() !== ']') {
      offsets.set(array.length, this.#position)
      array.push(this.#value())
      this.#separator(']')
    }
    this.#position++
    return array
  }

  #separator(end: string): void {
    const next = this.#peek()
    if (next === ',') this.#position++
    else if (next !== end) throw this.#fault(`expected "," or "${end}"`)
  }

  #string(): string {
    const start = this.#position
    const raw = this.#match(/"(?:[^"\\]|\\[^])*"|'(?:[^'\\]|\\[^])*'/y)
    if (raw === undefined) throw this.#fault('string without an end')
    try {
      const inner = raw.slice(1, -1)
      const plain = raw.startsWith("'") ? inner.replaceAll("\\'", "'").replaceAll('"', '\\"') : inner
      return JSON.parse(`"${plain.replaceAll('\n', '\\n').replaceAll('\t', '\\t')}"`) as string
    } catch {
      this.#position = start
      throw this.#fault('malformed string')
    }
  }

  /** The next character that is not space, not consumed; '' at the end. */
  #peek(): string {
    this.#match(/[ \t\r\n]+/y)
    return this.#text.charAt(this.#position)
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#position += found.length
    return found
  }

  #fault(reason: string): ConfigError {
    const place = { file: this.#file, path: '', ...lineOf(this.#text, this.#position) }
    return new ConfigError(`not JSON: ${reason}`, place)
  }
}

function lineOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset)
  return { line: before.split('\n').length, column: offset - before.lastIndexOf('\n') }
}
