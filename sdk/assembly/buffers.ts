/** Bodies, network data, messages, configurations. */
import * as host from "./host"
import { BufferTypeValues, WasmResultValues } from "./enums"
import { beginCall, encode, encodedSize, outNumber, outPointer, outSize, takeBytes, takeString } from "./memory"

/** Bytes of a buffer; empty when there are none or the buffer may not be read now. */
export function get_buffer_bytes(typ: BufferTypeValues, start: u32, length: u32): ArrayBuffer {
  return read(typ, start, length) ? takeBytes() : new ArrayBuffer(0)
}

/**
 * Changes a buffer: `start` 0 replaces the first `length` bytes (0 puts the value in front), `start` at or past the end
 * appends. Nothing in the middle.
 */
export function set_buffer_bytes(
  typ: BufferTypeValues,
  start: u32,
  length: u32,
  value: ArrayBuffer,
): WasmResultValues {
  return host.proxy_set_buffer_bytes(typ, start, length, changetype<usize>(value), value.byteLength)
}

/** What `get_buffer_status` answers. */
export class BufferStatusResult {
  /** NotFound: there is no such buffer now. */
  result: WasmResultValues = WasmResultValues.Ok
  /** Bytes in the buffer. */
  length: u32 = 0
  /** `BufferFlagsValues`, as far as the host gives them. */
  flags: u32 = 0
}

/** Length of a buffer. */
export function get_buffer_status(typ: BufferTypeValues): BufferStatusResult {
  const status = new BufferStatusResult()
  status.result = host.proxy_get_buffer_status(typ, outNumber, outPointer)
  if (status.result == WasmResultValues.Ok) {
    status.length = load<u32>(outNumber)
    status.flags = load<u32>(outPointer)
  }
  return status
}

function read(typ: BufferTypeValues, start: u32, length: u32): bool {
  beginCall()
  return host.proxy_get_buffer_bytes(typ, start, length, outPointer, outSize) == WasmResultValues.Ok
}

/** One buffer of the current stream or call. */
// The object is the buffer's number plus one and takes no memory.
@unmanaged
export class BufferManipulator {
  /** The buffer's number. */
  get typ(): BufferTypeValues {
    return <BufferTypeValues>(changetype<usize>(this) - 1)
  }

  /** Bytes in it. */
  size(): u32 {
    return host.proxy_get_buffer_status(this.typ, outNumber, outPointer) == WasmResultValues.Ok
      ? load<u32>(outNumber)
      : 0
  }

  /** Its bytes, or `length` of them from `start` on. */
  get(start: u32 = 0, length: u32 = u32.MAX_VALUE): ArrayBuffer {
    return get_buffer_bytes(this.typ, start, length)
  }

  /** All of it as text (UTF-8). */
  text(): string {
    return read(this.typ, 0, u32.MAX_VALUE) ? takeString() : ""
  }

  /** Replaces all of it. */
  set(value: ArrayBuffer): WasmResultValues {
    return set_buffer_bytes(this.typ, 0, u32.MAX_VALUE, value)
  }

  /** Replaces all of it by text. */
  set_text(value: string): WasmResultValues {
    beginCall()
    const at = encode(value)
    return host.proxy_set_buffer_bytes(this.typ, 0, u32.MAX_VALUE, at, encodedSize)
  }

  /** Adds bytes at the end. */
  append(value: ArrayBuffer): WasmResultValues {
    return set_buffer_bytes(this.typ, u32.MAX_VALUE, 0, value)
  }

  /** Adds bytes in front. */
  prepend(value: ArrayBuffer): WasmResultValues {
    return set_buffer_bytes(this.typ, 0, 0, value)
  }
}

/** The buffer of a type. */
// @ts-ignore: decorator
@inline
export function buffer(type: BufferTypeValues): BufferManipulator {
  return changetype<BufferManipulator>(<usize>type + 1)
}
