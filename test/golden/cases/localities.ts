/**
 * Localities with weights, by every load balancer, in subsets too. Nothing listens at the endpoints: which one was chosen stands
 * in the access log. Only what is no matter of chance is asked.
 */
import type { JsonObject } from '../../support/proxy-process.ts'
import { cluster, type Group, http, req } from '../case.ts'

const type = 'type.googleapis.com/envoy.extensions.load_balancing_policies'
const log =
  '%REQ(:PATH)% %REQ(X-H)% %RESPONSE_CODE% %RESPONSE_FLAGS% %UPSTREAM_HOST% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'
const endpoint = (last: number, more: JsonObject = {}): JsonObject => ({
  endpoint: { address: { socket_address: { address: `127.0.0.${last}`, port_value: last } } },
  metadata: { filter_metadata: { 'envoy.lb': { stage: last % 2 === 0 ? 'even' : 'odd' } } },
  ...more,
})
const unhealthy = { health_status: 'UNHEALTHY' }
const degraded = { health_status: 'DEGRADED' }
const zone = (
  name: string,
  weight: number | undefined,
  lb_endpoints: readonly JsonObject[],
  more = {},
): JsonObject => ({
  locality: { zone: name },
  ...(weight === undefined ? {} : { load_balancing_weight: weight }),
  lb_endpoints,
  ...more,
})
const weighted = { locality_weighted_lb_config: {} }
const clusterOf = (name: string, endpoints: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  ...cluster(name, [], { common_lb_config: weighted, lb_policy: 'ROUND_ROBIN', ...more }),
  load_assignment: { cluster_name: name, endpoints },
})
const policy = (name: string, config: JsonObject): JsonObject => ({
  common_lb_config: {},
  load_balancing_policy: {
    policies: [{ typed_extension_config: { name, typed_config: { '@type': `${type}.${name}`, ...config } } }],
  },
})
const one = [zone('a', undefined, [endpoint(1)]), zone('b', 1, [endpoint(2)])]
const several = [
  zone('a', 1, [endpoint(1), endpoint(2, { load_balancing_weight: 3 }), endpoint(3)]),
  zone('b', 4, [endpoint(4), endpoint(5)]),
  zone('c', undefined, [endpoint(6)]),
]
const panicking = [
  zone('a', 1, [endpoint(1), endpoint(2, unhealthy), endpoint(3, unhealthy)]),
  zone('b', 5, [endpoint(4, unhealthy), endpoint(5, unhealthy)]),
]
const subset = { subset_selectors: [{ keys: ['stage'] }] }
const aware = { ...subset, locality_weight_aware: true }
const mixed = [
  zone('a', undefined, [endpoint(1), endpoint(2)]),
  zone('b', 1, [endpoint(4)]),
  zone('c', 8, [endpoint(6), endpoint(7), endpoint(9)]),
]

const clusters: readonly JsonObject[] = [
  clusterOf('round_robin', one),
  clusterOf('random', one, { lb_policy: 'RANDOM' }),
  clusterOf('least_request', one, { lb_policy: 'LEAST_REQUEST' }),
  clusterOf('round_robin_extension', one, policy('round_robin.v3.RoundRobin', { locality_lb_config: weighted })),
  clusterOf('random_extension', one, policy('random.v3.Random', { locality_lb_config: weighted })),
  clusterOf('least_extension', one, policy('least_request.v3.LeastRequest', { locality_lb_config: weighted })),
  clusterOf('sick', [zone('a', undefined, [endpoint(1)]), zone('b', 1, [endpoint(2, unhealthy)])]),
  clusterOf('degraded', [zone('a', undefined, [endpoint(1, degraded)]), zone('b', 1, [endpoint(2, degraded)])]),
  clusterOf('second', [
    zone('a', 1, [endpoint(1, unhealthy)]),
    zone('a', undefined, [endpoint(2)], { priority: 1 }),
    zone('b', 7, [endpoint(3)], { priority: 1 }),
  ]),
  clusterOf('ring', several, { lb_policy: 'RING_HASH' }),
  clusterOf('maglev', several, { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: 251 } }),
  clusterOf('ring_extension', several, policy('ring_hash.v3.RingHash', weighted)),
  clusterOf('maglev_extension', several, policy('maglev.v3.Maglev', { table_size: 251, ...weighted })),
  clusterOf('ring_panic', panicking, { lb_policy: 'RING_HASH' }),
  clusterOf('ring_none', [zone('a', undefined, [endpoint(1)]), zone('b', undefined, [endpoint(2)])], {
    lb_policy: 'RING_HASH',
  }),
  clusterOf('maglev_none', [zone('a', undefined, [endpoint(1)])], { lb_policy: 'MAGLEV' }),
  clusterOf('bounded', several, {
    lb_policy: 'MAGLEV',
    maglev_lb_config: { table_size: 251 },
    common_lb_config: { ...weighted, consistent_hashing_lb_config: { hash_balance_factor: 150 } },
  }),
  clusterOf('subset_unaware', mixed, { lb_policy: 'RING_HASH', lb_subset_config: subset }),
  clusterOf('subset_aware', mixed, { lb_policy: 'RING_HASH', lb_subset_config: aware }),
  clusterOf('subset_scaled', mixed, {
    lb_policy: 'RING_HASH',
    lb_subset_config: { ...aware, scale_locality_weight: true },
  }),
  clusterOf('subset_round_robin', [zone('a', undefined, [endpoint(2)]), zone('b', 1, [endpoint(4), endpoint(1)])], {
    lb_subset_config: aware,
  }),
  clusterOf('no_panic', [zone('a', undefined, [endpoint(1, unhealthy)])], {
    common_lb_config: { zone_aware_lb_config: { fail_traffic_on_panic: true } },
  }),
]

const values = ['1', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11', '12']
const hash_policy = [{ header: { header_name: 'x-h' } }]
const routes: JsonObject[] = []
const cases: Group['cases'][number][] = []

function ask(name: string, headers: readonly (readonly string[])[], stage?: string): void {
  const path = `/${name}${stage === undefined ? '' : `/${stage}`}`
  const metadata_match = stage === undefined ? {} : { metadata_match: { filter_metadata: { 'envoy.lb': { stage } } } }
  routes.push({ match: { path }, route: { cluster: name, hash_policy, ...metadata_match } })
  for (const each of headers) cases.push({ name: [path, ...each].join(' '), send: req(`GET ${path}`, each) })
}

for (const name of ['round_robin', 'random', 'least_request', 'round_robin_extension', 'random_extension'])
  ask(name, [[], ['x-h: 2'], ['x-h: 3']])
for (const name of ['least_extension', 'sick', 'degraded', 'second', 'no_panic']) ask(name, [[], ['x-h: 2']])
const hashes = values.map(value => [`x-h: ${value}`])
for (const name of ['ring', 'maglev', 'ring_extension', 'maglev_extension', 'ring_panic', 'bounded']) ask(name, hashes)
ask('ring_none', [['x-h: 1']])
ask('maglev_none', [['x-h: 1']])
for (const name of ['subset_unaware', 'subset_aware', 'subset_scaled'])
  for (const stage of ['even', 'odd', 'other']) ask(name, hashes, stage)
ask('subset_round_robin', [[], ['x-h: 2'], ['x-h: 3']], 'even')

export const localities: Group = { name: 'localities', clusters, listeners: [http({ routes, log })], cases }
