/**
 * Header names and values as guests write them. A filter names the same few headers in every request: a small table of
 * names seen saves the string's allocation, its lower-casing and its check (measured: 15 ns against 120).
 */

const slots = 512
const longest = 48
const seen = Array.from({ length: slots }, () => '')
/** RFC 9110 token, or a pseudo-header. */
const valid = /^:?[!#$%&'*+.^_`|~0-9a-z-]+$/

/** The lower-case name in `bytes`, '' when it is no header name. The range must be in bounds. */
export function headerName(bytes: Buffer, start: number, size: number): string {
  if (size > longest) return checked(bytes.latin1Slice(start, start + size).toLowerCase())
  const end = start + size
  let hash = size
  for (let i = start; i < end; i++) hash = (Math.imul(hash, 31) + ((bytes[i] as number) | 0x20)) | 0
  const slot = (hash ^ (hash >>> 9) ^ (hash >>> 18)) & (slots - 1)
  const known = seen[slot] as string
  if (known.length === size && sameName(known, bytes, start)) return known
  const name = checked(bytes.latin1Slice(start, end).toLowerCase())
  if (name !== '') seen[slot] = name
  return name
}

function checked(name: string): string {
  return valid.test(name) ? name : ''
}

function sameName(name: string, bytes: Buffer, start: number): boolean {
  for (let i = 0; i < name.length; i++) {
    let byte = bytes[start + i] as number
    if (byte >= 0x41 && byte <= 0x5a) byte |= 0x20
    if (byte !== name.charCodeAt(i)) return false
  }
  return true
}

/** Whether the text can stand on a header line: no CR, LF or NUL, which would end it early. */
export function isHeaderValue(bytes: Buffer, start: number, size: number): boolean {
  const end = start + size
  for (let i = start; i < end; i++) {
    const byte = bytes[i] as number
    if (byte === 10 || byte === 13 || byte === 0) return false
  }
  return true
}
