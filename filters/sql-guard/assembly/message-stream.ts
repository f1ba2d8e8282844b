/** The client's bytes as messages, of which some are judged, and the rest stream through or nowhere. */
import { ByteQueue } from "../../lib/assembly/byte-queue"

export abstract class MessageStream {
  protected input: ByteQueue = new ByteQueue()
  /** Bytes of the running message that go through, or nowhere. */
  protected passing: u32 = 0
  protected dropping: u32 = 0
  /** Not to be looked at any more: encrypted. */
  protected isOpaque: bool = false

  /** @returns what goes on to the server; null: the connection must be closed */
  next(bytes: ArrayBuffer): ArrayBuffer | null {
    if (this.isOpaque) return bytes
    const input = this.input
    input.add(bytes)
    const output = new ByteQueue()
    while (input.length > 0) {
      if (this.passing > 0) {
        const count = <i32>min<u32>(this.passing, input.length)
        output.add(input.slice(0, count))
        input.drop(count)
        this.passing -= count
      } else if (this.dropping > 0) {
        const count = <i32>min<u32>(this.dropping, input.length)
        input.drop(count)
        this.dropping -= count
      } else if (this.isOpaque) {
        output.add(input.slice(0, input.length))
        input.drop(input.length)
      } else {
        const step = this.step(output)
        if (step < 0) return null
        if (step == 0) break
      }
    }
    return output.slice(0, output.length)
  }

  /** Looks at the next message. @returns 1: go on, 0: more bytes are needed, -1: close */
  protected abstract step(output: ByteQueue): i32
}
