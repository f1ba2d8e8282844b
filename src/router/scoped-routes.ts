/** Route tables chosen by a key that is made of request headers. Follows Envoy's `source/common/router/scoped_config_impl.cc`. */
import { toBytes } from '../base/latin1.ts'
import { configError } from '../config/position.ts'
import type { ScopedRoutes, ScopedRoutes_ScopeKeyBuilder_FragmentBuilder } from '../config/v3.ts'
import type { FactoryContext } from '../core/extension.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { Route, RouteTable } from '../core/route.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { makeRouteTable } from './route-table.ts'

/** Undefined when the headers do not have it. */
type Fragment = (headers: HeaderMap) => string | undefined

const noHeaders: readonly string[] = []

/** Throws `ConfigError`. Of several scopes with one key or name the last counts, as in Envoy. */
export function makeScopedRouteTable(message: ScopedRoutes, context: FactoryContext): RouteTable {
  if (message.scopeKeyBuilder === undefined) throw configError(message, 'scopeKeyBuilder', 'is required')
  if (message.scopedRouteConfigurationsList === undefined)
    throw configError(message, 'scopedRds', 'scopes from the network are not supported by sluice: list them')
  const fragments = message.scopeKeyBuilder.fragments.map(makeFragment)
  const names = new Map<string, string>()
  const tables = new Map<string, RouteTable>()
  for (const scope of message.scopedRouteConfigurationsList.scopedRouteConfigurations) {
    if (scope.routeConfiguration === undefined)
      throw configError(
        scope,
        'routeConfigurationName',
        'fetching routes via RDS is not supported with inline scoped routes: needs route_configuration',
      )
    const table = makeRouteTable(scope.routeConfiguration, context)
    const key = keyOf((scope.key?.fragments ?? []).map(each => toBytes(each.stringKey ?? '')))
    const before = names.get(scope.name)
    if (before !== undefined) tables.delete(before)
    names.set(scope.name, key)
    tables.set(key, table)
  }
  return new ScopedTable(message.name, fragments, tables)
}

class ScopedTable implements RouteTable {
  readonly name: string
  readonly #fragments: readonly Fragment[]
  readonly #tables: ReadonlyMap<string, RouteTable>

  constructor(name: string, fragments: readonly Fragment[], tables: ReadonlyMap<string, RouteTable>) {
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
    return this.#tables.get(keyOf(values))
  }
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
