/**
 * Texts and bytes between the module and the host. Arguments are encoded into a fixed buffer, and what the host returns
 * arrives in another: a host call makes no garbage but the string or `ArrayBuffer` that the filter asked for.
 */

/** Larger arguments and results take memory of their own. */
const argumentsSize: usize = 8192
const resultSize: usize = 8192
const argumentsAt: usize = memory.data(8192)
const resultAt: usize = memory.data(8192)
/** Where the host writes pointer and size of what it returns. */
export const outPointer: usize = memory.data(16)
export const outSize: usize = outPointer + 4
/** Where it writes a number. */
export const outNumber: usize = outPointer + 8

let argumentsEnd: usize = argumentsAt
let resultFree = true
/** The last three texts that took memory of their own: the call that they are for may still be prepared. */
let kept: ArrayBuffer | null = null
let keptBefore: ArrayBuffer | null = null
let keptBeforeThat: ArrayBuffer | null = null
let largeResult: ArrayBuffer | null = null
/** Bytes of the text that `encode` wrote last. */
export let encodedSize: usize = 0

/** Memory for what a host call returns. The host calls this, at most once a call. */
export function malloc(size: usize): usize {
  if (resultFree && size <= resultSize) {
    resultFree = false
    return resultAt
  }
  const buffer = new ArrayBuffer(<i32>size)
  largeResult = buffer
  return changetype<usize>(buffer)
}

/** To be called before the arguments of a host call are encoded. */
// @ts-ignore: decorator
@inline
export function beginCall(): void {
  argumentsEnd = argumentsAt
  resultFree = true
}

/** Writes text as UTF-8 for the call being prepared. @returns where; `encodedSize` tells how much */
export function encode(text: string): usize {
  const length = <usize>text.length
  const from = changetype<usize>(text)
  const to = argumentsEnd
  const end = argumentsAt + argumentsSize
  if (to + length > end) return encodeLarge(text)
  let i: usize = 0
  // Four characters at a time, as long as all are ASCII.
  for (; i + 4 <= length; i += 4) {
    let four = load<u64>(from + (i << 1))
    if ((four & 0xff80ff80ff80ff80) != 0) break
    four = (four | (four >> 8)) & 0x0000ffff0000ffff
    store<u32>(to + i, <u32>(four | (four >> 16)))
  }
  for (; i < length; i++) {
    const unit = load<u16>(from + (i << 1))
    if (unit >= 0x80) {
      if (to + i + (length - i) * 3 > end) return encodeLarge(text)
      i += String.UTF8.encodeUnsafe(from + (i << 1), <i32>(length - i), to + i)
      break
    }
    store<u8>(to + i, unit)
  }
  encodedSize = i
  argumentsEnd = to + i
  return to
}

function encodeLarge(text: string): usize {
  const buffer = String.UTF8.encode(text)
  keptBeforeThat = keptBefore
  keptBefore = kept
  kept = buffer
  encodedSize = buffer.byteLength
  return changetype<usize>(buffer)
}

/** What the host returned, as text. */
export function takeString(): string {
  return decode(load<usize>(outPointer), load<usize>(outSize))
}

/** UTF-8 in memory as a string; bytes that are no UTF-8 become replacement characters. */
export function decode(from: usize, length: usize): string {
  if (length == 0) return ""
  const to = __new(length << 1, idof<string>())
  let i: usize = 0
  for (; i + 4 <= length; i += 4) {
    let four: u64 = load<u32>(from + i)
    if ((four & 0x80808080) != 0) return String.UTF8.decodeUnsafe(from, length)
    four = (four | (four << 16)) & 0x0000ffff0000ffff
    store<u64>(to + (i << 1), (four | (four << 8)) & 0x00ff00ff00ff00ff)
  }
  for (; i < length; i++) {
    const byte = load<u8>(from + i)
    if (byte >= 0x80) return String.UTF8.decodeUnsafe(from, length)
    store<u16>(to + (i << 1), byte)
  }
  return changetype<string>(to)
}

/** What the host returned, as bytes that are the caller's. */
export function takeBytes(): ArrayBuffer {
  const from = load<usize>(outPointer)
  const length = <i32>load<usize>(outSize)
  const large = largeResult
  largeResult = null
  if (large !== null && changetype<usize>(large) == from && large.byteLength == length) return large
  const bytes = new ArrayBuffer(length)
  memory.copy(changetype<usize>(bytes), from, length)
  return bytes
}
