/** Address ranges by prefix, for looking up which of many hold an address: one step for each length of prefix. Follows Envoy's `LcTrie`. */
import { isIP } from 'node:net'

interface Table<T> {
  readonly length: number
  readonly byPrefix: Map<bigint, T[]>
}

export class IpRanges<T> {
  /** The longest prefixes first. */
  readonly #v4: Table<T>[] = []
  readonly #v6: Table<T>[] = []

  /** Throws Error for what is no range. */
  add(address: string, length: number, value: T): void {
    const family = isIP(address)
    if (family === 0) throw new Error(`"${address}" is no IP address`)
    const bits = family === 4 ? 32 : 128
    if (length > bits) throw new Error(`the prefix of ${address} must be at most ${bits} bits long`)
    const tables = family === 4 ? this.#v4 : this.#v6
    let table = tables.find(each => each.length === length)
    if (table === undefined) {
      table = { length, byPrefix: new Map() }
      tables.push(table)
      tables.sort((a, b) => b.length - a.length)
    }
    const prefix = bitsOf(address, family) >> BigInt(bits - length)
    const values = table.byPrefix.get(prefix)
    if (values === undefined) table.byPrefix.set(prefix, [value])
    else values.push(value)
  }

  /** Of all ranges that hold the address: the longest prefix first, then in the order in which they were added. */
  *find(address: string): Generator<T> {
    const family = isIP(address)
    if (family === 0) return
    const bits = family === 4 ? 32 : 128
    const number = bitsOf(address, family)
    for (const { length, byPrefix } of family === 4 ? this.#v4 : this.#v6)
      yield* byPrefix.get(number >> BigInt(bits - length)) ?? []
  }
}

function bitsOf(address: string, family: number): bigint {
  return family === 4 ? BigInt(v4Number(address)) : v6Number(address)
}

function v4Number(address: string): number {
  return address.split('.').reduce((number, part) => number * 256 + Number(part), 0)
}

function v6Number(address: string): bigint {
  let text = address.split('%', 1)[0] as string
  const dotted = /[^:]*\.[^:]*$/.exec(text)
  if (dotted !== null) {
    const v4 = v4Number(dotted[0])
    text = `${text.slice(0, dotted.index)}${Math.floor(v4 / 65_536).toString(16)}:${(v4 % 65_536).toString(16)}`
  }
  const [head = '', tail] = text.split('::')
  const first = head === '' ? [] : head.split(':')
  const last = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = Array.from({ length: 8 - first.length - last.length }, () => '0')
  return [...first, ...zeros, ...last].reduce((number, part) => (number << 16n) | BigInt(`0x${part}`), 0n)
}
