/** What random configurations and requests have shown (`explore/explore.ts`), each difference made as small as possible. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { type Case, cluster, type Group, http, req, res, toA } from '../case.ts'

const type = 'type.googleapis.com/envoy.extensions'
const ws = ['connection: upgrade', 'upgrade: websocket']
const append = (key: string, value: string): JsonObject => ({ header: { key, value } })

/** Every header that Envoy's manager or router knows. */
const envoyHeaders = `attempt-count decorator-operation downstream-service-cluster downstream-service-node
expected-rq-timeout-ms external-address force-trace hedge-on-per-try-timeout internal ip-tags is-timeout-retry max-retries
original-dst-host original-host original-method original-path original-url peer-metadata peer-metadata-id
retriable-header-names retriable-status-codes retry-grpc-on retry-on upstream-alt-stat-name
upstream-canary upstream-healthchecked-cluster upstream-rq-per-try-timeout-ms upstream-rq-timeout-alt-response
upstream-rq-timeout-ms upstream-service-time upstream-stream-duration-ms local-overloaded overloaded degraded`
  .split(/\s+/)
  .map(name => `x-envoy-${name}: 5000`)

const buffered = (length: number, pieces: readonly number[], chunked: boolean): Case['send'] => {
  const parts = pieces.map(size => (chunked ? `${size.toString(16)}\r\n${'b'.repeat(size)}\r\n` : 'b'.repeat(size)))
  const head = req('POST /', [chunked ? 'transfer-encoding: chunked' : `content-length: ${length}`])
  return head + parts.join('') + (chunked ? '0\r\n\r\n' : '')
}

