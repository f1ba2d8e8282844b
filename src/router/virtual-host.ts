/** A virtual host with its routes in order. Follows Envoy's `VirtualHostImpl` and `RouteCreator`. */
import { configError } from '../config/position.ts'
import {
  DefaultEarlyDataPolicy,
  type Matcher,
  type Metadata,
  Route as RouteMessage,
  type RouteAction,
  RouteList,
  type VirtualHost as VirtualHostMessage,
} from '../config/v3.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { RateLimitEntry } from '../core/rate-limit.ts'
import type { ConnectConfig, Route, VirtualHostFacts } from '../core/route.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import type { HeaderMutations } from '../format/header-parser.ts'
import { makeHashPolicy } from '../matching/hash-policy.ts'
import { insufficientData } from '../matching/match-data.ts'
import { routeInputs } from '../matching/match-inputs.ts'
import { makeMatchTree, type MatchTree } from '../matching/match-tree.ts'
import type { Scope } from '../stats/scope.ts'
import { makeClusterChoice, subsetOf } from './cluster-choice.ts'
import { makeCorsPolicy } from './cors-policy.ts'
import { directResponseSettings, redirectSettings, tlsRedirectSettings } from './direct-response.ts'
import { makeInternalRedirectPolicy, oldRedirectPolicy } from './internal-redirect.ts'
import { addLevel, type Level } from './level.ts'
import { makeRetryPolicy } from './retry-policy.ts'
import { withoutParameters, withoutQuery } from './path.ts'
import { makeRateLimits } from './rate-limits.ts'
import { makeHostRewrite, makePathRewrite } from './rewrite.ts'
import { DirectRoute, type ForwardSettings, type RouteSettings } from './route.ts'
import { literalPrefix, RouteIndex } from './route-index.ts'
import { makeRouteMatcher, type MatchInput, type RouteMatcher } from './route-match.ts'
import { makeVirtualClusters, RouteStats } from './route-stats.ts'
import { makeShadowPolicies } from './shadow-policy.ts'
import type { RouteChoice } from './weighted-clusters.ts'

interface VirtualHostLevel extends Level {
  /** `vhost.<name>.` */
  readonly stats: Scope
  readonly virtualCluster: ForwardSettings['virtualCluster']
  readonly rateLimits: readonly RateLimitEntry[]
}

interface RouteWithMatcher {
  readonly matcher: RouteMatcher
  readonly choose: RouteChoice
}

export class VirtualHost {
  readonly name: string
  readonly #routes: RouteIndex<RouteWithMatcher>
  /** Instead of `#routes`: which of its own routes to ask. */
  readonly #tree: MatchTree<RouteIndex<RouteWithMatcher>> | undefined
  readonly #requireTls: VirtualHostMessage['requireTls']
  readonly #tlsRedirect: Route
  readonly #ignorePathParameters: boolean
  readonly #facts: VirtualHostFacts

  /** Throws `ConfigError`. */
  constructor(message: VirtualHostMessage, above: Level) {
    this.name = message.name
    this.#requireTls = message.requireTls
    this.#facts = { virtualHostName: message.name, virtualHostMetadata: message.metadata?.filterMetadata }
    this.#ignorePathParameters = above.configuration.ignorePathParametersInPathMatching
    const added = addLevel(above, message)
    const mirrors = message.requestMirrorPolicies
    const stats = above.context.stats.scope(`vhost.${message.name}`)
    const level: VirtualHostLevel = {
      ...added,
      shadowPolicies: mirrors.length === 0 ? above.shadowPolicies : makeShadowPolicies(mirrors, added),
      stats,
      virtualCluster: makeVirtualClusters(message.virtualClusters, stats),
      rateLimits: makeRateLimits(message.rateLimits, added.context),
    }
    this.#routes = makeIndex(message.routes, message, level)
    if (message.matcher !== undefined && message.routes.length > 0)
      throw configError(message, 'matcher', 'cannot set both matcher and routes on virtual host')
    this.#tree = message.matcher && makeRouteTree(message.matcher, message, level)
    this.#tlsRedirect = new DirectRoute(
      // It changes no headers: Envoy has one such route for all virtual hosts.
      tlsRedirectSettings({ ...common('', message, undefined, level), requestMutations: [], responseMutations: [] }),
    )
  }

  route(headers: HeaderMap, streamInfo: StreamInfo, random: number): Route | undefined {
    const forwardedProto = headers.get('x-forwarded-proto')
    // As Envoy: who says how a request came cannot say nothing.
    if (forwardedProto === '') return undefined
    if (this.#requireTls !== 'NONE' && forwardedProto !== 'https') {
      if (this.#requireTls === 'ALL' || headers.get('x-envoy-internal') !== 'true') return this.#tlsRedirect
    }
    const bare = withoutQuery(headers.path)
    const path = this.#ignorePathParameters ? withoutParameters(bare) : bare
    const input: MatchInput = { headers, streamInfo, path, random }
    const index = this.#tree === undefined ? this.#routes : this.#tree({ requestHeaders: headers, streamInfo })
    if (index === undefined || index === insufficientData) {
      streamInfo.unroutedVirtualHost = this.#facts
      return undefined
    }
    const routes = index.candidates(path)
    const pathless = headers.method === 'CONNECT' && !headers.has(':path')
    for (let i = 0; i < routes.length; i++) {
      const route = routes[i] as RouteWithMatcher
      if (pathless && !route.matcher.connect) continue
      if (route.matcher.matches(input)) return route.choose(headers, streamInfo, random)
    }
    streamInfo.unroutedVirtualHost = this.#facts
    return undefined
  }
}

