/** `envoy.filters.network.http_connection_manager`: its message becomes the settings of `http/connection-manager.ts`. */
import { toBytes } from '../../../../base/latin1.ts'
import { configError } from '../../../../config/position.ts'
import { type CidrRange, HttpConnectionManager } from '../../../../config/v3.ts'
import type { OriginalIpDetection, RequestIds } from '../../../../core/connection-manager-extensions.ts'
import type { ListenerFactoryContext, NetworkFilterExtension } from '../../../../core/extension.ts'
import { ConnectionManager } from '../../../../http/connection-manager.ts'
import type { ProxyStatusSettings } from '../../../../http/proxy-status.ts'
import type { EscapedSlashesAction, HttpConnectionManagerSettings } from '../../../../http/settings.ts'
import { HttpStats } from '../../../../http/stats.ts'
import { makeCidrMatcher } from '../../../../matching/cidr.ts'
import { localAddress } from '../../../../network/local-address.ts'
import { makeRouteTable } from '../../../../router/route-table.ts'
import { followRoutes } from '../../../../router/discovered-routes.ts'
import { makeScopedRouteTable } from '../../../../router/scoped-routes.ts'
import { makeAccessLog } from '../../../access-loggers/common/make-access-log.ts'
import { makeUuidRequestIds } from '../../../request-id/uuid/uuid.ts'
import { clientCertDetails, makeClientCertMatcher } from './client-cert.ts'
import { makeHttpFilters } from './http-filters.ts'
import { makeLocalReplyRewriter } from './local-reply-config.ts'
import { makeServerCodecFactory } from './server-codec.ts'
import { makeUpgrades } from './upgrades.ts'

const hourMs = 3_600_000

export const httpConnectionManager: NetworkFilterExtension<HttpConnectionManager> = {
  kind: 'network-filter',
  name: 'envoy.filters.network.http_connection_manager',
  message: HttpConnectionManager,
  terminal: true,
  create(message, context) {
    const settings = makeSettings(message, context)
    return callbacks => new ConnectionManager(settings, callbacks)
  },
}

