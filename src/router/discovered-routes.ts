/** Routes that come from a file or a control plane (RDS). Follows Envoy's `source/common/router/rds_impl.cc`. */
import { type ConfigSource, RouteConfiguration } from '../config/v3.ts'
import type { Discovered } from '../core/discovery.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { RouteTable } from '../core/route.ts'
import { makeRouteTable } from './route-table.ts'

/** Until they have come no request has a route. */
export function followRoutes(
  name: string,
  source: ConfigSource,
  statPrefix: string,
  context: FactoryContext,
): Discovered<RouteTable> {
  return context.discovery.follow(
    { typeUrl: RouteConfiguration.typeUrl, name, source, statPrefix },
    (resource, onClose) => makeRouteTable(resource as RouteConfiguration, { ...context, onClose }, false),
  )
}
