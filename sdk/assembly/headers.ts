/** Header maps: requests, responses, their trailers, answers of calls, gRPC metadata. */
import * as host from "./host"
import { HeaderMapTypeValues, WasmResultValues } from "./enums"
import { beginCall, decode, encode, encodedSize, outNumber, outPointer, outSize, takeBytes, takeString } from "./memory"

/** A header as bytes. Values may hold bytes that are no UTF-8. */
export class HeaderPair {
  constructor(
    /** The name, lower-case where the host gave it. */
    public key: ArrayBuffer,
    /** The value. */
    public value: ArrayBuffer,
  ) {}

  /** The name as text. */
  get name(): string {
    return decode(changetype<usize>(this.key), this.key.byteLength)
  }

  /** The value as text. */
  get text(): string {
    return decode(changetype<usize>(this.value), this.value.byteLength)
  }

  /** `name:value`. */
  toString(): string {
    return this.name + ":" + this.text
  }
}

/** Headers in order; a name may occur more than once. */
export type Headers = Array<HeaderPair>

/** A header from texts. */
export function makeHeaderPair(key: string, value: string): HeaderPair {
  return new HeaderPair(String.UTF8.encode(key), String.UTF8.encode(value))
}

/** Headers from names and values in turn: `makeHeaders([":method", "GET", ":path", "/"])`. */
export function makeHeaders(namesAndValues: string[]): Headers {
  const headers = new Array<HeaderPair>()
  for (let i = 0; i + 1 < namesAndValues.length; i += 2)
    headers.push(makeHeaderPair(namesAndValues[i], namesAndValues[i + 1]))
  return headers
}

/** The ABI's encoding: count; (name size, value size) each; then name NUL value NUL each. Empty for no headers. */
export function serializeHeaders(headers: Headers): ArrayBuffer {
  const count = headers.length
  if (count == 0) return new ArrayBuffer(0)
  let size = 4
  for (let i = 0; i < count; i++) size += 10 + headers[i].key.byteLength + headers[i].value.byteLength
  const bytes = new ArrayBuffer(size)
  let sizeAt = changetype<usize>(bytes)
  store<u32>(sizeAt, count)
  sizeAt += 4
  let at = sizeAt + 8 * count
  for (let i = 0; i < count; i++) {
    const key = headers[i].key
    const value = headers[i].value
    store<u32>(sizeAt, key.byteLength)
    store<u32>(sizeAt, value.byteLength, 4)
    sizeAt += 8
    memory.copy(at, changetype<usize>(key), key.byteLength)
    at += key.byteLength + 1
    memory.copy(at, changetype<usize>(value), value.byteLength)
    at += value.byteLength + 1
  }
  return bytes
}

/** Reads the ABI's encoding. */
export function deserializeHeaders(bytes: ArrayBuffer): Headers {
  const snapshot = new HeaderSnapshot(bytes)
  const headers = new Array<HeaderPair>()
  for (let i = 0; i < snapshot.length; i++) headers.push(new HeaderPair(snapshot.nameBytes(i), snapshot.valueBytes(i)))
  return headers
}

/**
 * All headers of a map at one moment, for loops: `for (let i = 0; i < all.length; i++) all.name(i)`. Only the texts that
 * are asked for are made.
 */
export class HeaderSnapshot {
  /** Number of headers. */
  readonly length: i32
  private ends: StaticArray<u32>

  /** @param bytes in the ABI's encoding */
  constructor(private bytes: ArrayBuffer) {
    const count = bytes.byteLength < 4 ? 0 : load<i32>(changetype<usize>(bytes))
    this.length = count
    const ends = new StaticArray<u32>(2 * count)
    let end = 4 + 8 * count
    for (let i = 0; i < 2 * count; i++) {
      end += load<u32>(changetype<usize>(bytes) + 4 + 4 * i) + 1
      ends[i] = end
    }
    this.ends = ends
  }

  /** Name of header `i`, lower-case. */
  name(i: i32): string {
    return decode(this.start(2 * i), this.size(2 * i))
  }

  /** Value of header `i`. */
  value(i: i32): string {
    return decode(this.start(2 * i + 1), this.size(2 * i + 1))
  }

