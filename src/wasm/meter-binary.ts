/** Reads and writes the WebAssembly binary format, as far as metering needs it: LEB128, sections, instructions. */

/** The module uses something that the rewriter does not know; the message says what. */
export class UnknownWasmError extends Error {}

export const section = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
} as const

/** Section ids in the order in which a module has them: 13 tags, 12 the count of data segments, 11 data. */
export const sectionOrder: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11]

export class WasmReader {
  readonly bytes: Uint8Array
  at: number
  readonly end: number

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes
    this.at = at
    this.end = end
  }

  byte(): number {
    if (this.at >= this.end) throw new UnknownWasmError('the module ends too early')
    return this.bytes[this.at++] as number
  }

  /** LEB128, up to 32 bits. */
  u32(): number {
    let result = 0
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = this.byte()
      result += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return result
    }
    throw new UnknownWasmError('a number is too long')
  }

  skipLeb(): void {
    while (this.byte() >= 0x80);
  }

  skip(count: number): void {
    this.at += count
    if (this.at > this.end) throw new UnknownWasmError('the module ends too early')
  }

  name(): string {
    const length = this.u32()
    const start = this.at
    this.skip(length)
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, length).toString()
  }

  /** A value type or a block's type, which is longer for references to types of the module. */
  skipType(): void {
    const first = this.byte()
    if (first === 0x63 || first === 0x64) this.skipLeb()
    else if (first >= 0x80) this.skipLeb()
  }

  /** Of a memory or table: whether it has a maximum, and where both stand. */
  limits(): { flags: number; min: number; max: number | undefined } {
    const flags = this.u32()
    if (flags > 1) throw new UnknownWasmError(flags & 4 ? 'its memory is 64-bit' : 'its memory is shared')
    const min = this.u32()
    return { flags, min, max: flags === 1 ? this.u32() : undefined }
  }
}

export function leb(value: number): number[] {
  const bytes: number[] = []
  for (; value >= 0x80; value = Math.floor(value / 0x80)) bytes.push((value % 0x80) | 0x80)
  bytes.push(value)
  return bytes
}

/** Signed LEB128 of a number from 0 to 2^31 - 1. */
export function signedLeb(value: number): number[] {
  const bytes: number[] = []
  for (; value >= 0x40; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  bytes.push(value)
  return bytes
}

/** What the walk over a function's body tells: `at` is the position of the opcode. */
export interface InstructionVisitor {
  onLoop(bodyAt: number): void
  /** Any instruction that opens another block; `onEnd` closes both kinds. */
  onBlock(): void
  onEnd(at: number): void
  onCall(at: number, callee: number): void
  onIndirectCall(): void
  onFunctionReference(callee: number): void
  /** Instructions whose work is as long as the i32 on top of the stack. */
  onBulk(at: number): void
  onMemoryGrow(after: number): void
}

/** Walks instructions until the `end` that closes the outermost block. @throws UnknownWasmError */
export function walkInstructions(reader: WasmReader, visitor: InstructionVisitor): void {
  for (let depth = 1; depth > 0; ) {
    const at = reader.at
    const opcode = reader.byte()
    if (opcode === 0x0b) {
      depth--
      visitor.onEnd(at)
    } else if (opcode === 0x02 || opcode === 0x03 || opcode === 0x04 || opcode === 0x06 || opcode === 0x1f) {
      depth++
      reader.skipType()
      if (opcode === 0x1f) skipCatches(reader)
      if (opcode === 0x03) visitor.onLoop(reader.at)
      else visitor.onBlock()
    } else if (opcode === 0x18) {
      reader.skipLeb()
      depth--
      visitor.onEnd(at)
    } else if (opcode === 0x10 || opcode === 0x12) visitor.onCall(at, reader.u32())
    else if (opcode === 0x11 || opcode === 0x13) {
      reader.skipLeb()
      reader.skipLeb()
      visitor.onIndirectCall()
    } else if (opcode === 0x14 || opcode === 0x15) {
      reader.skipLeb()
      visitor.onIndirectCall()
    } else if (opcode === 0xd2) visitor.onFunctionReference(reader.u32())
    else if (opcode === 0x40) {
      reader.skipLeb()
      visitor.onMemoryGrow(reader.at)
    } else if (opcode === 0xfc) skipBulk(reader, at, visitor)
    else skipImmediates(reader, opcode)
  }
}

function skipCatches(reader: WasmReader): void {
  for (let count = reader.u32(); count > 0; count--) {
    const hasTag = reader.byte() < 2
    if (hasTag) reader.skipLeb()
    reader.skipLeb()
  }
}

function skipMemoryArgument(reader: WasmReader): void {
  if (reader.u32() & 0x40) reader.skipLeb()
  reader.skipLeb()
}

/** Prefix 0xfc: conversions, then memory and table instructions. */
function skipBulk(reader: WasmReader, at: number, visitor: InstructionVisitor): void {
  const code = reader.u32()
  if (code <= 7) return
  if (code > 17) throw new UnknownWasmError(`instruction 0xfc ${code}`)
  reader.skipLeb()
  if (code === 8 || code === 10 || code === 12 || code === 14) reader.skipLeb()
  if (code !== 9 && code !== 13 && code !== 16) visitor.onBulk(at)
}

/** What follows an opcode that `walkInstructions` does not treat apart. @throws UnknownWasmError */
export function skipImmediates(reader: WasmReader, opcode: number): void {
  if (opcode >= 0x45 && opcode <= 0xc4) return
  if (opcode >= 0x20 && opcode <= 0x26) return reader.skipLeb()
  if (opcode >= 0x28 && opcode <= 0x3e) return skipMemoryArgument(reader)
  switch (opcode) {
    case 0x00: // unreachable
    case 0x01: // nop
    case 0x05: // else
    case 0x0a: // throw_ref
    case 0x0f: // return
    case 0x19: // catch_all
    case 0x1a: // drop
    case 0x1b: // select
    case 0xd1: // ref.is_null
    case 0xd3: // ref.eq
    case 0xd4: // ref.as_non_null
      return
    case 0x07: // catch
    case 0x08: // throw
    case 0x09: // rethrow
    case 0x0c: // br
    case 0x0d: // br_if
    case 0x3f: // memory.size
    case 0x41: // i32.const
    case 0x42: // i64.const
    case 0xd0: // ref.null
    case 0xd5: // br_on_null
    case 0xd6: // br_on_non_null
      return reader.skipLeb()
    case 0x0e: // br_table
      for (let count = reader.u32() + 1; count > 0; count--) reader.skipLeb()
      return
    case 0x1c: // select with types
      for (let count = reader.u32(); count > 0; count--) reader.skipType()
      return
    case 0x43: // f32.const
      return reader.skip(4)
    case 0x44: // f64.const
      return reader.skip(8)
    case 0xfd:
      return skipVector(reader)
    case 0xfe: // atomics
      if (reader.u32() === 3) reader.skip(1)
      else skipMemoryArgument(reader)
      return
    default:
      throw new UnknownWasmError(`instruction 0x${opcode.toString(16)}`)
  }
}

/** Prefix 0xfd: 128-bit vectors. */
function skipVector(reader: WasmReader): void {
  const code = reader.u32()
  if (code <= 11 || (code >= 84 && code <= 93)) skipMemoryArgument(reader)
  if (code === 12 || code === 13) reader.skip(16)
  else if ((code >= 21 && code <= 34) || (code >= 84 && code <= 91)) reader.skip(1)
}
