/** Percent-encoding of queries. */

/** The text of a part of a query: `+` is a space, `%xx` bytes of UTF-8; what is no encoding stays as it is. */
export function percent_decode(text: string): string {
  if (!text.includes("%") && !text.includes("+")) return text
  const from = String.UTF8.encode(text)
  const length = from.byteLength
  const to = new ArrayBuffer(length)
  let size = 0
  for (let i = 0; i < length; i++) {
    let byte = load<u8>(changetype<usize>(from) + i)
    if (byte == 0x2b) byte = 0x20
    else if (byte == 0x25 && i + 2 < length) {
      const high = hexDigit(load<u8>(changetype<usize>(from) + i, 1))
      const low = hexDigit(load<u8>(changetype<usize>(from) + i, 2))
      if (high >= 0 && low >= 0) {
        byte = <u8>((high << 4) | low)
        i += 2
      }
    }
    store<u8>(changetype<usize>(to) + size++, byte)
  }
  return String.UTF8.decode(to.slice(0, size))
}

function hexDigit(unit: u8): i32 {
  const letter = unit | 0x20
  if (unit >= 0x30 && unit <= 0x39) return unit - 0x30
  return letter >= 0x61 && letter <= 0x66 ? <i32>letter - 0x57 : -1
}
