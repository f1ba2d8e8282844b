/** Local rate limits, and the descriptors that routes and virtual hosts make of requests. Buckets fill in hours: nothing comes back. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { type Case, type Group, http, req, router, type Step } from '../case.ts'

const type = 'type.googleapis.com/envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit'
const always = { default_value: { numerator: 100, denominator: 'HUNDRED' } }
const never = { default_value: { numerator: 0, denominator: 'HUNDRED' } }
const bucket = (max_tokens: number, tokens_per_fill = 1): JsonObject => ({
  max_tokens,
  tokens_per_fill,
  fill_interval: '36000s',
})
const limit = (name: string, settings: JsonObject): JsonObject => ({
  '@type': type,
  stat_prefix: name,
  token_bucket: bucket(1000),
  filter_enabled: always,
  filter_enforced: always,
  ...settings,
})
const descriptor = (
  entries: readonly (readonly [string, string])[],
  tokens: number,
  more: JsonObject = {},
): JsonObject => ({
  entries: entries.map(([key, value]) => ({ key, value })),
  token_bucket: bucket(tokens),
  ...more,
})
const generic = (value: string): JsonObject => ({ generic_key: { descriptor_value: value } })

const routes: JsonObject[] = []
const cases: Case[] = []
/** Envoy closes a connection on which answers of its own wait behind each other. */
const oneByOne = (requests: readonly string[]): Step[] =>
  requests.flatMap((request, i) => (i === 0 ? [request] : [{ responses: i }, request]))

/** A route with a limit of its own, and so many requests to it on one connection. */
function ask(
  name: string,
  settings: JsonObject,
  route: JsonObject = {},
  requests: readonly (readonly string[])[] = [[], [], []],
  query = '',
): void {
  const path = `/${name}`
  routes.push({
    match: { path },
    route: { cluster: 'a', ...route },
    typed_per_filter_config: { limit: limit(name, settings) },
  })
  cases.push({
    name,
    send: oneByOne(requests.map(headers => req(`GET ${path}${query}`, headers))),
    responses: requests.length,
  })
}

/** Whether the actions make a descriptor, which has no tokens: 429. */
function action(
  name: string,
  actions: readonly JsonObject[],
  entries: readonly (readonly [string, string])[],
  headers: readonly string[] = [],
  query = '',
  more: JsonObject = {},
): void {
  ask(
    name,
    { descriptors: [descriptor(entries, 0)], enable_x_ratelimit_headers: 'DRAFT_VERSION_03' },
    { rate_limits: [{ actions, ...more }] },
    [headers],
    query,
  )
}

