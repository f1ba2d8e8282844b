/** `%METADATA(TYPE:NAMESPACE:KEY*)%` and its older forms. Follows Envoy's `source/extensions/formatter/metadata`. */
import { toBytes } from '../base/latin1.ts'
import type { JsonValue } from '../config/json-source.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import type { FormatContext, Getter, Operator } from './operators.ts'

type MetadataOf = (info: StreamInfo, context: FormatContext) => { get(name: string): unknown } | undefined

function asMap(metadata: Readonly<Record<string, unknown>> | undefined): { get(name: string): unknown } | undefined {
  return metadata === undefined ? undefined : { get: name => metadata[name] }
}

const kinds: Readonly<Record<string, MetadataOf>> = {
  DYNAMIC: info => info.dynamicMetadata,
  CLUSTER: (info, context) => asMap(context.clusters.get(info.upstreamClusterName ?? '')?.info.metadata),
  ROUTE: info => asMap(info.route?.metadata),
  UPSTREAM_HOST: info => asMap(info.upstreamHost?.metadata),
  LISTENER: info => asMap(info.downstream.listenerMetadata),
  LISTENER_FILTER_CHAIN: info => asMap(info.downstream.filterChainMetadata),
  VIRTUAL_HOST: info => asMap(info.route?.virtualHostMetadata),
}

/** `args`: `filter.name:key:key`, or the same as a JSON list. */
function getter(of: MetadataOf, args: string, formatContext: FormatContext): Getter {
  const [name = '', ...path] = args.startsWith('[') ? (JSON.parse(args) as string[]) : args.split(':')
  if (name === '') throw new Error('needs the name of a filter')
  return context => {
    let value: unknown = of(context.streamInfo, formatContext)?.get(name)
    for (const key of path)
      value = typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[key] : undefined
    if (value === undefined || value === null) return undefined
    return typeof value === 'string' ? toBytes(value) : (value as JsonValue)
  }
}

/** In JSON a length has no effect. */
function operator(length: Operator['length'], make: Operator['make']): Operator {
  return { args: 'required', length, make }
}

export const metadataOperators: ReadonlyMap<string, Operator> = new Map([
  ['DYNAMIC_METADATA', operator('text', (args, context) => getter(kinds['DYNAMIC'] as MetadataOf, args, context))],
  ['CLUSTER_METADATA', operator('text', (args, context) => getter(kinds['CLUSTER'] as MetadataOf, args, context))],
  [
    'UPSTREAM_METADATA',
    operator('text', (args, context) => getter(kinds['UPSTREAM_HOST'] as MetadataOf, args, context)),
  ],
  [
    'METADATA',
    operator('text', (args, context) => {
      const [name = '', ...rest] = args.split(':')
      const kind = kinds[name]
      if (kind === undefined) throw new Error(`takes ${Object.keys(kinds).join(', ')}, not "${name}"`)
      return getter(kind, rest.join(':'), context)
    }),
  ],
])
