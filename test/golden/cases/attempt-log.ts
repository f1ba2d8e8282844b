/** `upstream_log` of the router: what a line tells of its attempt, what of the stream, and when lines are written. */
import type { Json, JsonObject } from '../../support/proxy-process.ts'
import type { Reply } from '../../support/upstream.ts'
import { type Case, cluster, fileLog, type Group, http, req, res } from '../case.ts'

const format =
  '%ACCESS_LOG_TYPE% "%REQ(:METHOD)% %REQ(:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% ' +
  'rx=%BYTES_RECEIVED% tx=%BYTES_SENT% host=%UPSTREAM_HOST% cluster=%UPSTREAM_CLUSTER% ' +
  'route=%ROUTE_NAME% vhost=%VIRTUAL_CLUSTER_NAME% attempts=%UPSTREAM_REQUEST_ATTEMPT_COUNT% up=%UPSTREAM_PROTOCOL% ' +
  'x-up=%RESP(X-UP)% trailer=%TRAILER(X-T)% failure="%UPSTREAM_TRANSPORT_FAILURE_REASON%" ' +
  'wire=%UPSTREAM_WIRE_BYTES_SENT%/%DOWNSTREAM_WIRE_BYTES_RECEIVED% ' +
  'from=%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% to=%DOWNSTREAM_LOCAL_ADDRESS_WITHOUT_PORT% remote=%UPSTREAM_REMOTE_ADDRESS% ' +
  'meta=%DYNAMIC_METADATA(test:key)% state=%FILTER_STATE(test.key:PLAIN)% route-meta=%METADATA(ROUTE:test:key)% ' +
  '@%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'

const router = (options: JsonObject, logs: Json = [fileLog(format)]): JsonObject => ({
  name: 'envoy.filters.http.router',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
    suppress_envoy_headers: true,
    upstream_log: logs,
    ...options,
  },
})
const facts: readonly JsonObject[] = [
  {
    name: 'envoy.filters.http.set_metadata',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config',
      metadata: [{ metadata_namespace: 'test', value: { key: 'of the stream' } }],
    },
  },
  {
    name: 'envoy.filters.http.set_filter_state',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config',
      on_request_headers: [
        {
          object_key: 'test.key',
          factory_key: 'envoy.string',
          format_string: { text_format_source: { inline_string: 'of the stream' } },
        },
      ],
    },
  },
]
const fast = { base_interval: '0.001s', max_interval: '0.002s' }
const to = (path: string, route: JsonObject = {}): JsonObject => ({
  name: `route-${path}`,
  match: { path: `/${path}` },
  route: { cluster: 'a', ...route },
  metadata: { filter_metadata: { test: { key: 'of the route' } } },
})
const retry = (path: string, words: string, route: JsonObject = {}, policy: JsonObject = {}): JsonObject =>
  to(path, { retry_policy: { retry_on: words, retry_back_off: fast, ...policy }, ...route })

const routes: readonly JsonObject[] = [
  to('plain'),
  retry('retry', '5xx', {}, { num_retries: 2 }),
  retry('reset', 'reset'),
  to('dead', { cluster: 'dead' }),
  retry('dead_retry', 'connect-failure', { cluster: 'dead' }),
  to('empty', { cluster: 'empty' }),
  to('brief', { timeout: '0.25s' }),
  retry('try', '5xx', {}, { per_try_timeout: '0.1s' }),
  retry('idle', '5xx', {}, { per_try_idle_timeout: '0.1s' }),
  to('short', { cluster: 'short' }),
  to('redirect', { internal_redirect_policy: {} }),
  to('mirrored', { cluster: 'b', request_mirror_policies: [{ cluster: 'a' }] }),
  to('rewritten', { prefix_rewrite: '/new', host_rewrite_literal: 'new.test' }),
  retry('hedged', '5xx', { hedge_policy: { hedge_on_per_try_timeout: true } }, { per_try_timeout: '0.1s' }),
  { match: { path: '/direct' }, direct_response: { status: 200 } },
]

