/** What control planes and proxies say to each other, by name. */
import {
  configSource,
  type Conversation,
  extensionType,
  listener,
  type NamedResource,
  routeType,
  scopeType,
  type Variant,
} from './conversation.ts'
import type { JsonObject } from '../support/proxy-process.ts'

export interface Scenario {
  readonly variants: readonly Variant[]
  readonly listeners: (variant: Variant) => readonly JsonObject[]
  readonly run: (conversation: Conversation, variant: Variant) => Promise<void>
}

export const allVariants: readonly Variant[] = ['GRPC', 'DELTA_GRPC', 'ads', 'delta ads']

export function routes(name: string, body: string, domains: readonly string[] = ['*']): NamedResource {
  const directResponse = { status: 200, body: { inlineString: body } }
  const virtualHosts = [{ name: 'v', domains, routes: [{ match: { prefix: '/' }, directResponse }] }]
  return { name, value: { name, virtualHosts } }
}

export const scenarios: Readonly<Record<string, Scenario>> = {
  rds: {
    variants: allVariants,
    listeners: variant =>
      (['one', 'two'] as const).map(name =>
        listener(name, { rds: { route_config_name: `of-${name}`, config_source: configSource(variant) } }),
      ),
    async run(conversation, variant) {
      const isAds = variant.endsWith('ads')
      await conversation.streams(isAds ? 1 : 2, ['of-one', 'of-two'])
      if (isAds) await conversation.send(routeType, 'v1', [routes('of-one', 'a'), routes('of-two', 'b')])
      else {
        await conversation.send(routeType, 'v1', [routes('of-one', 'a')])
        await conversation.send(routeType, 'v1', [routes('of-two', 'b')])
      }
      await conversation.get({ one: '200 a', two: '200 b' })
      await conversation.stats('rds|control_plane')
      await conversation.send(routeType, 'v2', [routes('of-one', 'new')])
      await conversation.get({ one: '200 new', two: '200 b' })
      // Refused: what was there stays.
      await conversation.send(routeType, 'v3', [routes('of-one', 'bad', ['*', '*'])])
      await conversation.get({ one: '200 new' })
      await conversation.send(routeType, 'v4', [routes('of-one', 'newer')])
      await conversation.get({ one: '200 newer' })
      await conversation.stats('rds|control_plane')
      await conversation.end(routeType, 'of-one')
      await conversation.get({ one: '200 newer', two: '200 b' })
      await conversation.send(routeType, 'v5', [routes('of-one', 'again')])
      await conversation.get({ one: '200 again' })
      await conversation.stats('rds|control_plane')
    },
  },
  // Scopes that come name routes that come.
  srds: {
    variants: allVariants,
    listeners: variant => [
      listener('in', {
        scoped_routes: {
          name: 'scopes',
          scope_key_builder: { fragments: [{ header_value_extractor: { name: 'x-scope', index: 0 } }] },
          rds_config_source: configSource(variant),
          scoped_rds: { scoped_rds_config_source: configSource(variant) },
        },
      }),
    ],
    async run(conversation, variant) {
      const streams = (count: number, names: readonly string[]) =>
        conversation.streams(variant.endsWith('ads') ? 1 : count, names)
      const isDelta = variant.toLowerCase().startsWith('delta')
      await streams(1, [])
      await conversation.send(scopeType, 's1', [scope('a', 'r1', 'A'), scope('b', 'r2', 'B')])
      await streams(3, ['r1', 'r2'])
      if (variant.endsWith('ads')) await conversation.send(routeType, 'v1', [routes('r1', 'one'), routes('r2', 'two')])
      else {
        await conversation.send(routeType, 'v1', [routes('r1', 'one')])
        await conversation.send(routeType, 'v1', [routes('r2', 'two')])
      }
      await conversation.get({ in: '200 one' }, { 'x-scope': 'A' })
      await conversation.get({ in: '200 two' }, { 'x-scope': 'B' })
      await conversation.get({ in: '404' }, { 'x-scope': 'C' })
      await conversation.stats('rds|control_plane|scope')
      // b takes the routes of a, c comes with others.
      const changed = [scope('b', 'r1', 'B'), scope('c', 'r3', 'C')]
      await conversation.send(scopeType, 's2', isDelta ? changed : [scope('a', 'r1', 'A'), ...changed])
      await streams(3, ['r3'])
      await conversation.get({ in: '200 one' }, { 'x-scope': 'B' })
      await conversation.get({ in: '404' }, { 'x-scope': 'C' })
      await conversation.send(routeType, 'v2', [routes('r3', 'three')])
      await conversation.get({ in: '200 three' }, { 'x-scope': 'C' })
      // a and b go.
      await conversation.send(scopeType, 's3', isDelta ? [] : [scope('c', 'r3', 'C')], isDelta ? ['a', 'b'] : [])
      await conversation.get({ in: '404' }, { 'x-scope': 'A' })
      await conversation.get({ in: '200 three' }, { 'x-scope': 'C' })
      // Two of one key are refused.
      await conversation.send(scopeType, 's4', [scope('c', 'r3', 'C'), scope('d', 'r1', 'C')])
      await conversation.get({ in: '200 three' }, { 'x-scope': 'C' })
      await conversation.stats('scoped_rds')
    },
  },

  // Filters whose configuration comes: before it has, the default one counts or requests fail.
  ecds: {
    variants: allVariants,
    listeners: variant => [
      listener('bare', filters(variant, 'one', {})),
      listener('other', filters(variant, 'two', { default_config: setsHeader('default') })),
    ],
    async run(conversation, variant) {
      const isDelta = variant.toLowerCase().startsWith('delta')
      const isAds = variant.endsWith('ads')
      await conversation.streams(isAds ? 1 : 2, ['one', 'two'])
      await conversation.send(extensionType, 'v0', [extension('two', corsType, {})])
      await conversation.send(extensionType, 'v0', [extension('one', corsType, {})])
      await conversation.get({ bare: '500', other: '200 ok x-v: default' })
      if (isAds) await conversation.send(extensionType, 'v1', [header('one', 'a'), header('two', 'b')])
      else {
        await conversation.send(extensionType, 'v1', [header('one', 'a')])
        await conversation.send(extensionType, 'v1', [header('two', 'b')])
      }
      await conversation.get({ bare: '200 ok x-v: a', other: '200 ok x-v: b' })
      await conversation.stats('extension_config_discovery.http_filter')
      await conversation.send(extensionType, 'v2', [header('one', 'new')])
      await conversation.get({ bare: '200 ok x-v: new' })
      await conversation.send(extensionType, 'v3', [extension('one', routerType, {})])
      await conversation.get({ bare: '200 ok x-v: new' })
      if (isDelta) {
        await conversation.send(extensionType, 'v4', [], ['one'])
        await conversation.get({ bare: '500' })
        await conversation.send(extensionType, 'v5', [], ['two'])
        await conversation.get({ other: '200 ok x-v: default' })
      }
      await conversation.stats('extension_config_discovery.http_filter')
    },
  },
}

