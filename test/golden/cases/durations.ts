/** How long requests, calls and connections may last: gRPC timeouts, `max_stream_duration`, and limits that end connections. */
import type { JsonObject } from '../../support/proxy-process.ts'
import type { Reply } from '../../support/upstream.ts'
import { type Case, cluster, type Group, http, quietRouter, req, res, toA } from '../case.ts'

const silent = { when: 'complete' } as const
const ok = res('200 OK', [], 'ok')
const begun = res('200 OK', ['content-length: 10'], 'abc')
const call = ['content-type: application/grpc', 'content-length: 0']
const duration = (path: string, max_stream_duration: JsonObject, route: JsonObject = {}): JsonObject =>
  toA({ path }, { max_stream_duration, ...route })
const limited = (name: string, common_http_protocol_options: JsonObject): JsonObject =>
  cluster(name, ['$a'], {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        common_http_protocol_options,
        explicit_http_config: { http_protocol_options: {} },
      },
    },
  })
const get = (
  name: string,
  path: string,
  headers: readonly string[] = [],
  upstream: Reply | readonly Reply[] = ok,
): Case => ({
  name,
  send: req(`POST ${path}`, ['x-forwarded-for: 10.0.0.1', ...headers]),
  upstream,
})

const routes: readonly JsonObject[] = [
  duration('/header', { grpc_timeout_header_max: '0s' }),
  duration('/header_max', { grpc_timeout_header_max: '2s' }),
  duration('/header_offset', { grpc_timeout_header_max: '0s', grpc_timeout_header_offset: '0.5s' }),
  duration('/header_and_max', { max_stream_duration: '3s', grpc_timeout_header_max: '10s' }),
  duration('/only_max', { max_stream_duration: '3s' }),
  duration('/endless', { max_stream_duration: '0s' }),
  duration('/empty', {}),
  duration('/endless_header', { max_stream_duration: '0s', grpc_timeout_header_max: '0s' }),
  duration('/with_timeout', { max_stream_duration: '3s' }, { timeout: '1s' }),
  toA({ path: '/old' }, { max_grpc_timeout: '0s' }),
  toA({ path: '/old_max' }, { max_grpc_timeout: '2s' }),
  toA({ path: '/old_offset' }, { max_grpc_timeout: '0s', grpc_timeout_offset: '0.5s' }),
  toA({ path: '/old_retry' }, { max_grpc_timeout: '5s', retry_policy: { retry_on: '5xx', per_try_timeout: '1s' } }),
  toA({ path: '/plain' }),
  toA({ path: '/none' }, { timeout: '0s' }),
  duration('/soon', { max_stream_duration: '0.1s' }, { cluster: 'a' }),
  toA({ path: '/cluster' }, { cluster: 'brief', timeout: '0s' }),
  toA(
    { path: '/cluster_retry' },
    {
      cluster: 'brief',
      retry_policy: { retry_on: 'reset', retry_back_off: { base_interval: '0.001s' } },
    },
  ),
  toA(
    { path: '/cluster_5xx' },
    {
      cluster: 'brief',
      retry_policy: { retry_on: 'connect-failure', retry_back_off: { base_interval: '0.001s' } },
    },
  ),
  toA({ path: '/two' }, { cluster: 'two_requests' }),
  toA({ path: '/short' }, { cluster: 'short_connections' }),
]

/** A `grpc-timeout` on each kind of route. */
const values = ['1S', '5000m', '100M', '3000000u', '1H', '99999999H', '123456789m', 'x', '1', '0m', '3500000001n']
const paths = ['header', 'header_max', 'header_offset', 'old', 'old_max', 'old_offset']

