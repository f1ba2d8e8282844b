/** What foreign functions are, and how those whose argument is a protobuf message read it. */
import { WireReader } from '../../config/wire.ts'
import type { WasmVm } from '../vm.ts'

/** Gets the argument's bytes, its own copy. Returns bytes for the guest, or a status. */
export type ForeignFunction = (vm: WasmVm, argument: Buffer) => Uint8Array | number

const nothing = new Uint8Array(0)

type Values = ReadonlyMap<number, readonly (Uint8Array | number)[]>

/** Fields of one message by number; what is not there has protobuf's default. */
export class Fields {
  readonly #values: Values

  constructor(values: Values) {
    this.#values = values
  }

  /** The messages of a repeated field. */
  messages(number: number): Uint8Array[] {
    return this.#values.get(number)?.filter(value => typeof value === 'object') ?? []
  }

  bytes(number: number): Uint8Array {
    const value = this.#values.get(number)?.at(-1)
    return typeof value === 'object' ? value : nothing
  }

  text(number: number): string {
    return Buffer.from(this.bytes(number)).toString()
  }

  /** Numbers, enum values, and booleans as 0 and 1. */
  number(number: number): number {
    const value = this.#values.get(number)?.at(-1)
    return typeof value === 'number' ? value : 0
  }
}

/** Undefined when the bytes are no protobuf message. */
export function readFields(argument: Uint8Array): Fields | undefined {
  const values = new Map<number, (Uint8Array | number)[]>()
  const reader = new WireReader(argument)
  try {
    while (!reader.done) {
      const tag = reader.tag()
      const wireType = tag & 7
      if (wireType !== 0 && wireType !== 2) {
        reader.skip(wireType)
        continue
      }
      const value = wireType === 0 ? reader.uint32() : reader.bytes()
      const known = values.get(tag >>> 3)
      if (known === undefined) values.set(tag >>> 3, [value])
      else known.push(value)
    }
    return new Fields(values)
  } catch {
    return undefined
  }
}
