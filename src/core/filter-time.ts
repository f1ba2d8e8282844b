/**
 * Time that a wasm plugin has spent on one stream, in µs: filter state `sluice.filter_time.<plugin>`, for
 * `%FILTER_STATE(sluice.filter_time.<plugin>:PLAIN)%` and expressions. It is measured only where a format or an
 * expression of the configuration asks for it.
 */
import type { FilterStateObject, StreamInfo } from './stream-info.ts'

export const filterTimePrefix = 'sluice.filter_time.'

/** Of this thread. */
export const filterTimes = { wanted: false }

/** Told of every key of filter state that the configuration reads. */
export function onFilterStateKey(key: string): void {
  if (key.startsWith(filterTimePrefix)) filterTimes.wanted = true
}

export class FilterTime implements FilterStateObject {
  ms = 0

  serializeAsString(): string {
    return String(Math.round(this.ms * 1000))
  }
}

/** The plugin's time in the stream, which it may have more than one filter in; undefined where nobody asks. */
export function filterTimeOf(info: StreamInfo, plugin: string): FilterTime | undefined {
  if (!filterTimes.wanted) return undefined
  const key = filterTimePrefix + plugin
  const all = (info.filterState ??= new Map())
  const known = all.get(key)
  if (known instanceof FilterTime) return known
  const made = new FilterTime()
  all.set(key, made)
  return made
}
