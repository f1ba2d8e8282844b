/** What clusters say about requests themselves: retries, mirrors, hashing, circuit breakers for hosts and budgets over time. */
import type { JsonObject } from '../../support/proxy-process.ts'
import type { Reply } from '../../support/upstream.ts'
import { type Case, cluster, type Group, http, quietRouter, req, res } from '../case.ts'

const ok = res('200 OK', [], 'ok')
const failed = res('503 Service Unavailable', [], 'no')
const silent: Reply = { when: 'complete' }
const fast = { base_interval: '0.001s', max_interval: '0.002s' }

const protocolOptions = (options: JsonObject): JsonObject => ({
  typed_extension_protocol_options: {
    'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
      '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
      explicit_http_config: { http_protocol_options: {} },
      ...options,
    },
  },
})
const retrying = (name: string, policy: JsonObject): JsonObject =>
  cluster(name, ['$a'], protocolOptions({ retry_policy: { retry_back_off: fast, ...policy } }))
/** Cluster `b` answers, and cluster `a` gets the copies. */
const mirroring = (name: string, ...request_mirror_policies: JsonObject[]): JsonObject =>
  cluster(name, ['$b'], protocolOptions({ request_mirror_policies }))
const hosts = (name: string, options: JsonObject): JsonObject => ({
  ...cluster(name, [], { lb_policy: 'RING_HASH', ...options }),
  load_assignment: {
    cluster_name: name,
    endpoints: [
      {
        lb_endpoints: [1, 2, 3, 4, 5].map(last => ({
          endpoint: { address: { socket_address: { address: `127.0.0.${last}`, port_value: last } } },
        })),
      },
    ],
  },
})
const breakers = (name: string, circuit_breakers: JsonObject): JsonObject => cluster(name, ['$a'], { circuit_breakers })
const limits = (thresholds: JsonObject): JsonObject => ({ thresholds: [thresholds] })
const budget = (retry_budget: JsonObject, more: JsonObject = {}): JsonObject => limits({ retry_budget, ...more })

const clusters: readonly JsonObject[] = [
  retrying('retries', { retry_on: '5xx', num_retries: 2 }),
  retrying('no_words', { num_retries: 2 }),
  // Timeouts of one try are the route's.
  retrying('brief', { retry_on: '5xx', per_try_timeout: '0.1s', per_try_idle_timeout: '0.1s' }),
  retrying('patient', { retry_on: '5xx', per_try_timeout: '10s', per_try_idle_timeout: '10s' }),
  mirroring('mirrored', { cluster: 'a' }),
  mirroring(
    'mirrored_twice',
    { cluster: 'a', disable_shadow_host_suffix_append: true },
    { cluster_header: 'x-copy-to' },
  ),
  mirroring('mirrored_never', { cluster: 'a', runtime_fraction: { default_value: { numerator: 0 } } }),
  mirroring('mirrored_nowhere', { cluster: 'nowhere' }),
  mirroring('mirrored_changed', {
    cluster: 'a',
    host_rewrite_literal: 'copy.test',
    request_headers_mutations: [{ append: { header: { key: 'x-copy', value: '%REQ(:PATH)%' } } }, { remove: 'x-gone' }],
  }),
  hosts('hashed', protocolOptions({ hash_policy: [{ header: { header_name: 'x-own' } }] })),
  hosts('hashed_twice', {
    ...protocolOptions({ hash_policy: [{ header: { header_name: 'x-own' } }] }),
    lb_policy: 'LOAD_BALANCING_POLICY_CONFIG',
    load_balancing_policy: {
      policies: [
        {
          typed_extension_config: {
            name: 'ring',
            typed_config: {
              '@type': 'type.googleapis.com/envoy.extensions.load_balancing_policies.ring_hash.v3.RingHash',
              consistent_hashing_lb_config: { hash_policy: [{ header: { header_name: 'x-balancer' } }] },
            },
          },
        },
      ],
    },
  }),
  breakers('one_connection', { per_host_thresholds: [{ max_connections: 1 }] }),
  breakers('no_connection', { per_host_thresholds: [{ max_connections: 0, track_remaining: true }] }),
  breakers('high_only', { per_host_thresholds: [{ priority: 'HIGH', max_connections: 0 }, { max_connections: 5 }] }),
  breakers('interval', budget({ budget_percent: { value: 50 }, budget_interval: '60s', min_retry_concurrency: 0 })),
  breakers(
    'short_interval',
    budget({ budget_percent: { value: 30 }, budget_interval: '0.05s', min_retry_concurrency: 0 }),
  ),
  breakers('no_interval', budget({ budget_percent: { value: 100 }, budget_interval: '0s', min_retry_concurrency: 0 })),
  breakers('least', budget({ budget_percent: { value: 0 }, budget_interval: '60s', min_retry_concurrency: 1 })),
  breakers('default_budget', budget({})),
  breakers(
    'tracked',
    limits({
      track_remaining: true,
      max_connections: 5,
      max_pending_requests: 4,
      max_requests: 7,
      max_retries: 2,
      max_connection_pools: 6,
    }),
  ),
  breakers(
    'tracked_budget',
    budget({ min_retry_concurrency: 2 }, { track_remaining: true, max_retries: 1, max_connection_pools: 9 }),
  ),
]