  /** The name as bytes. */
  nameBytes(i: i32): ArrayBuffer {
    return this.copy(2 * i)
  }

  /** The value as bytes. */
  valueBytes(i: i32): ArrayBuffer {
    return this.copy(2 * i + 1)
  }

  private start(part: i32): usize {
    return changetype<usize>(this.bytes) + this.ends[part] - 1 - this.size(part)
  }

  private size(part: i32): u32 {
    return load<u32>(changetype<usize>(this.bytes) + 4 + 4 * part)
  }

  private copy(part: i32): ArrayBuffer {
    const bytes = new ArrayBuffer(this.size(part))
    memory.copy(changetype<usize>(bytes), this.start(part), bytes.byteLength)
    return bytes
  }
}

/**
 * One header map of the current stream or call. Its methods may be used while the host lets the filter have the map: in
 * the callback that brings it, later ones while the filter holds it back, and (reading only) in `onLog`.
 */
// The object is the map's number plus one and takes no memory.
@unmanaged
export class HeaderStreamManipulator {
  /** The map's number. */
  get typ(): HeaderMapTypeValues {
    return <HeaderMapTypeValues>(changetype<usize>(this) - 1)
  }

  /** Adds a header, beside others of that name. */
  add(key: string, value: string): WasmResultValues {
    beginCall()
    const k = encode(key)
    const kn = encodedSize
    const v = encode(value)
    return host.proxy_add_header_map_value(this.typ, k, kn, v, encodedSize)
  }

  /** Sets a header to one value, whether it is there or not. */
  replace(key: string, value: string): WasmResultValues {
    beginCall()
    const k = encode(key)
    const kn = encodedSize
    const v = encode(value)
    return host.proxy_replace_header_map_value(this.typ, k, kn, v, encodedSize)
  }

  /** The first value; "" for a header that is not there. `has` and `getOrNull` tell that from an empty value. */
  get(key: string): string {
    return this.find(key) == WasmResultValues.Ok ? takeString() : ""
  }

  /** The first value, or null. */
  getOrNull(key: string): string | null {
    return this.find(key) == WasmResultValues.Ok ? takeString() : null
  }

  /** The first value as bytes, or null. */
  getBytes(key: string): ArrayBuffer | null {
    return this.find(key) == WasmResultValues.Ok ? takeBytes() : null
  }

  /** Is there such a header? */
  has(key: string): bool {
    return this.find(key) == WasmResultValues.Ok
  }

  /** Removes all headers of that name. */
  remove(key: string): WasmResultValues {
    beginCall()
    const k = encode(key)
    return host.proxy_remove_header_map_value(this.typ, k, encodedSize)
  }

  /** All headers, each of its own: for changing and giving to `set_headers`. `snapshot` is cheaper for looking. */
  get_headers(): Headers {
    return deserializeHeaders(this.pairs())
  }

  /** All headers, for looking. */
  snapshot(): HeaderSnapshot {
    return new HeaderSnapshot(this.pairs())
  }

  /** Replaces the whole map, pseudo-headers included. */
  set_headers(headers: Headers): WasmResultValues {
    const bytes = serializeHeaders(headers)
    return host.proxy_set_header_map_pairs(this.typ, changetype<usize>(bytes), bytes.byteLength)
  }

  /** Bytes of all names and values. */
  size(): u32 {
    return host.proxy_get_header_map_size(this.typ, outNumber) == WasmResultValues.Ok ? load<u32>(outNumber) : 0
  }

  private find(key: string): WasmResultValues {
    beginCall()
    const k = encode(key)
    return host.proxy_get_header_map_value(this.typ, k, encodedSize, outPointer, outSize)
  }

  private pairs(): ArrayBuffer {
    beginCall()
    return host.proxy_get_header_map_pairs(this.typ, outPointer, outSize) == WasmResultValues.Ok
      ? takeBytes()
      : new ArrayBuffer(0)
  }
}

/** The header map of a type. */
// @ts-ignore: decorator
@inline
export function headerMap(type: HeaderMapTypeValues): HeaderStreamManipulator {
  return changetype<HeaderStreamManipulator>(<usize>type + 1)
}
