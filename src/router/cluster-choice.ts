/** Which cluster a route's action leads to: named, by a header, by weights, by a plugin. Follows Envoy's `source/common/router` (…_cluster_specifier.cc). */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { ClusterSpecifierPlugin, Metadata, RouteAction, WeightedCluster_ClusterWeight } from '../config/v3.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { ClusterSpecifier } from '../core/route.ts'
import { addLevel, type Level } from './level.ts'
import { ForwardRoute, type ForwardSettings } from './route.ts'
import { makeWeightedChoice, type RouteChoice } from './weighted-clusters.ts'

/** The part of `metadata_match` that chooses a subset of the hosts. */
export function subsetOf(metadata: Metadata | undefined): Readonly<Record<string, unknown>> | undefined {
  return metadata?.filterMetadata['envoy.lb']
}

/** Throws `ConfigError` for an unknown cluster, as far as they are checked. */
export function makeClusterChoice(action: RouteAction, settings: ForwardSettings, level: Level): RouteChoice {
  if (action.weightedClusters !== undefined)
    return makeWeightedChoice(
      action.weightedClusters,
      level.context.runtime,
      settings.hashPolicy,
      (each, refreshCluster) => weightedChoice(each, { ...settings, refreshCluster }, level),
    )
  if (action.inlineClusterSpecifierPlugin !== undefined)
    return specifierChoice(makeClusterSpecifier(action.inlineClusterSpecifierPlugin, level.context), settings)
  if (action.clusterSpecifierPlugin !== undefined) {
    const name = action.clusterSpecifierPlugin
    if (!level.clusterSpecifiers.has(name))
      throw configError(action, 'clusterSpecifierPlugin', `unknown cluster specifier plugin name: ${name}`)
    return specifierChoice(level.clusterSpecifiers.get(name), settings)
  }
  if (action.clusterHeader) return headerChoice(action.clusterHeader, settings)
  if (action.cluster === undefined)
    throw configError(
      action,
      undefined,
      'needs cluster, cluster_header, weighted_clusters or a cluster specifier plugin',
    )
  return namedChoice(action.cluster, settings, level, action, 'cluster')
}

function namedChoice(name: string, settings: ForwardSettings, level: Level, of: object, field: string): RouteChoice {
  if (name !== '' && level.validateClusters && level.context.clusters.get(name) === undefined)
    throw configError(of, field, `unknown cluster '${name}'`)
  const route = new ForwardRoute(settings, name)
  return () => route
}

/** `undefined` for one that is optional and unknown. Throws `ConfigError`. */
export function makeClusterSpecifier(
  message: ClusterSpecifierPlugin,
  context: FactoryContext,
): ClusterSpecifier | undefined {
  if (message.extension === undefined) throw configError(message, 'extension', 'is required')
  if (message.isOptional && !context.extensions.knows('cluster-specifier', message.extension)) return undefined
  return context.extensions.clusterSpecifier(message.extension, context)
}

/** Without one there is no route. */
function specifierChoice(specifier: ClusterSpecifier | undefined, settings: ForwardSettings): RouteChoice {
  if (specifier === undefined) return () => undefined
  const choose: RouteChoice = (headers, streamInfo, random) =>
    new ForwardRoute(refreshed, specifier(headers, streamInfo, random))
  const refreshed = { ...settings, refreshCluster: choose }
  return choose
}

function headerChoice(header: string, settings: ForwardSettings): RouteChoice {
  const name = header.toLowerCase()
  return headers => new ForwardRoute(settings, headers.get(name) ?? '')
}

function weightedChoice(cluster: WeightedCluster_ClusterWeight, settings: ForwardSettings, above: Level): RouteChoice {
  // Its header changes come first, whichever level is to win.
  const level = addLevel({ ...above, requestMutations: [], responseMutations: [] }, cluster)
  const host = toBytes(cluster.hostRewriteLiteral ?? '')
  const own = subsetOf(cluster.metadataMatch)
  const merged: ForwardSettings = {
    ...settings,
    perFilterConfigs: level.perFilterConfigs,
    requestMutations: [...level.requestMutations, ...settings.requestMutations],
    responseMutations: [...level.responseMutations, ...settings.responseMutations],
    metadataMatch: own === undefined ? settings.metadataMatch : { ...settings.metadataMatch, ...own },
    clusterHost: host,
  }
  return cluster.name === ''
    ? headerChoice(cluster.clusterHeader, merged)
    : namedChoice(cluster.name, merged, level, cluster, 'name')
}
