/** grpc_web, grpc_http1_bridge and grpc_stats over HTTP/1, whose trailers can be seen byte by byte. */
import { type Case, cluster, fileLog, type Group, http, req, res, router } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const type = 'type.googleapis.com/envoy.extensions.filters.http'
const filter = (name: string, message: string, settings: JsonObject = {}): JsonObject => ({
  name: `envoy.filters.http.${name}`,
  typed_config: { '@type': `${type}.${name}.v3.${message}`, ...settings },
})
const listener = (name: string, filters: readonly JsonObject[], more: JsonObject = {}) =>
  http({
    name,
    routes: [
      { match: { prefix: '/dead' }, route: { cluster: 'dead' } },
      { match: { prefix: '/direct' }, direct_response: { status: 403, body: { inline_string: 'no, thanks %\n' } } },
      { match: { prefix: '/' }, route: { cluster: 'grpc' } },
    ],
    hcm: { http_filters: [...filters, router], http_protocol_options: { enable_trailers: true }, ...more },
  })
const stats = (name: string, settings: JsonObject) =>
  listener(name, [filter('grpc_stats', 'FilterConfig', settings)], {
    access_log: [fileLog('%FILTER_STATE(envoy.filters.http.grpc_stats)% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n')],
  })

const frame = (message: string, flags = 0): string =>
  `${String.fromCharCode(flags, 0, 0, message.length >> 8, message.length & 255)}${message}`
const chunk = (data: string): string => (data === '' ? '' : `${data.length.toString(16)}\r\n${data}\r\n`)
const bytes = (text: string): string[] => text.split('')
/** A chunked response with trailers. */
const grpc = (
  body: readonly string[],
  trailers: readonly string[] = ['grpc-status: 0'],
  headers: readonly string[] = [],
) =>
  [
    'HTTP/1.1 200 OK',
    ...(headers.some(header => header.startsWith('content-type')) ? [] : ['content-type: application/grpc']),
    ...headers,
    'transfer-encoding: chunked',
    '',
    `${body.map(chunk).join('')}0`,
    ...trailers,
    '',
    '',
  ].join('\r\n')
const base64 = (text: string): string => Buffer.from(text, 'latin1').toString('base64')

const call = (name: string, at: string, headers: readonly string[], body: string, more: Partial<Case> = {}): Case => ({
  name,
  listener: at,
  send: req('POST /a.b.Service/Method', [...headers, `content-length: ${body.length}`], body),
  upstream: grpc([frame('answer')]),
  ...more,
})
const web = ['content-type: application/grpc-web+proto']
const text = ['content-type: application/grpc-web-text', 'accept: application/grpc-web-text']
const bridge = ['content-type: application/grpc']
const protobuf = ['content-type: application/x-protobuf']
const connect = ['connect-protocol-version: 1', 'content-type: application/proto']
const streaming = ['content-type: application/connect+proto']

