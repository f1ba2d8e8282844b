/**
 * The client's side of the Postgres protocol (version 3): Query and Parse messages are held until they are whole and judged;
 * all others stream through. A refused statement is replaced by one that the server answers with an error, so that the
 * server itself keeps the protocol and the transaction in order.
 */
import { ByteQueue } from "../../lib/assembly/byte-queue"
import { MessageStream } from "./message-stream"
import { Policy } from "./policy"

const sslRequest: u32 = 80877103
const gssRequest: u32 = 80877104
const cancelRequest: u32 = 80877102
const query: u8 = 0x51
const parse: u8 = 0x50
const functionCall: u8 = 0x46
const tlsHandshake: u8 = 22
const maxStartup: u32 = 16_384

export class PostgresGuard extends MessageStream {
  private started: bool = false

  constructor(private policy: Policy) {
    super()
  }

  protected step(output: ByteQueue): i32 {
    return this.started ? this.message(output) : this.startup()
  }

  /** 1: go on, 0: more bytes are needed, -1: close. */
  private startup(): i32 {
    const input = this.input
    if (input.length < 8) return 0
    const length = input.u32(0)
    const code = input.u32(4)
    if (this.policy.passTls && input.at(0) == tlsHandshake) {
      this.isOpaque = true
      return 1
    }
    if (length < 8 || length > maxStartup) return -1
    if (code == sslRequest || code == gssRequest) {
      if (!this.policy.passTls && this.policy.refuse("encryption is not allowed: it would hide statements", "").length > 0) return -1
      // The server may say no; then a startup message follows in plain text, which begins with a length.
      this.policy.unreadable.increment()
      this.passing = length
      return length == 8 ? 1 : -1
    }
    if (code >> 16 != 3 && code != cancelRequest) return -1
    this.started = true
    this.passing = length
    return 1
  }

  private message(output: ByteQueue): i32 {
    const input = this.input
    if (input.length < 5) return 0
    const type = input.at(0)
    const length = input.u32(1)
    if (length < 4 || length > 0x7fffff00) return -1
    if (type == functionCall) {
      // Calls a function by its number: nothing says what it does.
      if (this.policy.refuse("a function call by number is not allowed", "").length > 0) return -1
    }
    if (type != query && type != parse) {
      this.passing = length + 1
      return 1
    }
    if (length > <u32>this.policy.maxStatement) {
      const reason = this.policy.refuse("a statement of " + length.toString() + " bytes is not allowed", "")
      if (reason.length == 0) this.passing = length + 1
      else {
        this.replace(output, type, "", reason)
        this.dropping = length + 1
      }
      return 1
    }
    const size = <i32>length + 1
    if (input.length < size) return 0
    let at = 5
    let name = ""
    if (type == parse) {
      while (at < size && input.at(at) != 0) at++
      name = input.text(5, at)
      at++
    }
    let end = at
    while (end < size && input.at(end) != 0) end++
    const reason = this.policy.verdict(input.text(at, end))
    if (reason.length > 0) this.replace(output, type, name, reason)
    else output.add(input.slice(0, size))
    input.drop(size)
    return 1
  }

  /** A message that fails: the text is no number. */
  private replace(output: ByteQueue, type: u8, name: string, reason: string): void {
    const body = new ByteQueue()
    if (type == parse) {
      body.add_text(name)
      body.add_byte(0)
    }
    body.add_text("SELECT CAST('denied by sql-guard: " + reason + "' AS integer)")
    body.add_byte(0)
    if (type == parse) {
      body.add_byte(0)
      body.add_byte(0)
    }
    output.add_byte(type)
    const length = body.length + 4
    output.add_byte(<u8>(length >> 24))
    output.add_byte(<u8>(length >> 16))
    output.add_byte(<u8>(length >> 8))
    output.add_byte(<u8>length)
    output.add(body.slice(0, body.length))
  }
}