const ok = res('200 OK', ['x-up: 1'], 'ok')
const failed = res('503 Service Unavailable', ['x-up: 2'], 'no')
const silent: Reply = { when: 'complete' }
const get = (path: string, upstream: Reply | readonly Reply[] = ok, name = path, listener = 'http'): Case => ({
  name,
  listener,
  send: req(`GET /${path}`, ['x-forwarded-for: 10.1.2.3']),
  upstream,
})

const listener = (name: string, options: JsonObject, logs?: Json): JsonObject =>
  http({ name, routes, hcm: { access_log: [], http_filters: [...facts, router(options, logs)] } })

export const attemptLog: Group = {
  name: 'attempt-log',
  clusters: [
    cluster('short', ['$a'], {
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
          common_http_protocol_options: { max_stream_duration: '0.1s' },
          explicit_http_config: { http_protocol_options: {} },
        },
      },
    }),
  ],
  listeners: [
    listener('http', {}),
    listener('ready', { upstream_log_options: { flush_upstream_log_on_upstream_stream: true } }),
    listener('periodic', { upstream_log_options: { upstream_log_flush_interval: '0.15s' } }),
    listener('both', {
      upstream_log_options: { flush_upstream_log_on_upstream_stream: true, upstream_log_flush_interval: '60s' },
    }),
    listener('filtered', { upstream_log_options: { flush_upstream_log_on_upstream_stream: true } }, [
      { ...fileLog(format), filter: { log_type_filter: { types: ['UpstreamPoolReady'] } } },
      {
        ...fileLog(format),
        filter: {
          status_code_filter: { comparison: { op: 'GE', value: { default_value: 500, runtime_key: 'upstream.log' } } },
        },
      },
    ]),
  ],
  cases: [
    get('plain'),
    get('plain', res('404 Not Found', [], 'nothing'), 'plain, 404'),
    { name: 'a body', send: req('POST /plain', ['content-length: 5'], 'hello'), upstream: ok },
    {
      name: 'trailers',
      send: req('POST /plain', ['transfer-encoding: chunked'], '2\r\nab\r\n3\r\ncde\r\n0\r\n\r\n'),
      upstream: res('200 OK', ['transfer-encoding: chunked', 'trailer: x-t'], '4\r\nbody\r\n0\r\nx-t: last\r\n\r\n'),
    },
    get(
      'plain',
      'HTTP/1.1 103 Early Hints\r\nx-up: early\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n',
      'early hints',
    ),
    get('plain', { after: 'reset' }, 'a reset'),
    get('plain', { write: 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nabc', after: 'close' }, 'half a response'),
    get('plain', 'nonsense\r\n\r\n', 'no HTTP'),
    get('retry', [failed, failed, ok]),
    get('retry', [failed], 'retry, limit'),
    { name: 'retry, a body', send: req('POST /retry', ['content-length: 5'], 'hello'), upstream: [failed, ok] },
    get('reset', [{ after: 'reset' }, ok]),
    get('dead'),
    get('dead_retry'),
    get('empty'),
    get('brief', silent),
    get('try', [silent, ok]),
    get('idle', [silent, ok]),
    get('short', silent),
    get('redirect', [res('302 Found', ['location: http://a.test/plain']), ok]),
    // The line of the copy has no client in Envoy.
    { ...get('mirrored', silent), send: [req('GET /mirrored'), { upstreamHeads: 1 }] },
    get('rewritten'),
    get('hedged', [silent, ok]),
    get('direct'),
    {
      name: 'a client that goes',
      send: [req('GET /plain'), { upstreamHeads: 1 }, { do: 'reset' }],
      upstream: silent,
      responses: 0,
    },
    get('plain', ok, 'ready', 'ready'),
    get('retry', [failed, ok], 'ready, retry', 'ready'),
    get('dead', ok, 'ready, dead', 'ready'),
    get('brief', silent, 'periodic', 'periodic'),
    get('brief', ok, 'periodic, over before', 'periodic'),
    get('plain', ok, 'both', 'both'),
    get('retry', [failed, ok], 'filtered', 'filtered'),
  ],
}
