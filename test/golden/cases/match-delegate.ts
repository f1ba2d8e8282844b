/** Filters that a unified matcher skips: by request, response and trailers, for routes, with CEL. */
import { type Group, http, quietRouter, req, res } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const google = 'type.googleapis.com'
const filters = `${google}/envoy.extensions.filters.http`
const typed = (name: string, type: string, config: JsonObject = {}): JsonObject => ({
  name,
  typed_config: { '@type': `${google}/${type}`, ...config },
})
const skip = { action: typed('skip', 'envoy.extensions.filters.common.matcher.action.v3.SkipFilter') }
const input = (kind: string, header_name: string): JsonObject =>
  typed(kind, `envoy.type.matcher.v3.Http${kind}MatchInput`, { header_name })
const exact = (of: JsonObject, map: JsonObject): JsonObject => ({
  matcher_tree: { input: of, exact_match_map: { map } },
})
const call = (name: string, args: readonly JsonObject[], more: JsonObject = {}): JsonObject => ({
  call_expr: { function: name, args, ...more },
})
const text = (string_value: string): JsonObject => ({ const_expr: { string_value } })
const ofRequest = (field: string): JsonObject => ({
  select_expr: { operand: { ident_expr: { name: 'request' } }, field },
})
/** `request.path.startsWith('/cel') && request.headers['x-cel'] == '1'` */
const expression = call('_&&_', [
  call('startsWith', [text('/cel')], { target: ofRequest('path') }),
  call('_==_', [call('_[_]', [ofRequest('headers'), text('x-cel')]), text('1')]),
])
const cel = (kind: string): JsonObject => ({
  matcher_list: {
    matchers: [
      {
        predicate: {
          single_predicate: {
            input: typed('cel', 'xds.type.matcher.v3.HttpAttributesCelMatchInput'),
            custom_match: typed('cel', 'xds.type.matcher.v3.CelMatcher', {
              expr_match: { [kind]: { expr: expression } },
            }),
          },
        },
        on_match: skip,
      },
    ],
  },
})
const add = (key: string): JsonObject => ({ append: { header: { key, value: '1' } } })
/** Adds headers of its name to the request and to the response. */
const delegate = (name: string, more: JsonObject): JsonObject => ({
  name,
  typed_config: {
    '@type': `${google}/envoy.extensions.common.matching.v3.ExtensionWithMatcher`,
    extension_config: {
      name: 'inner',
      typed_config: {
        '@type': `${filters}.header_mutation.v3.HeaderMutation`,
        mutations: { request_mutations: [add(`x-q-${name}`)], response_mutations: [add(`x-s-${name}`)] },
      },
    },
    ...more,
  },
})
const perRoute = (xds_matcher: JsonObject): JsonObject => ({
  '@type': `${google}/envoy.extensions.common.matching.v3.ExtensionWithMatcherPerRoute`,
  xds_matcher,
})

const on = (target: string, headers: readonly string[] = [], more: JsonObject = {}) => ({
  name: [target, ...headers, ...Object.values(more).map(String)].join(' ').replaceAll('\r\n', ' '),
  send: req(`GET ${target}`, headers),
  ...more,
})

export const matchDelegates: Group = {
  name: 'match-delegate',
  listeners: [
    http({
      hcm: {
        http_filters: [
          delegate('request', { xds_matcher: exact(input('RequestHeader', 'x-skip'), { yes: skip }) }),
          delegate('response', { xds_matcher: exact(input('ResponseHeader', 'x-skip'), { yes: skip }) }),
          delegate('old', { matcher: exact(input('RequestHeader', 'x-skip'), { yes: skip }) }),
          delegate('none', {}),
          ...['parsed_expr', 'checked_expr', 'cel_expr_parsed', 'cel_expr_checked'].map(kind =>
            delegate(kind, { xds_matcher: cel(kind) }),
          ),
          quietRouter,
        ],
      },
      routes: [
        {
          match: { prefix: '/route' },
          route: { cluster: 'a' },
          typed_per_filter_config: {
            request: perRoute(exact(input('RequestHeader', 'x-other'), { yes: skip })),
            none: perRoute(exact(input('RequestHeader', 'x-other'), { yes: skip })),
          },
        },
        { match: { prefix: '/' }, route: { cluster: 'a' } },
      ],
    }),
  ],
  cases: [
    on('/'),
    on('/', ['x-skip: yes']),
    on('/', ['x-skip: no']),
    on('/response', [], { upstream: res('200 OK', ['x-skip: yes'], 'ok') }),
    on('/route', ['x-skip: yes']),
    on('/route', ['x-other: yes']),
    on('/cel'),
    on('/cel', ['x-cel: 1']),
    on('/cel', ['x-cel: 2']),
    on('/other', ['x-cel: 1']),
  ],
}
