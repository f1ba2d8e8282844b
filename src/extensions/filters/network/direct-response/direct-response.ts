/** `envoy.filters.network.direct_response`: writes one answer and closes. Follows Envoy's `direct_response/filter.cc`. */
import { DirectResponseFilter } from '../../../../config/v3.ts'
import type { NetworkFilterExtension } from '../../../../core/extension.ts'
import { readDataSource } from '../../../../format/data-source.ts'

export const directResponse: NetworkFilterExtension<DirectResponseFilter> = {
  kind: 'network-filter',
  name: 'envoy.filters.network.direct_response',
  message: DirectResponseFilter,
  terminal: true,
  create({ response: source }) {
    const response =
      source === undefined ? Buffer.alloc(0) : (source.inlineBytes ?? Buffer.from(readDataSource(source), 'utf8'))
    return ({ connection, streamInfo }) => ({
      onNewConnection() {
        streamInfo.responseCodeDetails = 'direct_response'
        connection.write(response, true)
        connection.close('flush-write')
        return 'stop'
      },
    })
  },
}
