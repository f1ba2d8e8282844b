/** `envoy.type.matcher.v3.MetadataMatcher` as a predicate. Follows Envoy's `MetadataMatcher` (source/common/common/matchers.cc). */
import { configError } from '../config/position.ts'
import type { MetadataMatcher } from '../config/v3.ts'
import { makeValueMatcher } from './value-matcher.ts'

/** Metadata of any kind: of a stream a map, of the configuration a plain object. */
export type MetadataSource =
  | ReadonlyMap<string, Readonly<Record<string, unknown>>>
  | Readonly<Record<string, Readonly<Record<string, unknown>>>>
  | undefined

export type MetadataPredicate = (metadata: MetadataSource) => boolean

/** Throws `ConfigError`. */
export function makeMetadataMatcher(message: MetadataMatcher): MetadataPredicate {
  if (message.value === undefined) throw configError(message, 'value', 'a value matcher is required')
  const matches = makeValueMatcher(message.value)
  const path = message.path.map(each => each.key ?? '')
  const { filter, invert } = message
  return metadata => matches(metadataValue(metadata, filter, path)) !== invert
}

/** The value under a filter's name and the keys of nested structs; undefined when it is not there. */
export function metadataValue(metadata: MetadataSource, filter: string, path: readonly string[]): unknown {
  if (metadata === undefined) return undefined
  let value: unknown = isMap(metadata) ? metadata.get(filter) : ownValue(metadata, filter)
  for (let i = 0; i < path.length && value !== undefined; i++)
    value = typeof value === 'object' && value !== null ? ownValue(value, path[i] as string) : undefined
  return value
}

function isMap(metadata: object): metadata is ReadonlyMap<string, unknown> {
  return metadata instanceof Map
}

function ownValue(object: object, key: string): unknown {
  return Object.hasOwn(object, key) ? (object as Readonly<Record<string, unknown>>)[key] : undefined
}