const to = (path: string, name: string, route: JsonObject = {}): JsonObject => ({
  match: { path: `/${path}` },
  route: { cluster: name, ...route },
})
const retryOn = (words: string): JsonObject => ({ retry_policy: { retry_on: words, retry_back_off: fast } })
const names = clusters.map(each => each['name'] as string)
const routes: readonly JsonObject[] = [
  ...names.filter(name => !/interval|least|budget|tracked/.test(name)).map(name => to(name, name)),
  ...names.filter(name => /interval|least|budget|tracked/.test(name)).map(name => to(name, name, retryOn('5xx'))),
  to('retries_both', 'retries', retryOn('retriable-4xx')),
  to('no_words_both', 'no_words', retryOn('5xx')),
  to('brief_whole', 'brief', { timeout: '0.3s' }),
  to('patient_try', 'patient', { retry_policy: { per_try_timeout: '0.1s' } }),
  to('patient_idle', 'patient', { retry_policy: { per_try_idle_timeout: '0.1s' } }),
  to('mirrored_both', 'mirrored', { request_mirror_policies: [{ cluster: 'a', host_rewrite_literal: 'route.test' }] }),
  to('mirrored_never_both', 'mirrored_never', {
    request_mirror_policies: [{ cluster: 'a', host_rewrite_literal: 'route.test' }],
  }),
  to('copy_retried', 'b', { request_mirror_policies: [{ cluster: 'retries' }] }),
  to('copy_copied', 'b', { request_mirror_policies: [{ cluster: 'mirrored' }] }),
  to('copy_filtered', 'b', { request_mirror_policies: [{ cluster: 'a' }] }),
  to('hashed_both', 'hashed', { hash_policy: [{ header: { header_name: 'x-hash' } }] }),
  to('hashed_twice_both', 'hashed_twice', { hash_policy: [{ header: { header_name: 'x-hash' } }] }),
  to('one_connection_brief', 'one_connection', { timeout: '0.2s' }),
  to('high_only_high', 'high_only', { priority: 'HIGH' }),
]

const get = (
  path: string,
  upstream: Reply | readonly Reply[] = ok,
  headers: readonly string[] = [],
  name = path,
): Case => ({
  name,
  send: req(`GET /${path}`, headers),
  upstream,
})
const internal = 'x-forwarded-for: 10.0.0.1'
const copied = (path: string, copies = 1): Case => ({
  name: path,
  send: [req(`GET /${path}`, ['x-copy-to: dead', 'x-gone: 1']), { upstreamHeads: copies }],
})
/** Only the header that should count changes. */
const hashes = (path: string, header: string, more: readonly string[]): Case[] =>
  [1, 2, 3, 4].map(value => ({
    name: `${path}, ${header}: ${value}`,
    listener: 'hosts',
    send: req(`GET /${path}`, [`${header}: ${value}`, ...more]),
  }))

