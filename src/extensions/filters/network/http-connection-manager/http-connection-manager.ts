/** `envoy.filters.network.http_connection_manager`: its message becomes the settings of `http/connection-manager.ts`. */
import { toBytes } from '../../../../base/latin1.ts'
import { configError } from '../../../../config/position.ts'
import { HttpConnectionManager } from '../../../../config/v3.ts'
import type { ListenerFactoryContext, NetworkFilterExtension } from '../../../../core/extension.ts'
import { ConnectionManager } from '../../../../http/connection-manager.ts'
import type { EscapedSlashesAction, HttpConnectionManagerSettings } from '../../../../http/settings.ts'
import { HttpStats } from '../../../../http/stats.ts'
import { makeCidrMatcher } from '../../../../matching/cidr.ts'
import { localAddress } from '../../../../network/local-address.ts'
import { makeRouteTable } from '../../../../router/route-table.ts'
import { makeAccessLog } from '../../../access-loggers/common/make-access-log.ts'
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
  if (message.routeConfig === undefined)
    throw configError(message, 'routeConfig', 'needs route_config: routes from rds or scoped_routes are not supported')
  if (message.stripMatchingHostPort && message.stripAnyHostPort)
    throw configError(
      message,
      'stripAnyHostPort',
      'only one of strip_matching_host_port and strip_any_host_port can be set',
    )
  const common = message.commonHttpProtocolOptions
  const certDetails = message.setCurrentClientCertDetails
  const prefix = `http.${message.statPrefix}`
  const slashes = message.pathWithEscapedSlashesAction
  const filterContext = { ...context, httpStats: context.stats.scope(prefix) }
  return {
    stats: new HttpStats(context.stats.scope(prefix), context.listenerStats.scope(prefix), context.stats),
    makeServerCodec: makeServerCodecFactory(message, context.stats),
    routes: { current: makeRouteTable(message.routeConfig, context) },
    clusters: context.clusters,
    filters: makeHttpFilters(message.httpFilters, filterContext),
    accessLogs: message.accessLog.map(each => makeAccessLog(each, context)),
    accessLogOnNewRequest:
      message.accessLogOptions?.flushAccessLogOnNewRequest === true || message.flushAccessLogOnNewRequest,
    localReplyRewriter:
      message.localReplyConfig === undefined ? undefined : makeLocalReplyRewriter(message.localReplyConfig, context),
    serverName: toBytes(message.serverName) || 'envoy',
    serverHeaderTransformation: message.serverHeaderTransformation,
    alwaysSetRequestIdInResponse: message.alwaysSetRequestIdInResponse,
    proxy100Continue: message.proxy100Continue,
    upgrades: makeUpgrades(message, filterContext),
    headersWithUnderscores: common?.headersWithUnderscoresAction ?? 'ALLOW',
    streamErrorOnInvalidHttpMessage:
      message.httpProtocolOptions?.overrideStreamErrorOnInvalidHttpMessage ??
      message.streamErrorOnInvalidHttpMessage ??
      false,
    streamIdleTimeoutMs: message.streamIdleTimeout ?? 300_000,
    requestTimeoutMs: message.requestTimeout ?? 0,
    requestHeadersTimeoutMs: message.requestHeadersTimeout ?? 0,
    maxStreamDurationMs: common?.maxStreamDuration ?? 0,
    idleTimeoutMs: common?.idleTimeout ?? hourMs,
    maxConnectionDurationMs: common?.maxConnectionDuration ?? 0,
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
    isInternalAddress: makeCidrMatcher(message.internalAddressConfig?.cidrRanges ?? []),
    unixSocketsAreInternal: message.internalAddressConfig?.unixSockets ?? false,
    userAgent: message.addUserAgent === true ? toBytes(context.node.cluster) : undefined,
    nodeId: toBytes(context.node.id),
    via: toBytes(message.via),
    generateRequestId: message.generateRequestId ?? true,
    preserveExternalRequestId: message.preserveExternalRequestId,
    schemeToSet: message.schemeHeaderTransformation?.schemeToOverwrite,
    normalizePath: message.normalizePath ?? context.runtime.getBoolean('http_connection_manager.normalize_path', false),
    mergeSlashes: message.mergeSlashes,
    escapedSlashesAction:
      slashes === 'IMPLEMENTATION_SPECIFIC_DEFAULT' ? 'KEEP_UNCHANGED' : (slashes satisfies EscapedSlashesAction),
    stripPort: message.stripAnyHostPort === true ? 'any' : message.stripMatchingHostPort ? 'matching' : 'none',
    stripTrailingHostDot: message.stripTrailingHostDot,
    forwardClientCert: message.forwardClientCertDetails,
    clientCertDetails: {
      subject: certDetails?.subject ?? false,
      cert: certDetails?.cert ?? false,
      chain: certDetails?.chain ?? false,
      dns: certDetails?.dns ?? false,
      uri: certDetails?.uri ?? false,
    },
  }
}
