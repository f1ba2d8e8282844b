/**
 * `/config_dump`: the served configuration as proto-JSON, secrets left out, as `envoy.admin.v3.ConfigDump`.
 * Follows `source/server/admin/config_dump_handler.cc`.
 */
import type { RE2JS } from 're2js'
import type { JsonObject, JsonValue } from '../config/json-source.ts'
import { toProtoJson } from '../config/proto-json.ts'
import {
  Bootstrap,
  Cluster,
  HttpConnectionManager,
  Listener,
  RouteConfiguration,
  ScopedRouteConfiguration,
  TypedExtensionConfig,
} from '../config/v3.ts'
import type { ResourceCollection } from '../core/discovery.ts'
import type { AdminContext, DiscoveredResource } from './admin-context.ts'
import { type AdminPath, type AdminRequest, type AdminResponse, badRequest, jsonResponse } from './admin-path.ts'
import { parseFilter } from './stats-request.ts'

const adminType = 'type.googleapis.com/envoy.admin.v3.'
/** Fields that Envoy's API marks as sensitive. */
const secretFields = new Set(['private_key', 'password', 'secret', 'session_ticket_keys', 'inline_users'])

export const configDumpPath: AdminPath = {
  path: '/config_dump',
  help: 'dump current Envoy configs',
  parameters: [
    { name: 'resource', help: 'The resource to dump' },
    {
      name: 'mask',
      help: 'The mask to apply. When both resource and mask are specified, the mask is applied to every element in the desired repeated field so that only a subset of fields are returned. The mask is parsed as a Protobuf::FieldMask',
    },
    {
      name: 'name_regex',
      help: 'Dump only the currently loaded configurations whose names match the specified regex. Can be used with both resource and mask query parameters.',
    },
    {
      name: 'include_eds',
      help: 'Dump currently loaded configuration including EDS. See the response definition for more information',
    },
  ],
  handle: dump,
}

function dump({ query }: AdminRequest, context: AdminContext): AdminResponse {
  const names = parseFilter(query.get('name_regex'))
  if (typeof names === 'string')
    return badRequest(
      names.replace('Invalid re2 regex', `Error while parsing name_regex from ${query.get('name_regex')}`),
    )
  const configs = allConfigs(context, query.has('include_eds'), names)
  const mask = query.get('mask')?.split(',')
  const resource = query.get('resource')
  if (resource === undefined) {
    const masked = mask === undefined ? configs : configs.map(config => applyMask(config, mask)).filter(hasFields)
    if (masked.length === 0)
      return badRequest(`FieldMask ${query.get('mask')} could not be successfully applied to any configs.`)
    return jsonResponse({ configs: masked })
  }
  const owner = configs.find(config => known(config['@type'] as string).includes(resource))
  if (owner === undefined)
    return { status: 404, contentType: 'text/plain', body: `${resource} not found in config dump` }
  if (resource === 'bootstrap')
    return badRequest(`${resource} is not a repeated field. Use ?mask=${resource} to get only this field`)
  const items = (owner[resource] ?? []) as JsonObject[]
  if (items.length === 0) return jsonResponse({})
  const type = `${owner['@type'] as string}.${elementType(resource)}`
  const typed = items.map(item => Object.assign({ '@type': type }, item))
  if (mask === undefined) return jsonResponse({ configs: typed })
  const masked = typed.map(item => applyMask(item, mask))
  if (!masked.every(hasFields)) return badRequest(`FieldMask ${query.get('mask')} could not be successfully used.`)
  return jsonResponse({ configs: masked })
}

const fieldsOf: Readonly<Record<string, readonly string[]>> = {
  BootstrapConfigDump: ['bootstrap'],
  ClustersConfigDump: ['static_clusters', 'dynamic_active_clusters', 'dynamic_warming_clusters'],
  EndpointsConfigDump: ['static_endpoint_configs', 'dynamic_endpoint_configs'],
  EcdsConfigDump: ['ecds_filters'],
  ListenersConfigDump: ['static_listeners', 'dynamic_listeners'],
  ScopedRoutesConfigDump: ['inline_scoped_route_configs', 'dynamic_scoped_route_configs'],
  RoutesConfigDump: ['static_route_configs', 'dynamic_route_configs'],
  SecretsConfigDump: ['static_secrets', 'dynamic_active_secrets', 'dynamic_warming_secrets'],
}

function known(type: string): readonly string[] {
  return fieldsOf[type.slice(adminType.length)] ?? []
}

/** `static_clusters` → `StaticCluster`; of scopes one element has several, and says so. */
function elementType(resource: string): string {
  return resource
    .replace(/(?<!scoped_route_config)s$/, '')
    .replace('active_', '')
    .replace('warming_', '')
    .replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())
}

