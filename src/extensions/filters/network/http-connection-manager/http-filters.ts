/** The `http_filters` list of a connection manager: finds the factories and checks that the last filter, only, is terminal. */
import { configError } from '../../../../config/position.ts'
import type { HttpConnectionManager } from '../../../../config/v3.ts'
import type { HttpFilterContext } from '../../../../core/extension.ts'
import type { HttpFilterSettings } from '../../../../http/settings.ts'

export function makeHttpFilters(
  message: HttpConnectionManager,
  context: HttpFilterContext,
): readonly HttpFilterSettings[] {
  const filters = message.httpFilters
  return filters.map((filter, index) => {
    const { factory, terminal } = context.extensions.httpFilter(filter, context)
    const last = index === filters.length - 1
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
