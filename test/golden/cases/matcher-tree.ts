/** Virtual hosts whose routes are found by a unified matcher: lists, maps, address ranges, domains, nested. */
import { type Group, http, quietRouter, req, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const google = 'type.googleapis.com'
const typed = (name: string, type: string, config: JsonObject = {}): JsonObject => ({
  name,
  typed_config: { '@type': `${google}/${type}`, ...config },
})
const header = (header_name: string): JsonObject =>
  typed('header', 'envoy.type.matcher.v3.HttpRequestHeaderMatchInput', { header_name })
const direct = (name: string, match: JsonObject = { prefix: '/' }): JsonObject => ({
  name,
  match,
  direct_response: { status: 200, body: { inline_string: name } },
})
const route = (name: string, match?: JsonObject): JsonObject => ({
  action: typed('route', 'envoy.config.route.v3.Route', direct(name, match)),
})
const routeList = (routes: readonly JsonObject[]): JsonObject => ({
  action: typed('routes', 'envoy.config.route.v3.RouteList', { routes }),
})
const single = (input: JsonObject, value_match: JsonObject): JsonObject => ({
  single_predicate: { input, value_match },
})
const custom = (input: JsonObject, type: string, config: JsonObject): JsonObject => ({
  single_predicate: { input, custom_match: typed('custom', type, config) },
})
const list = (matchers: readonly [JsonObject, JsonObject][], more: JsonObject = {}): JsonObject => ({
  matcher_list: { matchers: matchers.map(([predicate, on_match]) => ({ predicate, on_match })) },
  ...more,
})
const tree = (input: JsonObject, of: JsonObject, more: JsonObject = {}): JsonObject => ({
  matcher_tree: { input, ...of },
  ...more,
})
const exactMap = (map: JsonObject): JsonObject => ({ exact_match_map: { map } })
const prefixMap = (map: JsonObject): JsonObject => ({ prefix_match_map: { map } })
const otherwise = { on_no_match: route('otherwise') }
const a = header('x-a')
const b = header('x-b')
const host = (name: string, matcher: JsonObject): JsonObject => ({ name, domains: [`${name}.test`], matcher })
const inputMatchers = 'envoy.extensions.matching.input_matchers'

const hosts: readonly JsonObject[] = [
  host('empty', {}),
  host('only-otherwise', otherwise),
  host(
    'list',
    list(
      [
        [single(a, { exact: 'exact' }), route('exact')],
        [single(a, { exact: 'ANY', ignore_case: true }), route('any case')],
        [single(a, { prefix: 'pre' }), route('prefix')],
        [single(a, { suffix: 'fix' }), route('suffix')],
        [single(a, { contains: 'mid' }), route('contains')],
        [single(a, { safe_regex: { google_re2: {}, regex: '[0-9]+' } }), route('regex')],
        [{ and_matcher: { predicate: [single(a, { exact: 'and' }), single(b, { exact: 'and' })] } }, route('and')],
        [{ or_matcher: { predicate: [single(a, { exact: 'or' }), single(b, { exact: 'or' })] } }, route('or')],
        [
          { and_matcher: { predicate: [single(a, { exact: 'not' }), { not_matcher: single(b, { exact: 'not' }) }] } },
          route('not'),
        ],
        [single(header('host'), { prefix: 'list' }), route('never by host')],
        [single(header(':method'), { exact: 'POST' }), route('post')],
      ],
      otherwise,
    ),
  ),
  host('no-otherwise', list([[single(a, { exact: 'v' }), route('v')]])),
  host('exact', tree(a, exactMap({ one: route('one'), two: route('two'), '1,2': route('joined') }), otherwise)),
  host(
    'prefix',
    tree(header(':path'), prefixMap({ '/': route('root'), '/a': route('a'), '/a/b': route('a b') }), otherwise),
  ),
  // What the nested matcher does not take.
  host(
    'nested',
    tree(
      header(':path'),
      prefixMap({
        '/a': route('a'),
        '/a/b': { matcher: tree(a, exactMap({ in: route('inner') })) },
        '/a/b/c': {
          matcher: tree(a, exactMap({ in: route('innermost') }), { on_no_match: route('innermost otherwise') }),
        },
      }),
      otherwise,
    ),
  ),
  host('nested-exact', tree(a, exactMap({ v: { matcher: tree(b, exactMap({ w: route('both') })) } }), otherwise)),
  host(
    'nested-list',
    list(
      [
        [single(a, { exact: 'v' }), { matcher: tree(b, exactMap({ w: route('both') })) }],
        [single(a, { prefix: 'v' }), route('second')],
      ],
      otherwise,
    ),
  ),
  host(
    'ip',
    tree(
      a,
      {
        custom_match: typed('ip', 'xds.type.matcher.v3.IPMatcher', {
          range_matchers: [
            {
              ranges: [
                { address_prefix: '10.0.0.0', prefix_len: 8 },
                { address_prefix: '2001:db8::', prefix_len: 32 },
              ],
              on_match: route('ten'),
            },
            {
              ranges: [{ address_prefix: '10.1.0.0', prefix_len: 16 }],
              on_match: { matcher: tree(b, exactMap({ w: route('ten one') })) },
            },
            { ranges: [{ address_prefix: '10.1.2.0', prefix_len: 24 }], exclusive: true, on_match: route('exclusive') },
            {
              ranges: [{ address_prefix: '10.1.3.0', prefix_len: 24 }],
              on_match: { matcher: tree(b, exactMap({ w: route('ten one three') })) },
            },
            { ranges: [{ address_prefix: '0.0.0.0', prefix_len: 0 }], exclusive: true, on_match: route('any four') },
          ],
        }),
      },
      otherwise,
    ),
  ),
  host(
    'domain',
    tree(
      a,
      {
        custom_match: typed('domain', 'xds.type.matcher.v3.ServerNameMatcher', {
          domain_matchers: [
            { domains: ['*'], on_match: route('star') },
            { domains: ['*.b.test'], on_match: { matcher: tree(b, exactMap({ w: route('wild b') })) } },
            { domains: ['*.test'], on_match: route('wild') },
            { domains: ['a.b.test'], on_match: route('exact name') },
          ],
        }),
      },
      otherwise,
    ),
  ),
  host(
    'custom',
    list(
      [
        [
          custom(a, `${inputMatchers}.ip.v3.Ip`, {
            cidr_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }],
            stat_prefix: 'ips',
          }),
          route('ip'),
        ],
        [
          custom(b, `${inputMatchers}.consistent_hashing.v3.ConsistentHashing`, { threshold: 50, modulo: 100 }),
          route('high'),
        ],
        [
          custom(header('x-c'), `${inputMatchers}.runtime_fraction.v3.RuntimeFraction`, {
            runtime_fraction: { default_value: { numerator: 50 } },
            seed: 7,
          }),
          route('fraction'),
        ],
      ],
      otherwise,
    ),
  ),
  host(
    'routes',
    tree(
      a,
      exactMap({
        list: routeList([
          direct('first', { prefix: '/first' }),
          direct('second', { path: '/second' }),
          direct('header', { prefix: '/', headers: [{ name: 'x-b', string_match: { exact: 'w' } }] }),
        ]),
        path: route('path only', { path: '/path' }),
        to: { action: typed('route', 'envoy.config.route.v3.Route', toA({ prefix: '/p' }, { prefix_rewrite: '/q' })) },
      }),
      otherwise,
    ),
  ),
  host(
    'state',
    tree(
      typed('state', 'envoy.extensions.matching.common_inputs.network.v3.FilterStateInput', { key: 'text' }),
      exactMap({ v: route('v') }),
      otherwise,
    ),
  ),
]

