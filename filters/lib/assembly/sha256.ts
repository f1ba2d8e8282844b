/** SHA-256 (FIPS 180-4), HMAC of it (RFC 2104), and the texts in which both are written. */

// prettier-ignore
const constants: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01,
  0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc,
  0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147,
  0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08,
  0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208,
  0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
]
const schedule = new StaticArray<u32>(64)
const state = new StaticArray<u32>(8)

/** 32 bytes. */
export function sha256(bytes: ArrayBuffer): ArrayBuffer {
  const length = bytes.byteLength
  const padded = new ArrayBuffer((length + 72) & ~63)
  const at = changetype<usize>(padded)
  memory.copy(at, changetype<usize>(bytes), length)
  store<u8>(at + length, 0x80)
  store<u64>(at + padded.byteLength - 8, bswap<u64>((<u64>length) << 3))
  const initial: StaticArray<u32> = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ]
  for (let i = 0; i < 8; i++) state[i] = initial[i]
  for (let block = 0; block < padded.byteLength; block += 64) compress(at + block)
  const digest = new ArrayBuffer(32)
  for (let i = 0; i < 8; i++) store<u32>(changetype<usize>(digest) + 4 * i, bswap<u32>(state[i]))
  return digest
}

function compress(at: usize): void {
  const w = schedule
  for (let i = 0; i < 16; i++) unchecked((w[i] = bswap<u32>(load<u32>(at + 4 * i))))
  for (let i = 16; i < 64; i++) {
    const x = unchecked(w[i - 15])
    const y = unchecked(w[i - 2])
    const s0 = rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3)
    const s1 = rotr<u32>(y, 17) ^ rotr<u32>(y, 19) ^ (y >> 10)
    unchecked((w[i] = w[i - 16] + s0 + w[i - 7] + s1))
  }
  let a = state[0]
  let b = state[1]
  let c = state[2]
  let d = state[3]
  let e = state[4]
  let f = state[5]
  let g = state[6]
  let h = state[7]
  for (let i = 0; i < 64; i++) {
    const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25)
    const t1 = h + s1 + ((e & f) ^ (~e & g)) + unchecked(constants[i]) + unchecked(w[i])
    const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22)
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c))
    h = g
    g = f
    f = e
    e = d + t1
    d = c
    c = b
    b = a
    a = t1 + t2
  }
  state[0] += a
  state[1] += b
  state[2] += c
  state[3] += d
  state[4] += e
  state[5] += f
  state[6] += g
  state[7] += h
}

/** 32 bytes. */
export function hmac_sha256(key: ArrayBuffer, text: ArrayBuffer): ArrayBuffer {
  const short = key.byteLength > 64 ? sha256(key) : key
  const inner = new ArrayBuffer(64 + text.byteLength)
  const outer = new ArrayBuffer(96)
  for (let i = 0; i < 64; i++) {
    const byte: u8 = i < short.byteLength ? load<u8>(changetype<usize>(short) + i) : 0
    store<u8>(changetype<usize>(inner) + i, byte ^ 0x36)
    store<u8>(changetype<usize>(outer) + i, byte ^ 0x5c)
  }
  memory.copy(changetype<usize>(inner) + 64, changetype<usize>(text), text.byteLength)
  memory.copy(changetype<usize>(outer) + 64, changetype<usize>(sha256(inner)), 32)
  return sha256(outer)
}

/** Are they equal? Takes a time that depends on the length only. */
export function equal_digests(a: ArrayBuffer, b: ArrayBuffer): bool {
  if (a.byteLength != b.byteLength) return false
  let difference: u32 = 0
  for (let i = 0; i < a.byteLength; i++)
    difference |= load<u8>(changetype<usize>(a) + i) ^ load<u8>(changetype<usize>(b) + i)
  return difference == 0
}

const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"

/** Base64 with padding (RFC 4648, section 4). */
export function base64(bytes: ArrayBuffer): string {
  const text = encode(bytes, "+/")
  return text + "=".repeat((4 - (text.length & 3)) & 3)
}

/** Base64 for URLs, without padding (RFC 4648, section 5). */
export function base64url(bytes: ArrayBuffer): string {
  return encode(bytes, "-_")
}

function encode(bytes: ArrayBuffer, last: string): string {
  const alphabet = letters + last
  let text = ""
  let bits: u32 = 0
  let count = 0
  for (let i = 0; i < bytes.byteLength; i++) {
    bits = (bits << 8) | load<u8>(changetype<usize>(bytes) + i)
    count += 8
    while (count >= 6) {
      count -= 6
      text += alphabet.charAt((bits >> count) & 63)
    }
  }
  return count > 0 ? text + alphabet.charAt((bits << (6 - count)) & 63) : text
}
