/** `refresh_cluster_on_retry`: the cluster of a retry is chosen anew. `x` … `z` lead to the same upstream; the log tells the last one. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { type Case, cluster, type Group, http, req, res } from '../case.ts'

const google = 'type.googleapis.com'
const typed = (name: string, type: string, config: JsonObject = {}): JsonObject => ({
  name,
  typed_config: { '@type': `${google}/${type}`, ...config },
})
const specifiers = 'envoy.extensions.router.cluster_specifiers.matcher.v3'
const action = (name: string): JsonObject => ({
  action: typed('cluster', `${specifiers}.ClusterAction`, { cluster: name }),
})
const byAttempt = (map: JsonObject): JsonObject => ({
  extension: typed('by-attempt', `${specifiers}.MatcherClusterSpecifier`, {
    cluster_matcher: {
      matcher_tree: {
        input: typed('attempt', 'envoy.type.matcher.v3.HttpRequestHeaderMatchInput', {
          header_name: 'x-envoy-attempt-count',
        }),
        exact_match_map: { map },
      },
      on_no_match: action('x'),
    },
  }),
})
const log =
  '%REQ(:PATH)% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% cluster=%UPSTREAM_CLUSTER% attempts=%UPSTREAM_REQUEST_ATTEMPT_COUNT% ' +
  '@%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'
const routes: JsonObject[] = []
const cases: Case[] = []
const busy = res('503 Busy')

function ask(
  name: string,
  route: JsonObject,
  headers: readonly string[] = [],
  refresh = true,
  failures = 1,
  retries = 3,
): void {
  const path = `/${name}`
  routes.push({
    match: { path },
    route: {
      retry_policy: {
        retry_on: '5xx',
        num_retries: retries,
        refresh_cluster_on_retry: refresh,
        retry_back_off: { base_interval: '0.001s' },
      },
      ...route,
    },
  })
  cases.push({
    name: [name, ...headers, failures].join(' '),
    send: req(`GET ${path}`, headers),
    upstream: [...Array.from({ length: failures }, () => busy), res('200 OK', [], 'ok')],
  })
}

const attempts = byAttempt({ '2': action('y'), '3': action('z'), '4': action('nowhere') })
ask('matcher', { inline_cluster_specifier_plugin: attempts })
ask('matcher-thrice', { inline_cluster_specifier_plugin: attempts }, [], true, 2)
ask('matcher-unknown', { inline_cluster_specifier_plugin: attempts }, [], true, 3)
ask('matcher-gone', { inline_cluster_specifier_plugin: attempts }, [], true, 5, 6)
ask('matcher-off', { inline_cluster_specifier_plugin: attempts }, [], false)
ask('named', { cluster: 'x' })
ask('header', { cluster_header: 'x-cluster' }, ['x-cluster: y'])
const weights = (list: readonly (readonly [string, number])[], more: JsonObject = {}): JsonObject => ({
  weighted_clusters: {
    clusters: list.map(([name, weight]) => ({
      name,
      weight,
      request_headers_to_add: [{ header: { key: 'x-by', value: name } }],
      response_headers_to_add: [{ header: { key: 'x-from', value: name } }],
    })),
    header_name: 'x-random',
    ...more,
  },
})
const two: readonly (readonly [string, number])[] = [
  ['x', 50],
  ['y', 50],
]
ask('weighted', weights(two), ['x-random: 0'])
ask('weighted-second', weights(two), ['x-random: 60'])
ask('weighted-back', weights(two), ['x-random: 0'], true, 2)
ask('weighted-off', weights(two), ['x-random: 0'], false)
ask(
  'weighted-zero',
  weights([
    ['x', 100],
    ['y', 0],
  ]),
  ['x-random: 0'],
)
ask('weighted-one', weights([['x', 1]]), ['x-random: 0'])
ask(
  'weighted-three',
  weights([
    ['x', 98],
    ['y', 1],
    ['z', 1],
  ]),
  ['x-random: 98'],
  true,
  3,
  4,
)

export const clusterRefresh: Group = {
  name: 'cluster-refresh',
  clusters: [cluster('x', ['$a']), cluster('y', ['$a']), cluster('z', ['$a'])],
  listeners: [
    http({
      log,
      virtualHosts: [{ name: 'v', domains: ['*'], routes, include_request_attempt_count: true }],
    }),
  ],
  cases,
  stats: [/^cluster\.[xyz]\.(upstream_rq_total|upstream_rq_retry$|upstream_rq_retry_success|retry_or_shadow)/],
}
