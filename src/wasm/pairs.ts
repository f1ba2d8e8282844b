/**
 * The ABI's encoding of header maps: u32 count; count × (u32 name length, u32 value length); then name NUL value NUL,
 * all little-endian.
 */
import { maxPairs, maxPairsBytes, Status } from './abi.ts'
import { headerName, isHeaderValue } from './header-names.ts'
import { type GuestMemory, textLength, writeLatin1 } from './memory.ts'

/** Writes the pairs straight into memory that the guest allocates. No pairs are a null pointer. */
export function returnPairs(list: readonly string[], memory: GuestMemory, pointerAt: number, sizeAt: number): number {
  const count = list.length >> 1
  if (count === 0) return memory.returnText('', pointerAt, sizeAt)
  let size = 4
  for (let i = 0; i < list.length; i++) size += 5 + textLength(list[i] as string)
  const pointer = memory.allocateResult(size, pointerAt, sizeAt)
  if (pointer === 0) return Status.invalidMemoryAccess
  const { bytes, view } = memory
  view.setUint32(pointer, count, true)
  let lengthAt = pointer + 4
  let at = lengthAt + list.length * 4
  for (let i = 0; i < list.length; i++) {
    const text = list[i] as string
    view.setUint32(lengthAt, textLength(text), true)
    lengthAt += 4
    at = writeLatin1(bytes, at, text)
    bytes[at++] = 0
  }
  return Status.ok
}

/** The same for a map of byte strings, as properties return them. */
export function encodePairs(list: readonly string[]): Uint8Array {
  let size = 4
  for (const text of list) size += 5 + text.length
  const bytes = Buffer.alloc(size)
  bytes.writeUInt32LE(list.length >> 1, 0)
  let at = 4 + list.length * 4
  for (let i = 0; i < list.length; i++) {
    const text = list[i] as string
    bytes.writeUInt32LE(text.length, 4 + i * 4)
    at = writeLatin1(bytes, at, text) + 1
  }
  return bytes
}

/**
 * Names (lower-cased) and values of a blob in bounds; undefined for a blob that is not exactly well formed, is larger
 * than 1 MiB, has more than 1024 pairs, or has a name or value that cannot stand in a message.
 */
export function decodePairs(memory: GuestMemory, pointer: number, size: number): string[] | undefined {
  if (size === 0) return []
  if (size < 4 || size > maxPairsBytes) return undefined
  const { bytes, view } = memory
  const count = view.getUint32(pointer, true)
  const end = pointer + size
  let lengthAt = pointer + 4
  let at = lengthAt + count * 8
  if (count > maxPairs || at > end) return undefined
  const list: string[] = []
  for (let i = 0; i < count; i++, lengthAt += 8) {
    const nameSize = view.getUint32(lengthAt, true)
    const valueSize = view.getUint32(lengthAt + 4, true)
    const valueAt = at + nameSize + 1
    const next = valueAt + valueSize + 1
    if (next > end || bytes[valueAt - 1] !== 0 || bytes[next - 1] !== 0) return undefined
    const name = headerName(bytes, at, nameSize)
    if (name === '' || !isHeaderValue(bytes, valueAt, valueSize)) return undefined
    list.push(name, bytes.latin1Slice(valueAt, next - 1))
    at = next
  }
  return at === end ? list : undefined
}
