/**
 * The foreign functions that write to a stream's filter state and metadata: Envoy's `declare_property` and
 * `set_envoy_filter_state`, and `set_dynamic_metadata`, which Envoy does not have.
 */
import { Status } from '../abi.ts'
import { declareProperty, setFilterState, TextState } from '../filter-state.ts'
import { type ForeignFunction, readFields } from './foreign-arguments.ts'

/** Keys for which Envoy knows what object to make, as far as sluice acts on them. The value is text as it is. */
const textKeys: ReadonlySet<string> = new Set(['envoy.string', 'envoy.tcp_proxy.cluster'])
/** Envoy's `LifeSpan.DownstreamConnection`. */
const downstreamConnection = 2
const maxMetadataBytes = 64 * 1024
const maxNamespaces = 100
const nothing = new Uint8Array(0)

/** `DeclarePropertyArguments`: name 1, readonly 2, type 3, schema 4, span 5. What the type is changes nothing here. */
export const declarePropertyFunction: ForeignFunction = (vm, argument) => {
  const fields = readFields(argument)
  if (fields === undefined) return Status.badArgument
  const prototype = { readonly: fields.number(2) !== 0, onConnection: fields.number(5) === downstreamConnection }
  return declareProperty(vm.current, fields.text(1), prototype) ? nothing : Status.badArgument
}

/** `SetEnvoyFilterStateArguments`: path 1, value 2, span 3. */
export const setEnvoyFilterState: ForeignFunction = (vm, argument) => {
  const fields = readFields(argument)
  if (fields === undefined) return Status.badArgument
  const key = fields.text(1)
  const info = vm.current.properties()?.streamInfo
  if (info === undefined || !textKeys.has(key)) return Status.notFound
  const onConnection = fields.number(3) === downstreamConnection || vm.current.isConnection
  return setFilterState(info, key, new TextState(fields.text(2)), onConnection) ? nothing : Status.internalFailure
}

/**
 * Argument: name of the metadata's namespace (a filter's name), NUL, a JSON object. Its keys replace equal ones of what is
 * there. BAD_ARGUMENT for anything else, NOT_FOUND without a stream, INTERNAL_FAILURE beyond the limits.
 */
export const setDynamicMetadata: ForeignFunction = (vm, argument) => {
  const info = vm.current.properties()?.streamInfo
  if (info === undefined) return Status.notFound
  const nameEnd = argument.indexOf(0)
  const value = nameEnd > 0 ? parseObject(argument.toString('utf8', nameEnd + 1)) : undefined
  if (value === undefined) return Status.badArgument
  const name = argument.toString('utf8', 0, nameEnd)
  const metadata = (info.dynamicMetadata ??= new Map())
  const known = metadata.get(name)
  if (argument.length > maxMetadataBytes || (known === undefined && metadata.size >= maxNamespaces))
    return Status.internalFailure
  metadata.set(name, known === undefined ? value : { ...known, ...value })
  return nothing
}

function parseObject(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined
  } catch {
    return undefined
  }
}
