/** What a route may be besides a named cluster: cluster specifiers, weights by hash, actions without a cluster; hosts by another header. */
import { cluster, type Group, http, quietRouter, req, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const google = 'type.googleapis.com'
const typed = (name: string, type: string, config: JsonObject = {}): JsonObject => ({
  name,
  typed_config: { '@type': `${google}/${type}`, ...config },
})
const header = (header_name: string): JsonObject =>
  typed('header', 'envoy.type.matcher.v3.HttpRequestHeaderMatchInput', { header_name })
const specifiers = 'envoy.extensions.router.cluster_specifiers.matcher.v3'
const toCluster = (name: string): JsonObject => ({
  action: typed('cluster', `${specifiers}.ClusterAction`, { cluster: name }),
})
const byMatcher = (name: string, cluster_matcher: JsonObject): JsonObject => ({
  extension: typed(name, `${specifiers}.MatcherClusterSpecifier`, { cluster_matcher }),
})
const tree = (input: JsonObject, map: JsonObject, more: JsonObject = {}): JsonObject => ({
  matcher_tree: { input, exact_match_map: { map } },
  ...more,
})
const tenant = tree(header('x-tenant'), { a: toCluster('a'), b: toCluster('b'), gone: toCluster('nowhere') })
const inline = (prefix: string, matcher: JsonObject, route: JsonObject = {}): JsonObject => ({
  match: { prefix },
  route: { inline_cluster_specifier_plugin: byMatcher('inline', matcher), ...route },
})

const weighted = (prefix: string, weighted_clusters: JsonObject, route: JsonObject = {}): JsonObject => ({
  match: { prefix },
  route: { weighted_clusters, ...route },
})
const half = [
  { name: 'a', weight: 50 },
  { name: 'b', weight: 50 },
]
const byHeader = { hash_policy: [{ header: { header_name: 'x-hash' } }] }

const onHost = (domain: string): JsonObject => ({
  name: domain,
  domains: [domain],
  routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: domain } } }],
})

const on = (target: string, headers: readonly string[] = [], listener = 'http') => ({
  name: [listener, target, ...headers].join(' '),
  listener,
  send: req(`GET ${target}`, headers),
})

export const routeActions: Group = {
  name: 'route-actions',
  listeners: [
    http({
      routes: [
        inline('/inline', tenant),
        inline('/otherwise', { ...tenant, on_no_match: toCluster('b') }, { prefix_rewrite: '/rewritten' }),
        inline('/not-found', tenant, { cluster_not_found_response_code: 'NOT_FOUND' }),
        inline(
          '/status',
          tree(
            typed('status', 'envoy.type.matcher.v3.HttpResponseStatusCodeMatchInput'),
            { 200: toCluster('a') },
            { on_no_match: toCluster('b') },
          ),
        ),
        { match: { prefix: '/named' }, route: { cluster_specifier_plugin: 'named' } },
        weighted('/hash', { clusters: half, use_hash_policy: true }, byHeader),
        weighted('/no-policy', { clusters: [{ name: 'a', weight: 1 }], use_hash_policy: true }),
        weighted(
          '/not-used',
          {
            clusters: [
              { name: 'a', weight: 1 },
              { name: 'b', weight: 0 },
            ],
            use_hash_policy: false,
          },
          byHeader,
        ),
        weighted(
          '/cookie',
          { clusters: [{ name: 'a', weight: 1 }], use_hash_policy: true },
          {
            hash_policy: [{ cookie: { name: 'bound', ttl: '0s' } }],
          },
        ),
        weighted('/number', { clusters: half, header_name: 'x-number' }),
        { match: { prefix: '/filter' }, filter_action: { action: { '@type': `${google}/google.protobuf.Empty` } } },
        { name: 'nothing', match: { prefix: '/non-forwarding' }, non_forwarding_action: {} },
        toA(
          { prefix: '/early' },
          { early_data_policy: typed('early', 'envoy.extensions.early_data.v3.DefaultEarlyDataPolicy') },
        ),
      ],
      routeConfig: { cluster_specifier_plugins: [byMatcher('named', tenant)] },
      hcm: { http_filters: [quietRouter] },
    }),
    http({
      name: 'vhost_header',
      virtualHosts: [onHost('one.test'), onHost('*.wild.test'), onHost('*')],
      routeConfig: { vhost_header: 'X-Vhost' },
    }),
    http({
      name: 'vhost_header_port',
      virtualHosts: [onHost('one.test'), onHost('two.test')],
      routeConfig: { vhost_header: 'x-vhost', ignore_port_in_host_matching: true },
    }),
    http({
      name: 'vhost_header_any',
      virtualHosts: [onHost('*')],
      routeConfig: { vhost_header: 'x-vhost' },
    }),
    http({
      name: 'old_redirects',
      hcm: { http_filters: [quietRouter] },
      routes: [
        toA({ prefix: '/' }, { internal_redirect_action: 'HANDLE_INTERNAL_REDIRECT', max_internal_redirects: 1 }),
      ],
    }),
  ],
  clusters: [cluster('unused', ['$a'])],
  cases: [
    ...['a', 'b', 'gone', 'other'].map(value => on('/inline', [`x-tenant: ${value}`])),
    on('/inline'),
    on('/otherwise/x', ['x-tenant: a']),
    on('/otherwise/x', ['x-tenant: other']),
    on('/not-found', ['x-tenant: gone']),
    on('/not-found'),
    on('/status'),
    on('/named', ['x-tenant: b']),
    ...Array.from({ length: 12 }, (_, i) => on('/hash', [`x-hash: ${i}`])),
    on('/no-policy'),
    on('/not-used', ['x-hash: 1']),
    on('/cookie'),
    on('/cookie', ['cookie: bound=x']),
    ...['0', '49', '50', '99', '100', '149', '18446744073709551615'].map(value =>
      on('/number', [`x-number: ${value}`]),
    ),
    on('/filter'),
    on('/non-forwarding'),
    on('/early'),
    ...['one.test', 'ONE.test', 'a.wild.test', 'other.test', 'one.test:80'].map(value =>
      on('/', [`x-vhost: ${value}`], 'vhost_header'),
    ),
    on('/', [], 'vhost_header'),
    on('/', ['host: one.test'], 'vhost_header'),
    on('/', ['x-vhost: one.test', 'x-vhost: a.wild.test'], 'vhost_header'),
    on('/', ['x-vhost: one.test:8080'], 'vhost_header_port'),
    on('/', [], 'vhost_header_port'),
    on('/', ['host: one.test'], 'vhost_header_port'),
    on('/', [], 'vhost_header_any'),
    {
      name: 'old_redirects',
      listener: 'old_redirects',
      send: req('GET /'),
      upstream: [
        'HTTP/1.1 302 Found\r\nlocation: http://a.test/second\r\ncontent-length: 0\r\n\r\n',
        'HTTP/1.1 200 OK\r\ncontent-length: 6\r\n\r\nsecond',
      ],
    },
    {
      name: 'old_redirects too many',
      listener: 'old_redirects',
      send: req('GET /'),
      upstream: [
        'HTTP/1.1 302 Found\r\nlocation: http://a.test/second\r\ncontent-length: 0\r\n\r\n',
        'HTTP/1.1 302 Found\r\nlocation: http://a.test/third\r\ncontent-length: 0\r\n\r\n',
      ],
    },
  ],
}
