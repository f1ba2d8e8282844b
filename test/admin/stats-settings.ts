/** `stats_config` on a running proxy: one bootstrap per setting, the same two requests, and what `/stats` then prints. */
import { type JsonObject, ProxyProcess, type ProxyKind } from '../support/proxy-process.ts'

const settings: Readonly<Record<string, JsonObject>> = {
  'own tags alone': {
    use_all_default_tags: false,
    stats_tags: [
      { tag_name: 'fixed', fixed_value: 'yes' },
      { tag_name: 'which', regex: '^cluster\\.((\\w+?)\\.)' },
      { tag_name: 'envoy.http_conn_manager_prefix' },
    ],
  },
  'own tags and all others': { stats_tags: [{ tag_name: 'which', regex: '_(rq)_' }] },
  inclusion: {
    stats_matcher: { inclusion_list: { patterns: [{ prefix: 'cluster.a.' }, { suffix: 'downstream_rq_total' }] } },
  },
  exclusion: {
    stats_matcher: { exclusion_list: { patterns: [{ contains: 'rq_2xx' }, { safe_regex: { regex: '.*rq_time' } }] } },
  },
  'reject all': { stats_matcher: { reject_all: true } },
  'reject nothing': { stats_matcher: { reject_all: false } },
  buckets: {
    histogram_bucket_settings: [
      { match: { prefix: 'cluster.a.' }, buckets: [1, 10.5, 100] },
      { match: { suffix: 'length_ms' }, buckets: [7] },
      { match: { contains: 'connect_ms' }, buckets: [20, 2] },
    ],
  },
}

const numbers =
  'filter=%5E(cluster%5C.(a|b)|http%5C.ingress)%5C..*(downstream_rq_total|downstream_rq_2xx|membership_(total|excluded)|upstream_cx_total|warming_state|queue_overloaded)$'
/** Without values, as when they are counted depends on time. */
const histograms = 'filter=cluster.(a|b).upstream_cx_(connect|length)_ms$'
const queries = [
  `/stats?${numbers}`,
  `/stats?usedonly&${numbers}`,
  `/stats?format=json&${numbers}`,
  `/stats?format=json&type=Gauges&${numbers}`,
  `/stats?format=prometheus&${numbers}`,
  `/stats?format=prometheus&usedonly&type=Gauges&${numbers}`,
  ...['none', 'cumulative', 'disjoint', 'detailed', 'summary'].flatMap(mode => [
    `/stats?histogram_buckets=${mode}&${histograms}`,
    `/stats?format=json&histogram_buckets=${mode}&${histograms}`,
  ]),
  '/stats?format=prometheus&histogram_buckets=detailed',
  '/stats?type=none',
]

/** By setting, then by query: the answer's lines. */
export type Answers = Record<string, Record<string, readonly string[]>>

export async function askStats(kind: ProxyKind): Promise<Answers> {
  const answers: Answers = {}
  for (const [name, stats_config] of Object.entries(settings)) {
    const proxy = await ProxyProcess.start(kind, { ...bootstrap, stats_config }, { concurrency: 1 })
    try {
      for (let i = 0; i < 2; i++) await (await fetch(`http://127.0.0.1:${proxy.ports['l']}/`)).text()
      const bodies: Record<string, readonly string[]> = {}
      for (const query of queries) bodies[query] = (await proxy.admin(query)).body.split('\n')
      answers[name] = bodies
    } finally {
      await proxy.stop()
    }
  }
  return answers
}

const nowhere = (name: string): JsonObject => ({
  name,
  type: 'STATIC',
  load_assignment: { cluster_name: name },
})

const bootstrap: JsonObject = {
  static_resources: {
    listeners: [
      {
        name: 'l',
        address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
        filter_chains: [
          {
            filters: [
              {
                name: 'hcm',
                typed_config: {
                  '@type':
                    'type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager',
                  stat_prefix: 'ingress',
                  route_config: {
                    virtual_hosts: [
                      {
                        name: 'v',
                        domains: ['*'],
                        routes: [{ match: { prefix: '/' }, direct_response: { status: 200 } }],
                      },
                    ],
                  },
                  http_filters: [
                    {
                      name: 'router',
                      typed_config: { '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router' },
                    },
                  ],
                },
              },
            ],
          },
        ],
      },
    ],
    clusters: [nowhere('a'), nowhere('b')],
  },
}
