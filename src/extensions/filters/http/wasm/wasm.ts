/** `envoy.filters.http.wasm`: a proxy-wasm module as an HTTP filter. Follows `source/extensions/filters/http/wasm`. */
import { configError } from '../../../../config/position.ts'
import { Wasm } from '../../../../config/v3.ts'
import type { ClusterManager } from '../../../../core/cluster.ts'
import type { FactoryContext, HttpFilterExtension } from '../../../../core/extension.ts'
import type { PluginUse } from '../../../../wasm/plugin.ts'
import { makePlugin } from '../../../../wasm/plugin-config.ts'
import { RoutePluginFilter } from './route-plugin.ts'

/** By thread: whether any route has a plugin of its own. */
const routePlugins = new WeakMap<ClusterManager, { any: boolean }>()

export const wasmFilter: HttpFilterExtension<Wasm, Wasm> = {
  kind: 'http-filter',
  name: 'envoy.filters.http.wasm',
  message: Wasm,
  terminal: false,
  upstream: true,
  perRoute: {
    message: Wasm,
    parse(message, context) {
      const handle = pluginOf(message, context)
      onThread(context).any = true
      return handle
    },
  },
  create(message, context) {
    const handle = pluginOf(message, context)
    const routes = onThread(context)
    return callbacks => (routes.any ? new RoutePluginFilter(callbacks, handle) : handle.newHttpFilter(callbacks))
  },
}

function pluginOf(message: Wasm, context: FactoryContext): PluginUse {
  if (message.config === undefined) throw configError(message, undefined, 'needs a config with vm_config.code')
  return makePlugin(message.config, context)
}

function onThread({ clusters }: FactoryContext): { any: boolean } {
  let found = routePlugins.get(clusters)
  if (found === undefined) routePlugins.set(clusters, (found = { any: false }))
  return found
}
