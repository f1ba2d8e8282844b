/**
 * Hash policies, ring hash and maglev. Nothing listens at the endpoints: which one was chosen stands in the access log.
 * Cluster `a` answers, for cookies.
 */
import { cluster, type Group, http, req } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const log = '%REQ(:PATH)% %RESPONSE_CODE% %UPSTREAM_HOST% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'

const endpoint = (last: number, more: JsonObject = {}, inside: JsonObject = {}): JsonObject => ({
  endpoint: { address: { socket_address: { address: `127.0.0.${last}`, port_value: last } }, ...inside },
  ...more,
})
const clusterOf = (name: string, endpoints: readonly JsonObject[], more: JsonObject): JsonObject => ({
  ...cluster(name, [], more),
  load_assignment: { cluster_name: name, endpoints: [{ lb_endpoints: endpoints }] },
})
const five = [1, 2, 3, 4, 5].map(last => endpoint(last))
const weighted = [1, 2, 3, 4, 5].map(last => endpoint(last, { load_balancing_weight: last * last }))
const keyed = [1, 2, 3].map(last =>
  endpoint(last, {
    metadata: { filter_metadata: { 'envoy.lb': { hash_key: `key${last} of a host whose name is long` } } },
  }),
)
const named = [1, 2, 3].map(last => endpoint(last, {}, { hostname: `host${last}.test` }))
const policy = (type: string, settings: JsonObject = {}): JsonObject => ({
  load_balancing_policy: {
    policies: [
      {
        typed_extension_config: {
          name: type,
          typed_config: {
            '@type': `type.googleapis.com/envoy.extensions.load_balancing_policies.${type}`,
            ...settings,
          },
        },
      },
    ],
  },
})
const hostnames = {
  type: 'STRICT_DNS',
  common_lb_config: { consistent_hashing_lb_config: { use_hostname_for_hashing: true } },
}

const ownPolicy = {
  consistent_hashing_lb_config: {
    hash_balance_factor: 200,
    hash_policy: [{ header: { header_name: 'x-own' } }, { cookie: { name: 'own' } }],
  },
}

const balanced: Readonly<Record<string, JsonObject>> = {
  ring: clusterOf('ring', five, { lb_policy: 'RING_HASH' }),
  ring_murmur: clusterOf('ring_murmur', five, {
    lb_policy: 'RING_HASH',
    ring_hash_lb_config: { hash_function: 'MURMUR_HASH_2', minimum_ring_size: 64 },
  }),
  ring_weighted: clusterOf('ring_weighted', weighted, { lb_policy: 'RING_HASH' }),
  ring_small: clusterOf('ring_small', weighted, {
    lb_policy: 'RING_HASH',
    ring_hash_lb_config: { minimum_ring_size: 3, maximum_ring_size: 7 },
  }),
  ring_keyed: clusterOf('ring_keyed', keyed, { lb_policy: 'RING_HASH' }),
  ring_named: clusterOf('ring_named', named, { lb_policy: 'RING_HASH', ...hostnames }),
  ring_extension: clusterOf(
    'ring_extension',
    five,
    policy('ring_hash.v3.RingHash', { minimum_ring_size: 100, hash_function: 'MURMUR_HASH_2' }),
  ),
  maglev: clusterOf('maglev', five, { lb_policy: 'MAGLEV' }),
  maglev_weighted: clusterOf('maglev_weighted', weighted, { lb_policy: 'MAGLEV' }),
  maglev_small: clusterOf('maglev_small', five, { lb_policy: 'MAGLEV', maglev_lb_config: { table_size: 11 } }),
  maglev_keyed: clusterOf('maglev_keyed', keyed, { lb_policy: 'MAGLEV' }),
  maglev_named: clusterOf('maglev_named', named, { lb_policy: 'MAGLEV', ...hostnames }),
  maglev_extension: clusterOf('maglev_extension', five, policy('maglev.v3.Maglev', { table_size: 101 })),
  // The load balancer's own policy goes before the route's; nothing is so busy that the factor counts.
  ring_own: clusterOf('ring_own', five, policy('ring_hash.v3.RingHash', ownPolicy)),
  maglev_own: clusterOf('maglev_own', five, policy('maglev.v3.Maglev', ownPolicy)),
  balanced: clusterOf('balanced', five, {
    lb_policy: 'RING_HASH',
    common_lb_config: { consistent_hashing_lb_config: { hash_balance_factor: 150 } },
  }),
  sick: clusterOf(
    'sick',
    [1, 2, 3, 4, 5].map(last => endpoint(last, last === 2 ? { health_status: 'UNHEALTHY' } : {})),
    { lb_policy: 'RING_HASH' },
  ),
  panic: clusterOf(
    'panic',
    [1, 2, 3, 4, 5].map(last => endpoint(last, last === 2 ? {} : { health_status: 'UNHEALTHY' })),
    { lb_policy: 'MAGLEV' },
  ),
}

/** Policies are told apart by the host that they lead to. */
const byPolicy = (path: string, hash_policy: readonly JsonObject[]): JsonObject => ({
  match: { prefix: `/${path}` },
  route: { cluster: 'maglev', hash_policy },
})
const xHash = { header: { header_name: 'x-hash' } }
const cookieRoute = (path: string, cookie: JsonObject): JsonObject => ({
  match: { prefix: `/${path}` },
  route: { cluster: 'answering', hash_policy: [{ cookie }] },
  response_headers_to_add: [{ header: { key: 'x-after', value: '1' } }],
})

