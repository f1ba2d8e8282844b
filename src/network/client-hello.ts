/**
 * Reads a TLS ClientHello (RFC 8446 §4.1.2, RFC 6066, RFC 7301) without a TLS library, so that certificate and ALPN
 * protocol are chosen before the handshake begins. It only informs: OpenSSL parses and judges the same bytes.
 */
import type { ClientHello } from '../core/transport-socket.ts'

/** A ClientHello that is not complete by then is not waited for. */
const maxBytes = 64 * 1024

/** 'incomplete': more bytes may make it one. Undefined: this is none, or none that could be read. */
export function parseClientHello(bytes: Uint8Array): ClientHello | 'incomplete' | undefined {
  const message = handshakeMessage(bytes)
  if (!(message instanceof Uint8Array)) return bytes.length > maxBytes ? undefined : message
  try {
    return parseMessage(new Reader(message))
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** The body of the first handshake message, put together from its records. */
function handshakeMessage(bytes: Uint8Array): Uint8Array | 'incomplete' | undefined {
  let message: Uint8Array = new Uint8Array(0)
  for (let at = 0; ; ) {
    if (at < bytes.length && bytes[at] !== 22) return undefined
    if (at + 1 < bytes.length && bytes[at + 1] !== 3) return undefined
    if (at + 5 > bytes.length) return 'incomplete'
    const length = ((bytes[at + 3] as number) << 8) | (bytes[at + 4] as number)
    if (length === 0 || length > 16_384) return undefined
    const fragment = bytes.subarray(at + 5, at + 5 + length)
    message = message.length === 0 ? fragment : Buffer.concat([message, fragment])
    if (message.length > 0 && message[0] !== 1) return undefined
    if (message.length >= 4) {
      const size = ((message[1] as number) << 16) | ((message[2] as number) << 8) | (message[3] as number)
      if (size > maxBytes) return undefined
      if (message.length >= 4 + size) return message.subarray(4, 4 + size)
    }
    if (fragment.length < length) return 'incomplete'
    at += 5 + length
  }
}

const extensionTypes = { serverName: 0, supportedGroups: 10, signatureAlgorithms: 13, alpn: 16 }
const secp256r1 = 0x0017
const ecdsaSecp256r1Sha256 = 0x0403

function parseMessage(hello: Reader): ClientHello {
  hello.skip(2 + 32)
  hello.skip(hello.uint8())
  hello.skip(hello.uint16())
  hello.skip(hello.uint8())
  let serverName: string | undefined
  let alpn: string[] = []
  // Clients of TLS 1.2 that name no groups or algorithms take all that are usual.
  let p256 = true
  let ecdsa = true
  const extensions = hello.end() ? hello : hello.vector16()
  while (!extensions.end()) {
    const type = extensions.uint16()
    const body = extensions.vector16()
    if (type === extensionTypes.serverName) serverName = hostName(body.vector16())
    else if (type === extensionTypes.alpn) alpn = protocols(body.vector16())
    else if (type === extensionTypes.supportedGroups) p256 = body.vector16().has16(secp256r1)
    else if (type === extensionTypes.signatureAlgorithms) ecdsa = body.vector16().has16(ecdsaSecp256r1Sha256)
  }
  return { serverName, alpn, ecdsa: p256 && ecdsa }
}

function hostName(list: Reader): string | undefined {
  while (!list.end()) {
    const type = list.uint8()
    const name = list.vector16()
    if (type === 0) return name.text().toLowerCase()
  }
  return undefined
}

function protocols(list: Reader): string[] {
  const found: string[] = []
  while (!list.end()) found.push(list.vector8().text())
  return found
}

/** Throws RangeError beyond its end. */
class Reader {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  end(): boolean {
    return this.#at === this.#bytes.length
  }

  skip(count: number): void {
    if (this.#at + count > this.#bytes.length) throw new RangeError('ends early')
    this.#at += count
  }

  uint8(): number {
    this.skip(1)
    return this.#bytes[this.#at - 1] as number
  }

  uint16(): number {
    return (this.uint8() << 8) | this.uint8()
  }

  vector8(): Reader {
    return this.#vector(this.uint8())
  }

  vector16(): Reader {
    return this.#vector(this.uint16())
  }

  has16(wanted: number): boolean {
    let found = false
    while (!this.end()) if (this.uint16() === wanted) found = true
    return found
  }

  /** Latin1. */
  text(): string {
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset, this.#bytes.length).toString('latin1')
  }

  #vector(length: number): Reader {
    this.skip(length)
    return new Reader(this.#bytes.subarray(this.#at - length, this.#at))
  }
}
