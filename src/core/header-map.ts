import type { HeaderKeyFormatter } from './connection-manager-extensions.ts'

/**
 * HTTP header fields of one message, in order: lower-case names and latin1 values. Pseudo-headers come first
 * (HTTP/1 requests: `:authority`, `:path`, `:method`, `:scheme`; responses: `:status`). Follows Envoy's
 * `Http::HeaderMap`: `host` is stored as `:authority`.
 */
export class HeaderMap {
  /** name, value, name, value, …; the codecs read and write it directly. Never leave an odd length. */
  readonly list: string[]
  /** How HTTP/1 writes the names; undefined: as the codec is told. */
  keyFormatter: HeaderKeyFormatter | undefined = undefined

  constructor(list: string[] = []) {
    this.list = list
  }

  static of(entries: Readonly<Record<string, string>>): HeaderMap {
    return new HeaderMap(Object.entries(entries).flat())
  }

  /** Number of fields. */
  get size(): number {
    return this.list.length >> 1
  }

  /** Bytes of all names and values, as Envoy's `byteSize()`. */
  get byteSize(): number {
    let bytes = 0
    for (let i = 0; i < this.list.length; i++) bytes += (this.list[i] as string).length
    return bytes
  }

  /** The first value of a lower-case name. */
  get(name: string): string | undefined {
    const list = this.list
    for (let i = 0; i < list.length; i += 2) if (list[i] === name) return list[i + 1]
    return undefined
  }

  /** All values of a name, in order. */
  getAll(name: string): string[] {
    const list = this.list
    const values: string[] = []
    for (let i = 0; i < list.length; i += 2) if (list[i] === name) values.push(list[i + 1] as string)
    return values
  }

  has(name: string): boolean {
    const list = this.list
    for (let i = 0; i < list.length; i += 2) if (list[i] === name) return true
    return false
  }

  /** Appends a field, leaving others of that name. */
  add(name: string, value: string): void {
    this.list.push(name, value)
  }

  /** Leaves exactly one field of that name: the first one keeps its place and gets the value, further ones go. */
  set(name: string, value: string): void {
    const list = this.list
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] !== name) continue
      list[i + 1] = value
      this.#removeFrom(name, i + 2)
      return
    }
    list.push(name, value)
  }

  /** Removes all fields of that name; returns how many there were. */
  remove(name: string): number {
    return this.#removeFrom(name, 0)
  }

  /** Removes every field whose name the test takes (never a pseudo-header unless asked for by name). */
  removeIf(test: (name: string) => boolean): void {
    const list = this.list
    let to = 0
    for (let i = 0; i < list.length; i += 2) {
      const name = list[i] as string
      if (test(name)) continue
      list[to++] = name
      list[to++] = list[i + 1] as string
    }
    list.length = to
  }

  copy(): HeaderMap {
    const copy = new HeaderMap(this.list.slice())
    copy.keyFormatter = this.keyFormatter
    return copy
  }

  get method(): string {
    return this.get(':method') ?? ''
  }

  get path(): string {
    return this.get(':path') ?? ''
  }

  get authority(): string {
    return this.get(':authority') ?? ''
  }

  get scheme(): string {
    return this.get(':scheme') ?? ''
  }

  /** The numeric `:status`, 0 when absent. */
  get status(): number {
    return Number(this.get(':status') ?? 0)
  }

  *[Symbol.iterator](): IterableIterator<[string, string]> {
    for (let i = 0; i < this.list.length; i += 2) yield [this.list[i] as string, this.list[i + 1] as string]
  }

  #removeFrom(name: string, start: number): number {
    const list = this.list
    let i = start
    while (i < list.length && list[i] !== name) i += 2
    if (i >= list.length) return 0
    let to = i
    for (; i < list.length; i += 2) {
      if (list[i] === name) continue
      list[to++] = list[i] as string
      list[to++] = list[i + 1] as string
    }
    const removed = (list.length - to) >> 1
    list.length = to
    return removed
  }
}
