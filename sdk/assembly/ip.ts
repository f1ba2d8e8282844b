/** IP addresses and ranges, version 4 and 6. */

/** A range of addresses. IPv4 ranges stand for their IPv4-mapped IPv6 ones, so that both forms match. */
export class IpRange {
  private constructor(
    private high: u64,
    private low: u64,
    private prefix: i32,
  ) {}

  /** `10.0.0.0/8`, `2001:db8::/32`, or one address. Null for anything else. */
  static parse(text: string): IpRange | null {
    const slash = text.indexOf("/")
    const address = slash < 0 ? text : text.substring(0, slash)
    if (!parse(address)) return null
    const isV4 = !address.includes(":")
    let prefix = isV4 ? 32 : 128
    if (slash >= 0) {
      prefix = decimal(text.substring(slash + 1), prefix)
      if (prefix < 0) return null
    }
    return new IpRange(high, low, isV4 ? prefix + 96 : prefix)
  }

  /** Is the address in the range? False for what is no address. @param address `10.1.2.3`, `10.1.2.3:80`, `2001:db8::1`, `[2001:db8::1]:80` */
  contains(address: string): bool {
    if (!parse(withoutPort(address))) return false
    const p = this.prefix
    const highMask: u64 = p >= 64 ? u64.MAX_VALUE : p == 0 ? 0 : u64.MAX_VALUE << (64 - p)
    const lowMask: u64 = p == 128 ? u64.MAX_VALUE : p <= 64 ? 0 : u64.MAX_VALUE << (128 - p)
    return ((high ^ this.high) & highMask) == 0 && ((low ^ this.low) & lowMask) == 0
  }
}

/** The address of `10.1.2.3:80` or `[2001:db8::1]:80`. */
export function withoutPort(address: string): string {
  if (address.startsWith("[")) {
    const end = address.indexOf("]")
    return end < 0 ? address : address.substring(1, end)
  }
  const colon = address.lastIndexOf(":")
  return colon >= 0 && address.indexOf(":") == colon ? address.substring(0, colon) : address
}

// What `parse` found: the 128 bits of the address.
let high: u64 = 0
let low: u64 = 0

function parse(text: string): bool {
  high = 0
  low = 0
  if (!text.includes(":")) {
    const v4 = parseV4(text)
    if (v4 < 0) return false
    low = 0xffff00000000 | <u64>v4
    return true
  }
  const gap = text.indexOf("::")
  if (gap != text.lastIndexOf("::")) return false
  const before = groups(gap < 0 ? text : text.substring(0, gap))
  const after = gap < 0 ? new Array<u32>() : groups(text.substring(gap + 2))
  if (before === null || after === null) return false
  const count = before.length + after.length
  if (gap < 0 ? count != 8 : count > 7) return false
  for (let i = 0; i < before.length; i++) set(i, before[i])
  for (let i = 0; i < after.length; i++) set(8 - after.length + i, after[i])
  return true
}

function set(index: i32, group: u32): void {
  if (index < 4) high |= (<u64>group) << (48 - 16 * index)
  else low |= (<u64>group) << (112 - 16 * index)
}

/** Groups of 16 bits; an IPv4 address at the end is two. */
function groups(text: string): Array<u32> | null {
  const found = new Array<u32>()
  if (text.length == 0) return found
  const parts = text.split(":")
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]
    if (i == parts.length - 1 && part.includes(".")) {
      const v4 = parseV4(part)
      if (v4 < 0) return null
      found.push(<u32>(v4 >> 16))
      found.push(<u32>(v4 & 0xffff))
      continue
    }
    if (part.length == 0 || part.length > 4) return null
    let group: u32 = 0
    for (let at = 0; at < part.length; at++) {
      const unit = part.charCodeAt(at)
      const letter = unit | 0x20
      if (unit >= 0x30 && unit <= 0x39) group = (group << 4) | (unit - 0x30)
      else if (letter >= 0x61 && letter <= 0x66) group = (group << 4) | (letter - 0x57)
      else return null
    }
    found.push(group)
  }
  return found
}

/** -1 for what is none. */
function parseV4(text: string): i64 {
  const parts = text.split(".")
  if (parts.length != 4) return -1
  let address: i64 = 0
  for (let i = 0; i < 4; i++) {
    const byte = decimal(parts[i], 255)
    if (byte < 0) return -1
    address = (address << 8) | byte
  }
  return address
}

/** A number of up to three digits without leading zeros; -1 for anything else and for more than `most`. */
function decimal(text: string, most: i32): i32 {
  if (text.length == 0 || text.length > 3 || (text.length > 1 && text.charCodeAt(0) == 0x30)) return -1
  let number = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    number = number * 10 + digit
  }
  return number > most ? -1 : number
}
