/** Routes by cookies, path templates, dynamic metadata and filter state, and the filters that write those two. */
import { type Group, http, quietRouter, req, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const type = 'type.googleapis.com/envoy.extensions'
const filter = (name: string, message: string, config: JsonObject): JsonObject => ({
  name: `envoy.filters.http.${name}`,
  typed_config: { '@type': `${type}.filters.http.${name}.v3.${message}`, ...config },
})
const named = (name: string, match: JsonObject, more: JsonObject = {}): JsonObject => ({
  name,
  match,
  direct_response: { status: 200, body: { inline_string: name } },
  ...more,
})
const template = (path_template: string): JsonObject => ({
  path_match_policy: {
    name: 'envoy.path.match.uri_template.uri_template_matcher',
    typed_config: { '@type': `${type}.path.match.uri_template.v3.UriTemplateMatchConfig`, path_template },
  },
})
const rewrite = (path_template_rewrite: string): JsonObject => ({
  path_rewrite_policy: {
    name: 'envoy.path.rewrite.uri_template.uri_template_rewriter',
    typed_config: { '@type': `${type}.path.rewrite.uri_template.v3.UriTemplateRewriteConfig`, path_template_rewrite },
  },
})

const cookieRoute = (path: string, matchers: readonly JsonObject[]) => named(path, { path, cookies: matchers })
const cookieRoutes = [
  cookieRoute('/exact', [{ name: 'c', string_match: { exact: 'v' } }]),
  cookieRoute('/prefix', [{ name: 'c', string_match: { prefix: 'v' } }]),
  cookieRoute('/empty', [{ name: 'c', string_match: { exact: '' } }]),
  cookieRoute('/invert', [{ name: 'c', string_match: { exact: 'v' }, invert_match: true }]),
  cookieRoute('/two', [
    { name: 'c', string_match: { exact: 'v' } },
    { name: 'd', string_match: { safe_regex: { regex: '[0-9]+' } } },
  ]),
]

const templateRoutes = [
  toA(template('/a/{x}/{y=*}/end'), rewrite('/{y}/-/{x}')),
  toA(template('/b/{file=**}.jpg'), rewrite('/media/{file}/jpg')),
  toA(template('/c/{all=v1/**}'), rewrite('/{all}')),
  toA(template('/d/*/**'), rewrite('/fixed')),
  toA(template('/e/{x}')),
  toA(template('/f/{x=**}'), { regex_rewrite: { pattern: { regex: '^/f' }, substitution: '/g' } }),
  named('other', { prefix: '/' }),
]

const metadataRoute = (path: string, matcher: JsonObject, key = 'k', filterName = 'ns') =>
  named(path, { path, dynamic_metadata: [{ filter: filterName, path: [{ key }], ...matcher }] })
const metadataRoutes = [
  metadataRoute('/string', { value: { string_match: { exact: 'v' } } }),
  metadataRoute('/number', { value: { double_match: { exact: 7 } } }, 'n'),
  metadataRoute('/range', { value: { double_match: { range: { start: 1, end: 7 } } } }, 'n'),
  metadataRoute('/present', { value: { present_match: true } }),
  metadataRoute('/not-present', { value: { present_match: true }, invert: true }),
  metadataRoute('/present-false', { value: { present_match: false } }),
  metadataRoute('/bool', { value: { bool_match: true } }, 'flag', 'set'),
  metadataRoute('/null', { value: { null_match: {} } }, 'nothing', 'set'),
  metadataRoute('/null-missing', { value: { null_match: {} } }, 'missing', 'set'),
  metadataRoute('/list', { value: { list_match: { one_of: { string_match: { exact: 'b' } } } } }, 'list', 'set'),
  metadataRoute(
    '/or',
    { value: { or_match: { value_matchers: [{ string_match: { exact: 'x' } }, { string_match: { exact: 'v' } }] } } },
    'k',
  ),
  metadataRoute('/own', { value: { string_match: { exact: 'cookie' } } }, 'c', 'envoy.filters.http.header_to_metadata'),
  named('/nested', {
    path: '/nested',
    dynamic_metadata: [
      { filter: 'set', path: [{ key: 'deep' }, { key: 'er' }], value: { string_match: { exact: 'x' } } },
    ],
  }),
  named('other', { prefix: '/' }),
]
const headerToMetadata = filter('header_to_metadata', 'Config', {
  stat_prefix: 'golden',
  request_rules: [
    {
      header: 'x-k',
      on_header_present: { metadata_namespace: 'ns', key: 'k' },
      on_header_missing: { metadata_namespace: 'ns', key: 'missing', value: 'yes' },
      remove: true,
    },
    { header: 'x-n', on_header_present: { metadata_namespace: 'ns', key: 'n', type: 'NUMBER' } },
    { header: 'x-64', on_header_present: { metadata_namespace: 'ns', key: 'b', encode: 'BASE64' } },
    {
      header: 'x-proto',
      on_header_present: { metadata_namespace: 'ns', key: 'p', type: 'PROTOBUF_VALUE', encode: 'BASE64' },
    },
    { cookie: 'c', on_header_present: { key: 'c' } },
    {
      header: ':path',
      on_header_present: {
        metadata_namespace: 'ns',
        key: 'first',
        regex_value_rewrite: { pattern: { regex: '^/([^/?]*).*' }, substitution: '\\1' },
      },
    },
  ],
})
const setMetadata = filter('set_metadata', 'Config', {
  metadata: [
    { metadata_namespace: 'set', value: { flag: true, nothing: null, list: ['a', 'b'], deep: { er: 'x' }, one: 1 } },
    { metadata_namespace: 'set', value: { one: 2, two: 2 } },
    { metadata_namespace: 'set', allow_overwrite: true, value: { list: ['c'], deep: { more: 1 }, three: 3 } },
  ],
})
const metadataLog =
  '%DYNAMIC_METADATA(ns)% %DYNAMIC_METADATA(set)% %DYNAMIC_METADATA(envoy.filters.http.header_to_metadata)% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'

const stateRoute = (path: string, matcher: JsonObject, key = 'text') =>
  named(path, { path, filter_state: [{ key, ...matcher }] })
const state = (object_key: string, format: string, more: JsonObject = {}): JsonObject => ({
  object_key,
  format_string: { text_format_source: { inline_string: format } },
  ...more,
})
const setState = (values: readonly JsonObject[], more: JsonObject = {}) =>
  filter('set_filter_state', 'Config', { on_request_headers: values, ...more })
const stateRoutes = [
  stateRoute('/string', { string_match: { exact: 'v' } }),
  stateRoute('/missing', { string_match: { exact: '' } }, 'missing'),
  stateRoute('/address', { address_match: { ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] } }, 'ip'),
  stateRoute(
    '/not-address',
    { address_match: { ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }], invert_match: true } },
    'ip',
  ),
  stateRoute('/no-address', { address_match: { ranges: [{ address_prefix: '0.0.0.0', prefix_len: 0 }] } }),
  stateRoute('/connection', { string_match: { exact: 'on' } }, 'connection'),
  named('other', { prefix: '/' }),
]