export const durations: Group = {
  name: 'durations',
  clusters: [
    limited('brief', { max_stream_duration: '0.1s' }),
    limited('two_requests', { max_requests_per_connection: 2 }),
    limited('short_connections', { max_connection_duration: '0.1s' }),
  ],
  listeners: [
    http({
      routes,
      hcm: { internal_address_config: { cidr_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] } },
    }),
    http({
      name: 'quiet',
      routes,
      hcm: {
        http_filters: [quietRouter],
        common_http_protocol_options: { max_stream_duration: '20s', max_requests_per_connection: 2 },
        internal_address_config: { cidr_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] },
      },
    }),
  ],
  cases: [
    ...paths
      .flatMap(path => values.map(value => get(`${path}: ${value}`, `/${path}`, [...call, `grpc-timeout: ${value}`])))
      // At once over.
      .filter(({ name }) => !/^header\w*: (0m)$/.test(name)),
    get('header_offset: less than the offset', '/old_offset', [...call, 'grpc-timeout: 400m']),
    ...['header', 'header_max', 'header_offset', 'header_and_max', 'endless', 'endless_header', 'plain'].flatMap(path =>
      ['x', '1', '123456789m', '', '5S'].flatMap(value => [
        get(`${path}: “${value}”, unreadable or not`, `/${path}`, [...call, `grpc-timeout: ${value}`]),
        {
          ...get(`${path}: “${value}”, connection manager`, `/${path}`, [...call, `grpc-timeout: ${value}`]),
          listener: 'quiet',
        },
      ]),
    ),
    ...[
      'header',
      'header_and_max',
      'only_max',
      'endless',
      'empty',
      'with_timeout',
      'old_max',
      'old_retry',
      'plain',
      'none',
    ].flatMap(path => [
      get(`${path}: without grpc-timeout`, `/${path}`, call),
      get(`${path}: not gRPC`, `/${path}`, ['content-length: 0', 'grpc-timeout: 5S']),
      get(`${path}: gRPC`, `/${path}`, [...call, 'grpc-timeout: 5S']),
      { ...get(`${path}: gRPC, connection manager`, `/${path}`, [...call, 'grpc-timeout: 5S']), listener: 'quiet' },
    ]),
    get('old: timeout of the request', '/old', [...call, 'grpc-timeout: 5S', 'x-envoy-upstream-rq-timeout-ms: 700']),
    get('the time is over', '/header', [...call, 'grpc-timeout: 100m'], silent),
    get('the time is over, old', '/old', [...call, 'grpc-timeout: 100m'], silent),
    get('the time is over in the response', '/header', [...call, 'grpc-timeout: 100m'], begun),
    get('the route’s time is over', '/soon', ['content-length: 0'], silent),
    get('the route’s time is over in the response', '/soon', ['content-length: 0'], begun),
    get('the cluster’s time is over', '/cluster', ['content-length: 0'], silent),
    get('the cluster’s time is over in the response', '/cluster', ['content-length: 0'], begun),
    get('the cluster’s time is over, gRPC', '/cluster', call, silent),
    { name: 'the cluster’s time is over in the request', send: req('POST /cluster', ['content-length: 4'], 'bo') },
    get('the cluster’s time is over, retried', '/cluster_retry', ['content-length: 0'], [silent, ok]),
    get('the cluster’s time is over, not retried', '/cluster_5xx', ['content-length: 0'], [silent, ok]),
    get(
      'the request’s time is over',
      '/none',
      ['content-length: 0', 'x-envoy-upstream-stream-duration-ms: 100'],
      silent,
    ),
    get('the request has time', '/cluster', ['content-length: 0', 'x-envoy-upstream-stream-duration-ms: 5000']),
    {
      name: 'two requests on an upstream connection',
      send: [req('GET /two'), { responses: 1 }, req('GET /two'), { responses: 2 }, req('GET /two')],
      responses: 3,
    },
    {
      name: 'two requests on a downstream connection',
      listener: 'quiet',
      send: [req('GET /plain'), { responses: 1 }, req('GET /plain'), { closed: true }],
      responses: 2,
    },
  ],
  stats: [
    /^http\.(http|quiet)\.downstream_(rq_(timeout|max_duration_reached|tx_reset|rx_reset)|cx_max_(duration|requests)_reached)$/,
    /^cluster\.(a|brief|two_requests)\.upstream_(rq_(timeout|per_try_timeout|max_duration_reached|tx_reset|rx_reset|cancelled|retry\w*|total)|cx_(max_requests|max_duration_reached|total))$/,
  ],
}
