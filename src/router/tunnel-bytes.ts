/** The bytes of a tunnel: it has no framing and no headers of its own on the wire. */
import type { BytesMeter } from '../core/stream-info.ts'

export abstract class TunnelBytes implements BytesMeter {
  readonly headerBytesReceived = 0
  readonly headerBytesSent = 0
  readonly decompressedHeaderBytesReceived = 0
  readonly decompressedHeaderBytesSent = 0
  wireBytesReceived = 0
  wireBytesSent = 0
}
