/** `envoy.access_loggers.wasm`: a proxy-wasm module as an access logger. Follows `source/extensions/access_loggers/wasm`. */
import { configError } from '../../../config/position.ts'
import { WasmAccessLog } from '../../../config/v3.ts'
import type { AccessLogExtension } from '../../../core/extension.ts'
import { makePlugin } from '../../../wasm/plugin-config.ts'

export const wasmAccessLog: AccessLogExtension<WasmAccessLog> = {
  kind: 'access-log',
  name: 'envoy.access_loggers.wasm',
  message: WasmAccessLog,
  create(message, context) {
    if (message.config === undefined) throw configError(message, undefined, 'needs a config with vm_config.code')
    const handle = makePlugin(message.config, context)
    return { log: logged => handle.log(logged) }
  },
}