const filteringRouter: JsonObject = {
  name: 'envoy.filters.http.router',
  typed_config: {
    '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
    upstream_http_filters: [
      {
        name: 'mark',
        typed_config: {
          '@type': 'type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation',
          mutations: { request_mutations: [{ append: { header: { key: 'x-filtered', value: 'once' } } }] },
        },
      },
      {
        name: 'envoy.filters.http.upstream_codec',
        typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec' },
      },
    ],
  },
}

export const clusterOptions: Group = {
  name: 'cluster-options',
  clusters,
  listeners: [
    http({
      routes,
      hcm: {
        http_filters: [quietRouter],
        internal_address_config: { cidr_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] },
      },
    }),
    http({ name: 'filtered', routes, hcm: { http_filters: [filteringRouter] } }),
    http({
      name: 'hosts',
      routes,
      hcm: { http_filters: [quietRouter] },
      log: '%REQ(:PATH)% %RESPONSE_CODE% %UPSTREAM_HOST% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n',
    }),
  ],
  cases: [
    get('retries', [failed, failed, ok]),
    get('retries', [failed], [], 'retries, limit exceeded'),
    get('retries', [res('409 Conflict'), ok], [], 'retries, other status'),
    get('retries', [failed, ok], [internal, 'x-envoy-max-retries: 0'], 'retries, the request wants none'),
    get(
      'retries',
      [res('409 Conflict'), ok],
      [internal, 'x-envoy-retry-on: retriable-4xx'],
      'retries, the request wants more',
    ),
    { name: 'retries, a body', send: req('POST /retries', ['content-length: 4'], 'body'), upstream: [failed, ok] },
    get('retries_both', [failed, failed, ok]),
    get('retries_both', [res('409 Conflict'), ok], [], 'retries_both, what the route retries'),
    get('no_words', [failed, ok]),
    get('no_words_both', [failed, ok]),
    get('brief_whole', [silent, ok]),
    get('patient_try', [silent, ok]),
    get('patient_idle', [silent, ok]),
    copied('mirrored'),
    copied('mirrored_both'),
    copied('mirrored_twice'),
    get('mirrored_never'),
    get('mirrored_never_both'),
    get('mirrored_nowhere'),
    copied('mirrored_changed'),
    { name: 'mirrored, a body', send: [req('POST /mirrored', ['content-length: 4'], 'body'), { upstreamHeads: 1 }] },
    { ...copied('copy_retried', 2), upstream: [failed, ok] },
    copied('copy_copied'),
    { ...copied('copy_filtered'), listener: 'filtered' },
    ...hashes('hashed', 'x-own', []),
    ...hashes('hashed_both', 'x-own', ['x-hash: same']),
    ...hashes('hashed_both', 'x-hash', ['x-own: same']),
    ...hashes('hashed_twice_both', 'x-balancer', ['x-own: same', 'x-hash: same']),
    ...hashes('hashed_twice_both', 'x-own', ['x-balancer: same']),
    get('one_connection'),
    { ...get('one_connection_brief'), before: req('GET /one_connection') },
    get('no_connection'),
    get('high_only'),
    get('high_only_high'),
    get('interval', [failed, ok], [], 'interval 1'),
    get('interval', [failed, ok], [], 'interval 2'),
    get('interval', [ok], [], 'interval 3'),
    get('interval', [failed, ok], [], 'interval 4'),
    get('short_interval', [failed, ok], [], 'short interval 1'),
    get('short_interval', [failed, ok], [], 'short interval 2'),
    get('no_interval', [failed, ok]),
    get('least', [failed, ok]),
    get('default_budget', [failed, ok]),
    get('tracked', [failed, ok]),
    get('tracked_budget', [failed, ok]),
  ],
  stats: [
    /^cluster\.\w+\.circuit_breakers\.\w+\.remaining_/,
    /^cluster\.\w+\.(upstream_rq_(retry|retry_overflow|retry_limit_exceeded|total|timeout|per_try_.*|cancelled)|upstream_cx_overflow)$/,
  ],
}