/** The actions of a virtual host's matcher are routes, whose own `match` is asked too. */
function makeRouteTree(
  message: Matcher,
  virtualHost: VirtualHostMessage,
  level: VirtualHostLevel,
): MatchTree<RouteIndex<RouteWithMatcher>> {
  return makeMatchTree(message, {
    inputs: routeInputs,
    runtime: level.context.runtime,
    makeAction(config, of) {
      if (config.typeUrl === RouteMessage.typeUrl) return makeIndex([config.value as RouteMessage], virtualHost, level)
      if (config.typeUrl !== RouteList.typeUrl)
        throw configError(of, 'typedConfig', `must be ${RouteMessage.typeUrl} or ${RouteList.typeUrl}`)
      return makeIndex((config.value as RouteList).routes, virtualHost, level)
    },
  })
}

function makeIndex(
  messages: readonly RouteMessage[],
  virtualHost: VirtualHostMessage,
  level: VirtualHostLevel,
): RouteIndex<RouteWithMatcher> {
  return new RouteIndex(
    messages.map(route => makeRoute(route, virtualHost, level)),
    messages.map(({ match }) => (match === undefined ? '' : literalPrefix(match))),
  )
}

function common(
  routeName: string,
  virtualHost: VirtualHostMessage,
  metadata: Metadata | undefined,
  level: Level,
): RouteSettings {
  // What is applied last wins.
  const specificLast = level.configuration.mostSpecificHeaderMutationsWins
  const ordered = (mutations: readonly HeaderMutations[]) => (specificLast ? mutations.toReversed() : mutations)
  return {
    routeName,
    virtualHostName: virtualHost.name,
    metadata: metadata?.filterMetadata,
    virtualHostMetadata: virtualHost.metadata?.filterMetadata,
    perFilterConfigs: level.perFilterConfigs,
    requestMutations: ordered(level.requestMutations),
    responseMutations: ordered(level.responseMutations),
  }
}

function makeRoute(message: RouteMessage, virtualHost: VirtualHostMessage, above: VirtualHostLevel): RouteWithMatcher {
  if (message.match === undefined) throw configError(message, 'match', 'a match is required')
  const { context, configuration } = above
  const matcher = makeRouteMatcher(message.match, context.runtime)
  const level = addLevel(above, message)
  const stats = message.statPrefix === '' ? undefined : new RouteStats(above.stats.scope(`route.${message.statPrefix}`))
  const settings = common(message.name, virtualHost, message.metadata, level)
  const action = message.route ?? (message.filterAction || message.nonForwardingAction ? noAction : undefined)
  if (action !== undefined) {
    const forward: ForwardSettings = {
      ...forwardSettings(message, action, virtualHost, settings, matcher, level),
      stats,
      virtualCluster: above.virtualCluster,
      rateLimits: {
        route: makeRateLimits(action.rateLimits, context),
        virtualHost: above.rateLimits,
        includeVirtualHost: action.includeVhRateLimits ?? false,
      },
    }
    return { matcher, choose: makeClusterChoice(action, forward, level) }
  }
  const direct = message.directResponse
    ? directResponseSettings(
        message.directResponse,
        settings,
        context,
        configuration.maxDirectResponseBodySizeBytes ?? 4096,
      )
    : message.redirect && redirectSettings(message.redirect, settings, matcher, context)
  if (direct === undefined) throw configError(message, undefined, 'needs route, redirect or direct_response')
  const route = new DirectRoute(direct)
  return { matcher, choose: () => route }
}

/** `filter_action` and `non_forwarding_action`: for Envoy's router a route to no cluster. */
const noAction: RouteAction = {
  cluster: '',
  clusterNotFoundResponseCode: 'SERVICE_UNAVAILABLE',
  prefixRewrite: '',
  pathRewrite: '',
  hostRewrite: '',
  appendXForwardedHost: false,
  requestMirrorPolicies: [],
  priority: 'DEFAULT',
  rateLimits: [],
  hashPolicy: [],
  upgradeConfigs: [],
  internalRedirectAction: 'PASS_THROUGH_INTERNAL_REDIRECT',
}

