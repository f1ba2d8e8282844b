/** What foreign functions are, and how those whose argument is a protobuf message read it. */
import { WireReader } from '../../config/wire.ts'
import type { WasmVm } from '../vm.ts'

/** Gets the argument's bytes, its own copy. Returns bytes for the guest, or a status. */
export type ForeignFunction = (vm: WasmVm, argument: Buffer) => Uint8Array | number

const nothing = new Uint8Array(0)

/** Scalar fields of one message by number; what is not there has protobuf's default. */
export class Fields {
  readonly #values: ReadonlyMap<number, Uint8Array | number>

  constructor(values: ReadonlyMap<number, Uint8Array | number>) {
    this.#values = values
  }

  bytes(number: number): Uint8Array {
    const value = this.#values.get(number)
    return typeof value === 'object' ? value : nothing
  }

  text(number: number): string {
    return Buffer.from(this.bytes(number)).toString()
  }

  /** Numbers, enum values, and booleans as 0 and 1. */
  number(number: number): number {
    const value = this.#values.get(number)
    return typeof value === 'number' ? value : 0
  }
}

/** Undefined when the bytes are no protobuf message. */
export function readFields(argument: Uint8Array): Fields | undefined {
  const values = new Map<number, Uint8Array | number>()
  const reader = new WireReader(argument)
  try {
    while (!reader.done) {
      const tag = reader.tag()
      if ((tag & 7) === 0) values.set(tag >>> 3, reader.uint32())
      else if ((tag & 7) === 2) values.set(tag >>> 3, reader.bytes())
      else reader.skip(tag & 7)
    }
    return new Fields(values)
  } catch {
    return undefined
  }
}
