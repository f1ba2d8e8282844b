/**
 * Loops of a metered module (meter.ts) that append to something which grows have their body several times in a row: one
 * check pays for all of them, and the call that lets it grow is kept out of the way by branch hints. In metered code
 * `loop { body }` becomes `block { loop { check; block { body; br out } … body } }`.
 */
import { leb, skipImmediates, WasmReader } from './meter-binary.ts'

/** Eight bodies are 12 % faster than four and let a Rust module grow by 2 to 3 % more; sixteen are 2 % faster, for 4 to 6 %. */
const bodiesPerCheck = 8
/** The longest body that is repeated. */
const maxBodyBytes = 256

export interface Hint {
  readonly at: number
  readonly taken: 0 | 1
}

/** What stands for a loop from its opcode to before its `end`. Positions are those in `bytes`. */
export interface RepeatedLoop {
  readonly bytes: readonly number[]
  readonly hints: readonly Hint[]
  /** The runs of the module's own code. */
  readonly pieces: readonly { readonly from: number; readonly to: number }[]
}

/** A loop without parameters, so that a branch to it carries nothing, whose body is short. */
export function isRepeatable(code: Uint8Array, bodyAt: number, endAt: number): boolean {
  return endAt - bodyAt <= maxBodyBytes && code[bodyAt - 2] === 0x03 && (code[bodyAt - 1] as number) >= 0x40
}

/**
 * @param bodyAt of an innermost loop that `isRepeatable`
 * @param spend gives the check that pays for so many bodies
 * @param hintAt where in the check its branch is, which is seldom taken
 * @returns undefined for a loop that does not skip a call, or has instructions that are not moved
 */
export function repeatLoop(
  code: Uint8Array,
  bodyAt: number,
  endAt: number,
  spend: (bodies: number) => Uint8Array,
  hintAt: (check: Uint8Array) => number,
): RepeatedLoop | undefined {
  const inner = moveBody(new WasmReader(code, bodyAt, endAt), 2)
  if (inner === undefined || inner.hints.length === 0) return undefined
  const last = moveBody(new WasmReader(code, bodyAt, endAt), 1) as RepeatedLoop
  const type = code[bodyAt - 1] as number
  const check = spend(bodiesPerCheck)
  const bytes = [0x02, type, 0x03, type]
  const hints: Hint[] = [{ at: bytes.length + hintAt(check), taken: 0 }]
  const pieces: { from: number; to: number }[] = []
  bytes.push(...check)
  for (let i = 1; i <= bodiesPerCheck; i++) {
    const isLast = i === bodiesPerCheck
    if (!isLast) bytes.push(0x02, 0x40)
    const body = isLast ? last : inner
    for (const { at, taken } of body.hints) hints.push({ at: bytes.length + at, taken })
    for (const { from, to } of body.pieces) pieces.push({ from, to: bytes.length + to })
    bytes.push(...body.bytes)
    // A body that comes to its end leaves the loop.
    if (!isLast) bytes.push(0x0c, 2, 0x0b)
  }
  bytes.push(0x0b)
  return { bytes, hints, pieces }
}

/**
 * The body of a loop with `shift` more blocks around it: branches to the loop stay, to what stands in its place; those
 * that leave it go further out. A branch over a call to the end of its block is taken, mostly.
 */
function moveBody(reader: WasmReader, shift: number): RepeatedLoop | undefined {
  const { bytes: code, end } = reader
  const bytes: number[] = []
  const pieces = [{ from: reader.at, to: 0 }]
  const skips = new Set<number>()
  /** Of each open block: its last branch to its end, -1 for none. */
  const open: number[] = []
  let from = reader.at
  const moveUntil = (at: number): void => {
    bytes.push(...code.subarray(from, at))
    from = at
  }
  const label = (): void => {
    moveUntil(reader.at)
    const target = reader.u32()
    bytes.push(...leb(target > open.length ? target + shift : target))
    from = reader.at
    pieces.push({ from, to: bytes.length })
  }
  while (reader.at < end) {
    const at = bytes.length + reader.at - from
    const opcode = reader.byte()
    if (unmovable.has(opcode)) return undefined
    if (opcode === 0x02 || opcode === 0x04) {
      open.push(-1)
      reader.skipType()
    } else if (opcode === 0x05) open[open.length - 1] = -1
    else if (opcode === 0x0b) open.pop()
    else if (opcode === 0x0c) label()
    else if (opcode === 0x0d) {
      if (code[reader.at] === 0 && open.length > 0) open[open.length - 1] = at
      label()
    } else if (opcode === 0x0e) for (let count = reader.u32() + 1; count > 0; count--) label()
    else if (opcode === 0x10 || opcode === 0x11) {
      const skip = open.at(-1) ?? -1
      if (skip >= 0) skips.add(skip)
      reader.skipLeb()
      if (opcode === 0x11) reader.skipLeb()
    } else skipImmediates(reader, opcode)
  }
  moveUntil(end)
  const hints = Array.from(skips, at => ({ at, taken: 1 }) as const).sort((a, b) => a.at - b.at)
  return { bytes, hints, pieces }
}

/** Handlers of exceptions, other instructions with labels, and those that `skipImmediates` does not know. */
const unmovable = new Set([
  ...[0x03, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x12, 0x13, 0x14, 0x15, 0x18, 0x19, 0x1f],
  ...[0x40, 0xd2, 0xd5, 0xd6, 0xfc],
])
