/** What `set_filter_state` filters keep. Follows Envoy's `source/extensions/filters/common/set_filter_state`. */
import { isIP } from 'node:net'
import { toText } from '../../base/latin1.ts'
import { configError } from '../../config/position.ts'
import type { FilterStateValue } from '../../config/v3.ts'
import type { LogContext } from '../../core/access-log.ts'
import type { FilterStateObject } from '../../core/stream-info.ts'
import { makeFormatter } from '../../format/formatter.ts'
import type { FormatContext } from '../../core/format.ts'

export type FilterState = Map<string, FilterStateObject>

/** Writes one value, made of a byte string. */
export type WriteFilterState = (state: FilterState, context: LogContext) => void

/** Throws `ConfigError` for a bad format, and for kinds of objects that sluice does not have. */
export function makeFilterStateWriter(message: FilterStateValue, context: FormatContext): WriteFilterState {
  const key = message.objectKey ?? ''
  const factoryKey = message.factoryKey || key
  const make = factories[factoryKey]
  if (make === undefined)
    throw configError(
      message,
      message.factoryKey === '' ? 'objectKey' : 'factoryKey',
      `"${factoryKey}" has no object factory: use factory_key with one of ${Object.keys(factories).join(', ')}`,
    )
  if (message.formatString === undefined) throw configError(message, 'formatString', 'a format_string is required')
  const { format } = makeFormatter(message.formatString, context)
  const { readOnly, skipIfEmpty } = message
  return (state, logContext) => {
    const text = toText(format(logContext))
    if (text === '' && skipIfEmpty) return
    const object = make(text)
    if (object === undefined || state.get(key)?.readOnly === true) return
    // What the connection has of that name, its streams cannot have for themselves.
    const ofConnection = logContext.streamInfo.downstream.filterState
    if (state !== ofConnection && ofConnection?.has(key) === true) return
    state.set(key, readOnly ? { ...object, readOnly } : object)
  }
}

/** Undefined for a text that is no such object. */
const factories: Readonly<Record<string, (text: string) => FilterStateObject | undefined>> = {
  'envoy.string': plain,
  'envoy.hashable_string': text => {
    const bytes = Buffer.from(text).toString('latin1')
    return { serializeAsString: () => text, hashInput: () => bytes }
  },
  'envoy.bool': text => (text === 'true' || text === 'false' ? plain(text) : undefined),
  'envoy.network.ip': text => {
    const version = isIP(text)
    if (version === 0) return undefined
    // An address of Envoy's, which always has a port.
    const address = version === 4 ? `${text}:0` : `[${text}]:0`
    return { serializeAsString: () => address, ip: text }
  },
  'envoy.tcp_proxy.cluster': plain,
}

function plain(text: string): FilterStateObject {
  return { serializeAsString: () => text }
}
