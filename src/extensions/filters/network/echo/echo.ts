/** `envoy.filters.network.echo`: sends back what it reads. Follows Envoy's `echo/echo.cc`. */
import { Echo } from '../../../../config/v3.ts'
import type { NetworkFilter, NetworkFilterCallbacks } from '../../../../core/connection.ts'
import type { NetworkFilterExtension } from '../../../../core/extension.ts'

export const echo: NetworkFilterExtension<Echo> = {
  kind: 'network-filter',
  name: 'envoy.filters.network.echo',
  message: Echo,
  terminal: true,
  create: () => makeFilter,
}

function makeFilter({ connection }: NetworkFilterCallbacks): NetworkFilter {
  connection.enableHalfClose(true)
  connection.addCallbacks({
    onEvent: () => {},
    onAboveWriteBufferHighWatermark: () => connection.readDisable(true),
    onBelowWriteBufferLowWatermark: () => connection.readDisable(false),
  })
  return {
    onData(data, endStream) {
      connection.write(data, endStream)
      return 'stop'
    },
  }
}