ask('plain', { token_bucket: bucket(2) })
ask('none', { token_bucket: bucket(0) })
ask('headers', { token_bucket: bucket(2), enable_x_ratelimit_headers: 'DRAFT_VERSION_03' })
ask('retry-after', { token_bucket: bucket(1), enable_retry_after_header: true })
ask('status', { token_bucket: bucket(1), status: { code: 'ServiceUnavailable' } })
ask('low-status', { token_bucket: bucket(1), status: { code: 'OK' } })
ask('off', { token_bucket: bucket(1), filter_enabled: never })
ask('unset', { token_bucket: bucket(1), filter_enabled: undefined as never, filter_enforced: undefined as never })
ask('not-enforced', {
  token_bucket: bucket(1),
  filter_enforced: never,
  request_headers_to_add_when_not_enforced: [{ header: { key: 'x-over', value: 'limit' } }],
})
ask('response-headers', {
  token_bucket: bucket(1),
  response_headers_to_add: [
    { header: { key: 'x-limited', value: 'yes' } },
    { header: { key: 'x-path', value: '%REQ(:PATH)%' }, append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' },
  ],
})
const grpc = ['content-type: application/grpc']
ask('grpc', { token_bucket: bucket(1) }, {}, [grpc, grpc])
ask('grpc-exhausted', { token_bucket: bucket(1), rate_limited_as_resource_exhausted: true }, {}, [grpc, grpc])
ask('per-connection', { token_bucket: bucket(2), local_rate_limit_per_downstream_connection: true })
ask(
  'descriptor',
  { descriptors: [descriptor([['generic_key', 'x']], 1)] },
  { rate_limits: [{ actions: [generic('x')] }] },
)
ask(
  'default-too',
  { token_bucket: bucket(2), descriptors: [descriptor([['generic_key', 'x']], 100)] },
  { rate_limits: [{ actions: [generic('x')] }] },
)
ask(
  'default-not',
  {
    token_bucket: bucket(2),
    descriptors: [descriptor([['generic_key', 'x']], 100)],
    always_consume_default_token_bucket: false,
  },
  { rate_limits: [{ actions: [generic('x')] }] },
)
ask(
  'two',
  {
    descriptors: [descriptor([['generic_key', 'x']], 5), descriptor([['generic_key', 'y']], 1)],
    enable_x_ratelimit_headers: 'DRAFT_VERSION_03',
  },
  { rate_limits: [{ actions: [generic('x')] }, { actions: [generic('y')] }] },
)
ask(
  'shadow',
  { descriptors: [descriptor([['generic_key', 'x']], 1, { shadow_mode: true })] },
  { rate_limits: [{ actions: [generic('x')] }] },
)
ask(
  'wildcard',
  {
    descriptors: [descriptor([['user', '']], 1)],
    always_consume_default_token_bucket: false,
  },
  { rate_limits: [{ actions: [{ request_headers: { header_name: 'x-user', descriptor_key: 'user' } }] }] },
  [['x-user: a'], ['x-user: b'], ['x-user: a'], ['x-user: b'], ['x-user: c'], []],
)
ask(
  'wildcard-few',
  { descriptors: [descriptor([['user', '']], 1)], max_dynamic_descriptors: 1 },
  { rate_limits: [{ actions: [{ request_headers: { header_name: 'x-user', descriptor_key: 'user' } }] }] },
  [['x-user: a'], ['x-user: a'], ['x-user: b'], ['x-user: b'], ['x-user: a']],
)
ask('own-limits', {
  descriptors: [descriptor([['generic_key', 'own']], 1)],
  rate_limits: [{ actions: [generic('own')] }],
})
ask(
  'own-before-route',
  { descriptors: [descriptor([['generic_key', 'x']], 0)], rate_limits: [{ actions: [generic('own')] }] },
  { rate_limits: [{ actions: [generic('x')] }] },
)
ask(
  'stage',
  { descriptors: [descriptor([['generic_key', 'x']], 0)], stage: 1 },
  { rate_limits: [{ actions: [generic('x')] }] },
)
ask(
  'stage-fits',
  { descriptors: [descriptor([['generic_key', 'x']], 0)], stage: 1 },
  { rate_limits: [{ stage: 1, actions: [generic('x')] }] },
)
ask(
  'disable-key',
  { descriptors: [descriptor([['generic_key', 'x']], 0)] },
  { rate_limits: [{ disable_key: 'some', actions: [generic('x')] }] },
)
for (const vh_rate_limits of ['OVERRIDE', 'INCLUDE', 'IGNORE'])
  for (const own of [true, false])
    ask(
      `host-${vh_rate_limits}-${own}`.toLowerCase(),
      { descriptors: [descriptor([['generic_key', 'host']], 1)], vh_rate_limits },
      own ? { rate_limits: [{ actions: [generic('x')] }] } : {},
    )
ask(
  'include',
  { descriptors: [descriptor([['generic_key', 'host']], 1)] },
  { rate_limits: [{ actions: [generic('x')] }], include_vh_rate_limits: true },
)
ask(
  'hits',
  { descriptors: [descriptor([['generic_key', 'x']], 5)], enable_x_ratelimit_headers: 'DRAFT_VERSION_03' },
  { rate_limits: [{ actions: [generic('x')], hits_addend: { number: 2 } }] },
)
ask(
  'hits-format',
  { descriptors: [descriptor([['generic_key', 'x']], 5)] },
  { rate_limits: [{ actions: [generic('x')], hits_addend: { format: '%REQ(x-hits)%' } }] },
  [['x-hits: 3'], ['x-hits: 3'], ['x-hits: none'], ['x-hits: 0'], ['x-hits: 1'], ['x-hits: 1']],
)
ask(
  'no-headers-for-it',
  { descriptors: [descriptor([['generic_key', 'x']], 1)], enable_x_ratelimit_headers: 'DRAFT_VERSION_03' },
  { rate_limits: [{ actions: [generic('x')], x_ratelimit_option: 'OFF' }] },
)

action('generic-key', [{ generic_key: { descriptor_key: 'k', descriptor_value: 'v' } }], [['k', 'v']])
action(
  'generic-format',
  [{ generic_key: { descriptor_value: '%REQ(x-a)%', default_value: 'd' } }],
  [['generic_key', 'A']],
  ['x-a: A'],
)
action(
  'generic-default',
  [{ generic_key: { descriptor_value: '%REQ(x-a)%', default_value: 'd' } }],
  [['generic_key', 'd']],
)
action(
  'generic-literal',
  [{ generic_key: { descriptor_value: '%REQ(x-a)%' } }],
  [['generic_key', '%REQ(x-a)%']],
  ['x-a: A'],
)
action('generic-dash', [{ generic_key: { descriptor_value: '%REQ(x-a)%' } }], [['generic_key', '-']])
action('destination', [{ destination_cluster: {} }], [['destination_cluster', 'a']])
action('source', [{ source_cluster: {} }], [['source_cluster', '']])
action(
  'several',
  [generic('x'), { destination_cluster: {} }],
  [
    ['generic_key', 'x'],
    ['destination_cluster', 'a'],
  ],
)
action(
  'several-order',
  [{ destination_cluster: {} }, generic('x')],
  [
    ['generic_key', 'x'],
    ['destination_cluster', 'a'],
  ],
)
const fromHeader = { request_headers: { header_name: 'x-a', descriptor_key: 'k' } }
const skipping = { request_headers: { header_name: 'x-a', descriptor_key: 'k', skip_if_absent: true } }
action('header', [fromHeader], [['k', 'v']], ['x-a: v'])
action('header-two', [fromHeader], [['k', 'v,w']], ['x-a: v', 'x-a: w'])
action('header-empty', [fromHeader], [['k', '']], ['x-a: '])
action('header-absent', [fromHeader, generic('x')], [['generic_key', 'x']])
action('header-skipped', [skipping, generic('x')], [['generic_key', 'x']])
action('header-skipped-alone', [skipping], [['k', '']])
const fromQuery = { query_parameters: { query_parameter_name: 'q', descriptor_key: 'k' } }
action('query', [fromQuery], [['k', 'v']], [], '?q=v&q=w')
action('query-encoded', [fromQuery], [['k', 'a b']], [], '?q=a%20b')
action('query-raw', [fromQuery], [['k', 'a%20b']], [], '?q=a%20b')
action('query-empty', [fromQuery], [['k', '']], [], '?q=')
action('query-absent', [fromQuery], [['k', 'v']])
action(
  'query-skipped',
  [{ query_parameters: { query_parameter_name: 'q', descriptor_key: 'k', skip_if_absent: true } }, generic('x')],
  [['generic_key', 'x']],
)
const client = ['x-forwarded-for: 10.1.2.3']
action('remote', [{ remote_address: {} }], [['remote_address', '10.1.2.3']], client)
action(
  'masked',
  [{ masked_remote_address: { v4_prefix_mask_len: 16 } }],
  [['masked_remote_address', '10.1.0.0/16']],
  client,
)
action('masked-default', [{ masked_remote_address: {} }], [['masked_remote_address', '10.1.2.3/32']], client)
action(
  'masked-six',
  [{ masked_remote_address: { v6_prefix_mask_len: 32 } }],
  [['masked_remote_address', '2001:db8::/32']],
  ['x-forwarded-for: 2001:db8:1::7'],
)
const near = { address_matcher: { ranges: [{ address_prefix: '10.1.0.0', prefix_len: 16 }] }, descriptor_value: 'near' }
action('address-match', [{ remote_address_match: near }], [['remote_address_match', 'near']], client)
action('address-match-key', [{ remote_address_match: { ...near, descriptor_key: 'k' } }], [['k', 'near']], client)
action(
  'address-match-not',
  [{ remote_address_match: near }],
  [['remote_address_match', 'near']],
  ['x-forwarded-for: 10.9.2.3'],
)
const matching = { descriptor_value: 'v', headers: [{ name: 'x-a', string_match: { exact: '1' } }] }
action('header-match', [{ header_value_match: matching }], [['header_match', 'v']], ['x-a: 1'])
action('header-match-not', [{ header_value_match: matching }], [['header_match', 'v']], ['x-a: 2'])
action(
  'header-mismatch',
  [{ header_value_match: { ...matching, expect_match: false } }],
  [['header_match', 'v']],
  ['x-a: 2'],
)
action(
  'header-mismatch-not',
  [{ header_value_match: { ...matching, expect_match: false } }],
  [['header_match', 'v']],
  ['x-a: 1'],
)
action('header-match-key', [{ header_value_match: { ...matching, descriptor_key: 'k' } }], [['k', 'v']], ['x-a: 1'])
const parameters = { descriptor_value: 'v', query_parameters: [{ name: 'q', string_match: { prefix: '1' } }] }
action('query-match', [{ query_parameter_value_match: parameters }], [['query_match', 'v']], [], '?q=12')
action('query-match-not', [{ query_parameter_value_match: parameters }], [['query_match', 'v']], [], '?q=2')
action(
  'query-mismatch',
  [{ query_parameter_value_match: { ...parameters, expect_match: false } }],
  [['query_match', 'v']],
  [],
  '?q=2',
)
const metadataKey = { key: 'route.data', path: [{ key: 'a' }, { key: 'b' }] }
action(
  'metadata',
  [{ metadata: { descriptor_key: 'k', metadata_key: metadataKey, source: 'ROUTE_ENTRY' } }],
  [['k', 'v']],
)
action(
  'metadata-default',
  [{ metadata: { descriptor_key: 'k', metadata_key: { key: 'other', path: [{ key: 'a' }] }, default_value: 'd' } }],
  [['k', 'd']],
)
action(
  'metadata-skipped',
  [
    { metadata: { descriptor_key: 'k', metadata_key: { key: 'other', path: [{ key: 'a' }] }, skip_if_absent: true } },
    generic('x'),
  ],
  [['generic_key', 'x']],
)
action(
  'metadata-absent',
  [{ metadata: { descriptor_key: 'k', metadata_key: { key: 'other', path: [{ key: 'a' }] } } }, generic('x')],
  [['generic_key', 'x']],
)
action(
  'dynamic',
  [{ metadata: { descriptor_key: 'k', metadata_key: { key: 'dynamic.data', path: [{ key: 'a' }] } } }],
  [['k', 'dyn']],
)

/** The same actions in the filter's own `rate_limits`. */
function own(
  name: string,
  rate_limit: JsonObject,
  entries: readonly (readonly [string, string])[],
  tokens: number,
  requests: readonly (readonly string[])[],
): void {
  ask(
    `own-${name}`,
    {
      descriptors: [descriptor(entries, tokens)],
      rate_limits: [rate_limit],
      enable_x_ratelimit_headers: 'DRAFT_VERSION_03',
    },
    {},
    requests,
  )
}

own('hits', { actions: [generic('x')], hits_addend: { number: 2 } }, [['generic_key', 'x']], 5, [[], [], []])
own(
  'hits-negative',
  { actions: [generic('x')], hits_addend: { number: 2, is_negative_hits: true } },
  [['generic_key', 'x']],
  1,
  [[], [], []],
)
own('hits-format', { actions: [generic('x')], hits_addend: { format: '%REQ(x-hits)%' } }, [['generic_key', 'x']], 5, [
  ['x-hits: 3'],
  ['x-hits: 3'],
  ['x-hits: none'],
  ['x-hits: 0'],
  ['x-hits: 1'],
  ['x-hits: 1'],
])
own('format', { actions: [{ generic_key: { descriptor_value: '%REQ(x-a)%' } }] }, [['generic_key', 'A']], 0, [
  ['x-a: A'],
  [],
])
own(
  'default',
  { actions: [{ generic_key: { descriptor_value: '%REQ(x-a)%', default_value: 'd' } }] },
  [['generic_key', 'd']],
  0,
  [['x-a: A'], []],
)
own('literal', { actions: [{ generic_key: { descriptor_value: '%REQ(x-a)%' } }] }, [['generic_key', '%REQ(x-a)%']], 0, [
  ['x-a: A'],
])
own('header-two', { actions: [fromHeader] }, [['k', 'v']], 0, [['x-a: v', 'x-a: w']])
own('header-two-joined', { actions: [fromHeader] }, [['k', 'v,w']], 0, [['x-a: v', 'x-a: w']])
own(
  'match-format',
  { actions: [{ header_value_match: { ...matching, descriptor_value: '%REQ(x-b)%' } }] },
  [['header_match', 'B']],
  0,
  [['x-a: 1', 'x-b: B']],
)
own('done', { actions: [generic('x')], apply_on_stream_done: true }, [['generic_key', 'x']], 2, [[], [], []])
own(
  'done-hits',
  { actions: [generic('x')], apply_on_stream_done: true, hits_addend: { format: '%BYTES_SENT%' } },
  [['generic_key', 'x']],
  9,
  [[], [], []],
)
own('done-then', { actions: [generic('x')], apply_on_stream_done: true }, [['generic_key', 'x']], 0, [[], []])
ask(
  'route-done',
  { descriptors: [descriptor([['generic_key', 'x']], 1)] },
  { rate_limits: [{ actions: [generic('x')], apply_on_stream_done: true }] },
)
own('off', { actions: [generic('x')], x_ratelimit_option: 'OFF' }, [['generic_key', 'x']], 1, [[], []])
own('draft', { actions: [generic('x')], x_ratelimit_option: 'DRAFT_VERSION_03' }, [['generic_key', 'x']], 1, [[], []])
const expr = (text: string, more: JsonObject = {}): JsonObject => ({
  extension: {
    name: 'expr',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.extensions.rate_limit_descriptors.expr.v3.Descriptor',
      descriptor_key: 'k',
      text,
      ...more,
    },
  },
})
action('expr', [expr("request.headers['x-a']")], [['k', 'v']], ['x-a: v'])
action('expr-number', [expr('request.size + 41')], [['k', '41']])
action('expr-bool', [expr("request.method == 'GET'")], [['k', 'true']])
action('expr-error', [expr("request.headers['x-a']"), generic('x')], [['generic_key', 'x']])
action('expr-skipped', [expr("request.headers['x-a']", { skip_if_error: true }), generic('x')], [['generic_key', 'x']])
action('expr-empty', [expr("''"), generic('x')], [['generic_key', 'x']])
const input: JsonObject = {
  extension: {
    name: 'from-header',
    typed_config: {
      '@type': 'type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput',
      header_name: 'x-a',
    },
  },
}
action('input', [input], [['from-header', 'v']], ['x-a: v'])
action('input-absent', [input, generic('x')], [['generic_key', 'x']])
action('input-empty', [input, generic('x')], [['generic_key', 'x']], ['x-a: '])
action('header-first', [fromHeader], [['k', 'v']], ['x-a: v', 'x-a: w'])

for (const route of routes) Object.assign(route, { metadata: { filter_metadata: { 'route.data': { a: { b: 'v' } } } } })

export const rateLimits: Group = {
  name: 'rate-limits',
  listeners: [
    http({
      hcm: {
        use_remote_address: false,
        http_filters: [
          {
            name: 'meta',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.filters.http.set_metadata.v3.Config',
              metadata: [{ metadata_namespace: 'dynamic.data', value: { a: 'dyn' } }],
            },
          },
          { name: 'limit', typed_config: limit('all', { token_bucket: bucket(4) }) },
          router,
        ],
      },
      virtualHosts: [
        {
          name: 'v',
          domains: ['*'],
          routes: [...routes, { match: { prefix: '/' }, route: { cluster: 'a' } }],
          rate_limits: [{ actions: [generic('host')] }],
        },
      ],
    }),
  ],
  cases: [
    ...cases,
    { name: 'the filter’s own', send: oneByOne(Array.from({ length: 6 }, () => req('GET /other'))), responses: 6 },
  ],
  stats: [/\.http_local_rate_limit\./],
}
