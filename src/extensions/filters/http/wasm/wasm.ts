/** `envoy.filters.http.wasm`: a proxy-wasm module as an HTTP filter. Follows `source/extensions/filters/http/wasm`. */
import { type PluginConfig, Wasm } from '../../../../config/v3.ts'
import { configError } from '../../../../config/position.ts'
import type { HttpFilterExtension, ListenerFactoryContext } from '../../../../core/extension.ts'
import { makePlugin } from '../../../../wasm/plugin-config.ts'

export const wasmFilter: HttpFilterExtension<Wasm> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.wasm',
  message: Wasm,
  terminal: false,
  create(message: Wasm, context: ListenerFactoryContext) {
    const config: PluginConfig | undefined = message.config
    if (config === undefined) throw configError(message, undefined, 'needs a config with vm_config.code')
    const handle = makePlugin(config, context)
    return callbacks => handle.newHttpFilter(callbacks)
  },
}
