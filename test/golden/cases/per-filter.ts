/** `typed_per_filter_config` at every level: the most specific, all of them in order, filters switched off and on. */
import { type Group, http, quietRouter, req } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const google = 'type.googleapis.com'
const filters = `${google}/envoy.extensions.filters.http`
const add = (value: string): JsonObject => ({
  append: { header: { key: 'x-seen', value }, append_action: 'APPEND_IF_EXISTS_OR_ADD' },
})
/** Every level that a filter has is seen in the answer. */
const mutation = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  typed_config: {
    '@type': `${filters}.header_mutation.v3.HeaderMutation`,
    mutations: { response_mutations: [add(name)] },
    most_specific_header_mutations_wins: true,
  },
  ...more,
})
const level = (value: string): JsonObject => ({
  '@type': `${filters}.header_mutation.v3.HeaderMutationPerRoute`,
  mutations: { response_mutations: [add(value)] },
})
const wrapped = (more: JsonObject): JsonObject => ({ '@type': `${google}/envoy.config.route.v3.FilterConfig`, ...more })
const off = wrapped({ disabled: true })
const metadata = (value: string): JsonObject => ({
  '@type': `${filters}.set_metadata.v3.Config`,
  metadata: [{ metadata_namespace: 'level', allow_overwrite: value !== 'host', value: { of: value, [value]: true } }],
})
const state = (value: string): JsonObject => ({
  '@type': `${filters}.set_filter_state.v3.Config`,
  on_request_headers: ['last', value].map(object_key => ({
    object_key,
    factory_key: 'envoy.string',
    format_string: { text_format_source: { inline_string: value } },
  })),
})
const fromHeader = (value: string): JsonObject => ({
  '@type': `${filters}.header_to_metadata.v3.Config`,
  request_rules: [{ header: ':method', on_header_present: { metadata_namespace: 'method', key: value } }],
})
const to = (path: string, typed_per_filter_config: JsonObject, more: JsonObject = {}): JsonObject => ({
  match: { path },
  route: { cluster: 'a' },
  typed_per_filter_config,
  ...more,
})
const weighted = (path: string, ofRoute: JsonObject, ofCluster: JsonObject): JsonObject => ({
  match: { path },
  route: { weighted_clusters: { clusters: [{ name: 'a', weight: 1, typed_per_filter_config: ofCluster }] } },
  typed_per_filter_config: ofRoute,
})

const on = (target: string, host = 'a.test') => ({
  name: `${host} ${target}`,
  send: req(`GET ${target}`, [`host: ${host}`]),
})

const paths = [
  '/none',
  '/route',
  '/off',
  '/off with config',
  '/on',
  '/weighted',
  '/weighted off',
  '/weighted on',
  '/direct',
  '/other name',
].map(path => path.replaceAll(' ', '-'))
const routes = [
  { match: { path: '/none' }, route: { cluster: 'a' } },
  to('/route', {
    one: level('one of route'),
    meta: metadata('route'),
    state: state('route'),
    method: fromHeader('route'),
  }),
  to('/off', { one: off, two: off, meta: off }),
  to('/off-with-config', { one: wrapped({ disabled: true, config: level('never') }) }),
  to('/on', { sleeping: level('sleeping of route'), one: wrapped({ config: level('wrapped') }) }),
  weighted('/weighted', { one: level('one of route') }, { one: level('one of cluster'), meta: metadata('cluster') }),
  weighted('/weighted-off', { one: level('one of route') }, { one: off }),
  weighted('/weighted-on', { one: off }, { one: level('one of cluster') }),
  {
    match: { path: '/direct' },
    direct_response: { status: 200 },
    typed_per_filter_config: { one: level('one of route') },
  },
  to('/other-name', { nobody: level('never') }),
]

export const perFilter: Group = {
  name: 'per-filter',
  listeners: [
    http({
      virtualHosts: [
        { name: 'plain', domains: ['a.test'], routes },
        {
          name: 'levels',
          domains: ['b.test'],
          routes,
          typed_per_filter_config: {
            one: level('one of host'),
            meta: metadata('host'),
            state: state('host'),
            method: fromHeader('host'),
            sleeping: level('sleeping of host'),
          },
        },
        { name: 'off', domains: ['c.test'], routes, typed_per_filter_config: { one: off, two: off, table: off } },
      ],
      routeConfig: {
        typed_per_filter_config: {
          one: level('one of table'),
          table: level('table of table'),
          meta: metadata('table'),
          state: state('table'),
          method: fromHeader('table'),
          optional: wrapped({
            is_optional: true,
            config: { '@type': `${filters}.router.v3.Router` },
          }),
        },
      },
      hcm: {
        http_filters: [
          mutation('one'),
          mutation('two'),
          mutation('sleeping', { disabled: true }),
          mutation('table'),
          {
            name: 'meta',
            typed_config: {
              '@type': `${filters}.set_metadata.v3.Config`,
              metadata: [{ metadata_namespace: 'level', value: { of: 'filter', filter: true } }],
            },
          },
          { name: 'state', typed_config: state('filter') },
          { name: 'method', typed_config: fromHeader('filter') },
          quietRouter,
        ],
      },
      log:
        '%DYNAMIC_METADATA(level)% %DYNAMIC_METADATA(method)% %FILTER_STATE(last:PLAIN)% %FILTER_STATE(filter:PLAIN)% ' +
        '%FILTER_STATE(table:PLAIN)% %FILTER_STATE(host:PLAIN)% %FILTER_STATE(route:PLAIN)% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n',
    }),
  ],
  cases: ['a.test', 'b.test', 'c.test'].flatMap(host => paths.map(path => on(path, host))),
}
