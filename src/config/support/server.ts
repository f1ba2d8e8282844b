/** The bootstrap: what stands beside listeners and clusters. */
import type { SupportTable } from './table.ts'

export const serverSupport: SupportTable = {
  'envoy.config.bootstrap.v3.Bootstrap': [
    'node',
    'static_resources',
    'dynamic_resources',
    'admin',
    'stats_config',
    'stats_sinks',
    'bootstrap_extensions',
    'stats_flush_interval',
    'stats_flush_on_admin',
    'layered_runtime',
    'application_log_config',
    'watchdogs',
    '?watchdog',
    // Measures the event loops of Envoy's threads.
    '?enable_dispatcher_stats',
    '?stats_server_version_override',
    '?use_tcp_for_dns_lookups',
    '?memory_allocator_manager',
    '?perf_tracing_file_path',
    '?enable_worker_cpu_affinity',
    '?flags_path',
  ],
  'envoy.config.bootstrap.v3.Bootstrap.DynamicResources': ['ads_config'],
  'envoy.config.bootstrap.v3.Bootstrap.StaticResources': ['listeners', 'clusters'],
  'envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig': 'all',
  'envoy.config.bootstrap.v3.Bootstrap.ApplicationLogConfig.LogFormat': 'all',
  'envoy.config.bootstrap.v3.Admin': [
    'access_log',
    'access_log_path',
    'address',
    'allow_paths',
    '?profile_path',
    '?ignore_global_conn_limit',
  ],
  'envoy.config.bootstrap.v3.LayeredRuntime': ['layers'],
  'envoy.config.bootstrap.v3.RuntimeLayer': ['name', 'static_layer', 'admin_layer'],
  'envoy.config.bootstrap.v3.RuntimeLayer.AdminLayer': 'all',
  'envoy.config.bootstrap.v3.Watchdogs': ['?main_thread_watchdog', 'worker_watchdog'],
  'envoy.config.bootstrap.v3.Watchdog': [
    'kill_timeout',
    // Count only in Envoy's own stats.
    '?miss_timeout',
    '?megamiss_timeout',
    '?max_kill_timeout_jitter',
    '?multikill_timeout',
    '?multikill_threshold',
  ],
  'envoy.config.metrics.v3.StatsSink': 'all',
  'envoy.config.metrics.v3.StatsConfig': [
    'stats_tags',
    'use_all_default_tags',
    'stats_matcher',
    'histogram_bucket_settings',
  ],
  'envoy.config.metrics.v3.StatsMatcher': 'all',
  // How much memory Envoy reserves for a histogram.
  'envoy.config.metrics.v3.HistogramBucketSettings': ['match', 'buckets', '?bins'],
  'envoy.config.metrics.v3.TagSpecifier': 'all',
}
