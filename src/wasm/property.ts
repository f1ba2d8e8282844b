/**
 * What guests read with `proxy_get_property`: attributes, named by path, and what is known of the plugin. Follows
 * Envoy's `Context::getProperty` (`source/extensions/common/wasm/context.cc`). Values: text as it is; numbers, times and
 * durations (ns) 8 bytes little-endian; booleans 1 byte; maps and lists as pairs; messages serialized.
 */
import type { AttributeSource } from '../attributes/attribute-source.ts'
import {
  AttributeMap,
  AttributeMessage,
  type AttributeValue,
  Duration,
  HeaderAttributes,
  JsonAttributes,
  Timestamp,
  Uint,
} from '../attributes/attribute-value.ts'
import { dynamicMetadata, FilterStateAttributes, streamAttributes, xdsAttributes } from '../attributes/attributes.ts'
import { CelError, type CelValue, isList, keysOf, LiteralMap, lookUp } from '../cel/cel-value.ts'
import { encodeBinary } from '../config/encode-binary.ts'
import { Status } from './abi.ts'
import type { WasmContext } from './context.ts'
import { encodePairs } from './pairs.ts'

/** latin1 text, bytes, or a status other than OK. */
export type PropertyResult = string | Uint8Array | number

const { notFound, serializationFailure } = Status

/** @param parts the path, latin1 */
export function getProperty(context: WasmContext, parts: readonly string[]): PropertyResult {
  const root = context.rootContext
  const source = context.properties()
  const [first, second] = parts
  if (first === undefined) return notFound
  if (root !== undefined) {
    if (first === 'plugin_name') return Buffer.from(root.plugin.name)
    if (first === 'plugin_root_id') return Buffer.from(root.plugin.rootId)
    if (first === 'plugin_vm_id') return Buffer.from(context.vm.settings.vmId)
  }
  if (first === 'xds') {
    if (second === undefined) return serializationFailure
    const environment = root?.environment ?? context.vm.host.environment
    return inside(xdsAttributes.get(second)?.(source, environment), parts, 2)
  }
  if (source === undefined) return notFound
  const members = streamAttributes.get(first)
  if (members !== undefined) {
    if (second === undefined) return serializationFailure
    const environment = root?.environment ?? context.vm.host.environment
    return inside(members.get(second)?.(source, environment), parts, 2)
  }
  switch (first) {
    case 'connection_id':
      return int(BigInt(source.streamInfo.downstream.connectionId))
    case 'metadata':
      return inside(dynamicMetadata(source), parts, 1)
    case 'upstream_filter_state':
      // Nothing writes there.
      return second === undefined && source.streamInfo.upstreamHost !== undefined ? serializationFailure : notFound
    case 'filter_state':
      return second === undefined ? serializationFailure : filterState(source, second)
    default:
      return parts.length === 1 ? filterState(source, `wasm.${first}`) : notFound
  }
}

function filterState(source: AttributeSource, key: string): PropertyResult {
  return serialize(new FilterStateAttributes(source).get(key))
}

/** The value at the rest of a path. */
function inside(value: AttributeValue | undefined, parts: readonly string[], from: number): PropertyResult {
  let found = value
  for (let i = from; i < parts.length; i++) {
    const part = parts[i] as string
    if (found instanceof AttributeMap) found = found.get(part)
    else if (found instanceof AttributeMessage) found = found.field(part)
    else if (Array.isArray(found) && /^\d{1,9}$/.test(part)) found = (found as readonly AttributeValue[])[Number(part)]
    else return notFound
  }
  return serialize(found)
}

/** As guests get it: SERIALIZATION_FAILURE for what has no form, INTERNAL_FAILURE for an evaluation that failed. */
export function serialize(value: CelValue | undefined): PropertyResult {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return int(value)
  if (typeof value === 'boolean') return Uint8Array.of(value ? 1 : 0)
  if (typeof value === 'number') return double(value)
  if (value === undefined) return notFound
  if (value instanceof Uint8Array) return value
  if (value instanceof Uint) return int(value.value)
  if (value instanceof Timestamp || value instanceof Duration) return int(value.ns)
  if (value instanceof HeaderAttributes) return encodePairs(joined(value))
  if (value instanceof AttributeMessage) return encodeBinary(value.typeUrl, value.message)
  if (value instanceof JsonAttributes || value instanceof LiteralMap)
    return pairs(keysOf(value).map(key => [key, lookUp(value, key)]))
  if (value instanceof CelError) return Status.internalFailure
  return value !== null && isList(value) ? pairs(value.map(each => [each, ''])) : serializationFailure
}

/** Of a map, or of a list, whose values are keys of nothing. */
function pairs(entries: readonly (readonly [CelValue, CelValue | undefined])[]): PropertyResult {
  const list: string[] = []
  for (const [key, each] of entries) {
    const name = serialize(key)
    const value = serialize(each)
    if (typeof value === 'number' || typeof name === 'number') return serializationFailure
    list.push(latin1(name), latin1(value))
  }
  return encodePairs(list)
}

/** Each name once, with all of its values. */
function joined(headers: HeaderAttributes): string[] {
  return [...new Set(headers.keys())].flatMap(name => [name, headers.get(name) ?? ''])
}

function latin1(value: string | Uint8Array): string {
  return typeof value === 'string' ? value : Buffer.from(value).toString('latin1')
}

function int(value: bigint): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(BigInt.asIntN(64, value))
  return bytes
}

function double(value: number): Uint8Array {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}