function forwardSettings(
  message: RouteMessage,
  action: RouteAction,
  virtualHost: VirtualHostMessage,
  settings: RouteSettings,
  matcher: RouteMatcher,
  level: Level,
): Omit<ForwardSettings, 'stats' | 'virtualCluster' | 'rateLimits'> {
  const { context } = level
  const earlyData = action.earlyDataPolicy?.typedConfig
  if (earlyData !== undefined && earlyData.typeUrl !== DefaultEarlyDataPolicy.typeUrl)
    throw configError(action, 'earlyDataPolicy', `must be ${DefaultEarlyDataPolicy.typeUrl}`)
  const retryPolicy = action.retryPolicy ?? virtualHost.retryPolicy
  const duration = action.maxStreamDuration
  const bufferLimit =
    message.requestBodyBufferLimit ??
    message.perRequestBufferLimitBytes ??
    virtualHost.requestBodyBufferLimit ??
    virtualHost.perRequestBufferLimitBytes
  return {
    ...settings,
    refreshCluster: undefined,
    corsPolicies: [action.cors, virtualHost.cors].flatMap(policy =>
      policy === undefined ? [] : [makeCorsPolicy(policy, context.runtime)],
    ),
    clusterNotFoundStatus: notFoundStatuses[action.clusterNotFoundResponseCode],
    priority: action.priority === 'HIGH' ? 'high' : 'default',
    // With max_stream_duration the route timeout has no effect.
    timeoutMs: duration === undefined ? (action.timeout ?? 15_000) : 0,
    idleTimeoutMs: action.idleTimeout,
    flushTimeoutMs: action.flushTimeout,
    maxStreamDurationMs: duration?.maxStreamDuration,
    grpcTimeoutHeaderMaxMs: duration?.grpcTimeoutHeaderMax,
    retryPolicy: retryPolicy && makeRetryPolicy(retryPolicy),
    hedgeOnPerTryTimeout: (action.hedgePolicy ?? virtualHost.hedgePolicy)?.hedgeOnPerTryTimeout ?? false,
    grpcTimeoutHeaderOffsetMs: duration?.grpcTimeoutHeaderOffset ?? 0,
    usesMaxStreamDuration: duration !== undefined,
    maxGrpcTimeoutMs: action.maxGrpcTimeout,
    grpcTimeoutOffsetMs: action.grpcTimeoutOffset ?? 0,
    includeAttemptCountInRequest: virtualHost.includeRequestAttemptCount,
    includeAttemptCountInResponse: virtualHost.includeAttemptCountInResponse,
    includeIsTimeoutRetryHeader: virtualHost.includeIsTimeoutRetryHeader,
    retryBufferLimitBytes: bufferLimit === undefined ? undefined : Number(bufferLimit),
    autoHostRewrite: action.autoHostRewrite ?? false,
    appendXForwardedHost: action.appendXForwardedHost,
    metadataMatch: subsetOf(action.metadataMatch),
    pathRewrite: makePathRewrite(action, matcher, context),
    hostRewrite: makeHostRewrite(action, context),
    clusterHost: '',
    ...makeUpgrades(action),
    hashPolicy: makeHashPolicy(action.hashPolicy),
    internalRedirectPolicy:
      action.internalRedirectPolicy === undefined
        ? oldRedirectPolicy(action)
        : makeInternalRedirectPolicy(action.internalRedirectPolicy),
    shadowPolicies:
      action.requestMirrorPolicies.length === 0
        ? level.shadowPolicies
        : makeShadowPolicies(action.requestMirrorPolicies, level),
  }
}

function makeUpgrades(action: RouteAction): Pick<ForwardSettings, 'upgrades' | 'connectConfig'> {
  const upgrades = new Map<string, boolean>()
  let connectConfig: ConnectConfig | undefined
  for (const each of action.upgradeConfigs) {
    const type = each.upgradeType.toLowerCase()
    const enabled = each.enabled ?? true
    if (upgrades.has(type)) throw configError(each, 'upgradeType', `duplicate upgrade ${each.upgradeType}`)
    upgrades.set(type, enabled)
    if (each.connectConfig === undefined) continue
    if (type !== 'connect' && type !== 'connect-udp')
      throw configError(each, 'connectConfig', `non-CONNECT upgrade type ${each.upgradeType} has connect_config`)
    if (enabled)
      connectConfig = {
        allowPost: each.connectConfig.allowPost,
        proxyProtocol: each.connectConfig.proxyProtocolConfig?.version,
      }
  }
  return { upgrades, connectConfig }
}

const notFoundStatuses: Readonly<Record<RouteAction['clusterNotFoundResponseCode'], number>> = {
  SERVICE_UNAVAILABLE: 503,
  NOT_FOUND: 404,
  INTERNAL_SERVER_ERROR: 500,
}
