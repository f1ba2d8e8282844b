/**
 * Rewrites a module when it is loaded so that it cannot run or grow without end. Each loop and each function that can
 * come back to itself subtracts the size of its code from a global, the fuel; when that is used up the host looks at
 * the clock and gives more or has the module trap. What is loop-free and not recursive stays as it is. The maximum of
 * the memory is lowered to the limit.
 *
 * The module must be valid before. All that is added stands at the end of its index space, so that the module's own
 * indices, names and exports stay.
 */
import { callCosts, type CallNode } from './meter-calls.ts'
import {
  type InstructionVisitor,
  leb,
  section,
  sectionOrder,
  UnknownWasmError,
  walkInstructions,
  WasmReader,
} from './meter-binary.ts'
import type { MovedCode } from './source-map.ts'
import {
  i32,
  ifAt,
  type Indices,
  isHostCall,
  type Region,
  type ScannedFunction,
  scanFunction,
  spend,
  spendOnHostCall,
} from './meter-function.ts'
import { type Hint, repeatLoop } from './meter-unroll.ts'

/** Exports of a metered module: a table for the host's two functions (`meterCalls`), and its start function. */
export const meterTable = 'sluice:meter'
export const meterStart = 'sluice:start'
/** Elements of the table: `fuel()` gives the next slice, 0 to trap; `refused()` is told of a `memory.grow` that failed. */
export const meterCalls = { fuel: 0, refused: 1 } as const

/** Between two looks at the clock, in bytes of code divided by `bytesPerUnit`: some 0.3 ms. A VM begins without. */
export const fuelSlice = 200_000
const bytesPerUnit = 16
const maxUnits = 0x0f_ff_ff_ff
const branchHints = 'metadata.code.branch_hint'
const pageBytes = 65_536
const allocators = new Set(['malloc', 'proxy_on_memory_allocate'])
const bytesPerElement = 16

export interface MeterOptions {
  /** Whether fuel is counted. */
  readonly cpu: boolean
  /** Of each memory. */
  readonly memoryBytes: number
}

/**
 * @param moved is told where code has come from
 * @throws UnknownWasmError for a module that cannot be metered, or does not fit in its memory limit
 */
export function meterModule(
  bytes: Uint8Array<ArrayBuffer>,
  options: MeterOptions,
  moved?: MovedCode,
): Uint8Array<ArrayBuffer> {
  const module = new ModuleSections(bytes)
  module.capMemory(options.memoryBytes)
  if (options.cpu) module.addFuel()
  return module.encode(moved)
}

/** A piece of the module's own code. */
interface Kept {
  /** In the code section as it was. */
  readonly from: number
  /** In the new function, its length before it not included. */
  readonly to: number
}

class ModuleSections {
  readonly #bytes: Uint8Array
  /** Payloads by id. */
  readonly #sections = new Map<number, Uint8Array>()
  /** By function, by position from the beginning of its body. */
  readonly #hints: (readonly [index: number, hints: readonly Hint[]])[] = []
  /** The new code section, in pieces. */
  #code: readonly Uint8Array[] | undefined = undefined
  /** Where the code section was. */
  #codeAt = 0
  /** What of it is still there, by its place in the new one. */
  #kept: readonly Kept[] = [{ from: 0, to: 0 }]
  /** Whole custom sections, head included. */
  readonly #customs: Uint8Array[] = []

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
    const reader = new WasmReader(bytes, 8)
    while (reader.at < bytes.length) {
      const start = reader.at
      const id = reader.byte()
      const size = reader.u32()
      const payload = reader.at
      reader.skip(size)
      if (id === section.code) this.#codeAt = payload
      if (id !== section.custom) this.#sections.set(id, bytes.subarray(payload, payload + size))
      else if (!this.#isAboutPositions(payload, payload + size)) this.#customs.push(bytes.subarray(start, reader.at))
    }
  }

