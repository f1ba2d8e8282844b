/** `envoy.transport_sockets.raw_buffer`: plain sockets, said aloud. */
import { RawBuffer } from '../../../config/v3.ts'
import type { DownstreamTransportSocketExtension, UpstreamTransportSocketExtension } from '../../../core/extension.ts'

const name = 'envoy.transport_sockets.raw_buffer'

export const downstreamRawBuffer: DownstreamTransportSocketExtension<RawBuffer> = {
  kind: 'downstream-transport-socket',
  name,
  message: RawBuffer,
  create: () => undefined,
}

export const upstreamRawBuffer: UpstreamTransportSocketExtension<RawBuffer> = {
  kind: 'upstream-transport-socket',
  name,
  message: RawBuffer,
  create: () => undefined,
}