/** The same listener with filter state of the connection. */
function withConnectionState(listener: JsonObject): JsonObject {
  const [chain] = listener.filter_chains as JsonObject[]
  const setNetworkState = {
    name: 'envoy.filters.network.set_filter_state',
    typed_config: {
      '@type': `${type}.filters.network.set_filter_state.v3.Config`,
      on_new_connection: [
        state('connection', 'on', { factory_key: 'envoy.string' }),
        state('text', 'of the connection', { factory_key: 'envoy.string' }),
        state('ip', '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%', { factory_key: 'envoy.network.ip' }),
      ],
    },
  }
  return {
    ...listener,
    filter_chains: [{ ...chain, filters: [setNetworkState, ...((chain?.filters as JsonObject[]) ?? [])] }],
  }
}

const mutation = (config: JsonObject) => filter('header_mutation', 'HeaderMutation', config)
const perRoute = (mutations: JsonObject): JsonObject => ({
  'envoy.filters.http.header_mutation': {
    '@type': `${type}.filters.http.header_mutation.v3.HeaderMutationPerRoute`,
    mutations,
  },
})
const append = (key: string, value: string, action = 'APPEND_IF_EXISTS_OR_ADD'): JsonObject => ({
  append: { header: { key, value }, append_action: action },
})
const param = (key: string, value: string, action = 'APPEND_IF_EXISTS_OR_ADD'): JsonObject => ({
  append: { record: { key, value }, action },
})
const mutationHost = (wins: boolean): JsonObject =>
  http({
    name: wins ? 'specific_wins' : 'general_wins',
    hcm: {
      http_filters: [
        mutation({
          most_specific_header_mutations_wins: wins,
          mutations: {
            request_mutations: [
              append('x-order', 'filter', 'OVERWRITE_IF_EXISTS_OR_ADD'),
              append('x-add', 'one'),
              append('x-add', 'two'),
              append('x-copy', '%REQ(x-add)%'),
              append('x-formatted', '%REQ_WITHOUT_QUERY(:path)%'),
              append('x-absent', 'new', 'ADD_IF_ABSENT'),
              append('x-exists', 'over', 'OVERWRITE_IF_EXISTS'),
              { remove: 'x-gone' },
              { remove_on_match: { key_matcher: { prefix: 'x-secret-' } } },
              append('x-empty', '%REQ(x-none)%'),
              { append: { header: { key: 'x-kept', value: '' }, keep_empty_value: true } },
            ],
            query_parameter_mutations: [
              param('q', 'new'),
              param('absent', 'a b/%REQ(x-exists)%', 'ADD_IF_ABSENT'),
              param('over', 'o', 'OVERWRITE_IF_EXISTS'),
              param('all', '1', 'OVERWRITE_IF_EXISTS_OR_ADD'),
              { remove: 'gone' },
            ],
            formatters: [
              {
                name: 'without query',
                typed_config: { '@type': `${type}.formatter.req_without_query.v3.ReqWithoutQuery` },
              },
            ],
            response_mutations: [
              append('x-resp', 'filter', 'OVERWRITE_IF_EXISTS_OR_ADD'),
              append('x-seen', '%REQ(x-order)%'),
              { remove: 'x-upstream' },
            ],
          },
        }),
        quietRouter,
      ],
    },
    virtualHosts: [
      {
        name: 'all',
        domains: ['*'],
        typed_per_filter_config: perRoute({
          request_mutations: [append('x-order', 'vhost', 'OVERWRITE_IF_EXISTS_OR_ADD')],
          response_mutations: [append('x-resp', 'vhost', 'OVERWRITE_IF_EXISTS_OR_ADD')],
        }),
        routes: [
          toA(
            { prefix: '/' },
            {},
            {
              typed_per_filter_config: perRoute({
                request_mutations: [append('x-order', 'route', 'OVERWRITE_IF_EXISTS_OR_ADD')],
                response_mutations: [append('x-resp', 'route', 'OVERWRITE_IF_EXISTS_OR_ADD')],
              }),
            },
          ),
        ],
      },
    ],
  })