function scope(name: string, routeConfigurationName: string, key: string): NamedResource {
  return { name, value: { name, routeConfigurationName, key: { fragments: [{ stringKey: key }] } } }
}

const filterTypes = 'type.googleapis.com/envoy.extensions.filters.http'
const headerMutationType = `${filterTypes}.header_mutation.v3.HeaderMutation`
const corsType = `${filterTypes}.cors.v3.Cors`
const routerType = `${filterTypes}.router.v3.Router`

function extension(name: string, typeUrl: string, value: object): NamedResource {
  return { name, value: { name, typedConfig: { typeUrl, value } } }
}

function header(name: string, value: string): NamedResource {
  const append = { header: { key: 'x-v', value } }
  return extension(name, headerMutationType, { mutations: { responseMutations: [{ append }] } })
}

function setsHeader(value: string): JsonObject {
  const append = { header: { key: 'x-v', value } }
  return { '@type': headerMutationType, mutations: { response_mutations: [{ append }] } }
}

function filters(variant: Variant, name: string, extra: JsonObject): JsonObject {
  const direct = { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'ok' } } }
  const discovery = { config_source: configSource(variant), type_urls: [headerMutationType], ...extra }
  return {
    route_config: { virtual_hosts: [{ name: 'v', domains: ['*'], routes: [direct] }] },
    http_filters: [
      { name, config_discovery: discovery },
      { name: 'router', typed_config: { '@type': routerType } },
    ],
  }
}
