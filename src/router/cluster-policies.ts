/** What a cluster says about the requests to it, in place of their routes. Follows Envoy's `HttpProtocolOptionsConfigImpl`. */
import type { ClusterHttpProtocolOptions } from '../config/v3.ts'
import type { ClusterRequestPolicies } from '../core/cluster.ts'
import type { FactoryContext } from '../core/extension.ts'
import { makeRetryPolicy } from './retry-policy.ts'
import { makeShadowPolicies } from './shadow-policy.ts'

/** A mirror's cluster need not exist. @throws ConfigError */
export function makeClusterPolicies(
  options: ClusterHttpProtocolOptions | undefined,
  context: FactoryContext,
): ClusterRequestPolicies {
  const { retryPolicy, requestMirrorPolicies = [] } = options ?? {}
  return {
    retryPolicy: retryPolicy && makeRetryPolicy(retryPolicy),
    shadowPolicies:
      requestMirrorPolicies.length === 0
        ? undefined
        : makeShadowPolicies(requestMirrorPolicies, { context, validateClusters: false }),
  }
}
