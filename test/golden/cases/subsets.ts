/**
 * Subsets of hosts by metadata: selectors, fallbacks and lists. Nothing listens at the endpoints: which one was chosen stands
 * in the access log.
 */
import { cluster, type Group, http, listenOn, req } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const type = 'type.googleapis.com/envoy.extensions'
const log = '%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_HOST% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'

const endpoint = (last: number, lb: JsonObject | undefined, more: JsonObject = {}): JsonObject => ({
  endpoint: { address: { socket_address: { address: `127.0.0.${last}`, port_value: last } } },
  ...(lb === undefined ? {} : { metadata: { filter_metadata: { 'envoy.lb': lb } } }),
  ...more,
})
const unhealthy = { health_status: 'UNHEALTHY' }
const endpoints = [
  endpoint(1, { stage: 'prod', version: '1', number: 1 }),
  endpoint(2, { stage: 'prod', version: '2', number: '1' }),
  endpoint(3, { stage: 'dev', version: '1', list: ['a', 'b'] }),
  endpoint(4, { stage: 'sick' }, unhealthy),
  endpoint(5, undefined),
  endpoint(6, { unique: 'x', struct: { b: 1, a: [1, 2] } }),
]
const clusterOf = (name: string, more: JsonObject): JsonObject => ({
  ...cluster(name, [], { lb_policy: 'ROUND_ROBIN', ...more }),
  load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: endpoints }] },
})
const subset = (name: string, subset_selectors: readonly JsonObject[], more: JsonObject = {}): JsonObject =>
  clusterOf(name, { lb_subset_config: { subset_selectors, ...more } })
const policies = (name: string, config: JsonObject): JsonObject => ({
  policies: [
    {
      typed_extension_config: {
        name,
        typed_config: { '@type': `${type}.load_balancing_policies.${name}`, ...config },
      },
    },
  ],
})

/** A default subset of one host, so that a fallback is told from chance. */
const toDefault = { fallback_policy: 'DEFAULT_SUBSET', default_subset: { unique: 'x' } }
const onlySick = { fallback_policy: 'DEFAULT_SUBSET', default_subset: { stage: 'nowhere' } }
const clusters: readonly JsonObject[] = [
  subset('none', [{ keys: ['stage', 'version'] }, { keys: ['number'] }, { keys: ['struct'] }, { keys: ['list'] }]),
  subset('default', [{ keys: ['version', 'stage'] }, { keys: ['stage'] }], toDefault),
  subset('no_default', [{ keys: ['stage'] }], onlySick),
  subset(
    'selector',
    [
      { keys: ['stage'], fallback_policy: 'DEFAULT_SUBSET' },
      { keys: ['version'], fallback_policy: 'NO_FALLBACK' },
      { keys: ['stage', 'version'], fallback_policy: 'KEYS_SUBSET', fallback_keys_subset: ['stage'] },
      { keys: ['number', 'stage'], fallback_policy: 'KEYS_SUBSET', fallback_keys_subset: ['number'] },
    ],
    toDefault,
  ),
  subset(
    'prefix_first',
    [
      { keys: ['stage', 'version'], fallback_policy: 'NO_FALLBACK' },
      { keys: ['stage'], fallback_policy: 'NO_FALLBACK' },
    ],
    toDefault,
  ),
  subset('any_list', [{ keys: ['list'] }, { keys: ['list', 'stage'] }], { list_as_any: true, ...toDefault }),
  subset('single', [{ keys: ['unique'], single_host_per_subset: true }, { keys: ['stage'] }], toDefault),
  subset('lists', [{ keys: ['stage', 'version'] }, { keys: ['stage'] }], {
    metadata_fallback_policy: 'FALLBACK_LIST',
    ...toDefault,
  }),
  clusterOf('extension', {
    load_balancing_policy: policies('subset.v3.Subset', {
      subset_selectors: [{ keys: ['stage', 'version'] }, { keys: ['unique'] }, { keys: ['stage'] }],
      allow_redundant_keys: true,
      ...toDefault,
      subset_lb_policy: policies('round_robin.v3.RoundRobin', {}),
    }),
  }),
  clusterOf('ring', {
    lb_policy: 'RING_HASH',
    lb_subset_config: { subset_selectors: [{ keys: ['stage'] }], fallback_policy: 'ANY_ENDPOINT' },
  }),
]

const match = (lb: JsonObject): JsonObject => ({ metadata_match: { filter_metadata: { 'envoy.lb': lb } } })
let count = 0
const routes: JsonObject[] = []
const cases: Group['cases'][number][] = []

/** A request to a route with this metadata. */
function ask(name: string, lb: JsonObject | undefined, more: JsonObject = {}, headers: readonly string[] = []): void {
  const path = `/${count++}`
  routes.push({ match: { path }, route: { cluster: name, ...(lb === undefined ? {} : match(lb)), ...more } })
  cases.push({
    name: [name, JSON.stringify(lb ?? null), path, ...headers].join(' '),
    send: req(`GET ${path}`, headers),
  })
}