/** Unset fields get Envoy's defaults. */
function makeSettings(message: HttpConnectionManager, context: ListenerFactoryContext): HttpConnectionManagerSettings {
  if (message.stripMatchingHostPort && message.stripAnyHostPort)
    throw configError(
      message,
      'stripAnyHostPort',
      'only one of strip_matching_host_port and strip_any_host_port can be set',
    )
  if (message.accessLogOptions !== undefined) checkOneWayOfLogOptions(message)
  const common = message.commonHttpProtocolOptions
  const prefix = `http.${message.statPrefix}`
  const slashes = message.pathWithEscapedSlashesAction
  const httpStats = context.stats.scope(prefix)
  const filterContext = { ...context, httpStats }
  const serverName = toBytes(message.serverName) || 'envoy'
  return {
    stats: new HttpStats(httpStats, context.listenerStats.scope(prefix), context.stats),
    makeServerCodec: makeServerCodecFactory(message, context),
    routes: makeRoutes(message, context),
    clusters: context.clusters,
    filters: makeHttpFilters(message.httpFilters, filterContext),
    accessLogs: message.accessLog.map(each => makeAccessLog(each, context)),
    accessLogOnNewRequest:
      message.accessLogOptions?.flushAccessLogOnNewRequest === true || message.flushAccessLogOnNewRequest,
    accessLogFlushIntervalMs: message.accessLogOptions?.accessLogFlushInterval ?? message.accessLogFlushInterval ?? 0,
    accessLogOnTunnelEstablished: message.accessLogOptions?.flushLogOnTunnelSuccessfullyEstablished ?? false,
    localReplyRewriter:
      message.localReplyConfig === undefined ? undefined : makeLocalReplyRewriter(message.localReplyConfig, context),
    serverName,
    serverHeaderTransformation: message.serverHeaderTransformation,
    alwaysSetRequestIdInResponse: message.alwaysSetRequestIdInResponse,
    earlyHeaderMutations: message.earlyHeaderMutationExtensions.map(each =>
      context.extensions.earlyHeaderMutation(each, context),
    ),
    proxyStatus: proxyStatus(message, serverName, context),
    schemeMatchesUpstream: message.schemeHeaderTransformation?.matchUpstream ?? false,
    routeResolution: message.recordRouteResolutionStats
      ? {
          timeUs: httpStats.histogram('downstream_rq_route_resolution_time_us', 'microseconds'),
          perRequest: httpStats.histogram('downstream_rq_route_resolutions'),
        }
      : undefined,
    proxy100Continue: message.proxy100Continue,
    upgrades: makeUpgrades(message, filterContext),
    headersWithUnderscores: common?.headersWithUnderscoresAction ?? 'ALLOW',
    streamErrorOnInvalidHttpMessage:
      message.httpProtocolOptions?.overrideStreamErrorOnInvalidHttpMessage ??
      message.streamErrorOnInvalidHttpMessage ??
      false,
    streamIdleTimeoutMs: message.streamIdleTimeout ?? 300_000,
    idleTimeoutIsFlushTimeout: message.streamFlushTimeout === undefined,
    requestTimeoutMs: message.requestTimeout ?? 0,
    requestHeadersTimeoutMs: message.requestHeadersTimeout ?? 0,
    maxStreamDurationMs: common?.maxStreamDuration ?? 0,
    idleTimeoutMs: common?.idleTimeout ?? hourMs,
    maxConnectionDurationMs: common?.maxConnectionDuration ?? 0,
    maxConnectionDurationJitterPercent: common?.maxConnectionDurationJitter?.value ?? 0,
    drainTimeoutJitterPercent: message.drainTimeoutJitter?.value ?? 0,
    http1SafeMaxConnectionDuration: message.http1SafeMaxConnectionDuration,
    drainTimeoutMs: message.drainTimeout ?? 5000,
    delayedCloseTimeoutMs: message.delayedCloseTimeout ?? 1000,
    maxRequestsPerConnection: common?.maxRequestsPerConnection ?? 0,
    prematureResets: {
      totalStreams: () => context.runtime.getInteger('overload.premature_reset_total_stream_count', 500),
      minLifetimeSeconds: () => context.runtime.getInteger('overload.premature_reset_min_stream_lifetime_seconds', 1),
    },
    drainClose: () => context.drainClose(),

    useRemoteAddress: message.useRemoteAddress ?? false,
    xffNumTrustedHops: message.xffNumTrustedHops,
    skipXffAppend: message.skipXffAppend,
    localAddress: localAddress(),
    appendXForwardedPort: message.appendXForwardedPort,
    originalIpDetection: originalIpDetection(message, context),
    isInternalAddress: internalAddresses(message),
    unixSocketsAreInternal: message.internalAddressConfig?.unixSockets ?? false,
    userAgent: message.addUserAgent === true ? toBytes(context.node.cluster) : undefined,
    nodeId: toBytes(context.node.id),
    via: toBytes(message.via),
    generateRequestId: message.generateRequestId ?? true,
    requestIds: requestIds(message, context),
    preserveExternalRequestId: message.preserveExternalRequestId,
    schemeOfPort: schemeOfPort(message),
    schemeToSet: message.schemeHeaderTransformation?.schemeToOverwrite,
    normalizePath: message.normalizePath ?? context.runtime.getBoolean('http_connection_manager.normalize_path', false),
    mergeSlashes: message.mergeSlashes,
    escapedSlashesAction:
      slashes === 'IMPLEMENTATION_SPECIFIC_DEFAULT' ? 'KEEP_UNCHANGED' : (slashes satisfies EscapedSlashesAction),
    stripPort: message.stripAnyHostPort === true ? 'any' : message.stripMatchingHostPort ? 'matching' : 'none',
    stripTrailingHostDot: message.stripTrailingHostDot,
    forwardClientCert: message.forwardClientCertDetails,
    clientCertDetails: clientCertDetails(message.setCurrentClientCertDetails),
    clientCertOf: makeClientCertMatcher(message, context),
  }
}

