/** Small things that filters need of texts. */
import { get_current_time_nanoseconds } from "./log"

/** Compares in a time that depends on the length of `given` only. For secrets. */
export function equals_constant_time(given: string, secret: string): bool {
  let difference = given.length ^ secret.length
  for (let i = 0; i < given.length; i++)
    difference |= given.charCodeAt(i) ^ (secret.length == 0 ? 0x100 : secret.charCodeAt(i % secret.length))
  return difference == 0
}

/** Bytes of base64 text (both alphabets, padding or not), or null. */
export function base64_decode(text: string): ArrayBuffer | null {
  let length = text.length
  while (length > 0 && length > text.length - 2 && text.charCodeAt(length - 1) == 0x3d) length--
  if (length % 4 == 1) return null
  const bytes = new Uint8Array((length * 3) >> 2)
  let bits: u32 = 0
  let count = 0
  let at = 0
  for (let i = 0; i < length; i++) {
    const value = base64Value(text.charCodeAt(i))
    if (value < 0) return null
    bits = (bits << 6) | value
    count += 6
    if (count < 8) continue
    count -= 8
    bytes[at++] = <u8>(bits >> count)
  }
  return bytes.buffer
}

function base64Value(unit: i32): i32 {
  if (unit >= 0x41 && unit <= 0x5a) return unit - 0x41
  if (unit >= 0x61 && unit <= 0x7a) return unit - 0x47
  if (unit >= 0x30 && unit <= 0x39) return unit + 4
  if (unit == 0x2b || unit == 0x2d) return 62
  return unit == 0x2f || unit == 0x5f ? 63 : -1
}

/** The value of a cookie in a `cookie` header, or null. */
export function cookie_value(header: string, name: string): string | null {
  let at = 0
  while (at < header.length) {
    let end = header.indexOf(";", at)
    if (end < 0) end = header.length
    while (at < end && header.charCodeAt(at) == 0x20) at++
    const equals = header.indexOf("=", at)
    if (equals >= 0 && equals < end && header.substring(at, equals) == name) return header.substring(equals + 1, end).trim()
    at = end + 1
  }
  return null
}

/** Is the path (without its query) equal to `prefix` or below it? `/` holds everything. */
export function path_is_below(path: string, prefix: string): bool {
  const query = path.indexOf("?")
  const bare = query < 0 ? path : path.substring(0, query)
  if (!bare.startsWith(prefix)) return false
  return bare.length == prefix.length || prefix.endsWith("/") || bare.charCodeAt(prefix.length) == 0x2f
}

let randomState: u64 = 0

/** A random number (splitmix64 of the clock). Not for secrets: AssemblyScript's `Math.random` would need an import. */
export function random_u64(): u64 {
  if (randomState == 0) randomState = get_current_time_nanoseconds() | 1
  randomState += 0x9e3779b97f4a7c15
  let mixed = randomState
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111eb
  return mixed ^ (mixed >> 31)
}