function allConfigs(context: AdminContext, includeEds: boolean, names: RE2JS | undefined): JsonObject[] {
  const { bootstrap } = context
  const last_updated = new Date(context.startTimeMs).toISOString()
  const wanted = ({ name }: { readonly name: string }): boolean => names === undefined || names.test(name)
  const list = (field: string, items: readonly JsonObject[]): JsonObject =>
    items.length === 0 ? {} : { [field]: [...items] }
  const clusters = (bootstrap.staticResources?.clusters ?? []).filter(wanted)
  const listeners = (bootstrap.staticResources?.listeners ?? []).filter(wanted)
  const managers = (bootstrap.staticResources?.listeners ?? []).flatMap(connectionManagers)
  const routes = managers.flatMap(({ routeConfig }) => routeConfig ?? []).filter(wanted)
  const scopes = managers
    .flatMap(({ scopedRoutes }) => (scopedRoutes?.scopedRds === undefined ? (scopedRoutes ?? []) : []))
    .filter(wanted)
  const configs: JsonObject[] = [
    { '@type': `${adminType}BootstrapConfigDump`, bootstrap: toProtoJson(Bootstrap.typeUrl, bootstrap), last_updated },
    {
      '@type': `${adminType}ClustersConfigDump`,
      ...list(
        'static_clusters',
        clusters.map(cluster => ({ cluster: any(Cluster.typeUrl, cluster), last_updated })),
      ),
    },
    ...extensions(context.discovered(), wanted),
    {
      '@type': `${adminType}ListenersConfigDump`,
      ...list(
        'static_listeners',
        listeners.map(listener => ({ listener: any(Listener.typeUrl, listener), last_updated })),
      ),
    },
    {
      '@type': `${adminType}ScopedRoutesConfigDump`,
      ...list(
        'inline_scoped_route_configs',
        scopes.map(({ name, scopedRouteConfigurationsList }) => ({
          name,
          scoped_route_configs: (scopedRouteConfigurationsList?.scopedRouteConfigurations ?? []).map(each =>
            any(ScopedRouteConfiguration.typeUrl, each),
          ),
          last_updated,
        })),
      ),
      ...list('dynamic_scoped_route_configs', context.discovered().filter(wanted).flatMap(dynamicScopes)),
    },
    {
      '@type': `${adminType}RoutesConfigDump`,
      ...list(
        'static_route_configs',
        routes.map(route => ({ route_config: any(RouteConfiguration.typeUrl, route), last_updated })),
      ),
      ...list('dynamic_route_configs', context.discovered().filter(wanted).flatMap(dynamicRoutes)),
    },
    { '@type': `${adminType}SecretsConfigDump` },
  ]
  if (includeEds) {
    const endpoints = clusters.flatMap(cluster => {
      const load = any(Cluster.typeUrl, cluster).load_assignment as JsonObject | undefined
      const type = 'type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment'
      return load === undefined ? [] : [{ endpoint_config: { '@type': type, ...load } }]
    })
    configs.splice(2, 0, { '@type': `${adminType}EndpointsConfigDump`, ...list('static_endpoint_configs', endpoints) })
  }
  return configs.map(config => redact(config) as JsonObject)
}

/** Only where there is a filter whose configuration is discovered. */
function extensions(
  discovered: readonly DiscoveredResource[],
  wanted: (named: { name: string }) => boolean,
): JsonObject[] {
  const followed = discovered.filter(each => each.typeUrl === TypedExtensionConfig.typeUrl)
  if (followed.length === 0) return []
  const filters = followed.filter(wanted).flatMap(({ typeUrl, message, version, lastUpdated }): JsonObject[] => {
    if (message === undefined) return []
    return [{ version_info: version, ecds_filter: any(typeUrl, message), last_updated: lastUpdated.toISOString() }]
  })
  return [{ '@type': `${adminType}EcdsConfigDump`, ...(filters.length === 0 ? {} : { ecds_filters: filters }) }]
}

function dynamicScopes({ typeUrl, name, message, version, lastUpdated }: DiscoveredResource): JsonObject[] {
  if (typeUrl !== ScopedRouteConfiguration.typeUrl || message === undefined) return []
  const scopes = (message as ResourceCollection).resources.map(each => any(typeUrl, each))
  return [{ version_info: version, last_updated: lastUpdated.toISOString(), name, scoped_route_configs: scopes }]
}

function dynamicRoutes({ typeUrl, message, version, lastUpdated }: DiscoveredResource): JsonObject[] {
  if (typeUrl !== RouteConfiguration.typeUrl || message === undefined) return []
  return [{ version_info: version, route_config: any(typeUrl, message), last_updated: lastUpdated.toISOString() }]
}

function any(typeUrl: string, message: object): JsonObject {
  return { '@type': typeUrl, ...toProtoJson(typeUrl, message) }
}

function connectionManagers(listener: Listener): HttpConnectionManager[] {
  const chains = [...listener.filterChains, ...(listener.defaultFilterChain ? [listener.defaultFilterChain] : [])]
  return chains
    .flatMap(chain => chain.filters)
    .flatMap(({ typedConfig }) =>
      typedConfig?.typeUrl === HttpConnectionManager.typeUrl ? [typedConfig.value as HttpConnectionManager] : [],
    )
}

/** Every string at or below a sensitive field becomes `[redacted]`. */
function redact(value: JsonValue, secret = false): JsonValue {
  if (typeof value === 'string') return secret ? '[redacted]' : value
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(each => redact(each, secret))
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [
      key,
      key === '@type' ? each : redact(each, secret || secretFields.has(key)),
    ]),
  )
}

/** Keeps `@type` and what lies on one of the dotted paths; a path goes through lists. */
function applyMask(object: JsonObject, paths: readonly string[]): JsonObject {
  const kept: JsonObject = {}
  for (const [key, value] of Object.entries(object)) {
    if (key === '@type') kept[key] = value
    if (paths.includes(key)) kept[key] = value
    const below = paths.flatMap(path => (path.startsWith(`${key}.`) ? [path.slice(key.length + 1)] : []))
    if (kept[key] !== undefined || below.length === 0 || typeof value !== 'object' || value === null) continue
    const inner = Array.isArray(value)
      ? value.map(each => applyMask(each as JsonObject, below))
      : applyMask(value, below)
    if (Array.isArray(inner) || hasFields(inner)) kept[key] = inner
  }
  return kept
}

function hasFields(object: JsonObject): boolean {
  return Object.keys(object).some(key => key !== '@type')
}
