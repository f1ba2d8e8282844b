/** Access logs and their filters. */
import type { SupportTable } from './table.ts'

export const accessLogSupport: SupportTable = {
  'envoy.config.accesslog.v3.AccessLog': 'all',
  'envoy.config.accesslog.v3.AccessLogFilter': [
    'status_code_filter',
    'duration_filter',
    'not_health_check_filter',
    'runtime_filter',
    'and_filter',
    'or_filter',
    'header_filter',
    'response_flag_filter',
    'grpc_status_filter',
    'log_type_filter',
  ],
  'envoy.config.accesslog.v3.ComparisonFilter': 'all',
  'envoy.config.accesslog.v3.StatusCodeFilter': 'all',
  'envoy.config.accesslog.v3.DurationFilter': 'all',
  'envoy.config.accesslog.v3.NotHealthCheckFilter': 'all',
  'envoy.config.accesslog.v3.RuntimeFilter': 'all',
  'envoy.config.accesslog.v3.AndFilter': 'all',
  'envoy.config.accesslog.v3.OrFilter': 'all',
  'envoy.config.accesslog.v3.HeaderFilter': 'all',
  'envoy.config.accesslog.v3.ResponseFlagFilter': 'all',
  'envoy.config.accesslog.v3.GrpcStatusFilter': 'all',
  'envoy.config.accesslog.v3.LogTypeFilter': 'all',
  'envoy.extensions.access_loggers.file.v3.FileAccessLog': 'all',
  'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog': 'all',
  'envoy.extensions.access_loggers.stream.v3.StderrAccessLog': 'all',
}
