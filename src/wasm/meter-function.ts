/** One function of a module that is metered (meter.ts): where checks belong, what they cost, and their code. */
import { leb, signedLeb, UnknownWasmError, walkInstructions, type WasmReader } from './meter-binary.ts'
import { isRepeatable } from './meter-unroll.ts'

/** Of fuel, so that a slice is at most some hundred host calls long. */
const hostCallUnits = 1024

/** Code that runs from one check to the next: a function outside its loops, or a loop outside those in it. */
export interface Region {
  /** Bytes. */
  size: number
  /** -1: through a table. */
  readonly callees: number[]
  /** Of a loop: its check, by its place among the insertions. */
  readonly check?: number
}

/** Code to put in before a position of the code section. */
export interface Insertion {
  readonly at: number
  /** A check's region, which gives its cost once the costs of calls are known; or the code. */
  readonly region: Region | undefined
  readonly code: (context: InFunction) => readonly number[]
  /** Of the check of a loop that may be repeated (meter-unroll.ts): where its `end` is. */
  endAt?: number
}

/** Of what is added to the module. */
export interface Indices {
  readonly fuel: number
  readonly table: number
  readonly refill: number
  readonly refused: number
}

interface InFunction extends Indices {
  /** A local that is ours. */
  readonly scratch: number
}

/** Positions are those in the code section. */
export interface ScannedFunction {
  /** Of its length, which stands before it. */
  readonly sizeAt: number
  readonly start: number
  readonly end: number
  readonly localsAt: number
  readonly localGroups: number
  readonly codeAt: number
  readonly scratch: number
  readonly entry: Region
  readonly insertions: Insertion[]
  /** Functions; -1: through a table; -2 - n: a reference to function n. */
  readonly callees: number[]
}

/** Reads a function from its number of local groups on. @throws UnknownWasmError */
export function scanFunction(
  reader: WasmReader,
  sizeAt: number,
  size: number,
  importCount: number,
  parameters: number,
): ScannedFunction {
  const start = reader.at
  const localGroups = reader.u32()
  const localsAt = reader.at
  let scratch = parameters
  for (let i = 0; i < localGroups; i++) {
    scratch += reader.u32()
    reader.skipType()
  }
  const codeAt = reader.at
  const entry: Region = { size: 0, callees: [] }
  const insertions: Insertion[] = []
  const callees: number[] = []
  /** The region of each open block, and where it began. */
  const regions: Region[] = [entry]
  let region = entry
  let sinceAt = codeAt
  const enter = (next: Region, at: number): void => {
    region.size += at - sinceAt
    sinceAt = at
    region = next
  }
  const noCode = (): readonly number[] => []
  walkInstructions(reader, {
    onLoop(bodyAt) {
      const loop: Region = { size: 0, callees: [], check: insertions.length }
      regions.push(loop)
      enter(loop, bodyAt)
      insertions.push({ at: bodyAt, region: loop, code: noCode })
    },
    onBlock: () => void regions.push(region),
    onEnd(at) {
      const closed = regions.pop() as Region
      const outer = regions.at(-1) ?? entry
      // Nothing else is put into such a loop.
      if (closed !== outer && closed.check === insertions.length - 1 && closed.callees.length > 0) {
        const check = insertions[closed.check] as Insertion
        if (isRepeatable(reader.bytes, check.at, at)) check.endAt = at
      }
      enter(outer, at)
    },
    onCall(at, callee) {
      callees.push(callee)
      region.callees.push(callee)
      if (callee < importCount) insertions.push({ at, region: undefined, code: spendOnHostCall })
    },
    onIndirectCall() {
      callees.push(-1)
      region.callees.push(-1)
    },
    onFunctionReference: callee => void callees.push(-2 - callee),
    onBulk(at) {
      insertions.push({ at, region: undefined, code: spendOnBulk })
    },
    onMemoryGrow(after) {
      insertions.push({ at: after, region: undefined, code: tellRefusedGrowth })
    },
  })
  const end = start + size
  if (reader.at !== end) throw new UnknownWasmError('a function of another length than it says')
  return {
    ...{ sizeAt, start, end, localsAt, localGroups, codeAt, scratch, entry, insertions, callees },
  }
}

export const i32 = (value: number): number[] => [0x41, ...signedLeb(value)]

/** Of a check's only `if`. No number in it ends like the opcode and is followed by the type. */
export function ifAt(check: Uint8Array): number {
  let at = 0
  while (check[at] !== 0x04 || check[at + 1] !== 0x40) at++
  return at
}

/** fuel -= amount; if (fuel < 0) refill() */
export function spend(amount: readonly number[], { fuel, refill }: Indices): number[] {
  const global = leb(fuel)
  return [
    ...[0x23, ...global, ...amount, 0x6b, 0x24, ...global],
    ...[0x23, ...global, 0x41, 0, 0x48, 0x04, 0x40, 0x10, ...leb(refill), 0x0b],
  ]
}

export function spendOnHostCall({ fuel }: Indices): number[] {
  const global = leb(fuel)
  return [0x23, ...global, ...i32(hostCallUnits), 0x6b, 0x24, ...global]
}

/** spend(length >>> 1), for the length on top of the stack: a page that is written for the first time costs 2 to 8 µs */
function spendOnBulk(context: InFunction): number[] {
  const local = leb(context.scratch)
  return [0x22, ...local, ...spend([0x20, ...local, ...i32(1), 0x76], context)]
}

/** if (result === -1) refused() */
function tellRefusedGrowth({ refused, scratch }: InFunction): number[] {
  const local = leb(scratch)
  return [0x22, ...local, 0x41, 0x7f, 0x46, 0x04, 0x40, 0x10, ...leb(refused), 0x0b, 0x20, ...local]
}

/** Nothing that needs a check or a local. */
export const isHostCall = ({ code }: Insertion): boolean => code === spendOnHostCall
