/** Proxy-wasm plugins. */
import type { SupportTable } from './table.ts'

export const wasmSupport: SupportTable = {
  'envoy.extensions.filters.http.wasm.v3.Wasm': 'all',
  'envoy.extensions.filters.network.wasm.v3.Wasm': 'all',
  'envoy.extensions.access_loggers.wasm.v3.WasmAccessLog': 'all',
  'envoy.extensions.stat_sinks.wasm.v3.Wasm': 'all',
  'envoy.extensions.wasm.v3.WasmService': 'all',
  'envoy.extensions.wasm.v3.PluginConfig': [
    'name',
    'root_id',
    'vm_config',
    'configuration',
    'fail_open',
    'failure_policy',
    'reload_config',
    'capability_restriction_config',
    'allow_on_headers_stop_iteration',
  ],
  'envoy.extensions.wasm.v3.VmConfig': [
    'vm_id',
    // Every runtime of Envoy's runs the same modules; ours is V8.
    'runtime',
    'code',
    'configuration',
    'environment_variables',
    'capability_restriction_config',
    '?allow_precompiled',
    'nack_on_code_cache_miss',
  ],
  'envoy.extensions.wasm.v3.EnvironmentVariables': 'all',
  'envoy.extensions.wasm.v3.CapabilityRestrictionConfig': 'all',
  'envoy.extensions.wasm.v3.SanitizationConfig': 'all',
  'envoy.extensions.wasm.v3.ReloadConfig': 'all',
  'envoy.config.core.v3.BackoffStrategy': 'all',
  // The configuration of a plugin may be any Struct.
  'xds.type.v3.TypedStruct': 'all',
  'udpa.type.v1.TypedStruct': 'all',
}
