/** `envoy.filters.http.set_metadata`: dynamic metadata from the configuration. Follows Envoy's `set_metadata_filter.cc`. */
import { SetMetadata } from '../../../../config/v3.ts'
import type { HttpFilterExtension } from '../../../../core/extension.ts'
import type { StreamInfo } from '../../../../core/stream-info.ts'

type Struct = Readonly<Record<string, unknown>>

interface Entry {
  readonly namespace: string
  readonly value: Struct
  readonly overwrite: boolean
}

export const setMetadataFilter: HttpFilterExtension<SetMetadata, SetMetadata> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.set_metadata',
  message: SetMetadata,
  terminal: false,
  perRoute: { message: SetMetadata, parse: makeEntries },
  create(message) {
    const own = makeEntries(message)
    return callbacks => ({
      decodeHeaders() {
        const ofRoute = callbacks.route()?.perFilterConfig(callbacks.filterConfigName, SetMetadata) as
          | readonly Entry[]
          | undefined
        for (const entry of own) write(entry, callbacks.streamInfo)
        // It adds to the filter's own.
        if (ofRoute !== undefined) for (const entry of ofRoute) write(entry, callbacks.streamInfo)
        return 'continue'
      },
    })
  },
}

function makeEntries(message: SetMetadata): readonly Entry[] {
  const entries: Entry[] = []
  if (message.value !== undefined && message.metadataNamespace !== '')
    entries.push({ namespace: message.metadataNamespace, value: message.value, overwrite: true })
  for (const each of message.metadata)
    if (each.value !== undefined)
      entries.push({ namespace: each.metadataNamespace, value: each.value, overwrite: each.allowOverwrite })
  return entries
}

function write({ namespace, value, overwrite }: Entry, streamInfo: StreamInfo): void {
  const metadata = (streamInfo.dynamicMetadata ??= new Map())
  const before = metadata.get(namespace)
  if (before === undefined) metadata.set(namespace, value)
  else if (overwrite) metadata.set(namespace, mergeStructs(before, value))
}

/** As Envoy merges: structs key by key, lists one after the other, of everything else the new one. */
function mergeStructs(old: Struct, added: Struct): Record<string, unknown> {
  const merged: Record<string, unknown> = { ...old }
  for (const [key, value] of Object.entries(added)) merged[key] = mergeValues(merged[key], value)
  return merged
}

function mergeValues(old: unknown, added: unknown): unknown {
  if (Array.isArray(old) && Array.isArray(added)) return [...(old as unknown[]), ...(added as unknown[])]
  return isStruct(old) && isStruct(added) ? mergeStructs(old, added) : added
}

function isStruct(value: unknown): value is Struct {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
