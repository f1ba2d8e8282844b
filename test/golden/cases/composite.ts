/** Composite filters: what their own matcher, or that of a match_delegate around them, puts in their place. */
import { type Group, http, quietRouter, req, res } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const google = 'type.googleapis.com'
const filters = `${google}/envoy.extensions.filters.http`
const typed = (name: string, type: string, config: JsonObject = {}): JsonObject => ({
  name,
  typed_config: { '@type': `${google}/${type}`, ...config },
})
const add = (key: string, value: string): JsonObject => ({ append: { header: { key, value } } })
const mutation = (name: string): JsonObject =>
  typed('inner', 'envoy.extensions.filters.http.header_mutation.v3.HeaderMutation', {
    mutations: { request_mutations: [add('x-q', name)], response_mutations: [add('x-s', name)] },
  })
const execute = (filter: JsonObject, more: JsonObject = {}): JsonObject => ({
  action: typed('execute', 'envoy.extensions.filters.http.composite.v3.ExecuteFilterAction', {
    typed_config: filter,
    ...more,
  }),
})
const sampled = (numerator: number): JsonObject => ({ sample_percent: { default_value: { numerator } } })
const exact = (kind: string, map: JsonObject, more: JsonObject = {}): JsonObject => ({
  matcher_tree: {
    input: typed('header', `envoy.type.matcher.v3.Http${kind}HeaderMatchInput`, { header_name: 'x-kind' }),
    exact_match_map: { map },
  },
  ...more,
})
const buffer = typed('buffer', 'envoy.extensions.filters.http.buffer.v3.Buffer', { max_request_bytes: 4 })
const actions = {
  one: execute(mutation('one')),
  two: execute(mutation('two')),
  never: execute(mutation('never'), sampled(0)),
  always: execute(mutation('always'), sampled(100)),
  buffer: execute(buffer),
  skip: { action: typed('skip', 'envoy.extensions.filters.common.matcher.action.v3.SkipFilter') },
}
const composite = (config: JsonObject = {}): JsonObject =>
  typed('composite', 'envoy.extensions.filters.http.composite.v3.Composite', config)
const delegate = (name: string, xds_matcher: JsonObject): JsonObject => ({
  name,
  typed_config: {
    '@type': `${google}/envoy.extensions.common.matching.v3.ExtensionWithMatcher`,
    extension_config: composite(),
    xds_matcher,
  },
})

const on = (listener: string, target: string, headers: readonly string[] = []) => ({
  name: [listener, target, ...headers].join(' '),
  listener,
  send: req(`GET ${target}`, headers),
})
const post = (listener: string, body: string) => ({
  name: `${listener} POST ${body}`,
  listener,
  send: req('POST /', ['x-kind: buffer', `content-length: ${body.length}`], body),
})

export const composites: Group = {
  name: 'composite',
  listeners: [
    http({
      name: 'delegated',
      hcm: { http_filters: [delegate('outer', exact('Request', actions)), quietRouter] },
      routes: [
        {
          match: { prefix: '/route' },
          route: { cluster: 'a' },
          typed_per_filter_config: {
            outer: {
              '@type': `${filters}.header_mutation.v3.HeaderMutationPerRoute`,
              mutations: { response_mutations: [add('x-s', 'route')] },
            },
          },
        },
        { match: { prefix: '/' }, route: { cluster: 'a' } },
      ],
    }),
    http({
      name: 'answered',
      hcm: { http_filters: [delegate('outer', exact('Response', { one: execute(mutation('one')) })), quietRouter] },
    }),
    http({ name: 'own', hcm: { http_filters: [composite({ matcher: exact('Request', actions) }), quietRouter] } }),
  ],
  cases: [
    ...['one', 'two', 'never', 'always', 'skip', 'other'].flatMap(kind =>
      ['delegated', 'own'].map(listener => on(listener, '/', [`x-kind: ${kind}`])),
    ),
    ...['delegated', 'own'].flatMap(listener => [on(listener, '/'), post(listener, '1234')]),
    on('delegated', '/route', ['x-kind: one']),
    on('delegated', '/route'),
    { ...on('answered', '/', ['x-kind: one']), upstream: res('200 OK', ['x-kind: one'], 'ok') },
    { ...on('answered', '/'), upstream: res('200 OK', ['x-kind: two'], 'ok') },
  ],
  stats: [/^http\.\w+\.composite\./],
}
