/** MurmurHash2 of 64 bits as libstdc++ has it: the other hash function of Envoy's ring (`source/common/common/hash.cc`). */
const mask = 0xffff_ffff_ffff_ffffn
const multiplier = (0xc6a4_a793n << 32n) | 0x5bd1_e995n
const seed = 0xc70f_6907n

function mix(value: bigint): bigint {
  return value ^ (value >> 47n)
}

/** @param text a byte string (latin1) */
export function murmurHash2(text: string): bigint {
  const length = text.length
  let hash = seed ^ ((BigInt(length) * multiplier) & mask)
  const whole = length & ~7
  for (let at = 0; at < whole; at += 8) {
    const data = (mix((bytes(text, at, 8) * multiplier) & mask) * multiplier) & mask
    hash = ((hash ^ data) * multiplier) & mask
  }
  if (length > whole) hash = ((hash ^ bytes(text, whole, length - whole)) * multiplier) & mask
  hash = (mix(hash) * multiplier) & mask
  return mix(hash)
}

/** Little endian. */
function bytes(text: string, at: number, count: number): bigint {
  let value = 0n
  for (let i = count - 1; i >= 0; i--) value = (value << 8n) | BigInt(text.charCodeAt(at + i))
  return value
}
