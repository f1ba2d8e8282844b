/** Access logs and their filters. */
import type { SupportTable } from './table.ts'

export const accessLogSupport: SupportTable = {
  'envoy.config.accesslog.v3.AccessLog': 'all',
  'envoy.config.accesslog.v3.AccessLogFilter': 'all',
  'envoy.config.accesslog.v3.TraceableFilter': 'all',
  'envoy.config.accesslog.v3.MetadataFilter': 'all',
  'envoy.config.accesslog.v3.ExtensionFilter': 'all',
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
  'envoy.extensions.access_loggers.filters.cel.v3.ExpressionFilter': 'all',
  'envoy.config.core.v3.CelExpressionConfig': 'all',
  'envoy.extensions.formatter.cel.v3.Cel': 'all',
  'envoy.extensions.formatter.metadata.v3.Metadata': 'all',
  'envoy.extensions.formatter.req_without_query.v3.ReqWithoutQuery': 'all',
  'envoy.extensions.access_loggers.file.v3.FileAccessLog': 'all',
  'envoy.extensions.access_loggers.stream.v3.StdoutAccessLog': 'all',
  'envoy.extensions.access_loggers.stream.v3.StderrAccessLog': 'all',
}
