/** Route tables chosen by a key that is made of request headers. Follows Envoy's `source/common/router/scoped_config_impl.cc`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import {
  type ConfigSource,
  ScopedRouteConfiguration,
  type ScopedRoutes,
  type ScopedRoutes_ScopeKeyBuilder_FragmentBuilder,
} from '../config/v3.ts'
import type { Discovered, ResourceCollection } from '../core/discovery.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { Route, RouteTable } from '../core/route.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { followRoutes } from './discovered-routes.ts'
import { makeRouteTable } from './route-table.ts'

/** Undefined when the headers do not have it. */
type Fragment = (headers: HeaderMap) => string | undefined

const noHeaders: readonly string[] = []

/** Throws `ConfigError`. */
export function makeScopedRouteTable(
  message: ScopedRoutes,
  statPrefix: string,
  context: FactoryContext,
): Discovered<RouteTable> {
  if (message.scopeKeyBuilder === undefined) throw configError(message, 'scopeKeyBuilder', 'is required')
  const fragments = message.scopeKeyBuilder.fragments.map(makeFragment)
  const list = message.scopedRouteConfigurationsList
  if (list !== undefined) {
    const scopes = listedScopes(list.scopedRouteConfigurations, context)
    return { current: new ScopedTable(message.name, fragments, scopes), close: () => undefined }
  }
  const source = message.scopedRds?.scopedRdsConfigSource
  if (source === undefined)
    throw configError(message.scopedRds ?? message, undefined, 'needs scoped_route_configurations_list or scoped_rds')
  const routes = new SharedRoutes(message.rdsConfigSource ?? source, statPrefix, context)
  return context.discovery.follow(
    {
      ...{ typeUrl: ScopedRouteConfiguration.typeUrl, name: message.name, source },
      statPrefix: `${statPrefix}.scoped_rds.${message.name}`,
    },
    (collection, onClose) => {
      const scopes = (collection as ResourceCollection).resources as readonly ScopedRouteConfiguration[]
      return new ScopedTable(message.name, fragments, discoveredScopes(scopes, routes, { ...context, onClose }))
    },
  )
}

type Scopes = ReadonlyMap<string, { readonly current: RouteTable | undefined }>

/** Of several scopes with one key or name the last counts, as in Envoy. */
function listedScopes(messages: readonly ScopedRouteConfiguration[], context: FactoryContext): Scopes {
  const names = new Map<string, string>()
  const scopes = new Map<string, { readonly current: RouteTable }>()
  for (const scope of messages) {
    if (scope.routeConfiguration === undefined)
      throw configError(
        scope,
        'routeConfigurationName',
        'fetching routes via RDS is not supported with inline scoped routes: needs route_configuration',
      )
    const current = makeRouteTable(scope.routeConfiguration, context)
    const key = scopeKey(scope)
    const before = names.get(scope.name)
    if (before !== undefined) scopes.delete(before)
    names.set(scope.name, key)
    scopes.set(key, { current })
  }
  return scopes
}

/** Two of one key are a fault here. */
function discoveredScopes(
  messages: readonly ScopedRouteConfiguration[],
  routes: SharedRoutes,
  context: FactoryContext,
): Scopes {
  const names = new Map<string, string>()
  for (const scope of messages) {
    const key = scopeKey(scope)
    const other = names.get(key)
    if (other !== undefined)
      throw configError(
        scope,
        'key',
        `scope key conflict found, first scope is '${other}', second scope is '${scope.name}'`,
      )
    names.set(key, scope.name)
    if ((scope.routeConfiguration === undefined) === (scope.routeConfigurationName === ''))
      throw configError(scope, undefined, 'needs either route_configuration_name or route_configuration')
  }
  return new Map(
    messages.map(scope => {
      const { routeConfiguration, routeConfigurationName } = scope
      const table =
        routeConfiguration === undefined
          ? routes.follow(routeConfigurationName, context)
          : { current: makeRouteTable(routeConfiguration, context, false) }
      return [scopeKey(scope), table]
    }),
  )
}

/** The route tables that scopes name: each is followed once, for as long as any version of the scopes in use names it. */
class SharedRoutes {
  readonly #source: ConfigSource
  readonly #statPrefix: string
  readonly #context: FactoryContext
  readonly #followed = new Map<string, { readonly table: Discovered<RouteTable>; users: number }>()

  constructor(source: ConfigSource, statPrefix: string, context: FactoryContext) {
    this.#source = source
    this.#statPrefix = statPrefix
    this.#context = context
  }

  /** @param user for as long as it lasts */
  follow(name: string, user: FactoryContext): Discovered<RouteTable> {
    let followed = this.#followed.get(name)
    if (followed === undefined) {
      const table = followRoutes(name, this.#source, `${this.#statPrefix}.rds.${name}`, this.#context)
      this.#followed.set(name, (followed = { table, users: 0 }))
    }
    const shared = followed
    shared.users++
    user.onClose(() => {
      if (--shared.users > 0) return
      this.#followed.delete(name)
      shared.table.close()
    })
    return shared.table
  }
}

class ScopedTable implements RouteTable {
  readonly name: string
  readonly #fragments: readonly Fragment[]
  readonly #tables: Scopes

  constructor(name: string, fragments: readonly Fragment[], tables: Scopes) {
    this.name = name
    this.#fragments = fragments
    this.#tables = tables
  }

  internalOnlyHeaders(headers: HeaderMap): readonly string[] {
    return this.#table(headers)?.internalOnlyHeaders(headers) ?? noHeaders
  }

  /** The scope is looked for each time: a filter may have changed its headers. */
  route(headers: HeaderMap, streamInfo: StreamInfo, random: number): Route | undefined {
    return this.#table(headers)?.route(headers, streamInfo, random)
  }

  #table(headers: HeaderMap): RouteTable | undefined {
    const values: string[] = []
    for (const fragment of this.#fragments) {
      const value = fragment(headers)
      if (value === undefined) return undefined
      values.push(value)
    }
    return this.#tables.get(keyOf(values))?.current
  }
}

function scopeKey({ key }: ScopedRouteConfiguration): string {
  return keyOf((key?.fragments ?? []).map(each => toBytes(each.stringKey ?? '')))
}

/** No header value has a NUL. */
function keyOf(fragments: readonly string[]): string {
  return fragments.join('\0')
}

function makeFragment(message: ScopedRoutes_ScopeKeyBuilder_FragmentBuilder): Fragment {
  const extractor = message.headerValueExtractor
  if (extractor === undefined) throw configError(message, 'headerValueExtractor', 'is required')
  const { index, element } = extractor
  const lower = extractor.name.toLowerCase()
  const name = lower === 'host' ? ':authority' : lower
  const separator = toBytes(extractor.elementSeparator)
  const split = (value: string): string[] => (separator === '' ? [value] : value.split(separator))
  if (index !== undefined) {
    if (index > 0 && separator === '')
      throw configError(extractor, 'index', 'an index greater than 0 needs an element_separator')
    return headers => {
      const value = headers.get(name)
      return value === undefined ? undefined : split(value)[index]
    }
  }
  if (element === undefined) throw configError(extractor, undefined, 'needs index or element')
  const key = toBytes(element.key)
  const between = toBytes(element.separator)
  return headers => {
    const value = headers.get(name)
    if (value === undefined) return undefined
    for (const part of split(value)) {
      const at = part.indexOf(between)
      if ((at < 0 ? part : part.slice(0, at)) === key) return at < 0 ? '' : part.slice(at + between.length)
    }
    return undefined
  }
}
