/** Reads a TLS ClientHello (RFC 8446, section 4.1.2) out of the first bytes of a connection, in whatever pieces they come. */
import { ByteQueue } from "../../lib/assembly/byte-queue"

/** What the bytes so far are. */
export enum HelloState {
  Incomplete,
  Complete,
  /** Not TLS, or broken. */
  Other,
  TooLong,
}

const handshakeRecord: u8 = 22
const clientHello: u8 = 1
/** Bytes of a record at most: 2^14 and what old versions allowed besides. */
const maxRecord = 16_384 + 2048

export class ClientHello {
  serverName: string = ""
  protocols: string[] = []
  versions: string[] = []
  encrypted: bool = false
  ciphers: i32 = 0
  private records: ByteQueue = new ByteQueue()
  private message: ByteQueue = new ByteQueue()

  /** @param limit bytes of the message at most */
  constructor(private limit: i32) {}

  /** Did anything come? */
  get started(): bool {
    return this.records.length + this.message.length > 0
  }

  /** Takes the next bytes. Not to be called again after it answered anything but Incomplete. */
  add(bytes: ArrayBuffer): HelloState {
    const records = this.records
    const message = this.message
    records.add(bytes, 0, this.limit + maxRecord)
    while (records.length > 0) {
      if (records.at(0) != handshakeRecord || (records.length > 1 && records.at(1) != 3)) return HelloState.Other
      if (records.length < 5) return HelloState.Incomplete
      const size = records.u16(3)
      if (size == 0 || size > maxRecord) return HelloState.Other
      if (records.length < 5 + size) {
        // What is there of the record says already whether it is one.
        const type = message.length > 0 ? message.at(0) : records.at(5)
        return (message.length > 0 || records.length > 5) && type != clientHello ? HelloState.Other : HelloState.Incomplete
      }
      message.add(records.slice(5, 5 + size))
      records.drop(5 + size)
      if (message.at(0) != clientHello) return HelloState.Other
      if (message.length < 4) continue
      const length = message.u24(1)
      if (length > this.limit) return HelloState.TooLong
      if (message.length >= 4 + length) return this.read(4, 4 + length) ? HelloState.Complete : HelloState.Other
    }
    return HelloState.Incomplete
  }

  private read(start: i32, end: i32): bool {
    const message = this.message
    const version = message.u16(start)
    let at = start + 34
    at += 1 + message.at(at)
    this.ciphers = message.u16(at) >> 1
    at += 2 + message.u16(at)
    at += 1 + message.at(at)
    if (at > end) return false
    if (at < end) {
      if (at + 2 + message.u16(at) != end) return false
      at += 2
    }
    while (at < end) {
      const size = message.u16(at + 2)
      const next = at + 4 + size
      if (next > end || !this.extension(message.u16(at), at + 4, next)) return false
      at = next
    }
    if (this.versions.length == 0) this.versions.push(versionName(version))
    return true
  }

  private extension(type: i32, start: i32, end: i32): bool {
    const message = this.message
    if (type == 0) return this.names(start, end)
    if (type == 16) {
      if (start + 2 + message.u16(start) != end) return false
      for (let at = start + 2; at < end; at += 1 + message.at(at)) {
        if (message.at(at) == 0 || at + 1 + message.at(at) > end) return false
        this.protocols.push(message.text(at + 1, at + 1 + message.at(at)))
      }
    } else if (type == 43) {
      if (start + 1 + message.at(start) != end || (end - start) % 2 == 0) return false
      for (let at = start + 1; at < end; at += 2) {
        const version = message.u16(at)
        // Values like 0x?a?a say nothing (RFC 8701).
        if ((version & 0x0f0f) != 0x0a0a) this.versions.push(versionName(version))
      }
    } else if (type == 0xfe0d) this.encrypted = true
    return true
  }

  private names(start: i32, end: i32): bool {
    const message = this.message
    if (start + 2 + message.u16(start) != end) return false
    let at = start + 2
    while (at < end) {
      const next = at + 3 + message.u16(at + 1)
      if (next > end) return false
      if (message.at(at) == 0 && this.serverName.length == 0) this.serverName = message.text(at + 3, next)
      at = next
    }
    return true
  }
}

function versionName(version: i32): string {
  if (version == 0x0300) return "SSLv3"
  if (version == 0x0301) return "TLSv1"
  if (version > 0x0301 && version <= 0x0304) return "TLSv1." + (version - 0x0301).toString()
  return "0x" + version.toString(16)
}
