/** `%METADATA(TYPE:NAMESPACE:KEY*)%` and its older forms. Follows Envoy's `source/extensions/formatter/metadata`. */
import { toBytes } from '../base/latin1.ts'
import type { JsonValue } from '../config/json-source.ts'
import type { Command, FormatContext, Getter } from '../core/format.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { sortedJson } from './json-value.ts'
import { type MetadataSource, metadataValue } from '../matching/metadata-matcher.ts'

type MetadataOf = (info: StreamInfo, context: FormatContext) => MetadataSource

const kinds: Readonly<Record<string, MetadataOf>> = {
  DYNAMIC: info => info.dynamicMetadata,
  CLUSTER: (info, context) => context.clusters.get(info.upstreamClusterName ?? '')?.info.metadata,
  ROUTE: info => info.route?.metadata,
  UPSTREAM_HOST: info => info.upstreamHost?.metadata,
  LISTENER: info => info.downstream.listenerMetadata,
  LISTENER_FILTER_CHAIN: info => info.downstream.filterChainMetadata,
  VIRTUAL_HOST: info => (info.route ?? info.unroutedVirtualHost)?.virtualHostMetadata,
}

/** `args`: `filter.name:key:key`, or the same as a JSON list. */
function getter(of: MetadataOf, args: string, formatContext: FormatContext): Getter {
  const [name = '', ...path] = args.startsWith('[') ? (JSON.parse(args) as string[]) : args.split(':')
  if (name === '') throw new Error('needs the name of a filter')
  return context => {
    const value = metadataValue(of(context.streamInfo, formatContext), name, path)
    if (value === undefined || value === null) return undefined
    return typeof value === 'string' ? toBytes(value) : sortedJson(value as JsonValue)
  }
}

function command(make: Command['make']): Command {
  return { args: 'required', length: true, make }
}

export const metadataOperators: ReadonlyMap<string, Command> = new Map([
  ['DYNAMIC_METADATA', command((args, context) => getter(kinds['DYNAMIC'] as MetadataOf, args, context))],
  ['CLUSTER_METADATA', command((args, context) => getter(kinds['CLUSTER'] as MetadataOf, args, context))],
  ['UPSTREAM_METADATA', command((args, context) => getter(kinds['UPSTREAM_HOST'] as MetadataOf, args, context))],
  [
    'METADATA',
    command((args, context) => {
      const [name = '', ...rest] = args.split(':')
      const kind = kinds[name]
      if (kind === undefined) throw new Error(`takes ${Object.keys(kinds).join(', ')}, not "${name}"`)
      return getter(kind, rest.join(':'), context)
    }),
  ],
])
