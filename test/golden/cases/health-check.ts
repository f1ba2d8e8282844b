/** The health_check filter, and what health checks are left out of. */
import { type Group, cluster, fileLog, http, req, res, router, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const filter = (settings: JsonObject): JsonObject => ({
  name: 'envoy.filters.http.health_check',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.health_check.v3.HealthCheck',
    headers: [{ name: ':path', string_match: { exact: '/health' } }],
    ...settings,
  },
})
const listener = (name: string, settings: JsonObject, more: JsonObject = {}) =>
  http({ name, routes: [toA({ prefix: '/' })], hcm: { http_filters: [filter(settings), router], ...more } })
const ask = (name: string, listener: string, more: JsonObject = {}) => ({
  name,
  listener,
  send: req('GET /health'),
  ...more,
})
const percentages = (clusters: Readonly<Record<string, number>>): JsonObject => ({
  pass_through_mode: false,
  cluster_min_healthy_percentages: Object.fromEntries(
    Object.entries(clusters).map(([name, value]) => [name, { value }]),
  ),
})
const endpoints = (name: string, statuses: readonly string[]): JsonObject => ({
  ...cluster(name, []),
  load_assignment: {
    cluster_name: name,
    endpoints: [
      {
        lb_endpoints: statuses.map((health_status, i) => ({
          health_status,
          endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: i + 1 } } },
        })),
      },
    ],
  },
})

export const healthCheck: Group = {
  name: 'health-check',
  listeners: [
    listener('answering', { pass_through_mode: false }),
    listener('passing', { pass_through_mode: true }),
    listener('caching', { pass_through_mode: true, cache_time: '3600s' }),
    listener('all', { pass_through_mode: false, headers: [] }),
    listener('healthy', percentages({ a: 100, mixed: 66 })),
    listener('unhealthy', percentages({ mixed: 67 })),
    listener('empty', percentages({ empty: 1 })),
    listener('empty_allowed', percentages({ empty: 0 })),
    listener('unknown', percentages({ nowhere: 1 })),
    listener(
      'quiet',
      { pass_through_mode: false },
      {
        access_log: [{ ...fileLog(), filter: { not_health_check_filter: {} } }],
      },
    ),
  ],
  clusters: [endpoints('mixed', ['HEALTHY', 'DEGRADED', 'UNHEALTHY'])],
  cases: [
    ask('answered', 'answering'),
    { name: 'answered after the body', listener: 'answering', send: req('POST /health', ['content-length: 2'], 'ab') },
    { name: 'HEAD', listener: 'answering', send: req('HEAD /health') },
    { name: 'another request', listener: 'answering', send: req('GET /other') },
    { name: 'all requests', listener: 'all', send: req('GET /other') },
    ask('passed', 'passing'),
    ask('passed and failed', 'passing', { upstream: res('503 No') }),
    ask('cached: the first', 'caching', { upstream: res('201 Created', ['x-envoy-degraded: 1'], 'first') }),
    ask('cached: the second', 'caching'),
    { name: 'cached: another request', listener: 'caching', send: req('GET /other') },
    ask('cluster healthy', 'healthy'),
    ask('cluster unhealthy', 'unhealthy'),
    ask('cluster empty', 'empty'),
    ask('cluster empty, allowed', 'empty_allowed'),
    ask('cluster unknown', 'unknown'),
    ask('not logged', 'quiet'),
    { name: 'logged', listener: 'quiet', send: req('GET /other') },
  ],
  stats: [
    /^http\.(answering|passing|caching)\.(downstream_rq_(total|completed|\dxx|active)|rq_total)$/,
    /^cluster\.a\.upstream_rq_(total|completed|\dxx)$/,
  ],
}
