/**
 * `envoy.bootstrap.wasm`: a proxy-wasm module that runs beside the listeners, once a process or once a worker. Follows
 * `source/extensions/bootstrap/wasm`.
 */
import { configError } from '../../../config/position.ts'
import { WasmService } from '../../../config/v3.ts'
import type { BootstrapExtension } from '../../../core/extension.ts'
import { makePlugin } from '../../../wasm/plugin-config.ts'

export const wasmService: BootstrapExtension<WasmService> = {
  kind: 'bootstrap-extension',
  name: 'envoy.bootstrap.wasm',
  message: WasmService,
  create(message, context) {
    if (message.config === undefined) throw configError(message, undefined, 'needs a config with vm_config.code')
    const onMain = context.workerIndex < 0
    if (context.checking || message.singleton === onMain) makePlugin(message.config, context)
  },
}
