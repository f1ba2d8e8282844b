/** A filter state value that a guest has set: the bytes it gave. */
import type { FilterStateObject } from '../core/stream-info.ts'

export class WasmState implements FilterStateObject {
  readonly value: Uint8Array

  constructor(value: Uint8Array) {
    this.value = value
  }

  serializeAsString(): string {
    return Buffer.from(this.value).toString()
  }
}