ask('none', { stage: 'prod', version: '2' })
ask('none', { version: '2', stage: 'prod' })
ask('none', { stage: 'prod', version: '3' })
ask('none', { stage: 'prod' })
ask('none', { number: 1 })
ask('none', { number: '1' })
ask('none', { struct: { a: [1, 2], b: 1 } })
ask('none', { struct: { a: [2, 1], b: 1 } })
ask('none', { list: ['a', 'b'] })
ask('none', { list: 'a' })
ask('none', {})
ask('none', undefined)
ask('default', { stage: 'dev' })
ask('default', { stage: 'sick' })
ask('default', { stage: 'other' })
ask('default', { other: 'x' })
ask('default', { stage: 'prod', version: '1' })
ask('default', { stage: 'prod', version: '1', more: 1 })
ask('default', undefined)
ask('no_default', { stage: 'other' })
ask('selector', { stage: 'other' })
ask('selector', { version: 'other' })
ask('selector', { stage: 'dev', version: '9' })
ask('selector', { stage: 'other', version: '9' })
ask('selector', { number: 1, stage: 'other' })
ask('selector', { unknown: 1 })
ask('prefix_first', { stage: 'other' })
ask('prefix_first', { stage: 'other', version: '1' })
ask('any_list', { list: 'a' })
ask('any_list', { list: 'b', stage: 'dev' })
ask('any_list', { list: ['a', 'b'] })
ask('single', { unique: 'x' })
ask('single', { unique: 'y' })
ask('single', { stage: 'dev' })
ask('lists', { fallback_list: [{ stage: 'prod', version: '2' }, { stage: 'dev' }] })
ask('lists', { fallback_list: [{ stage: 'prod', version: '9' }, { stage: 'dev' }] })
ask('lists', { fallback_list: [{ stage: 'sick' }, { stage: 'dev' }] })
ask('lists', { stage: 'prod', fallback_list: [{ version: '2' }] })
ask('lists', { stage: 'dev', fallback_list: [] })
ask('lists', { stage: 'dev' })
ask('extension', { stage: 'prod', version: '2', unique: 'x' })
ask('extension', { stage: 'dev', more: 1 })
ask('extension', { more: 1 })
ask('ring', { stage: 'dev' }, { hash_policy: [{ header: { header_name: 'x-h' } }] }, ['x-h: 1'])
for (const value of ['1', '2', '3', '4'])
  ask('ring', { stage: 'prod' }, { hash_policy: [{ header: { header_name: 'x-h' } }] }, [`x-h: ${value}`])
// A weighted cluster adds to the route's metadata, the request's dynamic metadata to both.
ask(
  'none',
  { stage: 'prod' },
  {
    cluster: undefined as never,
    weighted_clusters: { clusters: [{ name: 'none', weight: 1, ...match({ version: '2' }) }] },
  },
)
ask(
  'none',
  { stage: 'prod', version: '1' },
  {
    cluster: undefined as never,
    weighted_clusters: { clusters: [{ name: 'none', weight: 1, ...match({ version: '2' }) }] },
  },
)
ask('none', { stage: 'prod' }, {}, ['x-version: 2'])
ask('default', undefined, {}, ['x-stage: dev'])

const tcp = (name: string, more: JsonObject): JsonObject =>
  listenOn(name, [
    {
      name: 'envoy.filters.network.tcp_proxy',
      typed_config: {
        '@type': `${type}.filters.network.tcp_proxy.v3.TcpProxy`,
        stat_prefix: name,
        access_log: [
          {
            name: 'envoy.access_loggers.file',
            typed_config: {
              '@type': `${type}.access_loggers.file.v3.FileAccessLog`,
              path: '$DIR/access.log',
              log_format: {
                text_format_source: {
                  inline_string: 'tcp %RESPONSE_FLAGS% %UPSTREAM_HOST% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n',
                },
              },
            },
          },
        ],
        ...more,
      },
    },
  ])

export const subsets: Group = {
  name: 'subsets',
  listeners: [
    http({
      routes,
      log,
      hcm: {
        http_filters: [
          {
            name: 'envoy.filters.http.header_to_metadata',
            typed_config: {
              '@type': `${type}.filters.http.header_to_metadata.v3.Config`,
              request_rules: ['version', 'stage'].map(key => ({
                header: `x-${key}`,
                on_header_present: { metadata_namespace: 'envoy.lb', key },
              })),
            },
          },
          {
            name: 'envoy.filters.http.router',
            typed_config: { '@type': `${type}.filters.http.router.v3.Router`, suppress_envoy_headers: true },
          },
        ],
      },
    }),
    tcp('tcp_subset', { cluster: 'none', ...match({ stage: 'prod', version: '2' }) }),
    tcp('tcp_weighted', {
      weighted_clusters: { clusters: [{ name: 'none', weight: 1, ...match({ version: '1' }) }] },
      ...match({ stage: 'prod' }),
    }),
    tcp('tcp_no_match', { cluster: 'none' }),
  ],
  clusters,
  cases: [
    ...cases,
    ...['tcp_subset', 'tcp_weighted', 'tcp_no_match'].map(listener => ({
      name: listener,
      listener,
      tcp: true,
      send: [{ closed: true } as const],
    })),
  ],
  stats: [/^cluster\.\w+\.lb_subsets_(active|created|removed|selected|fallback|fallback_panic|single.*)$/],
}
