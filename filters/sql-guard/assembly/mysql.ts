/**
 * The MySQL protocol: the server's greeting loses the capabilities that would hide statements (compression, query
 * attributes and, unless it is let pass, TLS), and COM_QUERY and COM_STMT_PREPARE packets are judged. A refused statement is
 * replaced by one that the server answers with an error.
 */
import { ByteQueue } from "../../lib/assembly/byte-queue"
import { MessageStream } from "./message-stream"
import { Policy } from "./policy"

const compress: u32 = 1 << 5
const tls: u32 = 1 << 11
const zstd: u32 = 1 << 26
const queryAttributes: u32 = 1 << 27
const comQuery: u8 = 0x03
const comPrepare: u8 = 0x16
const longest: u32 = 0xffffff

export class MysqlGuard extends MessageStream {
  private greeting: ByteQueue = new ByteQueue()
  private greeted: bool = false
  private answered: bool = false

  constructor(private policy: Policy) {
    super()
  }

  /** Bytes of the server. @returns what goes on to the client; null: the connection must be closed */
  greet(bytes: ArrayBuffer): ArrayBuffer | null {
    if (this.greeted) return bytes
    const greeting = this.greeting
    greeting.add(bytes)
    if (greeting.length < 4) return new ArrayBuffer(0)
    const size = <i32>greeting.at(0) | (<i32>greeting.at(1) << 8) | (<i32>greeting.at(2) << 16)
    if (size > 4096) return null
    if (greeting.length < 4 + size) return new ArrayBuffer(0)
    this.greeted = true
    const all = greeting.slice(0, greeting.length)
    // An error (too many connections, say) instead of a greeting.
    if (greeting.at(4) != 10) return greeting.at(4) == 0xff ? all : null
    let at = 5
    while (at < 4 + size && greeting.at(at) != 0) at++
    // Number of the connection (4), first part of the scramble (8), 0.
    at += 14
    if (at + 7 > 4 + size) return null
    const hidden = this.hidden()
    const low = changetype<usize>(all) + at
    store<u16>(low, load<u16>(low) & ~<u16>(hidden & 0xffff))
    store<u16>(low + 5, load<u16>(low + 5) & ~<u16>(hidden >> 16))
    return all
  }

  private hidden(): u32 {
    return compress | zstd | queryAttributes | (this.policy.passTls ? 0 : tls)
  }

  protected step(output: ByteQueue): i32 {
    const input = this.input
    if (input.length < 4) return 0
    const size = <u32>input.at(0) | (<u32>input.at(1) << 8) | (<u32>input.at(2) << 16)
    if (!this.answered) {
      if (input.length < 8) return 0
      this.answered = true
      const flags = <u32>input.at(4) | (<u32>input.at(5) << 8) | (<u32>input.at(6) << 16) | (<u32>input.at(7) << 24)
      if (size < 32 || (flags & this.hidden()) != 0) return -1
      if ((flags & tls) != 0) {
        this.policy.unreadable.increment()
        this.isOpaque = true
      }
      this.passing = size + 4
      return 1
    }
    // Packets of a command begin at number 0; others belong to a login or to LOAD DATA LOCAL.
    if (input.at(3) != 0 || size == 0) {
      this.passing = size + 4
      return 1
    }
    if (input.length < 5) return 0
    const command = input.at(4)
    if (command != comQuery && command != comPrepare) {
      this.passing = size + 4
      return 1
    }
    if (size > <u32>this.policy.maxStatement) {
      const reason = this.policy.refuse("a statement of " + size.toString() + " bytes is not allowed", "")
      if (reason.length == 0) {
        this.passing = size + 4
        return 1
      }
      // More packets of it would follow.
      if (size == longest) return -1
      this.replace(output, command, reason)
      this.dropping = size + 4
      return 1
    }
    const end = <i32>size + 4
    if (input.length < end) return 0
    const reason = this.policy.verdict(input.text(5, end))
    if (reason.length > 0) this.replace(output, command, reason)
    else output.add(input.slice(0, end))
    input.drop(end)
    return 1
  }

  private replace(output: ByteQueue, command: u8, reason: string): void {
    const text = "denied by sql-guard: " + reason
    // SIGNAL cannot be prepared: there the server quotes the text in a syntax error.
    const sql = String.UTF8.encode(command == comQuery ? "SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = '" + text + "'" : "'" + text + "'")
    const size = sql.byteLength + 1
    output.add_byte(<u8>size)
    output.add_byte(<u8>(size >> 8))
    output.add_byte(<u8>(size >> 16))
    output.add_byte(0)
    output.add_byte(command)
    output.add(sql)
  }
}
