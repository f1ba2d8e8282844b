/** Headers added and removed by configuration, at every level and in Envoy's order. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { type Group, http, req, res } from '../case.ts'

const add = (
  key: string,
  value: string,
  append_action = 'APPEND_IF_EXISTS_OR_ADD',
  more: JsonObject = {},
): JsonObject => ({
  header: { key, value },
  append_action,
  ...more,
})

/** One header that every level adds to, one that every level overwrites, one that each adds if absent. */
const level = (name: string): JsonObject => ({
  request_headers_to_add: [
    add('x-order', name),
    add('x-last', name, 'OVERWRITE_IF_EXISTS_OR_ADD'),
    add('x-first', name, 'ADD_IF_ABSENT'),
  ],
  request_headers_to_remove: [`x-drop-${name}`],
  response_headers_to_add: [
    add('x-order', name),
    add('x-last', name, 'OVERWRITE_IF_EXISTS_OR_ADD'),
    add('x-first', name, 'ADD_IF_ABSENT'),
  ],
  response_headers_to_remove: [`x-drop-${name}`],
})

const levels: JsonObject[] = [
  {
    name: 'all',
    domains: ['*'],
    ...level('vhost'),
    routes: [
      {
        name: 'weighted',
        match: { prefix: '/weighted' },
        route: {
          weighted_clusters: {
            clusters: [{ name: 'a', weight: 1, ...level('cluster'), host_rewrite_literal: 'w.test' }],
          },
        },
        ...level('route'),
      },
      {
        match: { prefix: '/direct' },
        direct_response: { status: 200, body: { inline_string: 'x' } },
        ...level('route'),
      },
      { match: { prefix: '/redirect' }, redirect: { path_redirect: '/' }, ...level('route') },
      { match: { prefix: '/dead' }, route: { cluster: 'dead' }, ...level('route') },
      { match: { prefix: '/' }, route: { cluster: 'a' }, ...level('route') },
    ],
  },
]

const actions: JsonObject[] = [
  add('x-append', 'new'),
  add('x-absent', 'new', 'ADD_IF_ABSENT'),
  add('x-overwrite', 'new', 'OVERWRITE_IF_EXISTS_OR_ADD'),
  add('x-only', 'new', 'OVERWRITE_IF_EXISTS'),
  { header: { key: 'x-legacy', value: 'new' }, append: false },
  { header: { key: 'X-Caps', value: 'New' } },
  add('x-empty', '%REQ(x-not-there)%'),
  add('x-empty-kept', '%REQ(x-not-there)%', 'APPEND_IF_EXISTS_OR_ADD', { keep_empty_value: true }),
]

const formats: JsonObject[] = [
  add('f-method', '%REQ(:METHOD)% %REQ(:PATH)% %REQ(:AUTHORITY)% %REQ(:SCHEME)%'),
  add('f-req', '%REQ(x-a)%/%REQ(x-b?x-c)%/%REQ(x-a):2%'),
  add('f-protocol', '%PROTOCOL%'),
  add('f-remote', '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT%'),
  add('f-local', '%DOWNSTREAM_LOCAL_ADDRESS%'),
  add('f-percent', '100%% sure'),
  add('f-route', '%ROUTE_NAME%'),
  add('f-host', '%HOSTNAME%', 'ADD_IF_ABSENT'),
]
const responseFormats: JsonObject[] = [
  add('f-code', '%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS%'),
  add('f-resp', '%RESP(x-up)%'),
  add('f-req', '%REQ(x-a)%'),
  add('f-cluster', '%UPSTREAM_CLUSTER% %UPSTREAM_HOST%'),
  add('f-bytes', '%BYTES_RECEIVED%'),
  add('f-vhost', '%VIRTUAL_CLUSTER_NAME%'),
]

const drops = ['x-drop-vhost: 1', 'x-drop-route: 1', 'x-drop-config: 1', 'x-drop-cluster: 1']
const existing = ['x-append: old', 'x-absent: old', 'x-overwrite: old', 'x-only: old', 'x-legacy: old', 'x-caps: old']
const sent = ['x-order: client', 'x-last: client', 'x-first: client', ...drops]

