/** The CORS filter: its policies at every level, preflights, shadow mode, and the fields that were there before it. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { type Case, type Group, http, req, res, router } from '../case.ts'

const type = 'type.googleapis.com/envoy.extensions.filters.http.cors.v3'
const filter = { name: 'cors', typed_config: { '@type': `${type}.Cors` } }
const policy = (settings: JsonObject): JsonObject => ({
  typed_per_filter_config: { cors: { '@type': `${type}.CorsPolicy`, ...settings } },
})
const exact = (text: string): JsonObject => ({ exact: text })
const share = (numerator: number): JsonObject => ({
  default_value: { numerator, denominator: 'HUNDRED' },
})
const here = { allow_origin_string_match: [exact('http://here'), { suffix: '.test' }] }
const full = {
  ...here,
  allow_methods: 'GET, POST',
  allow_headers: 'x-a,x-b',
  expose_headers: 'x-seen',
  max_age: '100',
  allow_credentials: true,
  allow_private_network_access: true,
}
const to = (path: string, more: JsonObject = {}, route: JsonObject = {}): JsonObject => ({
  match: { path },
  route: { cluster: 'a', ...route },
  ...more,
})
const routes: readonly JsonObject[] = [
  to('/none'),
  to('/full', policy(full)),
  to('/empty', policy({})),
  to('/any', policy({ allow_origin_string_match: [exact('*')], allow_methods: 'PUT' })),
  to('/prefix', policy({ allow_origin_string_match: [{ prefix: 'http:' }] })),
  to('/regex', policy({ allow_origin_string_match: [{ safe_regex: { regex: '.*here' } }] })),
  to('/off', policy({ ...full, filter_enabled: share(0) })),
  to('/on', policy({ ...full, filter_enabled: share(100) })),
  to('/shadow', policy({ ...full, filter_enabled: share(0), shadow_enabled: share(100) })),
  to('/shadow-only', policy({ ...full, shadow_enabled: share(100) })),
  to('/strict', policy({ ...full, forward_not_matching_preflights: false })),
  to(
    '/strict-shadow',
    policy({ ...here, filter_enabled: share(0), shadow_enabled: share(100), forward_not_matching_preflights: false }),
  ),
  to('/credentials-off', policy({ ...here, allow_credentials: false })),
  to('/old', {}, { cors: full }),
  to('/old-origin', {}, { cors: here }),
  to('/old-and-new', policy({ ...here, max_age: '7' }), { cors: full }),
  {
    match: { path: '/weighted' },
    route: { weighted_clusters: { clusters: [{ name: 'a', weight: 1, ...policy({ max_age: '3' }) }] } },
    ...policy({ ...here, max_age: '2', allow_methods: 'PATCH' }),
  },
  { match: { path: '/direct' }, direct_response: { status: 200 }, ...policy(full) },
  { match: { path: '/direct-plain' }, direct_response: { status: 200 } },
  { match: { path: '/redirect' }, redirect: { host_redirect: 'other' }, ...policy(full) },
]
const paths = routes.map(route => (route['match'] as { readonly path: string }).path)

const upstreamSays = res(
  '200 OK',
  ['access-control-allow-origin: upstream', 'access-control-expose-headers: x-up', 'x-seen: 1'],
  'ok',
)
const ask = (host: string, name: string, line: string, headers: readonly string[], more: Partial<Case> = {}): Case => ({
  name: `${host} ${line} ${name}`,
  send: req(line, headers).replace('host: a.test', `host: ${host}`),
  ...more,
})
const preflight = ['origin: http://here', 'access-control-request-method: GET']
const onHost = (host: string): Case[] =>
  paths.flatMap(path => [
    ask(host, 'own origin', `GET ${path}`, []),
    ask(host, 'allowed', `GET ${path}`, ['origin: http://here']),
    ask(host, 'refused', `GET ${path}`, ['origin: http://elsewhere']),
    ask(host, 'preflight', `OPTIONS ${path}`, preflight),
    ask(host, 'preflight, refused', `OPTIONS ${path}`, ['origin: http://else', 'access-control-request-method: GET']),
  ])

export const cors: Group = {
  name: 'cors',
  listeners: [
    http({
      hcm: { http_filters: [filter, router] },
      virtualHosts: [
        { name: 'plain', domains: ['a.test'], routes },
        {
          name: 'typed',
          domains: ['typed.test'],
          routes,
          ...policy({ ...full, max_age: '55', allow_headers: 'x-host' }),
        },
        { name: 'old', domains: ['old.test'], routes, cors: { ...full, max_age: '66', expose_headers: 'x-old' } },
      ],
    }),
  ],
  cases: [
    ...onHost('a.test'),
    ...onHost('typed.test'),
    ...onHost('old.test'),
    ask('a.test', 'upstream answers too', 'GET /full', ['origin: http://here'], { upstream: upstreamSays }),
    ask('a.test', 'suffix', 'GET /full', ['origin: https://x.test']),
    ask('a.test', 'empty origin', 'GET /full', ['origin: ']),
    ask('a.test', 'two origins', 'GET /full', ['origin: http://here', 'origin: http://else']),
    ask('a.test', 'null origin', 'GET /any', ['origin: null']),
    ask('a.test', 'no method asked', 'OPTIONS /full', ['origin: http://here']),
    ask('a.test', 'empty method asked', 'OPTIONS /full', ['origin: http://here', 'access-control-request-method: ']),
    ask('a.test', 'other headers', 'OPTIONS /full', [...preflight, 'access-control-request-headers: x-z']),
    ask('a.test', 'private network', 'OPTIONS /full', [...preflight, 'access-control-request-private-network: true']),
    ask('a.test', 'private network, other', 'OPTIONS /full', [
      ...preflight,
      'access-control-request-private-network: 1',
    ]),
    ask('a.test', 'private network', 'OPTIONS /any', [...preflight, 'access-control-request-private-network: true']),
    ask('a.test', 'body', 'OPTIONS /full', [...preflight, 'content-length: 2'], {
      send: req('OPTIONS /full', [...preflight, 'content-length: 2'], 'hi'),
    }),
    ask('a.test', 'HEAD', 'HEAD /full', ['origin: http://here']),
    ask('a.test', 'no route', 'GET /nowhere', ['origin: http://here']),
    ask('typed.test', 'no route', 'OPTIONS /nowhere', preflight),
  ],
  stats: [/^http\.http\.cors\./],
}
