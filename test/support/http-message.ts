/** Splits captured HTTP/1 bytes into messages without judging them: what was on the wire stays visible. */

export type Framing = 'none' | 'length' | 'chunked' | 'close'

export interface Message {
  /** Request or status line. */
  readonly start: string
  /** Header lines as sent, `name: value`. */
  readonly headers: readonly string[]
  readonly framing: Framing
  /** Decoded of chunks. */
  readonly body: Buffer
  readonly trailers: readonly string[]
  /** The peer closed before the message was whole. */
  readonly cut: boolean
}

export interface ParseOptions {
  readonly request: boolean
  /** The response is to a HEAD request. */
  readonly head?: boolean
  /** No further bytes will come. */
  readonly ended: boolean
}

const crlf = '\r\n'

/** Values of a header, in order. */
export function valuesOf(message: Pick<Message, 'headers'>, name: string): string[] {
  const values: string[] = []
  for (const line of message.headers) {
    const colon = line.indexOf(':')
    if (line.slice(0, colon).toLowerCase() === name) values.push(line.slice(colon + 1).trim())
  }
  return values
}

/** The message that begins at `offset` and where it ends; undefined while it is not whole. */
export function parseMessage(
  bytes: Buffer,
  offset: number,
  options: ParseOptions,
): { message: Message; next: number } | undefined {
  const headEnd = bytes.indexOf(crlf + crlf, offset)
  if (headEnd < 0) return undefined
  const [start = '', ...headers] = bytes.toString('latin1', offset, headEnd).split(crlf)
  let at = headEnd + 4
  const head = { start, headers, trailers: [] as string[], cut: false }
  const status = options.request ? 0 : Number(start.split(' ')[1])
  const bodiless = options.head === true || (status >= 100 && status < 200) || status === 204 || status === 304
  const none = { message: { ...head, framing: 'none' as const, body: Buffer.alloc(0) }, next: at }
  if (bodiless) return none

  if (valuesOf(head, 'transfer-encoding').join().toLowerCase().includes('chunked')) {
    const parts: Buffer[] = []
    for (;;) {
      const lineEnd = bytes.indexOf(crlf, at)
      const size = lineEnd < 0 ? Number.NaN : Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
      const whole = lineEnd >= 0 && bytes.length >= lineEnd + 2 + size + 2
      if (!whole && size !== 0) {
        if (!options.ended) return undefined
        if (lineEnd >= 0) parts.push(bytes.subarray(lineEnd + 2))
        return { message: { ...head, framing: 'chunked', body: Buffer.concat(parts), cut: true }, next: bytes.length }
      }
      at = lineEnd + 2
      if (size === 0) break
      parts.push(bytes.subarray(at, at + size))
      at += size + 2
    }
    const body = Buffer.concat(parts)
    const trailers: string[] = []
    for (;;) {
      const lineEnd = bytes.indexOf(crlf, at)
      if (lineEnd < 0) {
        if (!options.ended) return undefined
        return { message: { ...head, framing: 'chunked', body, trailers, cut: true }, next: bytes.length }
      }
      const line = bytes.toString('latin1', at, lineEnd)
      at = lineEnd + 2
      if (line === '') return { message: { ...head, framing: 'chunked', body, trailers }, next: at }
      trailers.push(line)
    }
  }

  const length = valuesOf(head, 'content-length')[0]
  if (length !== undefined) {
    const end = at + Number(length)
    if (bytes.length < end && !options.ended) return undefined
    const body = bytes.subarray(at, end)
    return { message: { ...head, framing: 'length', body, cut: bytes.length < end }, next: Math.min(end, bytes.length) }
  }
  if (options.request) return none
  if (!options.ended) return undefined
  return { message: { ...head, framing: 'close', body: bytes.subarray(at) }, next: bytes.length }
}

/** All whole messages from the beginning of `bytes`, and what is left over. */
export function parseMessages(
  bytes: Buffer,
  options: ParseOptions,
): { messages: Message[]; finals: number; rest: Buffer } {
  const messages: Message[] = []
  let at = 0
  let finals = 0
  for (;;) {
    const parsed = at < bytes.length ? parseMessage(bytes, at, options) : undefined
    if (parsed === undefined) return { messages, finals, rest: bytes.subarray(at) }
    messages.push(parsed.message)
    at = parsed.next
    if (options.request || !/^HTTP\/1\.\d 1(?!01)\d\d/.test(parsed.message.start)) finals += 1
  }
}
