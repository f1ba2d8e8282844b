/** What control planes and proxies say to each other, by name. */
import {
  configSource,
  type Conversation,
  listener,
  type NamedResource,
  routeType,
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
      await conversation.streams(isAds ? 1 : 2)
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
}
