/** `envoy.stat_sinks.wasm`: a proxy-wasm module that is told the stats. Follows `source/extensions/stat_sinks/wasm`. */
import { configError } from '../../../config/position.ts'
import { WasmStatSink } from '../../../config/v3.ts'
import type { StatSinkExtension } from '../../../core/extension.ts'
import { makePlugin } from '../../../wasm/plugin-config.ts'
import { encodeStats } from '../../../wasm/stats-blob.ts'

export const wasmStatSink: StatSinkExtension<WasmStatSink> = {
  kind: 'stat-sink',
  name: 'envoy.stat_sinks.wasm',
  message: WasmStatSink,
  create(message, context) {
    if (message.config === undefined) throw configError(message, undefined, 'needs a config with vm_config.code')
    const plugin = makePlugin(message.config, context)
    return { flush: snapshot => plugin.updateStats(() => encodeStats(snapshot)) }
  },
}
