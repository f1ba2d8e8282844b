/** Configurations as Envoy hands them to modules. */
import assert from 'node:assert/strict'

/** google.protobuf.Struct as Envoy serializes it. */
export function encodeStruct(value: Readonly<Record<string, unknown>>): Buffer {
  const field = (tag: number, bytes: Uint8Array): Buffer => {
    assert.ok(bytes.length < 0x4000)
    const size = bytes.length < 0x80 ? [bytes.length] : [(bytes.length & 0x7f) | 0x80, bytes.length >> 7]
    return Buffer.concat([Buffer.from([tag, ...size]), bytes])
  }
  const encode = (each: unknown): Buffer => {
    if (each === null) return Buffer.from([8, 0])
    if (typeof each === 'string') return field(0x1a, Buffer.from(each))
    if (typeof each === 'boolean') return Buffer.from([0x20, each ? 1 : 0])
    if (Array.isArray(each)) return field(0x32, Buffer.concat(each.map(item => field(0x0a, encode(item)))))
    if (typeof each === 'object') return field(0x2a, encodeStruct(each as Record<string, unknown>))
    const number = Buffer.alloc(9, 0x11)
    number.writeDoubleLE(each as number, 1)
    return number
  }
  return Buffer.concat(
    Object.entries(value).map(([key, each]) =>
      field(0x0a, Buffer.concat([field(0x0a, Buffer.from(key)), field(0x12, encode(each))])),
    ),
  )
}
