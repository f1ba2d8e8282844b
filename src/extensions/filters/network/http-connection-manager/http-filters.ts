/** A list of HTTP filters, of a connection manager or of one of its upgrades: finds the factories and checks that the last filter, only, is terminal. */
import { configError } from '../../../../config/position.ts'
import type { HttpFilter } from '../../../../config/v3.ts'
import type { HttpFilterContext } from '../../../../core/extension.ts'
import type { HttpFilterSettings } from '../../../../http/settings.ts'
import { discoveredFilter } from './discovered-filter.ts'

export function makeHttpFilters(
  filters: readonly HttpFilter[],
  context: HttpFilterContext,
): readonly HttpFilterSettings[] {
  const known = filters.filter(
    filter =>
      !filter.isOptional || filter.configDiscovery !== undefined || context.extensions.knows('http-filter', filter),
  )
  return known.map((filter, index) => {
    const last = index === known.length - 1
    if (filter.configDiscovery !== undefined)
      return { name: filter.name, factory: discoveredFilter(filter, context, last), disabled: filter.disabled }
    const { factory, terminal } = context.extensions.httpFilter(filter, context)
    const type = filter.typedConfig?.typeUrl ?? ''
    if (terminal && !last)
      throw configError(
        filter,
        undefined,
        `terminal filter named ${filter.name} of type ${type} must be the last filter in a http filter chain`,
      )
    if (!terminal && last)
      throw configError(
        filter,
        undefined,
        `non-terminal filter named ${filter.name} of type ${type} is the last filter in a http filter chain`,
      )
    if (terminal && filter.disabled)
      throw configError(filter, 'disabled', `terminal filter named ${filter.name} cannot be disabled`)
    return { name: filter.name, factory, disabled: filter.disabled }
  })
}
