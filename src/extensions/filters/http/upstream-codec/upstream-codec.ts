/** `envoy.filters.http.upstream_codec`: stands for the upstream's codec at the end of upstream HTTP filters. */
import { UpstreamCodec } from '../../../../config/v3.ts'
import type { UpstreamCodecExtension } from '../../../../core/extension.ts'

export const upstreamCodec: UpstreamCodecExtension<UpstreamCodec> = {
  kind: 'upstream-codec',
  name: 'envoy.filters.http.upstream_codec',
  message: UpstreamCodec,
}
