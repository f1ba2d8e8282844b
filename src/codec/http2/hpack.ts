/** Header compression for HTTP/2 (RFC 7541): both directions, fields as flat lists of lower-case names and latin1 values. */
import { staticTable } from './hpack-tables.ts'
import { huffmanDecode, huffmanEncode, huffmanLength } from './huffman.ts'

const defaultTableSize = 4096
const entryOverhead = 32
const staticCount = staticTable.length

const { latin1Slice, latin1Write } = Buffer.prototype as unknown as {
  readonly latin1Slice: (this: Uint8Array, start: number, end: number) => string
  readonly latin1Write: (this: Uint8Array, text: string, at: number, length: number) => number
}

export interface DecodeLimits {
  /** Bytes of names and values, as Envoy counts them: without the 32 for each field of RFC 9113 §10.5.1. */
  readonly listBytes: number
  readonly fieldCount: number
  /** Of a name, and of a value; a longer one is a `compression-error`. */
  readonly fieldBytes?: number
}

/**
 * - `compression-error`: the connection is lost (its table is no longer the peer's).
 * - `too-large`: over the limits; what fitted is in the list, and the table is as it should be.
 */
export type DecodeResult = 'ok' | 'compression-error' | 'too-large'

/** Reads the header blocks of one connection, in their order. */
export class HpackDecoder {
  /** A ring: the newest entry stands at `#first`. */
  #names: string[] = []
  #values: string[] = []
  #first = 0
  #count = 0
  #bytes = 0
  /** What the peer has chosen, and what it may choose at most. */
  #tableSize = defaultTableSize
  #maxTableSize = defaultTableSize
  /** The peer must say at the start of its next block that it has heard of a smaller table. */
  #updateDue = false
  #at = 0
  #failed = false

