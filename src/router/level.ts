/** What a route table, a virtual host, a route and a weighted cluster have in common: header changes and configurations of filters. */
import type { Route as RouteMessage, RouteConfiguration } from '../config/v3.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { ClusterSpecifier, ShadowPolicy } from '../core/route.ts'
import { type HeaderMutations, makeHeaderMutations } from '../format/header-parser.ts'
import { addPerFilterConfigs, type PerFilterConfigs } from './per-filter-config.ts'

/** What the levels above a route hand down, most specific header changes first. */
export interface Level {
  readonly context: FactoryContext
  readonly configuration: RouteConfiguration
  readonly validateClusters: boolean
  readonly perFilterConfigs: PerFilterConfigs
  readonly requestMutations: readonly HeaderMutations[]
  readonly responseMutations: readonly HeaderMutations[]
  readonly shadowPolicies: readonly ShadowPolicy[]
  /** Of the route table, by name; undefined for an unknown one that is optional. */
  readonly clusterSpecifiers: ReadonlyMap<string, ClusterSpecifier | undefined>
}

/** The header and filter fields that all levels have. */
type LevelMessage = Pick<
  RouteMessage,
  | 'requestHeadersToAdd'
  | 'requestHeadersToRemove'
  | 'responseHeadersToAdd'
  | 'responseHeadersToRemove'
  | 'typedPerFilterConfig'
>

/** Adds the changes of a more specific level. */
export function addLevel(above: Level, message: LevelMessage): Level {
  const { context } = above
  const request = makeHeaderMutations(
    message.requestHeadersToAdd,
    message.requestHeadersToRemove,
    context,
    message,
    'requestHeadersToRemove',
  )
  const response = makeHeaderMutations(
    message.responseHeadersToAdd,
    message.responseHeadersToRemove,
    context,
    message,
    'responseHeadersToRemove',
  )
  return {
    ...above,
    perFilterConfigs: addPerFilterConfigs(above.perFilterConfigs, message.typedPerFilterConfig, context, message),
    requestMutations: request === undefined ? above.requestMutations : [request, ...above.requestMutations],
    responseMutations: response === undefined ? above.responseMutations : [response, ...above.responseMutations],
  }
}