const ask = (path: string, headers: readonly string[] = [], name = `${path} ${headers.join(', ')}`) => ({
  name,
  send: req(`GET ${path}`, headers),
})
const many = (path: string, count: number) => ({
  name: path,
  send: Array.from({ length: count }, (_, i) => req(`GET ${path}?${i}`, [`x-hash: value ${i}`])).join(''),
  responses: count,
})

export const hashing: Group = {
  name: 'hashing',
  listeners: [
    http({
      log,
      hcm: { use_remote_address: true, xff_num_trusted_hops: 1 },
      routes: [
        ...Object.keys(balanced).map(name => ({
          match: { path: `/${name}` },
          route: { cluster: name, hash_policy: [xHash] },
        })),
        byPolicy('header', [xHash]),
        byPolicy('rewritten', [
          {
            header: {
              header_name: 'x-hash',
              regex_rewrite: { pattern: { regex: '^/(\\w+)/.*' }, substitution: '\\1' },
            },
          },
        ]),
        byPolicy('query', [{ query_parameter: { name: 'k' } }]),
        byPolicy('cookie', [{ cookie: { name: 'c' } }]),
        byPolicy('source', [{ connection_properties: { source_ip: true } }]),
        byPolicy('two', [xHash, { header: { header_name: 'x-more' } }]),
        byPolicy('terminal', [{ ...xHash, terminal: true }, { header: { header_name: 'x-more' } }]),
        { match: { prefix: '/own' }, route: { cluster: 'answering_own' } },
        cookieRoute('set/session', { name: 'sid', ttl: '0s' }),
        cookieRoute('set/path', { name: 'sid', ttl: '90.5s', path: '/p' }),
        cookieRoute('set/attributes', {
          name: 'sid',
          ttl: '10s',
          path: '/',
          attributes: [{ name: 'SameSite', value: 'Strict' }, { name: 'Secure' }],
        }),
        cookieRoute('set/never', { name: 'sid' }),
      ],
    }),
  ],
  clusters: [
    ...Object.values(balanced),
    cluster('answering', ['$a'], { lb_policy: 'RING_HASH' }),
    cluster(
      'answering_own',
      ['$a'],
      policy('ring_hash.v3.RingHash', {
        consistent_hashing_lb_config: { hash_policy: [{ cookie: { name: 'own', ttl: '5s' } }] },
      }),
    ),
  ],
  cases: [
    ...Object.keys(balanced)
      .filter(name => !name.endsWith('_own'))
      .map(name => many(`/${name}`, 25)),
    ...['x-own: 1', 'x-own: 2', 'x-own: 3', 'cookie: own=a'].flatMap(header =>
      ['ring_own', 'maglev_own'].map(name => ask(`/${name}`, ['x-hash: same', header])),
    ),
    ask('/own'),
    ask('/own', ['cookie: own=x']),
    ...['a', 'b', '', 'a value that is longer than thirty-two bytes, so that it takes stripes'].map(value =>
      ask('/header', [`x-hash: ${value}`]),
    ),
    ask('/header', ['x-hash: a', 'x-hash: b']),
    ask('/header', ['x-hash: b', 'x-hash: a']),
    ask('/header', ['x-hash: ab']),
    ask('/header', ['x-hash: a,b']),
    ask('/header', ['x-hash: \u00e4\u00ff']),
    ...['/tenant1/a', '/tenant1/b', '/tenant2/a', 'none'].map(value => ask('/rewritten', [`x-hash: ${value}`])),
    ...['k=1', 'k=2', 'k=', 'k', 'a=1&k=3', 'k=1&k=2', 'k=%31', 'k=4#k=5', 'k=1;x'].map(query =>
      ask(`/query?${query}`),
    ),
    ...['c=1', 'c=2', 'a=1; c=3', 'c="1"', 'c=1=2', ' c=1', 'cc=1; c=5', 'c=6; c=7'].map(value =>
      ask('/cookie', [`cookie: ${value}`]),
    ),
    ask('/cookie', ['cookie: a=1', 'cookie: c=8']),
    ...['1.1.1.1', '2.2.2.2', '::1', '3.3.3.3'].map(ip => ask('/source', [`x-forwarded-for: ${ip}`])),
    ask('/source'),
    ask('/two', ['x-hash: a', 'x-more: b']),
    ask('/two', ['x-hash: a', 'x-more: a']),
    ask('/two', ['x-hash: a']),
    ask('/two', ['x-more: a']),
    ask('/two', ['x-hash: c', 'x-more: d']),
    ask('/terminal', ['x-hash: a', 'x-more: b']),
    ask('/terminal', ['x-hash: c', 'x-more: d']),
    ask('/terminal', ['x-more: d']),
    ask('/set/session'),
    ask('/set/path'),
    ask('/set/attributes'),
    ask('/set/never'),
    ask('/set/path', ['cookie: sid=here']),
    ask('/set/path', ['cookie: sid=']),
  ],
  stats: [/^cluster\.\w+\.(ring_hash_lb|maglev_lb)\./, /lb_healthy_panic/],
}