  /** Our SETTINGS_HEADER_TABLE_SIZE, once the peer has acknowledged it. */
  setMaxTableSize(bytes: number): void {
    this.#maxTableSize = bytes
    if (bytes < this.#tableSize) this.#updateDue = true
  }

  /** Bytes that the dynamic table takes by RFC 7541 §4.1. */
  get tableBytes(): number {
    return this.#bytes
  }

  /** Names and values of the last block. */
  fieldBytes = 0
  /** It had more fields than allowed. */
  tooMany = false

  /** Appends the fields of a whole block to `list`. */
  decode(block: Uint8Array, limits: DecodeLimits, list: string[]): DecodeResult {
    this.#at = 0
    let listBytes = 0
    let fieldCount = 0
    const fieldBytes = limits.fieldBytes ?? Infinity
    let first = true
    while (this.#at < block.length) {
      const byte = block[this.#at] as number
      if ((byte & 0xe0) === 0x20) {
        if (!first || !this.#updateTableSize(block)) return this.#fail()
        continue
      }
      if (first && this.#updateDue) return this.#fail()
      first = false
      let name: string | undefined
      let value: string | undefined
      if (byte >= 0x80) {
        const index = this.#integer(block, 7)
        name = this.#name(index)
        value = this.#value(index)
      } else {
        const indexed = byte >= 0x40
        const index = this.#integer(block, indexed ? 6 : 4)
        name = index === 0 ? this.#string(block) : this.#name(index)
        value = this.#string(block)
        if (indexed && name !== undefined && value !== undefined) this.#insert(name, value)
      }
      if (this.#failed || name === undefined || value === undefined) return this.#fail()
      if (name.length > fieldBytes || value.length > fieldBytes) return this.#fail()
      listBytes += name.length + value.length
      if (++fieldCount <= limits.fieldCount && listBytes <= limits.listBytes) list.push(name, value)
    }
    if (first && this.#updateDue) return this.#fail()
    this.fieldBytes = listBytes
    this.tooMany = fieldCount > limits.fieldCount
    return this.tooMany || listBytes > limits.listBytes ? 'too-large' : 'ok'
  }

  #fail(): DecodeResult {
    this.#failed = true
    return 'compression-error'
  }

  #updateTableSize(block: Uint8Array): boolean {
    const size = this.#integer(block, 5)
    if (this.#failed || size > this.#maxTableSize) return false
    this.#tableSize = size
    this.#updateDue = false
    this.#evict(size)
    return true
  }

  /** @param prefix bits of the first byte that belong to it; on a bad integer `#failed` is set */
  #integer(block: Uint8Array, prefix: number): number {
    const mask = (1 << prefix) - 1
    let value = (block[this.#at++] as number) & mask
    if (value < mask) return value
    // Four more bytes are beyond any limit that anyone sets.
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = block[this.#at++]
      if (byte === undefined) break
      value += (byte & 0x7f) << shift
      if (byte < 0x80) return value
    }
    this.#failed = true
    return 0
  }

  #string(block: Uint8Array): string | undefined {
    if (this.#failed || this.#at >= block.length) return undefined
    const huffman = (block[this.#at] as number) >= 0x80
    const length = this.#integer(block, 7)
    const start = this.#at
    const end = start + length
    if (this.#failed || end > block.length) return undefined
    this.#at = end
    return huffman ? huffmanDecode(block, start, end) : latin1Slice.call(block, start, end)
  }

  #name(index: number): string | undefined {
    if (index <= staticCount) return staticTable[index - 1]?.[0]
    const slot = this.#slot(index)
    return slot < 0 ? undefined : this.#names[slot]
  }

  #value(index: number): string | undefined {
    if (index <= staticCount) return staticTable[index - 1]?.[1]
    const slot = this.#slot(index)
    return slot < 0 ? undefined : this.#values[slot]
  }

  #slot(index: number): number {
    const place = index - staticCount - 1
    if (place >= this.#count) return -1
    return (this.#first + place) & (this.#names.length - 1)
  }

  #insert(name: string, value: string): void {
    const bytes = name.length + value.length + entryOverhead
    if (bytes > this.#tableSize) return this.#evict(0)
    this.#evict(this.#tableSize - bytes)
    if (this.#count === this.#names.length) this.#grow()
    this.#first = (this.#first - 1) & (this.#names.length - 1)
    this.#names[this.#first] = name
    this.#values[this.#first] = value
    this.#count++
    this.#bytes += bytes
  }

  #evict(keepBytes: number): void {
    const mask = this.#names.length - 1
    while (this.#bytes > keepBytes) {
      const slot = (this.#first + --this.#count) & mask
      this.#bytes -= (this.#names[slot] as string).length + (this.#values[slot] as string).length + entryOverhead
      this.#names[slot] = this.#values[slot] = ''
    }
  }

  #grow(): void {
    const { names, values } = { names: this.#names, values: this.#values }
    const size = Math.max(16, names.length * 2)
    this.#names = Array.from({ length: size }, () => '')
    this.#values = Array.from({ length: size }, () => '')
    for (let place = 0; place < this.#count; place++) {
      const slot = (this.#first + place) & (names.length - 1)
      this.#names[place] = names[slot] as string
      this.#values[place] = values[slot] as string
    }
    this.#first = 0
  }
}

/** Where a name stands: in the static table, and its values in both. */
interface KnownName {
  /** 0: not in the static table. */
  readonly staticIndex: number
  /** Index of each value in the static table. */
  readonly staticValues: ReadonlyMap<string, number> | undefined
  /** The representation of a name whose values are not indexed: it stays known though it is in no table. */
  readonly literal: number | undefined
  /** Number of the insertion of each value into the dynamic table. */
  readonly values: Map<string, number>
  /** Of the newest entry of the name in the dynamic table. */
  newest: number
}

const staticNames = new Map<string, { index: number; values: Map<string, number> }>()
for (const [i, [name, value]] of staticTable.entries()) {
  const found = staticNames.get(name) ?? { index: i + 1, values: new Map() }
  staticNames.set(name, found)
  if (!found.values.has(value)) found.values.set(value, i + 1)
}

/** Values that hardly come twice: they would only push others out (as nghttp2 has it). */
const notIndexed = new Set([
  ':path',
  'age',
  'content-length',
  'etag',
  'if-modified-since',
  'if-none-match',
  'location',
  'set-cookie',
  'x-envoy-upstream-service-time',
  'x-request-id',
])
/** Secrets: no party on the way may put them into a table (RFC 7541 §7.1.3). */
const neverIndexed = new Set(['authorization', 'proxy-authorization'])
const shortCookie = 20
/** The first bits of literals (RFC 7541 §6.2.2, §6.2.3). */
const notIndexedBits = 0
const neverIndexedBits = 0x10

export interface EncoderOptions {
  /** The most that the table may take of the size that the peer allows, bytes. */
  readonly maxTableBytes?: number
  /** Whether strings are Huffman-coded where that is shorter: fewer bytes for more CPU. */
  readonly huffman?: boolean
}

/** Writes the header blocks of one connection, in their order. */
export class HpackEncoder {
  readonly #ownMax: number
  readonly #huffman: boolean
  readonly #names = new Map<string, KnownName>()
  /** Entries of the dynamic table, oldest first: name, value, name, value, …; `#oldest` counts those that went. */
  #entries: string[] = []
  #start = 0
  #oldest = 0
  #inserted = 0
  #bytes = 0
  #tableSize: number
  /** Sizes to tell at the start of the next block: the smallest meanwhile, and the last. */
  #smallest = -1
  #at = 0

  constructor({ maxTableBytes = defaultTableSize, huffman = true }: EncoderOptions = {}) {
    this.#ownMax = maxTableBytes
    this.#huffman = huffman
    this.#tableSize = Math.min(defaultTableSize, maxTableBytes)
    if (this.#tableSize !== defaultTableSize) this.#smallest = this.#tableSize
  }

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. */
  setPeerTableSize(bytes: number): void {
    const size = Math.min(bytes, this.#ownMax)
    if (size === this.#tableSize) return
    this.#smallest = this.#smallest < 0 ? size : Math.min(this.#smallest, size)
    this.#tableSize = size
    this.#evict(size)
  }

  get tableBytes(): number {
    return this.#bytes
  }

  /** Room that `encode` needs in `out` for this list at most. */
  static maxBytes(list: readonly string[]): number {
    let bytes = 16
    for (let i = 0; i < list.length; i++) bytes += (list[i] as string).length + 6
    return bytes
  }

  /** @returns the position after the last byte of the block */
  encode(list: readonly string[], out: Uint8Array, start: number): number {
    this.#at = start
    if (this.#smallest >= 0) {
      if (this.#smallest < this.#tableSize) this.#integer(out, 0x20, 5, this.#smallest)
      this.#integer(out, 0x20, 5, this.#tableSize)
      this.#smallest = -1
    }
    for (let i = 0; i < list.length; i += 2) this.#field(out, list[i] as string, list[i + 1] as string)
    return this.#at
  }

  #field(out: Uint8Array, name: string, value: string): void {
    const known = this.#names.get(name) ?? this.#learn(name)
    const inStatic = known.staticValues?.get(value)
    if (inStatic !== undefined) return this.#integer(out, 0x80, 7, inStatic)
    if (known.literal !== undefined) {
      this.#integer(out, known.literal, 4, known.staticIndex)
      if (known.staticIndex === 0) this.#string(out, name)
      return this.#string(out, value)
    }
    const inserted = known.values.get(value)
    if (inserted !== undefined) return this.#integer(out, 0x80, 7, this.#index(inserted))

    const nameIndex =
      known.staticIndex > 0 ? known.staticIndex : known.newest > this.#oldest ? this.#index(known.newest) : 0
    const bytes = name.length + value.length + entryOverhead
    if (name === 'cookie' && value.length < shortCookie) this.#integer(out, neverIndexedBits, 4, nameIndex)
    else if (bytes > this.#tableSize * 0.75) this.#integer(out, notIndexedBits, 4, nameIndex)
    else {
      this.#integer(out, 0x40, 6, nameIndex)
      if (nameIndex === 0) this.#string(out, name)
      this.#string(out, value)
      return this.#insert(known, name, value, bytes)
    }
    if (nameIndex === 0) this.#string(out, name)
    this.#string(out, value)
    if (known.staticIndex === 0 && known.values.size === 0) this.#names.delete(name)
  }

  #learn(name: string): KnownName {
    const inStatic = staticNames.get(name)
    const known: KnownName = {
      staticIndex: inStatic?.index ?? 0,
      staticValues: inStatic?.values,
      literal: neverIndexed.has(name) ? neverIndexedBits : notIndexed.has(name) ? notIndexedBits : undefined,
      values: new Map(),
      newest: 0,
    }
    this.#names.set(name, known)
    return known
  }

  /** @param inserted the number of the insertion, from 1 */
  #index(inserted: number): number {
    return staticCount + 1 + this.#inserted - inserted
  }

  #insert(known: KnownName, name: string, value: string, bytes: number): void {
    this.#evict(this.#tableSize - bytes)
    this.#entries.push(name, value)
    this.#bytes += bytes
    known.newest = ++this.#inserted
    known.values.set(value, this.#inserted)
    // Eviction may have forgotten the name.
    this.#names.set(name, known)
  }

  #evict(keepBytes: number): void {
    while (this.#bytes > keepBytes) {
      const name = this.#entries[this.#start] as string
      const value = this.#entries[this.#start + 1] as string
      this.#start += 2
      this.#oldest++
      this.#bytes -= name.length + value.length + entryOverhead
      const known = this.#names.get(name)
      if (known?.values.get(value) === this.#oldest) known.values.delete(value)
      if (known?.values.size === 0 && known.staticIndex === 0) this.#names.delete(name)
    }
    if (this.#start < 64 || this.#start * 2 < this.#entries.length) return
    this.#entries = this.#entries.slice(this.#start)
    this.#start = 0
  }

  #integer(out: Uint8Array, pattern: number, prefix: number, value: number): void {
    const mask = (1 << prefix) - 1
    if (value < mask) {
      out[this.#at++] = pattern | value
      return
    }
    out[this.#at++] = pattern | mask
    let rest = value - mask
    for (; rest >= 128; rest >>>= 7) out[this.#at++] = (rest & 0x7f) | 0x80
    out[this.#at++] = rest
  }

  #string(out: Uint8Array, text: string): void {
    if (this.#huffman) {
      const length = huffmanLength(text)
      if (length < text.length) {
        this.#integer(out, 0x80, 7, length)
        this.#at = huffmanEncode(text, out, this.#at)
        return
      }
    }
    this.#integer(out, 0, 7, text.length)
    this.#at += latin1Write.call(out, text, this.#at, text.length)
  }
}