  encode(moved?: MovedCode): Uint8Array<ArrayBuffer> {
    const parts: Uint8Array[] = [this.#bytes.subarray(0, 8)]
    for (const id of sectionOrder) {
      const payload = this.#sections.get(id)
      if (id === section.code) parts.push(this.#branchHints())
      if (payload === undefined) continue
      const content = id === section.code && this.#code !== undefined ? this.#code : [payload]
      parts.push(Uint8Array.from([id, ...leb(content.reduce((sum, part) => sum + part.length, 0))]))
      if (id === section.code && moved !== undefined) {
        const codeAt = parts.reduce((sum, part) => sum + part.length, 0)
        for (const { from, to } of this.#kept) {
          moved.from.push(this.#codeAt + from)
          moved.to.push(codeAt + to)
        }
      }
      for (const part of content) parts.push(part)
    }
    for (const custom of this.#customs) parts.push(custom)
    return joined(parts)
  }

  capMemory(memoryBytes: number): void {
    const maxPages = Math.floor(memoryBytes / pageBytes)
    this.#rewriteLimits(
      section.memory,
      () => undefined,
      maxPages,
      (min: number) => {
        throw new UnknownWasmError(`it needs ${min * pageBytes} bytes of memory, the limit is ${memoryBytes}`)
      },
    )
    const maxElements = Math.floor(memoryBytes / bytesPerElement)
    const skipType = (reader: WasmReader): void => {
      if (reader.bytes[reader.at] === 0x40) throw new UnknownWasmError('a table with an initial value')
      reader.skipType()
    }
    this.#rewriteLimits(section.table, skipType, maxElements, min => {
      throw new UnknownWasmError(`it has a table of ${min} elements, the limit is ${maxElements}`)
    })
  }

  addFuel(): void {
    const types = this.#parameterCounts()
    const imports = this.#imports()
    const declared = this.#functionTypes()
    const functions = this.#scan(
      imports.functions,
      declared.map(type => types[type] ?? 0),
    )
    const referenced = this.#referenced(functions)
    const total = imports.functions + functions.length
    const anyOfTable = total
    const anyAllocator = total + 1
    const node = (size: number, callees: readonly number[], isChoice: boolean): CallNode => ({
      size,
      callees,
      isChoice,
    })
    const nodes = [
      ...Array.from({ length: imports.functions }, () => node(0, [anyAllocator], true)),
      ...functions.map(each => node(each.end - each.codeAt, each.callees, false)),
      node(0, referenced, true),
      node(0, this.#allocators(), true),
    ]
    // Calls through a table were noted as -1.
    for (const each of functions) replaceIndirect(each.callees, anyOfTable)
    const { metered, costs } = callCosts(nodes)
    if (!metered.includes(1) && functions.every(each => each.insertions.every(isHostCall))) return
    const voidType = types.length
    const indices: Indices = {
      fuel: imports.globals + this.#count(section.global),
      table: imports.tables + this.#count(section.table),
      refill: total,
      refused: total + 1,
    }
    const units = (region: Region): number => {
      let cost = region.size
      for (const callee of region.callees) cost += costs[callee === -1 ? anyOfTable : callee] as number
      return Math.min(maxUnits, 1 + Math.floor(cost / bytesPerUnit))
    }
    const kept: Kept[][] = functions.map(() => [])
    const bodies = functions.map((each, index) => {
      const isMetered = metered[imports.functions + index] === 1
      return this.#rewrite(imports.functions + index, each, isMetered, units, indices, kept[index] as Kept[])
    })
    const refillCode = [
      ...[...i32(meterCalls.fuel), 0x11, ...leb(voidType + 1), ...leb(indices.table), 0x24, ...leb(indices.fuel)],
      ...[0x23, ...leb(indices.fuel), 0x45, 0x04, 0x40, 0x00, 0x0b],
    ]
    const refusedCode = [...i32(meterCalls.refused), 0x11, ...leb(voidType), ...leb(indices.table)]
    for (const code of [refillCode, refusedCode])
      bodies.push(Uint8Array.from([...leb(code.length + 2), 0, ...code, 0x0b]))
    this.#append(section.type, 2, [0x60, 0, 0, 0x60, 0, 1, 0x7f])
    this.#append(section.function, 2, [...leb(voidType), ...leb(voidType)])
    this.#append(section.table, 1, [0x70, 1, 2, 2])
    this.#append(section.global, 1, [0x7f, 1, ...i32(0), 0x0b])
    this.#append(section.export, 1, [...name(meterTable), 1, ...leb(indices.table)])
    const start = this.#sections.get(section.start)
    if (start !== undefined) {
      this.#sections.delete(section.start)
      this.#append(section.export, 1, [...name(meterStart), 0, ...start])
    }
    let at = leb(bodies.length).length
    this.#kept = kept.flatMap((pieces, index) => {
      const body = bodies[index] as Uint8Array
      const start = at + body.findIndex(byte => byte < 0x80) + 1
      at += body.length
      return pieces.map(({ from, to }) => ({ from, to: start + to }))
    })
    this.#code = [Uint8Array.from(leb(bodies.length)), ...bodies]
  }

  /** What holds positions in the code, which would be wrong afterwards. */
  #isAboutPositions(start: number, end: number): boolean {
    const sectionName = new WasmReader(this.#bytes, start, end).name()
    return sectionName.startsWith('.debug_') || sectionName === branchHints
  }

  /** Checks seldom find that fuel is used up. V8 keeps that path out of the loop's registers (measured: 2.5 times). */
  #branchHints(): Uint8Array {
    if (this.#hints.length === 0) return new Uint8Array(0)
    const payload = [...name(branchHints), ...leb(this.#hints.length)]
    for (const [index, hints] of this.#hints) {
      payload.push(...leb(index), ...leb(hints.length))
      for (const { at, taken } of hints) payload.push(...leb(at), 1, taken)
    }
    return Uint8Array.from([section.custom, ...leb(payload.length), ...payload])
  }

  #reader(id: number): WasmReader | undefined {
    const payload = this.#sections.get(id)
    return payload && new WasmReader(payload)
  }

  #count(id: number): number {
    return this.#reader(id)?.u32() ?? 0
  }

  /** Adds entries at the end of a section. */
  #append(id: number, count: number, entries: readonly number[]): void {
    const payload = this.#sections.get(id) ?? Uint8Array.of(0)
    const reader = new WasmReader(payload)
    const present = reader.u32()
    const old = payload.subarray(reader.at)
    this.#sections.set(id, Buffer.concat([Uint8Array.from(leb(present + count)), old, Uint8Array.from(entries)]))
  }

  #rewriteLimits(id: number, skip: (reader: WasmReader) => void, max: number, tooLarge: (min: number) => never): void {
    const reader = this.#reader(id)
    if (reader === undefined) return
    const count = reader.u32()
    const out = leb(count)
    for (let i = 0; i < count; i++) {
      const start = reader.at
      skip(reader)
      out.push(...reader.bytes.subarray(start, reader.at))
      const limits = reader.limits()
      if (limits.min > max) tooLarge(limits.min)
      out.push(1, ...leb(limits.min), ...leb(Math.min(limits.max ?? max, max)))
    }
    this.#sections.set(id, Uint8Array.from(out))
  }

  #parameterCounts(): number[] {
    const reader = this.#reader(section.type)
    if (reader === undefined) return []
    return Array.from({ length: reader.u32() }, () => {
      const form = reader.byte()
      if (form !== 0x60) throw new UnknownWasmError(`a type of form 0x${form.toString(16)}`)
      const parameters = reader.u32()
      for (let i = 0; i < parameters; i++) reader.skipType()
      for (let results = reader.u32(); results > 0; results--) reader.skipType()
      return parameters
    })
  }

  #imports(): { functions: number; tables: number; globals: number } {
    const found = { functions: 0, tables: 0, globals: 0 }
    const reader = this.#reader(section.import)
    if (reader === undefined) return found
    for (let count = reader.u32(); count > 0; count--) {
      reader.name()
      reader.name()
      const kind = reader.byte()
      if (kind === 0) {
        found.functions++
        reader.skipLeb()
      } else throw new UnknownWasmError('it imports something that is not a function')
    }
    return found
  }

  #functionTypes(): number[] {
    const reader = this.#reader(section.function)
    return reader === undefined ? [] : Array.from({ length: reader.u32() }, () => reader.u32())
  }

  /** What the host calls in the middle of a host function. */
  #allocators(): number[] {
    const reader = this.#reader(section.export)
    const found: number[] = []
    if (reader === undefined) return found
    for (let count = reader.u32(); count > 0; count--) {
      const isAllocator = allocators.has(reader.name())
      const kind = reader.byte()
      const index = reader.u32()
      if (kind === 0 && isAllocator) found.push(index)
    }
    return found
  }

  /** Functions that an indirect call may reach. */
  #referenced(functions: readonly ScannedFunction[]): number[] {
    const found = new Set<number>()
    const visitor = referenceVisitor(found)
    for (const each of functions) for (const callee of each.callees) if (callee < -1) found.add(-2 - callee)
    const globals = this.#reader(section.global)
    if (globals !== undefined)
      for (let count = globals.u32(); count > 0; count--) {
        globals.skipType()
        globals.byte()
        walkInstructions(globals, visitor)
      }
    const elements = this.#reader(section.element)
    if (elements === undefined) return [...found]
    for (let count = elements.u32(); count > 0; count--) {
      const flags = elements.u32()
      if ((flags & 1) === 0) {
        if (flags & 2) elements.skipLeb()
        walkInstructions(elements, visitor)
      }
      if (flags & 3) elements.skipType()
      for (let items = elements.u32(); items > 0; items--)
        if (flags & 4) walkInstructions(elements, visitor)
        else found.add(elements.u32())
    }
    return [...found]
  }

  #scan(importCount: number, parameterCounts: readonly number[]): ScannedFunction[] {
    const reader = this.#reader(section.code)
    if (reader === undefined) return []
    return Array.from({ length: reader.u32() }, (_, index) => {
      const sizeAt = reader.at
      const size = reader.u32()
      return scanFunction(reader, sizeAt, size, importCount, parameterCounts[index] as number)
    })
  }

  #rewrite(
    index: number,
    scanned: ScannedFunction,
    meterEntry: boolean,
    units: (region: Region) => number,
    indices: Indices,
    kept: Kept[],
  ): Uint8Array {
    const code = this.#sections.get(section.code) as Uint8Array
    const { sizeAt, start, end, localsAt, localGroups, codeAt, insertions, entry } = scanned
    const needsLocal = insertions.some(each => each.region === undefined && !isHostCall(each))
    const parts: Uint8Array[] = [Uint8Array.from(leb(localGroups + (needsLocal ? 1 : 0)))]
    parts.push(code.subarray(localsAt, codeAt))
    if (needsLocal) parts.push(Uint8Array.of(1, 0x7f))
    if (!meterEntry && insertions.length === 0) {
      kept.push({ from: start, to: 0 })
      return code.subarray(sizeAt, end)
    }
    const hints: Hint[] = []
    let length = parts.reduce((sum, part) => sum + part.length, 0)
    const add = (part: Uint8Array, check: boolean): void => {
      if (check) hints.push({ at: length + ifAt(part), taken: 0 })
      parts.push(part)
      length += part.length
    }
    if (meterEntry) add(Uint8Array.from(spend(i32(units(entry)), indices)), true)
    let from = codeAt
    const context = { ...indices, scratch: scanned.scratch }
    for (const { at, region, code: added, endAt } of insertions) {
      kept.push({ from, to: length })
      if (region !== undefined && endAt !== undefined) {
        const check = (bodies: number): Uint8Array =>
          Uint8Array.from(spend(i32(Math.min(maxUnits, units(region) * bodies)), indices))
        const repeated = repeatLoop(code, at, endAt, check, ifAt)
        if (repeated !== undefined) {
          // The loop's opcode and type are in front of its body.
          add(code.subarray(from, at - 2), false)
          for (const hint of repeated.hints) hints.push({ at: length + hint.at, taken: hint.taken })
          for (const piece of repeated.pieces) kept.push({ from: piece.from, to: length + piece.to })
          add(Uint8Array.from(repeated.bytes), false)
          from = endAt
          continue
        }
      }
      add(code.subarray(from, at), false)
      const isCall = added === spendOnHostCall
      add(Uint8Array.from(region === undefined ? added(context) : spend(i32(units(region)), indices)), !isCall)
      from = at
    }
    kept.push({ from, to: length })
    parts.push(code.subarray(from, end))
    if (hints.length > 0) this.#hints.push([index, hints])
    return joined([Uint8Array.from(leb(length + end - from)), ...parts])
  }
}

const name = (text: string): number[] => [...leb(Buffer.byteLength(text)), ...Buffer.from(text)]

function replaceIndirect(callees: number[], anyOfTable: number): void {
  const known = callees.filter(callee => callee >= -1)
  callees.length = 0
  for (const callee of known) callees.push(callee === -1 ? anyOfTable : callee)
}

function referenceVisitor(found: Set<number>): InstructionVisitor {
  const nothing = (): void => {}
  return {
    ...{ onLoop: nothing, onBlock: nothing, onEnd: nothing, onCall: nothing, onIndirectCall: nothing, onBulk: nothing },
    onMemoryGrow: nothing,
    onFunctionReference: callee => void found.add(callee),
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    bytes.set(part, at)
    at += part.length
  }
  return bytes
}
