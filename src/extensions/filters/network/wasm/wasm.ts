/** `envoy.filters.network.wasm`: a proxy-wasm module on connections. Follows `source/extensions/filters/network/wasm`. */
import { NetworkWasm } from '../../../../config/v3.ts'
import { configError } from '../../../../config/position.ts'
import type { ListenerFactoryContext, NetworkFilterExtension } from '../../../../core/extension.ts'
import { makePlugin } from '../../../../wasm/plugin-config.ts'

export const wasmNetworkFilter: NetworkFilterExtension<NetworkWasm> = {
  kind: 'network-filter',
  name: 'envoy.filters.network.wasm',
  message: NetworkWasm,
  terminal: false,
  create(message: NetworkWasm, context: ListenerFactoryContext) {
    if (message.config === undefined) throw configError(message, undefined, 'needs a config with vm_config.code')
    const handle = makePlugin(message.config, context)
    return callbacks => handle.newNetworkFilter(callbacks)
  },
}
