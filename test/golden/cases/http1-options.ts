/** `http_protocol_options` of listener and cluster, as both sides see them. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { cluster, fileLog, type Group, http, req, res, toA } from '../case.ts'

const type = 'type.googleapis.com/envoy.extensions'
const preserve = (config: JsonObject = {}): JsonObject => ({
  header_key_format: {
    stateful_formatter: {
      name: 'envoy.http.stateful_header_formatters.preserve_case',
      typed_config: {
        '@type': `${type}.http.header_formatters.preserve_case.v3.PreserveCaseFormatterConfig`,
        ...config,
      },
    },
  },
})
const proper = { header_key_format: { proper_case_words: {} } }
const upstreamOptions = (options: JsonObject): JsonObject => ({
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': `${type}.upstreams.http.v3.HttpProtocolOptions`,
      explicit_http_config: { http_protocol_options: options },
    },
  },
})
const routes = [
  { match: { path: '/direct' }, direct_response: { status: 404, body: { inline_string: 'none' } } },
  ...['preserve', 'preserve_proper', 'proper', 'trailers', 'url', 'chunked_length', 'ignore_upgrade'].map(name => ({
    match: { path: `/${name}` },
    route: { cluster: name },
  })),
  toA({ path: '/rewritten' }, { host_rewrite_literal: 'b.test', prefix_rewrite: '/r' }),
  toA({ prefix: '/' }, { upgrade_configs: [{ upgrade_type: 'websocket' }] }),
]
const listener = (name: string, options: object, hcm: object = {}) =>
  http({ name, routes, hcm: { http_protocol_options: options, ...hcm } as never })

const names = [
  'HOST: a.test',
  'X-Foo-BAR: 1',
  'x-foo-bar: 2',
  'X-REQUEST-ID: mine',
  'content-Length: 1',
  'X-FORWARDED-FOR: 1.2.3.4',
]
const answer = res(
  '200 Fine',
  ['X-Up-CASE: 1', 'x-UP-case: 2', 'SERVER: theirs', 'Content-LENGTH: 2', 'set-Cookie: a=b'],
  'ok',
)
const chunked =
  'HTTP/1.1 299 Odd Reason\r\nTRANSFER-ENCODING: chunked\r\nX-Foo: 1\r\n\r\n2\r\nok\r\n0\r\nX-Trailer-CASE: t\r\n\r\n'
const listeners = ['plain', 'preserve', 'preserve_proper', 'preserve_reason', 'proper', 'trailers']
const wsHead = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: x']

export const http1Options: Group = {
  name: 'http1-options',
  listeners: [
    listener('plain', {}),
    listener('preserve', preserve()),
    listener('preserve_proper', preserve({ formatter_type_on_envoy_headers: 'PROPER_CASE' })),
    listener('preserve_reason', preserve({ forward_reason_phrase: true })),
    listener('proper', proper),
    listener('trailers', { ...preserve(), enable_trailers: true }),
    listener('foo', {}, { upgrade_configs: [{ upgrade_type: 'foo' }] }),
    listener('custom_methods', { allow_custom_methods: true }),
    listener('balsa', { use_balsa_parser: true, allow_custom_methods: false }),
    listener('relative_only', { allow_absolute_url: false }),
    listener('ten', { accept_http_10: true, default_host_for_http_10: 'ten.test' }),
    listener('ignore_upgrade', { ignore_http_11_upgrade: [{ prefix: 'web' }] }),
    listener('stream_error', { override_stream_error_on_invalid_http_message: true }),
    listener(
      'stream_error_off',
      { override_stream_error_on_invalid_http_message: false },
      {
        stream_error_on_invalid_http_message: true,
      },
    ),
    listener(
      'tunnel_log',
      {},
      {
        access_log: [fileLog('%ACCESS_LOG_TYPE% %RESPONSE_CODE% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n')],
        access_log_options: {
          flush_access_log_on_new_request: true,
          flush_log_on_tunnel_successfully_established: true,
        },
      },
    ),
    listener(
      'new_request_log',
      {},
      {
        access_log: [fileLog('%ACCESS_LOG_TYPE% %RESPONSE_CODE% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n')],
        flush_access_log_on_new_request: true,
      },
    ),
  ],
  clusters: [
    cluster('preserve', ['$a'], upstreamOptions(preserve({ forward_reason_phrase: true }))),
    cluster('preserve_proper', ['$a'], upstreamOptions(preserve({ formatter_type_on_envoy_headers: 'PROPER_CASE' }))),
    cluster('proper', ['$a'], upstreamOptions(proper)),
    cluster('trailers', ['$a'], upstreamOptions({ ...preserve(), enable_trailers: true })),
    cluster('url', ['$a'], upstreamOptions({ send_fully_qualified_url: true })),
    cluster('ignore_upgrade', ['$a'], upstreamOptions({ ignore_http_11_upgrade: [{ exact: 'foo' }] })),
    cluster('chunked_length', ['$a'], upstreamOptions({ allow_chunked_length: true })),
  ],
  cases: [
    ...listeners.flatMap(name =>
      ['', 'preserve', 'preserve_proper', 'proper', 'trailers'].map(path => ({
        name: `names: ${name} to ${path || 'plain'}`,
        listener: name,
        send: req(`POST /${path}`, names, 'x'),
        upstream: answer,
      })),
    ),
    ...listeners.flatMap(name =>
      ['', 'preserve', 'proper', 'trailers'].map(path => ({
        name: `chunked: ${name} to ${path || 'plain'}`,
        listener: name,
        send: req(`POST /${path}`, ['Transfer-Encoding: chunked'], '1\r\nx\r\n0\r\nX-Trailer-CASE: t\r\n\r\n'),
        upstream: chunked,
      })),
    ),
    ...listeners.map(name => ({
      name: `local reply: ${name}`,
      listener: name,
      send: req('GET /direct', ['X-Foo: 1']),
    })),
    ...['preserve', 'proper'].map(name => ({
      name: `empty POST: ${name}`,
      listener: name,
      send: req(`POST /${name}`),
      upstream: 'HTTP/1.1 204 No Content\r\nX-Foo: 1\r\n\r\n',
    })),
    ...['preserve', 'proper'].map(name => ({
      name: `connection: close in ${name}`,
      listener: name,
      send: req(`GET /${name}`, ['CONNECTION: close']),
    })),
    ...['preserve', 'proper'].map(name => ({
      name: `100 Continue in ${name}`,
      listener: name,
      send: [req(`POST /${name}`, ['Expect: 100-continue', 'Content-Length: 1']), { text: '\r\n\r\n' }, 'x'],
    })),
    { name: 'a URL to the upstream', listener: 'plain', send: req('GET /url?q=1') },
    { name: 'a rewritten URL', listener: 'plain', send: req('GET http://c.test/rewritten') },
    {
      name: 'upstream: content-length and chunked, allowed',
      listener: 'plain',
      send: req('GET /chunked_length'),
      upstream: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
    },
    ...['custom_methods', 'plain', 'balsa'].flatMap(name =>
      ['BREW', 'get', 'PURGE', 'PROPFIND', 'M-SEARCH', 'QUERY', 'G€T', 'A'.repeat(40)].map(method => ({
        name: `method ${method.slice(0, 9)}: ${name}`,
        listener: name,
        send: req(`${method} /`),
      })),
    ),
    { name: 'QUERY', listener: 'plain', send: req('QUERY /', ['content-type: a/b', 'content-length: 1'], 'x') },
    { name: 'QUERY without a body', listener: 'plain', send: req('QUERY /', ['content-type: a/b']) },
    { name: 'QUERY with an empty type', listener: 'plain', send: req('QUERY /', ['content-type:']) },
    { name: 'QUERY without host and path', listener: 'plain', send: 'QUERY x HTTP/1.1\r\n\r\n' },
    { name: 'QUERY without host', listener: 'plain', send: 'QUERY / HTTP/1.1\r\n\r\n' },
    ...[
      'http://b.test/x',
      'https://b.test:81/x?q',
      'HTTP://b.test',
      'ftp://b.test/',
      'http:///x',
      'http://u@b.test/',
    ].flatMap(url =>
      ['plain', 'relative_only'].map(name => ({ name: `${name}: ${url}`, listener: name, send: req(`GET ${url}`) })),
    ),
    ...['plain', 'ten'].flatMap(name => [
      { name: `HTTP/1.0: ${name}`, listener: name, send: 'GET / HTTP/1.0\r\n\r\n' },
      { name: `HTTP/1.0 with host: ${name}`, listener: name, send: 'GET / HTTP/1.0\r\nhost: a.test\r\n\r\n' },
      {
        name: `HTTP/1.0 keep-alive: ${name}`,
        listener: name,
        send: 'GET / HTTP/1.0\r\nhost: a.test\r\nconnection: keep-alive\r\n\r\n',
      },
      {
        name: `HTTP/1.0 chunked answer: ${name}`,
        listener: name,
        send: 'GET / HTTP/1.0\r\nhost: a.test\r\n\r\n',
        upstream: 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
      },
    ]),
    { name: 'an ignored upgrade', listener: 'ignore_upgrade', send: req('GET /', wsHead) },
    ...['stream_error', 'stream_error_off', 'plain'].flatMap(name => [
      { name: `no host: ${name}`, listener: name, send: 'GET / HTTP/1.1\r\n\r\n' },
      { name: `bad content-length: ${name}`, listener: name, send: req('POST /', ['content-length: x']) },
      { name: `a NUL: ${name}`, listener: name, send: req('GET /', ['x-a: \0']) },
    ]),
    {
      name: 'logs of a tunnel',
      listener: 'tunnel_log',
      send: [req('GET /', wsHead), { text: '\r\n\r\n' }, { do: 'end' }],
      upstream: {
        write: 'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\n\r\n',
        when: 'head',
      },
    },
    {
      name: 'an upgrade that the cluster ignores, answered 200',
      listener: 'foo',
      send: req('GET /ignore_upgrade', ['connection: upgrade', 'upgrade: foo']),
      upstream: res('200 OK', ['connection: upgrade, keep-alive', 'upgrade: foo'], 'ok'),
    },
    { name: 'logs without a tunnel', listener: 'tunnel_log', send: req('GET /') },
    { name: 'logs of a new request', listener: 'new_request_log', send: req('GET /') },
  ],
}