const on = (listener: string, target: string, headers: readonly string[] = []) => ({
  name: `${listener} ${target}${headers.length === 0 ? '' : ` ${headers.join(' ')}`}`,
  listener,
  send: req(`GET ${target}`, headers),
})

export const streamMatchers: Group = {
  name: 'stream-matchers',
  listeners: [
    http({ name: 'cookies', routes: cookieRoutes }),
    http({ name: 'templates', routes: templateRoutes, hcm: { http_filters: [quietRouter] } }),
    http({
      name: 'metadata',
      routes: metadataRoutes,
      hcm: { http_filters: [headerToMetadata, setMetadata, setState([], { clear_route_cache: true }), quietRouter] },
      log: metadataLog,
    }),
    http({
      name: 'states',
      routes: stateRoutes,
      hcm: {
        http_filters: [
          setState(
            [
              state('text', '%REQ(x-s)%', { factory_key: 'envoy.string', skip_if_empty: true }),
              state('ip', '%REQ(x-ip)%', { factory_key: 'envoy.network.ip' }),
            ],
            { clear_route_cache: true },
          ),
          quietRouter,
        ],
      },
      log: '%FILTER_STATE(text:PLAIN)% %FILTER_STATE(ip:PLAIN)% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n',
    }),
    withConnectionState(
      http({
        name: 'connection',
        routes: [
          stateRoute('/connection', { string_match: { exact: 'on' } }, 'connection'),
          stateRoute('/text', { string_match: { prefix: 'of' } }),
          stateRoute('/address', { address_match: { ranges: [{ address_prefix: '127.0.0.0', prefix_len: 8 }] } }, 'ip'),
          named('other', { prefix: '/' }),
        ],
        hcm: {
          http_filters: [
            setState([state('text', '%REQ(x-s)%', { factory_key: 'envoy.string', skip_if_empty: true })], {
              clear_route_cache: true,
            }),
            quietRouter,
          ],
        },
        log: '%FILTER_STATE(text:PLAIN)% %FILTER_STATE(connection:PLAIN)% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n',
      }),
    ),
    mutationHost(true),
    mutationHost(false),
  ],
  stats: [/^http_filter_name\./],
  cases: [
    on('cookies', '/exact', ['cookie: c=v']),
    on('cookies', '/exact', ['cookie: a=b; c="v"; d']),
    on('cookies', '/exact', ['cookie: c=x; c=v']),
    on('cookies', '/exact', ['cookie: a=b', 'cookie: c=v']),
    on('cookies', '/exact', ['cookie: C=v']),
    on('cookies', '/exact', ['cookie: c = v']),
    on('cookies', '/exact'),
    on('cookies', '/prefix', ['cookie: c=value']),
    on('cookies', '/empty', ['cookie: c=']),
    on('cookies', '/empty'),
    on('cookies', '/invert', ['cookie: c=x']),
    on('cookies', '/invert', ['cookie: c=v']),
    on('cookies', '/invert'),
    on('cookies', '/two', ['cookie: c=v; d=12']),
    on('cookies', '/two', ['cookie: c=v']),

    ...[
      '/a/1/2/end',
      '/a/1/2/end?q=/a/b',
      '/a/1/2',
      '/a/1//end',
      '/a/%20/é/end',
      '/b/x/y/z.jpg',
      '/b/.jpg',
      '/b/x.png',
    ].map(target => on('templates', target)),
    ...['/c/v1/x/y', '/c/v1/', '/c/v2/x', '/d/x/', '/d/x', '/d/x/y/z?q', '/e/x', '/e/x/', '/f/a/b', '/A/1/2/end'].map(
      target => on('templates', target),
    ),

    on('metadata', '/string', ['x-k: v']),
    on('metadata', '/string', ['x-k: w']),
    on('metadata', '/string', ['x-k: v', 'x-k: w']),
    on('metadata', '/string'),
    on('metadata', '/number', ['x-n: 7.0']),
    on('metadata', '/number', ['x-n: seven']),
    on('metadata', '/range', ['x-n: 6.99']),
    on('metadata', '/range', ['x-n: 7']),
    on('metadata', '/present', ['x-k: any']),
    on('metadata', '/present'),
    on('metadata', '/not-present', ['x-k: any']),
    on('metadata', '/not-present'),
    on('metadata', '/present-false', ['x-k: any']),
    on('metadata', '/present-false'),
    on('metadata', '/bool'),
    on('metadata', '/null'),
    on('metadata', '/null-missing'),
    on('metadata', '/list'),
    on('metadata', '/or', ['x-k: v']),
    on('metadata', '/own', ['cookie: c=cookie']),
    on('metadata', '/nested'),
    on('metadata', '/base64', ['x-64: aGVsbG8=']),
    on('metadata', '/base64', ['x-64: aGVsbG8']),
    on('metadata', '/base64', ['x-64: a*b']),
    on('metadata', '/proto', ['x-proto: GgVoZWxsbw==']),
    on('metadata', '/proto', ['x-proto: aGVsbG8=']),
    { ...on('metadata', '/long', [`x-k: ${'y'.repeat(8192)}`]), name: 'metadata too long' },
    { ...on('metadata', '/long', [`x-k: ${'y'.repeat(8191)}`]), name: 'metadata as long as it may be' },
    on('metadata', '/utf8', ['x-k: Ã©']),
    on('metadata', '/empty', ['x-k:']),

    on('connection', '/connection'),
    on('connection', '/text'),
    on('connection', '/text', ['x-s: of the stream']),
    on('connection', '/text', ['x-s: v']),
    on('connection', '/address'),
    on('states', '/string', ['x-s: v']),
    on('states', '/string', ['x-s: w']),
    on('states', '/string'),
    on('states', '/missing'),
    on('states', '/address', ['x-ip: 10.1.2.3']),
    on('states', '/address', ['x-ip: 11.1.2.3']),
    on('states', '/address', ['x-ip: nonsense']),
    on('states', '/not-address', ['x-ip: 11.1.2.3']),
    on('states', '/not-address'),
    on('states', '/no-address', ['x-s: 1.2.3.4']),

    ...['specific_wins', 'general_wins'].map(listener => ({
      name: listener,
      listener,
      send: req('GET /p?q=1&over=a&over=b&gone=x&all=2&k=%41%20é', [
        'x-exists: old',
        'x-gone: x',
        'x-secret-a: 1',
        'X-Secret-B: 2',
        'x-order: client',
        'x-absent: there',
      ]),
      upstream: 'HTTP/1.1 200 OK\r\nx-upstream: 1\r\nx-resp: up\r\ncontent-length: 2\r\n\r\nok',
    })),
    on('specific_wins', '/plain'),
    on('specific_wins', '/?b=2&a=1&b=1'),
  ],
}