const setState = typed(
  'envoy.filters.http.set_filter_state',
  'envoy.extensions.filters.http.set_filter_state.v3.Config',
  {
    clear_route_cache: true,
    on_request_headers: [
      {
        object_key: 'text',
        factory_key: 'envoy.string',
        format_string: { text_format_source: { inline_string: '%REQ(x-s)%' } },
      },
    ],
  },
)

const ask = (name: string, headers: readonly string[] = [], target = '/') => ({
  name: [name, target, ...headers].join(' '),
  send: req(`GET ${target}`, [`host: ${name}.test`, ...headers]),
})

export const matcherTree: Group = {
  name: 'matcher-tree',
  listeners: [http({ virtualHosts: hosts, hcm: { http_filters: [setState, quietRouter] } })],
  cases: [
    ask('empty'),
    ask('only-otherwise'),
    ...['exact', 'any', 'prefer', 'suffix', 'amidst', '0123', '0123x', 'or', 'none'].map(value =>
      ask('list', [`x-a: ${value}`]),
    ),
    ask('list'),
    ask('list', ['x-a: and']),
    ask('list', ['x-a: and', 'x-b: and']),
    ask('list', ['x-b: or']),
    ask('list', ['x-a: not']),
    ask('list', ['x-a: not', 'x-b: not']),
    ask('list', ['x-a: exact', 'x-a: prefix']),
    ask('no-otherwise', ['x-a: v']),
    ask('no-otherwise', ['x-a: w']),
    ask('exact', ['x-a: one']),
    ask('exact', ['x-a: ONE']),
    ask('exact', ['x-a: 1', 'x-a: 2']),
    ask('exact', ['x-a: three']),
    ask('exact'),
    ...['/', '/a', '/ab', '/a/bc?d', '/x'].map(target => ask('prefix', [], target)),
    ...['/a', '/a/b', '/a/b/c', '/b'].flatMap(target => [
      ask('nested', ['x-a: in'], target),
      ask('nested', ['x-a: out'], target),
    ]),
    ask('nested-exact', ['x-a: v', 'x-b: w']),
    ask('nested-exact', ['x-a: v', 'x-b: x']),
    ask('nested-list', ['x-a: v', 'x-b: w']),
    ask('nested-list', ['x-a: v', 'x-b: x']),
    ask('nested-list', ['x-a: w']),
    ...[
      '10.9.9.9',
      '10.1.9.9',
      '10.1.2.3',
      '10.1.3.3',
      '11.0.0.1',
      '2001:db8::1',
      '2001:db9::1',
      'nonsense',
      '10.1.2.3:80',
    ].flatMap(ip => [ask('ip', [`x-a: ${ip}`]), ask('ip', [`x-a: ${ip}`, 'x-b: w'])]),
    ask('ip'),
    ...['a.b.test', 'A.B.TEST', 'x.b.test', 'x.y.b.test', 'x.test', 'b.test', 'test', 'x.other'].flatMap(name => [
      ask('domain', [`x-a: ${name}`]),
      ask('domain', [`x-a: ${name}`, 'x-b: w']),
    ]),
    ask('custom', ['x-a: 10.1.1.1']),
    ask('custom', ['x-a: 11.1.1.1']),
    ...Array.from({ length: 8 }, (_, i) => ask('custom', [`x-b: value ${i}`])),
    ...Array.from({ length: 8 }, (_, i) => ask('custom', [`x-c: value ${i}`])),
    ...['/first/x', '/second', '/second/x', '/third'].map(target => ask('routes', ['x-a: list'], target)),
    ask('routes', ['x-a: list', 'x-b: w'], '/third'),
    ask('routes', ['x-a: path'], '/path'),
    ask('routes', ['x-a: path'], '/other'),
    ask('routes', ['x-a: to'], '/p/x'),
    ask('routes', [], '/p/x'),
    ask('state', ['x-s: v']),
    ask('state', ['x-s: w']),
  ],
}