export const explored: Group = {
  name: 'explored',
  listeners: [
    http({}),
    http({ name: 'edge', hcm: { use_remote_address: true } }),
    http({ name: 'port', hcm: { append_x_forwarded_port: true } }),
    http({ name: 'port_edge', hcm: { append_x_forwarded_port: true, use_remote_address: true } }),
    http({
      name: 'trailers',
      hcm: {
        http_protocol_options: { enable_trailers: true },
        common_http_protocol_options: { headers_with_underscores_action: 'REJECT_REQUEST' },
      },
    }),
    http({
      name: 'trailers_drop',
      hcm: {
        http_protocol_options: { enable_trailers: true },
        common_http_protocol_options: { headers_with_underscores_action: 'DROP_HEADER' },
      },
    }),
    http({
      name: 'tls',
      virtualHosts: [
        {
          name: 'all',
          domains: ['*'],
          require_tls: 'ALL',
          routes: [toA({ prefix: '/' })],
          response_headers_to_add: [append('x-vhost', 'v')],
        },
      ],
      routeConfig: { response_headers_to_add: [append('x-table', 't')] },
    }),
    http({
      name: 'ws',
      virtualHosts: [
        {
          name: 'all',
          domains: ['*'],
          include_attempt_count_in_response: true,
          response_headers_to_add: [append('x-vhost', 'v'), append('x-a', 'mine')],
          response_headers_to_remove: ['x-strip'],
          routes: [
            toA(
              { path: '/try' },
              { timeout: '0.4s', retry_policy: { retry_on: '5xx', num_retries: 1, per_try_timeout: '0.1s' } },
            ),
            toA({ path: '/timeout' }, { timeout: '0.2s' }),
            toA({ prefix: '/' }),
          ],
        },
      ],
      hcm: { upgrade_configs: [{ upgrade_type: 'websocket' }] },
    }),
    http({
      name: 'ws_mapped',
      hcm: {
        upgrade_configs: [{ upgrade_type: 'websocket' }],
        local_reply_config: { body_format: { text_format_source: { inline_string: '%RESPONSE_CODE% mapped' } } },
      },
    }),
    http({
      name: 'ten',
      hcm: { http_protocol_options: { accept_http_10: true, default_host_for_http_10: 'ten.test' } },
    }),
    http({
      name: 'buffer',
      hcm: {
        http_filters: [
          {
            name: 'envoy.filters.http.buffer',
            typed_config: { '@type': `${type}.filters.http.buffer.v3.Buffer`, max_request_bytes: 1000 },
          },
          { name: 'envoy.filters.http.router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } },
        ],
      },
    }),
    http({
      name: 'status',
      hcm: { proxy_status_config: {} },
      routes: [
        toA({ prefix: '/' }, { retry_policy: { retry_on: '5xx', retry_back_off: { base_interval: '0.001s' } } }),
      ],
    }),
    http({
      name: 'proper',
      routes: [{ match: { path: '/proper' }, route: { cluster: 'proper' } }, toA({ prefix: '/' })],
      hcm: { http_protocol_options: { enable_trailers: true, header_key_format: { proper_case_words: {} } } },
    }),
    http({ name: 'relative', hcm: { http_protocol_options: { allow_absolute_url: false } } }),
    http({
      name: 'ignore',
      hcm: {
        http_protocol_options: { ignore_http_11_upgrade: [{ exact: 'foo' }, { prefix: 'bar' }] },
        upgrade_configs: [{ upgrade_type: 'websocket' }],
      },
    }),
    http({
      name: 'redirects',
      routes: [toA({ prefix: '/' }, { internal_redirect_policy: {} })],
      hcm: { always_set_request_id_in_response: true, via: 'v', proxy_100_continue: true },
    }),
  ],
  clusters: [
    cluster('proper', ['$a'], {
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': `${type}.upstreams.http.v3.HttpProtocolOptions`,
          explicit_http_config: {
            http_protocol_options: { enable_trailers: true, header_key_format: { proper_case_words: {} } },
          },
        },
      },
    }),
  ],
  cases: [
    {
      name: 'target: https without TLS',
      listener: 'edge',
      send: 'GET https://x.test/a HTTP/1.1\r\nhost: a.test\r\n\r\n',
    },
    {
      name: 'target: HTTPS to CONNECT routes',
      listener: 'edge',
      send: 'POST HTTPS://x.test/ HTTP/1.1\r\nhost: a.test\r\ncontent-length: 0\r\n\r\n',
    },
    {
      name: 'target: fragment after the host, absolute URLs not allowed',
      listener: 'relative',
      send: 'GET http://x.test#f HTTP/1.1\r\nhost: a.test\r\n\r\n',
    },
    {
      name: 'a client that pipelines and leaves',
      send: [req('GET /') + req('GET /2'), { upstreamHeads: 1 }, { do: 'end' }, { closed: true }],
      responses: 0,
      upstream: { write: '' },
    },
    {
      name: 'trailers in proper case',
      listener: 'proper',
      send: req('POST /proper', ['transfer-encoding: chunked'], '1\r\na\r\n0\r\nx-trailer: 1\r\n\r\n'),
      upstream: res('200 OK', ['transfer-encoding: chunked'], '1\r\na\r\n0\r\nx-trailer: 1\r\n\r\n'),
    },
    {
      name: 'answers with every header twice',
      send: req('GET /'),
      upstream: res(
        '200 OK',
        [
          ...[
            ...envoyHeaders,
            'server: 1',
            'alt-svc: 1',
            'grpc-status: 1',
            'grpc-message: 1',
            'proxy-status: 1',
            'www-authenticate: 1',
          ],
          ...['expires: 1', 'last-modified: 1', 'retry-after: 1', 'link: 1', 'te: 1', 'trailer: 1', 'x-request-id: 1'],
        ].flatMap(line => [line, line.replace(/\d+$/, '2')]),
        'x',
      ),
    },
    ...['websocket, foo', 'foo', 'foo, bar1', 'FOO', '', 'foo, foo', 'baz, foo', 'websocket,foo'].map(value => ({
      name: `ignored upgrades: "${value}"`,
      listener: 'ignore',
      send: req('GET /', ['connection: upgrade', `upgrade: ${value}`]),
      upstream: res('404 Not Found', [], 'no'),
    })),
    ...['100 Continue', '102 Processing', '103 Early Hints'].map(interim => ({
      name: `redirect after ${interim}`,
      listener: 'redirects',
      send: req('GET /'),
      upstream: [
        `HTTP/1.1 ${interim}\r\nconnection: x\r\nx-a: 1\r\n\r\n${res('302 Found', ['location: http://a.test/b'])}`,
        res('200 OK', [], 'x'),
      ],
    })),
    { name: 'every x-envoy header, no edge', send: req('GET /', envoyHeaders) },
    { name: 'every x-envoy header, from outside', send: req('GET /', [...envoyHeaders, 'x-forwarded-for: 1.2.3.4']) },
    { name: 'every x-envoy header, from inside', send: req('GET /', [...envoyHeaders, 'x-forwarded-for: 10.0.0.1']) },
    { name: 'every x-envoy header, at the edge', listener: 'edge', send: req('GET /', envoyHeaders) },
    {
      name: 'every x-envoy header, at the edge, forwarded',
      listener: 'edge',
      send: req('GET /', [...envoyHeaders, 'x-forwarded-for: 10.0.0.1']),
    },
    { name: 'empty x-forwarded-proto', send: req('GET /', ['x-forwarded-proto:']) },
    { name: 'x-forwarded-proto in capitals', send: req('GET /', ['x-forwarded-proto: HTTPS']) },
    { name: 'x-forwarded-proto that is neither', send: req('GET /', ['x-forwarded-proto: ws']) },
    {
      name: 'x-forwarded-for, then an empty one',
      send: req('GET /', ['x-forwarded-for: 1.2.3.4', 'x-forwarded-for:']),
    },
    {
      name: 'an empty x-forwarded-for, then another',
      send: req('GET /', ['x-forwarded-for:', 'x-forwarded-for: 1.2.3.4']),
    },
    { name: 'an empty accept between others', send: req('GET /', ['accept: a', 'accept:', 'accept: b']) },
    {
      name: 'empty values of an answer',
      send: req('GET /'),
      upstream: res('200 OK', ['date:', 'date: then', 'cache-control: a', 'cache-control:'], 'x'),
    },
    { name: 'x-forwarded-port without an edge', listener: 'port', send: req('GET /') },
    { name: 'x-forwarded-port that is there', listener: 'port', send: req('GET /', ['x-forwarded-port: 7']) },
    { name: 'x-forwarded-port at an edge', listener: 'port_edge', send: req('GET /', ['x-forwarded-port: 7']) },
    {
      name: 'underscore in trailers, refused',
      listener: 'trailers',
      send: req('POST /', ['transfer-encoding: chunked'], '1\r\na\r\n0\r\nx_a: 1\r\n\r\n'),
    },
    {
      name: 'underscore in trailers, dropped',
      listener: 'trailers_drop',
      send: req('POST /', ['transfer-encoding: chunked'], '1\r\na\r\n0\r\nx_a: 1\r\nx-b: 2\r\n\r\n'),
    },
    { name: 'require_tls adds no headers', listener: 'tls', send: req('GET /a') },
    { name: 'host in an answer', send: req('GET /'), upstream: res('200 OK', ['host: odd'], 'x') },
    { name: 'status 600', send: req('GET /'), upstream: res('600 Odd', ['x-envoy-upstream-canary: true'], 'x') },
    { name: 'a canary', send: req('GET /'), upstream: res('200 OK', ['x-envoy-upstream-canary: true'], 'x') },
    {
      name: 'HTTP/1.0 chunked answer',
      send: req('GET /'),
      upstream: 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n',
    },
    {
      name: 'HTTP/1.0 chunked keep-alive answer',
      send: req('GET /') + req('GET /2'),
      responses: 2,
      upstream: 'HTTP/1.0 200 OK\r\ntransfer-encoding: chunked\r\nconnection: keep-alive\r\n\r\n1\r\na\r\n0\r\n\r\n',
    },
    { name: 'target: fragment after the host', send: 'GET http://x.test#f HTTP/1.1\r\nhost: a.test\r\n\r\n' },
    { name: 'target: query after the host', send: 'GET http://x.test?q HTTP/1.1\r\nhost: a.test\r\n\r\n' },
    // Envoy passes answers to a WebSocket on where the upstream connection was there already (docs/differences.md).
    { name: 'the upstream closes', send: req('GET /'), upstream: res('200 OK', ['connection: close'], 'x') },
    {
      name: 'websocket answered 302',
      listener: 'ws',
      send: req('GET /', ws),
      upstream: res('302 Found', ['location: /b'], 'body'),
    },
    {
      name: 'websocket answered 200',
      listener: 'ws',
      send: req('GET /', ws),
      upstream: res('200 OK', ['x-a: up', 'x-strip: me', 'content-type: x/y', 'set-cookie: a=1'], 'body'),
    },
    {
      name: 'websocket answered 404',
      listener: 'ws',
      send: req('GET /', ws),
      upstream: res('404 Not Found', ['x-a: up', 'x-strip: me'], 'body'),
    },
    {
      name: 'websocket answered 200, mapped',
      listener: 'ws_mapped',
      send: req('GET /', ws),
      upstream: res('200 OK', ['x-a: up'], 'body'),
    },
    {
      name: 'websocket answered 200 after 100-continue',
      listener: 'ws',
      send: req('GET /', [...ws, 'expect: 100-continue']),
      upstream: res('200 OK', ['x-a: up'], 'body'),
    },
    {
      name: 'websocket that is never answered: per try',
      listener: 'ws',
      send: req('GET /try', ws),
      upstream: { write: '' },
    },
    {
      name: 'websocket that is never answered: timeout',
      listener: 'ws',
      send: req('GET /timeout', ws),
      upstream: { write: '' },
    },
    {
      name: 'websocket with an absent nominated header',
      listener: 'ws',
      send: req('GET /', ['connection: x-a, upgrade', 'upgrade: websocket']),
      upstream: res('404 Not Found', [], 'no'),
    },
    {
      name: 'websocket with a nominated header',
      listener: 'ws',
      send: req('GET /', ['connection: x-a, upgrade', 'upgrade: websocket', 'x-a: 1']),
      upstream: res('404 Not Found', [], 'no'),
    },
    {
      name: 'websocket with two nominated headers',
      listener: 'ws',
      send: req('GET /', ['connection: x-a, x-b', 'connection: upgrade', 'upgrade: websocket', 'x-a: 1']),
      upstream: res('404 Not Found', [], 'no'),
    },
    { name: 'empty upgrade', listener: 'ws', send: req('GET /', ['connection: upgrade', 'upgrade:']) },
    {
      name: 'empty upgrade with a body',
      send: req('POST /', ['connection: upgrade', 'upgrade:', 'content-length: 1'], 'a'),
    },
    { name: 'HEAD of a wrong target', send: req('HEAD foo') },
    { name: 'HEAD in HTTP/1.0', send: 'HEAD / HTTP/1.0\r\nhost: a.test\r\n\r\n' },
    { name: 'HEAD with a wrong header', send: req('HEAD /', ['x a: 1']) },
    { name: 'buffer: more at once', listener: 'buffer', send: buffered(1500, [1500], false) },
    {
      name: 'buffer: more in two reads',
      listener: 'buffer',
      send: [req('POST /', ['content-length: 1500']) + 'b'.repeat(900), { upstreamHeads: 0 }, 'b'.repeat(600)],
    },
    { name: 'buffer: more in one chunk', listener: 'buffer', send: buffered(1500, [1500], true) },
    { name: 'buffer: more in two chunks', listener: 'buffer', send: buffered(1500, [900, 600], true) },
    { name: 'buffer: just enough', listener: 'buffer', send: buffered(1000, [1000], false) },
    { name: 'buffer: one too many', listener: 'buffer', send: buffered(1001, [1001], false) },
    {
      name: 'flags of retries in proxy-status',
      listener: 'status',
      send: req('GET /'),
      upstream: { write: '', after: 'close' },
    },
  ],
  stats: [/^cluster\.a\.(canary|external|internal|upstream_rq_(unknown|6|200|2xx))/],
}
