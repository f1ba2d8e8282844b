/** Timeouts of connection manager, route and cluster, and limits that end a connection. */
import { cluster, type Group, http, req, res, toA } from '../case.ts'

const silent = { when: 'complete' } as const
const begun = res('200 OK', ['content-length: 10'], 'abc')

export const timeouts: Group = {
  name: 'timeouts',
  stats: [
    /^http\.(?!admin|barrier)\w+\.downstream_(rq_(timeout|idle_timeout|header_timeout|max_duration_reached|response_before_rq_complete|rx_reset|tx_reset)|cx_(idle_timeout|max_duration_reached|delayed_close_timeout|drain_close|destroy_\w+))$/,
    /^cluster\.a\.upstream_(rq_(timeout|per_try_timeout|max_duration_reached|tx_reset|rx_reset|cancelled)|cx_(idle_timeout|max_requests|destroy\w*|close_notify))$/,
  ],
  clusters: [
    cluster('one_shot', ['$a'], {
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
          common_http_protocol_options: { max_requests_per_connection: 1 },
          explicit_http_config: { http_protocol_options: {} },
        },
      },
    }),
  ],
  listeners: [
    http({
      routes: [
        toA({ prefix: '/none' }, { timeout: '0s' }),
        toA({ prefix: '/idle' }, { timeout: '0s', idle_timeout: '0.1s' }),
        toA({ prefix: '/one_shot' }, { cluster: 'one_shot' }),
        toA({ prefix: '/max' }, { timeout: '0s', max_stream_duration: { max_stream_duration: '0.1s' } }),
        toA({ prefix: '/' }),
      ],
    }),
    http({ name: 'request', hcm: { request_timeout: '0.1s' } }),
    http({ name: 'header', hcm: { request_headers_timeout: '0.1s' } }),
    http({ name: 'stream_idle', hcm: { stream_idle_timeout: '0.1s' } }),
    http({ name: 'idle', hcm: { common_http_protocol_options: { idle_timeout: '0.1s' } } }),
    http({ name: 'max_stream', hcm: { common_http_protocol_options: { max_stream_duration: '0.1s' } } }),
    http({
      name: 'max_connection',
      hcm: { common_http_protocol_options: { max_connection_duration: '0.1s' }, drain_timeout: '0.05s' },
    }),
  ],
  cases: [
    { name: 'no route timeout', send: req('GET /none') },
    {
      name: 'upstream connection used once',
      send: [req('GET /one_shot'), { responses: 1 }, req('GET /one_shot')],
      responses: 2,
    },
    { name: 'route idle timeout before the response', send: req('GET /idle'), upstream: silent },
    { name: 'route idle timeout in the response', send: req('GET /idle'), upstream: begun },
    { name: 'route max_stream_duration', send: req('GET /max'), upstream: silent },
    { name: 'request timeout in the body', listener: 'request', send: req('POST /', ['content-length: 10'], 'abc') },
    { name: 'request timeout in the headers', listener: 'request', send: 'GET / HTTP/1.1\r\nhost: a' },
    {
      name: 'request timeout does not count the response',
      listener: 'request',
      send: req('GET /'),
      upstream: 'HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\nx',
    },
    { name: 'request headers timeout', listener: 'header', send: 'GET / HTTP/1.1\r\nhost: a' },
    {
      name: 'request headers timeout leaves the body alone',
      listener: 'header',
      send: [req('POST /', ['content-length: 3'], 'ab'), { upstreamHeads: 1 }, 'c'],
    },
    { name: 'stream idle before the response', listener: 'stream_idle', send: req('GET /'), upstream: silent },
    { name: 'stream idle in the request', listener: 'stream_idle', send: req('POST /', ['content-length: 10'], 'abc') },
    { name: 'stream idle in the response', listener: 'stream_idle', send: req('GET /'), upstream: begun },
    {
      name: 'stream idle, gRPC',
      listener: 'stream_idle',
      send: req('POST /', ['content-type: application/grpc', 'content-length: 0']),
      upstream: silent,
    },
    { name: 'idle connection', listener: 'idle', send: [{ closed: true }], responses: 0 },
    { name: 'idle connection after a request', listener: 'idle', send: [req('GET /'), { closed: true }] },
    { name: 'max_stream_duration before the response', listener: 'max_stream', send: req('GET /'), upstream: silent },
    { name: 'max_stream_duration in the response', listener: 'max_stream', send: req('GET /'), upstream: begun },
    { name: 'max_connection_duration when idle', listener: 'max_connection', send: [req('GET /'), { closed: true }] },
  ],
}
