/**
 * Reads a serialized google.protobuf.Struct: what Envoy hands to a filter whose configuration is a Struct, where other
 * hosts hand JSON.
 */
import { Json, JsonKind } from "./json"
import { decode } from "./memory"

/** As a JSON object; null for bytes that are none. */
export function parseStruct(bytes: ArrayBuffer): Json | null {
  const reader = new WireReader(changetype<usize>(bytes), changetype<usize>(bytes) + bytes.byteLength)
  const value = reader.object(0)
  return reader.bad ? null : value
}

const maxDepth = 64

class WireReader {
  bad: bool = false

  constructor(
    private at: usize,
    private end: usize,
  ) {}

  private more(): bool {
    return !this.bad && this.at < this.end
  }

  private varint(): u64 {
    let value: u64 = 0
    for (let shift = 0; shift < 64 && this.at < this.end; shift += 7) {
      const byte = load<u8>(this.at++)
      value |= (<u64>(byte & 0x7f)) << shift
      if (byte < 0x80) return value
    }
    this.bad = true
    return 0
  }

  /** A field's bytes, as a reader of their own. */
  private inner(): WireReader {
    const size = this.varint()
    if (size > <u64>(this.end - this.at)) this.bad = true
    const from = this.at
    this.at = this.bad ? this.end : from + <usize>size
    return new WireReader(from, this.at)
  }

  private text(): string {
    const inner = this.inner()
    return decode(inner.at, inner.end - inner.at)
  }

  object(depth: i32): Json {
    const object = new Json(JsonKind.Object)
    while (this.more()) {
      if (this.varint() != 0x0a) this.bad = true
      const entry = this.inner()
      let key = ""
      let value = new Json(JsonKind.Null)
      while (entry.more()) {
        const tag = entry.varint()
        if (tag == 0x0a) key = entry.text()
        else if (tag == 0x12) value = entry.message(depth)
        else entry.bad = true
      }
      this.bad = this.bad || entry.bad
      object.keys.push(key)
      object.items.push(value)
    }
    return object
  }

  /** A length-delimited google.protobuf.Value. */
  private message(depth: i32): Json {
    const inner = this.inner()
    let value = new Json(JsonKind.Null)
    if (depth > maxDepth) inner.bad = true
    while (inner.more()) {
      const tag = inner.varint()
      if (tag == 0x08) inner.varint()
      else if (tag == 0x11) value = inner.number()
      else if (tag == 0x1a) {
        value = new Json(JsonKind.String)
        value.text = inner.text()
      } else if (tag == 0x20) {
        value = new Json(JsonKind.Bool)
        value.bool = inner.varint() != 0
      } else if (tag == 0x2a) {
        const struct = inner.inner()
        value = struct.object(depth + 1)
        inner.bad = inner.bad || struct.bad
      } else if (tag == 0x32) {
        const list = inner.inner()
        value = new Json(JsonKind.Array)
        while (list.more()) {
          if (list.varint() != 0x0a) list.bad = true
          value.items.push(list.message(depth + 1))
        }
        inner.bad = inner.bad || list.bad
      } else inner.bad = true
    }
    this.bad = this.bad || inner.bad
    return value
  }

  private number(): Json {
    const value = new Json(JsonKind.Number)
    if (this.end - this.at < 8) {
      this.bad = true
      return value
    }
    value.number = load<f64>(this.at)
    this.at += 8
    const whole = <i64>value.number
    value.text = <f64>whole == value.number ? whole.toString() : value.number.toString()
    return value
  }
}
