/** What is kept of the attempts of a request before its last one. */
import type { BytesMeter, StreamInfo } from '../core/stream-info.ts'

/** The bytes of all attempts: those of the last go on growing. */
export class BytesOfAttempts implements BytesMeter {
  readonly #earlier: BytesMeter
  readonly #last: BytesMeter

  constructor(earlier: BytesMeter, last: BytesMeter) {
    this.#earlier = earlier
    this.#last = last
  }

  get wireBytesReceived(): number {
    return this.#earlier.wireBytesReceived + this.#last.wireBytesReceived
  }

  get wireBytesSent(): number {
    return this.#earlier.wireBytesSent + this.#last.wireBytesSent
  }

  get headerBytesReceived(): number {
    return this.#earlier.headerBytesReceived + this.#last.headerBytesReceived
  }

  get headerBytesSent(): number {
    return this.#earlier.headerBytesSent + this.#last.headerBytesSent
  }

  get decompressedHeaderBytesReceived(): number {
    return this.#earlier.decompressedHeaderBytesReceived + this.#last.decompressedHeaderBytesReceived
  }

  get decompressedHeaderBytesSent(): number {
    return this.#earlier.decompressedHeaderBytesSent + this.#last.decompressedHeaderBytesSent
  }
}

/** Another attempt begins: its host and connection will take the place of those of this one. */
export function keepAttempt(info: StreamInfo): void {
  const { upstreamHost, upstreamConnectionId } = info
  if (upstreamHost !== undefined) {
    info.earlierUpstreamHosts ??= []
    info.earlierUpstreamHosts.push(upstreamHost)
    info.upstreamHost = undefined
  }
  if (upstreamConnectionId !== undefined) {
    info.earlierUpstreamConnectionIds ??= []
    info.earlierUpstreamConnectionIds.push(Number(upstreamConnectionId))
    info.upstreamConnectionId = undefined
  }
  info.upstreamPoolReadyMs = undefined
  info.upstreamTiming = undefined
}
