/** Routes that come from a file or a control plane (RDS). Follows Envoy's `source/common/router/rds_impl.cc`. */
import { configError } from '../config/position.ts'
import { RouteConfiguration, type Rds } from '../config/v3.ts'
import type { Discovered } from '../core/discovery.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { RouteTable } from '../core/route.ts'
import { makeRouteTable } from './route-table.ts'

/** Until they have come no request has a route. Throws `ConfigError`. */
export function followRoutes(message: Rds, statPrefix: string, context: FactoryContext): Discovered<RouteTable> {
  const { configSource: source, routeConfigName: name } = message
  if (source === undefined) throw configError(message, 'configSource', 'is required')
  return context.discovery.follow({ typeUrl: RouteConfiguration.typeUrl, name, source, statPrefix }, resource =>
    makeRouteTable(resource as RouteConfiguration, context, false),
  )
}