export const headerMutation: Group = {
  name: 'header-mutation',
  listeners: [
    http({ routeConfig: level('config'), virtualHosts: levels }),
    http({
      name: 'specific',
      routeConfig: { ...level('config'), most_specific_header_mutations_wins: true },
      virtualHosts: levels,
    }),
    http({
      name: 'actions',
      routes: [
        {
          match: { prefix: '/' },
          route: { cluster: 'a' },
          request_headers_to_add: actions,
          response_headers_to_add: actions,
        },
      ],
    }),
    http({
      name: 'formats',
      routes: [
        {
          name: 'named route',
          match: { prefix: '/' },
          route: { cluster: 'a' },
          request_headers_to_add: formats.slice(0, 7),
          response_headers_to_add: responseFormats,
        },
      ],
    }),
    http({
      name: 'specials',
      routes: [
        {
          match: { prefix: '/' },
          route: { cluster: 'a' },
          request_headers_to_add: [
            add('user-agent', 'mine', 'OVERWRITE_IF_EXISTS_OR_ADD'),
            add('x-request-id', 'fixed', 'OVERWRITE_IF_EXISTS_OR_ADD'),
          ],
          request_headers_to_remove: ['accept', 'x-forwarded-proto', 'x-envoy-expected-rq-timeout-ms', 'cookie'],
          response_headers_to_add: [add('cache-control', 'no-store', 'OVERWRITE_IF_EXISTS_OR_ADD')],
          response_headers_to_remove: ['server', 'x-envoy-upstream-service-time', 'set-cookie', 'date'],
        },
      ],
    }),
    http({
      name: 'attempts',
      virtualHosts: [
        {
          name: 'all',
          domains: ['*'],
          include_request_attempt_count: true,
          include_attempt_count_in_response: true,
          routes: [
            {
              match: { prefix: '/' },
              route: { cluster: 'a', retry_policy: { retry_on: '5xx', retry_back_off: { base_interval: '0.001s' } } },
            },
          ],
        },
      ],
    }),
  ],
  cases: [
    ...['http', 'specific'].flatMap(listener => [
      {
        name: `levels, ${listener}`,
        listener,
        send: req('GET /', sent),
        upstream: res('200 OK', ['x-order: up', 'x-last: up', 'x-first: up', ...drops], 'x'),
      },
      { name: `levels from nothing, ${listener}`, listener, send: req('GET /') },
      {
        name: `weighted cluster, ${listener}`,
        listener,
        send: req('GET /weighted', sent),
        upstream: res('200 OK', ['x-order: up', 'x-last: up', ...drops], 'x'),
      },
    ]),
    { name: 'levels on a direct response', send: req('GET /direct') },
    { name: 'levels on a redirect', send: req('GET /redirect') },
    { name: 'levels on a local reply', send: req('GET /dead') },
    {
      name: 'actions on existing headers',
      listener: 'actions',
      send: req('GET /', existing),
      upstream: res('200 OK', existing, 'x'),
    },
    { name: 'actions on absent headers', listener: 'actions', send: req('GET /') },
    {
      name: 'formats',
      listener: 'formats',
      send: req('POST /p?q=1', ['x-a: abc', 'x-c: c', 'content-length: 2'], 'hi'),
      upstream: res('200 OK', ['x-up: up'], 'x'),
    },
    { name: 'formats of absent values', listener: 'formats', send: req('GET /') },
    {
      name: 'special headers',
      listener: 'specials',
      send: req('GET /', ['user-agent: curl', 'accept: */*', 'cookie: a=b']),
      upstream: res('200 OK', ['set-cookie: a=b', 'cache-control: public'], 'x'),
    },
    { name: 'attempt count', listener: 'attempts', send: req('GET /') },
    {
      name: 'attempt count after a retry',
      listener: 'attempts',
      send: req('GET /', ['x-envoy-attempt-count: 7']),
      upstream: [res('503 No'), res('200 OK', [], 'x')],
    },
  ],
}