export const grpcFilters: Group = {
  name: 'grpc',
  listeners: [
    listener('web', [filter('grpc_web', 'GrpcWeb')]),
    listener('bridge', [filter('grpc_http1_bridge', 'Config')]),
    listener('framing', [filter('grpc_http1_bridge', 'Config', { upgrade_protobuf_to_grpc: true })]),
    listener('noquery', [filter('grpc_http1_bridge', 'Config', { ignore_query_parameters: true })]),
    stats('all', { stats_for_all_methods: true, emit_filter_state: true }),
    stats('dots', { stats_for_all_methods: true, replace_dots_in_grpc_service_name: true }),
    stats('some', {
      emit_filter_state: true,
      enable_upstream_stats: true,
      individual_method_stats_allowlist: { services: [{ name: 'a.b.Service', method_names: ['Method', 'Other'] }] },
    }),
  ],
  clusters: [
    cluster('grpc', ['$a'], {
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
          explicit_http_config: { http_protocol_options: { enable_trailers: true } },
        },
      },
    }),
  ],
  cases: [
    call('web: binary', 'web', web, frame('hello')),
    call('web: without a suffix', 'web', ['content-type: application/grpc-web'], frame('hello')),
    call('web: no gRPC-Web', 'web', ['content-type: application/grpc'], frame('hello')),
    call('web: other parameters of the type', 'web', ['content-type: application/grpc-web; x=y'], frame('hello')),
    call('web: several trailers', 'web', web, frame('hello'), {
      upstream: grpc([frame('one'), frame('two')], ['grpc-status: 5', 'grpc-message: not found', 'x-more: yes']),
    }),
    call('web: own accepted encodings', 'web', [...web, 'grpc-accept-encoding: gzip', 'te: gzip'], frame('hello')),
    call('web: text', 'web', text, base64(frame('hello'))),
    call(
      'web: text, answered in binary',
      'web',
      ['content-type: application/grpc-web-text+proto'],
      base64(frame('hello')),
    ),
    call('web: binary, answered in text', 'web', [...web, 'accept: application/grpc-web-text+proto'], frame('hello')),
    call('web: text, padding in the middle', 'web', text, base64(frame('hell')) + base64(frame('o'))),
    call('web: text, bad length', 'web', text, 'AAAAA', { upstream: [] }),
    call('web: text, no base64', 'web', text, 'AA?A', { upstream: [] }),
    call('web: text, padding too early', 'web', text, 'A===', { upstream: [] }),
    call('web: text, no body', 'web', text, ''),
    {
      ...call('web: text in pieces', 'web', [], ''),
      send: req(
        'POST /a.b.Service/Method',
        [...text, 'transfer-encoding: chunked'],
        `${bytes(base64(frame('hello')))
          .map(chunk)
          .join('')}0\r\n\r\n`,
      ),
    },
    call('web: text, frames in pieces', 'web', text, base64(frame('hello')), {
      upstream: grpc(bytes(frame('one') + frame('fours'))),
    }),
    call('web: trailers only', 'web', web, frame('hello'), {
      upstream: res('200 OK', ['content-type: application/grpc', 'grpc-status: 7', 'grpc-message: no']),
    }),
    call('web: headers only, without status', 'web', web, frame('hello'), { upstream: res('404 Not Found') }),
    call('web: an answer that is no gRPC', 'web', web, frame('hello'), {
      upstream: res('503 Busy', ['content-type: text/plain'], 'wait 100% \x01longer\n'),
    }),
    call('web: an answer that is no gRPC, in pieces', 'web', web, frame('hello'), {
      upstream: grpc(['one ', 'two'], ['grpc-status: 3', 'x-more: yes'], ['content-type: text/plain']),
    }),
    call('web: an answer that is no gRPC, in text', 'web', text, base64(frame('hello')), {
      upstream: res('200 OK', ['content-type: text/html'], '<p>ü'),
    }),
    call('web: an answer that is no gRPC, long', 'web', web, frame('hello'), {
      upstream: grpc(['x'.repeat(9000), 'y'.repeat(9000)], [], ['content-type: text/plain']),
    }),
    call('web: an answer in gRPC-Web', 'web', web, frame('hello'), {
      upstream: res('200 OK', ['content-type: Application/gRPC-Web+proto ; x=y'], frame('answer')),
    }),
    {
      ...call('web: local reply', 'web', web, ''),
      send: req('POST /dead', [...web, 'content-length: 0']),
      upstream: [],
    },
    {
      ...call('web: direct response', 'web', web, ''),
      send: req('POST /direct', [...web, 'content-length: 0']),
      upstream: [],
    },
    {
      ...call('web: direct response in text', 'web', text, ''),
      send: req('POST /direct', [...text, 'content-length: 0']),
      upstream: [],
    },

    call('bridge', 'bridge', bridge, frame('hello')),
    call('bridge: an error', 'bridge', bridge, frame('hello'), {
      upstream: grpc([], ['grpc-status: 5', 'grpc-message: not%20found']),
    }),
    call('bridge: a status that is no number', 'bridge', bridge, frame('hello'), {
      upstream: grpc([frame('a')], ['grpc-status: x']),
    }),
    call('bridge: a status 00', 'bridge', bridge, frame('hello'), {
      upstream: grpc([frame('a')], ['grpc-status: 00']),
    }),
    call('bridge: no status', 'bridge', bridge, frame('hello'), {
      upstream: grpc([frame('a'), frame('b')], ['x-more: yes']),
    }),
    call('bridge: trailers only', 'bridge', bridge, frame('hello'), {
      upstream: res('200 OK', ['content-type: application/grpc', 'grpc-status: 7']),
    }),
    call('bridge: no trailers', 'bridge', bridge, frame('hello'), {
      upstream: res('200 OK', ['content-type: application/grpc', 'grpc-status: 7'], frame('answer')),
    }),
    call('bridge: no gRPC', 'bridge', ['content-type: text/plain'], 'hello'),
    {
      ...call('bridge: local reply', 'bridge', bridge, ''),
      send: req('POST /dead', [...bridge, 'content-length: 0']),
      upstream: [],
    },
    {
      ...call('bridge: direct response', 'bridge', bridge, ''),
      send: req('POST /direct', [...bridge, 'content-length: 0']),
      upstream: [],
    },
    {
      ...call('bridge: query', 'bridge', bridge, ''),
      send: req('POST /a.b.S/M?x=y', [...bridge, 'content-length: 0']),
    },
    {
      ...call('bridge: query ignored', 'noquery', bridge, ''),
      send: req('POST /a.b.S/M?x=y', [...bridge, 'content-length: 0']),
    },
    {
      ...call('bridge: query ignored, no gRPC', 'noquery', bridge, ''),
      send: req('POST /a.b.S/M?x=y', ['content-length: 0']),
    },
    call('bridge: protobuf', 'bridge', protobuf, 'hello'),

    call('framing: protobuf', 'framing', protobuf, 'hello'),
    call('framing: protobuf with parameters', 'framing', ['content-type: application/x-protobuf; x=y'], 'hello'),
    call('framing: no body', 'framing', protobuf, ''),
    { ...call('framing: GET', 'framing', protobuf, ''), send: req('GET /a.b.Service/Method', protobuf) },
    {
      ...call('framing: protobuf in pieces', 'framing', [], ''),
      send: req(
        'POST /a.b.Service/Method',
        [...protobuf, 'transfer-encoding: chunked'],
        `${['he', 'll', 'o'].map(chunk).join('')}0\r\n\r\n`,
      ),
    },
    {
      ...call('framing: protobuf with trailers', 'framing', [], ''),
      send: req(
        'POST /a.b.Service/Method',
        [...protobuf, 'transfer-encoding: chunked'],
        `${chunk('hello')}0\r\nx: y\r\n\r\n`,
      ),
    },
    call('framing: an error', 'framing', protobuf, 'hello', {
      upstream: grpc([], ['grpc-status: 5', 'grpc-message: no']),
    }),
    call('framing: trailers only', 'framing', protobuf, 'hello', {
      upstream: res('200 OK', ['content-type: application/grpc', 'grpc-status: 7']),
    }),
    call('framing: an answer of less than a frame', 'framing', protobuf, 'hello', { upstream: grpc(['abc']) }),
    call('framing: two messages', 'framing', protobuf, 'hello', { upstream: grpc([frame('a'), frame('b')]) }),
    call('framing: no trailers', 'framing', protobuf, 'hello', {
      upstream: res('200 OK', ['content-type: application/grpc'], frame('answer')),
    }),
    call('framing: 500', 'framing', protobuf, 'hello', {
      upstream: res('500 Oops', ['content-type: text/plain'], 'body of an error'),
    }),
    call('framing: gRPC', 'framing', bridge, frame('hello')),
    {
      ...call('framing: local reply', 'framing', protobuf, ''),
      send: req('POST /dead', [...protobuf, 'content-length: 2'], 'ab'),
      upstream: [],
    },

    call('stats', 'all', bridge, frame('a') + frame('') + frame('b'), { upstream: grpc([frame('a'), frame('b')]) }),
    call('stats: an error', 'all', bridge, frame('a'), { upstream: grpc([], ['grpc-status: 16']) }),
    call('stats: trailers only', 'all', bridge, frame('a'), {
      upstream: res('200 OK', ['content-type: application/grpc', 'grpc-status: 5']),
    }),
    call('stats: no status', 'all', bridge, frame('a'), { upstream: grpc([frame('a')], []) }),
    call('stats: no gRPC', 'all', ['content-type: text/plain'], frame('a')),
    { ...call('stats: no method', 'all', bridge, ''), send: req('POST /a', [...bridge, 'content-length: 0']) },
    {
      ...call('stats: a method with a query', 'all', bridge, ''),
      send: req('POST //Q/M/?x', [...bridge, 'content-length: 0']),
    },
    {
      ...call('stats: local reply', 'all', bridge, ''),
      send: req('POST /direct/x', [...bridge, 'content-length: 0']),
      upstream: [],
    },
    call('stats: Connect', 'all', connect, 'a', { upstream: res('200 OK', ['content-type: application/proto'], 'b') }),
    call('stats: Connect, failed', 'all', connect, 'a', {
      upstream: res('400 No', ['content-type: application/json'], '{}'),
    }),
    call('stats: Connect stream', 'all', streaming, frame('a') + frame('b'), {
      upstream: res('200 OK', ['content-type: application/connect+proto'], frame('a') + frame('b') + frame('{}', 2)),
    }),
    call('stats: Connect stream, failed', 'all', streaming, frame('a'), {
      upstream: res('200 OK', ['content-type: application/connect+proto'], frame('{"error":{"code":"internal"}}', 2)),
    }),
    call('stats: Connect stream, no JSON', 'all', streaming, frame('a'), {
      upstream: res('200 OK', ['content-type: application/connect+proto'], frame('{', 2)),
    }),
    call('stats: dots replaced', 'dots', bridge, frame('a')),
    call('stats: allowed method', 'some', bridge, frame('a')),
    {
      ...call('stats: another method', 'some', bridge, ''),
      send: req('POST /Z/Y', [...bridge, 'content-length: 5'], frame('')),
    },
  ],
  // The names that Envoy makes of a path and those of its configuration are stats of their own, though they read the same.
  stats: [/^cluster\.grpc\.grpc(-web\.|\.(Q\.|a_b_|\w+$))/],
}