function originalIpDetection(
  message: HttpConnectionManager,
  context: ListenerFactoryContext,
): readonly OriginalIpDetection[] {
  const extensions = message.originalIpDetectionExtensions
  const place = 'originalIpDetectionExtensions'
  if (extensions.length > 0 && message.useRemoteAddress === true)
    throw configError(message, place, 'original IP detection extensions and use_remote_address may not be mixed')
  if (extensions.length > 0 && message.xffNumTrustedHops > 0)
    throw configError(message, place, 'original IP detection extensions and xff_num_trusted_hops may not be mixed')
  return extensions.map(each => context.extensions.originalIpDetection(each, context))
}

/** What is internal when `internal_address_config` names no ranges. */
const privateRanges: readonly CidrRange[] = [
  { addressPrefix: '10.0.0.0', prefixLen: 8 },
  { addressPrefix: '172.16.0.0', prefixLen: 12 },
  { addressPrefix: '192.168.0.0', prefixLen: 16 },
  { addressPrefix: '127.0.0.0', prefixLen: 8 },
  { addressPrefix: 'fd00::', prefixLen: 8 },
  { addressPrefix: '::1', prefixLen: 128 },
]

function internalAddresses(message: HttpConnectionManager): (ip: string) => boolean {
  const config = message.internalAddressConfig
  if (config === undefined) return makeCidrMatcher([])
  return makeCidrMatcher(config.cidrRanges.length === 0 ? privateRanges : config.cidrRanges)
}

function requestIds(message: HttpConnectionManager, context: ListenerFactoryContext): RequestIds {
  const typedConfig = message.requestIdExtension?.typedConfig
  if (typedConfig === undefined) return makeUuidRequestIds(true)
  return context.extensions.requestIds({ name: 'request_id_extension', typedConfig }, context)
}

function schemeOfPort(message: HttpConnectionManager): ReadonlyMap<number, string> | undefined {
  const config = message.forwardProtoConfig
  if (config === undefined) return undefined
  const schemes = new Map(config.httpDestinationPorts.map(port => [port, 'http']))
  for (const port of config.httpsDestinationPorts) schemes.set(port, 'https')
  return schemes
}

function proxyStatus(
  message: HttpConnectionManager,
  serverName: string,
  context: ListenerFactoryContext,
): ProxyStatusSettings | undefined {
  const config = message.proxyStatusConfig
  if (config === undefined) return undefined
  return {
    proxyName:
      config.useNodeId === true ? toBytes(context.node.id) : toBytes(config.literalProxyName ?? '') || serverName,
    removeDetails: config.removeDetails,
    removeConnectionTerminationDetails: config.removeConnectionTerminationDetails,
    removeResponseFlags: config.removeResponseFlags,
    setRecommendedResponseCode: config.setRecommendedResponseCode,
  }
}

function makeRoutes(
  message: HttpConnectionManager,
  context: ListenerFactoryContext,
): HttpConnectionManagerSettings['routes'] {
  const { routeConfig, rds, scopedRoutes } = message
  if (routeConfig !== undefined) return { current: makeRouteTable(routeConfig, context) }
  const statPrefix = `http.${message.statPrefix}`
  if (scopedRoutes !== undefined) return makeScopedRouteTable(scopedRoutes, statPrefix, context)
  if (rds?.configSource !== undefined) {
    const { configSource, routeConfigName } = rds
    return followRoutes(routeConfigName, configSource, `${statPrefix}.rds.${routeConfigName}`, context)
  }
  throw configError(message, 'routeConfig', 'needs route_config, rds or scoped_routes')
}

function checkOneWayOfLogOptions(message: HttpConnectionManager): void {
  for (const [field, name] of [
    ['accessLogFlushInterval', 'access_log_flush_interval'],
    ['flushAccessLogOnNewRequest', 'flush_access_log_on_new_request'],
  ] as const)
    if (message[field] !== undefined && message[field] !== false)
      throw configError(message, field, `only one of ${name} and access_log_options can be specified`)
}
