/** HTTP filters between the router and upstreams, native and wasm. */
import { join } from 'node:path'
import { cluster, type Group, http, req, res, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const type = 'type.googleapis.com/envoy.extensions.filters.http'
const codec: JsonObject = {
  name: 'envoy.filters.http.upstream_codec',
  typed_config: { '@type': `${type}.upstream_codec.v3.UpstreamCodec` },
}
const add = (key: string, value: string): JsonObject => ({
  append: { header: { key, value }, append_action: 'APPEND_IF_EXISTS_OR_ADD' },
})
const mutation = (name: string, value: string, more: JsonObject = {}): JsonObject => ({
  name,
  typed_config: {
    '@type': `${type}.header_mutation.v3.HeaderMutation`,
    mutations: { request_mutations: [add('x-up', value)], response_mutations: [add('x-up-response', value)] },
  },
  ...more,
})
const buffer: JsonObject = {
  name: 'buffer',
  typed_config: { '@type': `${type}.buffer.v3.Buffer`, max_request_bytes: 20 },
}
const wasm = (module: string, configuration: JsonObject): JsonObject => ({
  name: module,
  typed_config: {
    '@type': `${type}.wasm.v3.Wasm`,
    config: {
      name: module,
      vm_config: {
        code: { local: { filename: join(import.meta.dirname, `../../../filters/${module}/${module}.wasm`) } },
      },
      configuration: {
        '@type': 'type.googleapis.com/google.protobuf.StringValue',
        value: JSON.stringify(configuration),
      },
    },
  },
})
const filtered = (name: string, filters: readonly JsonObject[], ports: readonly string[] = ['$a']): JsonObject =>
  cluster(name, ports, {
    typed_extension_protocol_options: {
      'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
        '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
        explicit_http_config: { http_protocol_options: { enable_trailers: true } },
        http_filters: [...filters, codec],
      },
    },
  })
const retries = { retry_on: '5xx', num_retries: 2, retry_back_off: { base_interval: '0.001s' } }
const to = (prefix: string, name: string, route: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  match: { prefix },
  route: { cluster: name, ...route },
  ...more,
})
const withRouter = (name: string, filters: readonly JsonObject[]): JsonObject =>
  http({
    name,
    routes: [to('/own', 'mutating'), toA({ prefix: '/' })],
    hcm: {
      http_filters: [
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': `${type}.router.v3.Router`, upstream_http_filters: [...filters, codec] },
        },
      ],
    },
  })
const chunked = 'transfer-encoding: chunked'

export const upstreamFilters: Group = {
  name: 'upstream-filters',
  listeners: [
    http({
      routes: [
        to('/retry', 'mutating', { retry_policy: retries }),
        to('/two', 'two'),
        to('/buffer', 'buffering'),
        to('/off', 'disabled'),
        to(
          '/on',
          'disabled',
          {},
          {
            typed_per_filter_config: {
              off: { '@type': 'type.googleapis.com/envoy.config.route.v3.FilterConfig', config: {} },
            },
          },
        ),
        to('/wasm', 'wasm', { retry_policy: retries }),
        to('/reply', 'replying', { retry_policy: { ...retries, retriable_status_codes: [503] } }),
        to('/nothing', 'nothing'),
        to('/dead', 'dead-filtered'),
        to('/', 'mutating'),
      ],
      hcm: { http_protocol_options: { enable_trailers: true } },
    }),
    withRouter('router', [mutation('router', 'of the router')]),
  ],
  clusters: [
    filtered('mutating', [mutation('one', 'attempt')]),
    filtered('two', [mutation('one', 'first'), mutation('other', 'second')]),
    filtered('buffering', [buffer]),
    filtered('disabled', [mutation('off', 'is on', { disabled: true })]),
    filtered('wasm', [
      wasm('header-rewrite', {
        request: [{ name: 'x-wasm', add: 'request' }],
        response: [{ name: 'x-wasm', add: 'response' }],
      }),
    ]),
    filtered('replying', [wasm('maintenance', { message: 'not now', open_paths: ['/reply/open'] })]),
    filtered('nothing', []),
    filtered('dead-filtered', [mutation('one', 'dead')], ['$dead']),
  ],
  cases: [
    { name: 'headers of request and response', send: req('GET /') },
    { name: 'in their order', send: req('GET /two') },
    { name: 'each attempt anew', send: req('GET /retry'), upstream: [res('503 No'), res('503 No'), res('200 OK')] },
    { name: 'body and trailers', send: req('POST /', [chunked], '5\r\nhello\r\n0\r\nx-trailer: a\r\n\r\n') },
    {
      name: 'trailers of the response',
      send: req('GET /'),
      upstream: `HTTP/1.1 200 OK\r\n${chunked}\r\n\r\n2\r\nok\r\n0\r\nx-trailer: a\r\n\r\n`,
    },
    {
      name: '1xx',
      send: req('GET /', ['expect: 100-continue']),
      upstream: `HTTP/1.1 103 Early\r\nlink: a\r\n\r\n${res('200 OK')}`,
    },
    { name: 'HEAD', send: req('HEAD /') },
    { name: 'a response without a body', send: req('GET /'), upstream: 'HTTP/1.1 204 No Content\r\n\r\n' },
    { name: 'the connection is refused', send: req('GET /dead') },
    { name: 'reset by the upstream', send: req('GET /'), upstream: { after: 'reset' } },
    {
      name: 'reset in the middle of the response',
      send: req('GET /'),
      upstream: { write: 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf', after: 'close' },
    },
    { name: 'buffered: the length is known', send: req('POST /buffer', [chunked], '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n') },
    { name: 'buffered: too long', send: req('POST /buffer', ['content-length: 40'], 'x'.repeat(30)), upstream: [] },
    { name: 'disabled', send: req('GET /off') },
    { name: 'enabled by the route', send: req('GET /on') },
    { name: 'no filter but the codec', send: req('GET /nothing') },
    { name: 'of the router', listener: 'router', send: req('GET /') },
    { name: 'the cluster has its own', listener: 'router', send: req('GET /own') },
    { name: 'wasm', send: req('GET /wasm') },
    { name: 'wasm, each attempt anew', send: req('GET /wasm'), upstream: [res('503 No'), res('200 OK')] },
    { name: 'wasm answers by itself', send: req('GET /reply') },
    { name: 'wasm answers by itself a request with a body', send: req('POST /reply', ['content-length: 2'], 'ab') },
    { name: 'wasm lets pass', send: req('GET /reply/open'), upstream: [res('503 No'), res('200 OK')] },
  ],
  stats: [/^cluster\.(mutating|replying|wasm)\.(upstream_rq_(total|retry|completed|5xx|2xx)|upstream_cx_total)$/],
}
