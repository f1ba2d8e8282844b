/** `envoy.filters.http.set_filter_state`: filter state from the request. Follows Envoy's `source/extensions/filters/http/set_filter_state`. */
import { SetFilterState } from '../../../../config/v3.ts'
import type { FactoryContext, HttpFilterExtension } from '../../../../core/extension.ts'
import { headerContext } from '../../../../format/header-parser.ts'
import { makeFilterStateWriter, type WriteFilterState } from '../../../common/filter-state-values.ts'

interface Settings {
  readonly writers: readonly WriteFilterState[]
  readonly clearRouteCache: boolean
}

export const setFilterStateFilter: HttpFilterExtension<SetFilterState, SetFilterState> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.set_filter_state',
  message: SetFilterState,
  terminal: false,
  perRoute: { message: SetFilterState, parse: makeSettings },
  create(message, context) {
    const own = makeSettings(message, context)
    return callbacks => ({
      decodeHeaders(headers) {
        const { streamInfo } = callbacks
        const ofRoutes = callbacks.route()?.allPerFilterConfigs(callbacks.filterConfigName, SetFilterState) ?? []
        for (const { writers, clearRouteCache } of [own, ...(ofRoutes as readonly Settings[])]) {
          const state = (streamInfo.filterState ??= new Map())
          for (const write of writers) write(state, headerContext(headers, undefined, streamInfo))
          if (clearRouteCache) callbacks.clearRouteCache()
        }
        return 'continue'
      },
    })
  },
}

function makeSettings(message: SetFilterState, context: FactoryContext): Settings {
  return {
    writers: message.onRequestHeaders.map(each => makeFilterStateWriter(each, context)),
    clearRouteCache: message.clearRouteCache,
  }
}
