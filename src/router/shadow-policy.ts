/** `request_mirror_policies`. Follows Envoy's `ShadowPolicyImpl` and `ShadowWriterImpl`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { RouteAction_RequestMirrorPolicy } from '../config/v3.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { ShadowPolicy } from '../core/route.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { headerContext } from '../format/header-parser.ts'
import { makeRuntimeFraction } from '../matching/runtime-fraction.ts'
import { makeHeaderMutationList } from './header-mutation.ts'
import type { Level } from './level.ts'

/** Throws `ConfigError` for an unknown cluster. */
export function makeShadowPolicies(
  messages: readonly RouteAction_RequestMirrorPolicy[],
  level: Pick<Level, 'context' | 'validateClusters'>,
): readonly ShadowPolicy[] {
  return messages.map(each => makeShadowPolicy(each, level))
}

function makeShadowPolicy(
  message: RouteAction_RequestMirrorPolicy,
  { context, validateClusters }: Pick<Level, 'context' | 'validateClusters'>,
): ShadowPolicy {
  const { cluster, clusterHeader, runtimeFraction, disableShadowHostSuffixAppend } = message
  if ((cluster === '') === (clusterHeader === ''))
    throw configError(message, 'cluster', 'needs one of cluster and cluster_header')
  if (cluster !== '' && validateClusters && context.clusters.get(cluster) === undefined)
    throw configError(message, 'cluster', `unknown shadow cluster '${cluster}'`)
  const header = clusterHeader.toLowerCase()
  const host = toBytes(message.hostRewriteLiteral)
  const mutate = makeHeaderMutationList(message.requestHeadersMutations, context)
  return {
    clusterName: header === '' ? () => cluster : headers => headers.get(header) ?? '',
    enabled: runtimeFraction === undefined ? () => true : makeRuntimeFraction(runtimeFraction, context.runtime),
    finalizeHeaders(headers: HeaderMap, streamInfo: StreamInfo): void {
      mutate?.(headers, headerContext(headers, undefined, streamInfo))
      if (host !== '') headers.set(':authority', host)
      else if (!disableShadowHostSuffixAppend) headers.set(':authority', shadowHost(headers.authority))
    },
  }
}

/** `host-shadow:port`. */
export function shadowHost(host: string): string {
  const port = /(?<=[^:]):\d+$/.exec(host)
  return port === null ? `${host}-shadow` : `${host.slice(0, port.index)}-shadow${port[0]}`
}
