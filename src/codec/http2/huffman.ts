/** The Huffman code of HPACK strings (RFC 7541 §5.2, appendix B), decoded half a byte a step. */
import { huffmanLengths } from './hpack-tables.ts'

const eos = 256
const symbols = 257

const codes = new Uint32Array(symbols)
let nextCode = 0
let nextLength = 0
for (const symbol of [...huffmanLengths.keys()].sort((a, b) => lengthOf(a) - lengthOf(b) || a - b)) {
  nextCode = (nextCode << (lengthOf(symbol) - nextLength)) >>> 0
  nextLength = lengthOf(symbol)
  codes[symbol] = nextCode++
}

function lengthOf(symbol: number): number {
  return huffmanLengths[symbol] as number
}

/** Inner nodes of the code's tree: two children each, a node's number or ~symbol. */
const tree: [number, number][] = [[0, 0]]
for (let symbol = 0; symbol < symbols; symbol++) {
  let node = 0
  for (let bit = lengthOf(symbol) - 1; bit > 0; bit--) {
    const side = ((codes[symbol] as number) >>> bit) & 1
    const children = tree[node] as [number, number]
    if (children[side] === 0) children[side] = tree.push([0, 0]) - 1
    node = children[side] as number
  }
  ;(tree[node] as [number, number])[(codes[symbol] as number) & 1] = ~symbol
}

const failed = 0x8000
/** For each node and half byte: the next node (or `failed`), and the symbol that was completed on the way plus 1. */
const nextNode = new Uint16Array(tree.length * 16)
const symbolPlusOne = new Uint16Array(tree.length * 16)
for (let start = 0; start < tree.length; start++) {
  for (let bits = 0; bits < 16; bits++) {
    let node = start
    let symbol = -1
    for (let bit = 3; bit >= 0 && node !== failed; bit--) {
      const child = (tree[node] as [number, number])[(bits >>> bit) & 1] as number
      if (child >= 0) node = child
      else if (~child === eos) node = failed
      else {
        symbol = ~child
        node = 0
      }
    }
    nextNode[start * 16 + bits] = node
    symbolPlusOne[start * 16 + bits] = symbol + 1
  }
}

/** Nodes in which a string may end: fewer than 8 bits in, all of them ones (RFC 7541 §5.2). */
const mayEnd = new Uint8Array(tree.length)
for (let node = 0, depth = 0; depth < 8; depth++) {
  mayEnd[node] = 1
  node = (tree[node] as [number, number])[1]
}

let scratch = Buffer.allocUnsafeSlow(8192)

/** The string in `data[start…end)`; undefined when it is not well coded. */
export function huffmanDecode(data: Uint8Array, start: number, end: number): string | undefined {
  // The shortest code has 5 bits.
  const most = Math.ceil(((end - start) * 8) / 5)
  if (most > scratch.length) scratch = Buffer.allocUnsafeSlow(most * 2)
  const out = scratch
  let length = 0
  let node = 0
  for (let at = start; at < end; at++) {
    const byte = data[at] as number
    const high = node * 16 + (byte >>> 4)
    node = nextNode[high] as number
    if (node === failed) return undefined
    const first = symbolPlusOne[high] as number
    if (first !== 0) out[length++] = first - 1
    const low = node * 16 + (byte & 15)
    node = nextNode[low] as number
    if (node === failed) return undefined
    const second = symbolPlusOne[low] as number
    if (second !== 0) out[length++] = second - 1
  }
  return mayEnd[node] === 1 ? out.latin1Slice(0, length) : undefined
}

const lengths = Uint8Array.from(huffmanLengths)

/** Bytes that `huffmanEncode` would write. */
export function huffmanLength(text: string): number {
  let bits = 0
  for (let i = 0; i < text.length; i++) bits += lengths[text.charCodeAt(i) & 0xff] as number
  return (bits + 7) >>> 3
}

/** @returns the position after the last byte written */
export function huffmanEncode(text: string, out: Uint8Array, start: number): number {
  let at = start
  // At most 7 bits wait, and 30 come: more than 32 would not fit, so long codes go in two parts.
  let waiting = 0
  let bits = 0
  for (let i = 0; i < text.length; i++) {
    const symbol = text.charCodeAt(i) & 0xff
    const code = codes[symbol] as number
    let length = lengths[symbol] as number
    if (length > 16) {
      length -= 16
      waiting = (waiting << length) | (code >>> 16)
      bits += length
      while (bits >= 8) out[at++] = waiting >>> (bits -= 8)
      waiting &= (1 << bits) - 1
      waiting = (waiting << 16) | (code & 0xffff)
      bits += 16
    } else {
      waiting = (waiting << length) | code
      bits += length
    }
    while (bits >= 8) out[at++] = waiting >>> (bits -= 8)
    waiting &= (1 << bits) - 1
  }
  if (bits > 0) out[at++] = (waiting << (8 - bits)) | (0xff >>> bits)
  return at
}
