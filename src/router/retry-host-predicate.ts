/** `retry_host_predicate`: hosts that a retry should not take. Follows Envoy's `source/extensions/retry/host`. */
import { isDeepStrictEqual } from 'node:util'
import { configError } from '../config/position.ts'
import {
  OmitCanaryHostsPredicate,
  OmitHostMetadataConfig,
  PreviousHostsPredicate,
  type RetryPolicy_RetryHostPredicate as Message,
} from '../config/v3.ts'
import type { Host } from '../core/cluster.ts'
import type { RetryHostPredicate } from '../core/route.ts'

/** @throws ConfigError for an unknown one */
export function makeRetryHostPredicate(message: Message): RetryHostPredicate {
  const any = message.typedConfig
  switch (any?.typeUrl) {
    case PreviousHostsPredicate.typeUrl:
      return (host, attempted) => attempted.some(other => other.addressString === host.addressString)
    case OmitCanaryHostsPredicate.typeUrl:
      return isCanary
    case OmitHostMetadataConfig.typeUrl: {
      const wanted = (any.value as OmitHostMetadataConfig).metadataMatch?.filterMetadata['envoy.lb'] ?? {}
      return host => has(host, wanted)
    }
    default:
      throw configError(
        message,
        'typedConfig',
        `must be one of ${PreviousHostsPredicate.typeUrl}, ${OmitCanaryHostsPredicate.typeUrl}, ${OmitHostMetadataConfig.typeUrl}`,
      )
  }
}

/** A list in the host's metadata stands for each of its values. */
function has(host: Host, wanted: Readonly<Record<string, unknown>>): boolean {
  const metadata = host.metadata?.['envoy.lb']
  return Object.entries(wanted).every(([key, value]) => {
    const found = metadata?.[key]
    return (
      isDeepStrictEqual(found, value) || (Array.isArray(found) && found.some(each => isDeepStrictEqual(each, value)))
    )
  })
}

export function isCanary(host: Host): boolean {
  return host.metadata?.['envoy.lb']?.['canary'] === true
}
