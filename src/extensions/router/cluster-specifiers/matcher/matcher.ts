/** `envoy.router.cluster_specifier_plugin.matcher`: the cluster by a unified matcher. Follows Envoy's `MatcherClusterSpecifierPlugin`. */
import { httpMatching } from '../../../../cel/matching.ts'
import { configError } from '../../../../config/position.ts'
import { ClusterAction, MatcherClusterSpecifier } from '../../../../config/v3.ts'
import type { ClusterSpecifierExtension } from '../../../../core/extension.ts'
import { insufficientData } from '../../../../matching/match-data.ts'
import { makeMatchTree } from '../../../../matching/match-tree.ts'

export const matcherClusterSpecifier: ClusterSpecifierExtension<MatcherClusterSpecifier> = {
  kind: 'cluster-specifier',
  name: 'envoy.router.cluster_specifier_plugin.matcher',
  message: MatcherClusterSpecifier,
  create(message, context) {
    if (message.clusterMatcher === undefined) throw configError(message, 'clusterMatcher', 'is required')
    const tree = makeMatchTree(message.clusterMatcher, {
      ...httpMatching(context),
      runtime: context.runtime,
      keepsMatching: true,
      makeAction(config, of) {
        if (config.typeUrl !== ClusterAction.typeUrl)
          throw configError(of, 'typedConfig', `must be ${ClusterAction.typeUrl}`)
        return (config.value as ClusterAction).cluster
      },
    })
    return (requestHeaders, streamInfo) => {
      const cluster = tree({ requestHeaders, streamInfo })
      return cluster === undefined || cluster === insufficientData ? '' : cluster
    }
  },
}
