/** `envoy.filters.network.set_filter_state`: filter state of a connection. Follows Envoy's `source/extensions/filters/network/set_filter_state`. */
import { NetworkSetFilterState } from '../../../../config/v3.ts'
import type { NetworkFilterExtension } from '../../../../core/extension.ts'
import { headerContext } from '../../../../format/header-parser.ts'
import { makeFilterStateWriter } from '../../../common/filter-state-values.ts'

export const networkSetFilterState: NetworkFilterExtension<NetworkSetFilterState> = {
  kind: 'network-filter',
  name: 'envoy.filters.network.set_filter_state',
  message: NetworkSetFilterState,
  terminal: false,
  create(message, context) {
    const writers = message.onNewConnection.map(each => makeFilterStateWriter(each, context))
    return callbacks => ({
      onNewConnection() {
        const state = (callbacks.downstream.filterState ??= new Map())
        for (const write of writers) write(state, headerContext(undefined, undefined, callbacks.streamInfo))
        return 'continue'
      },
    })
  },
}
