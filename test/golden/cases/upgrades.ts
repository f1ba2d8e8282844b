/** WebSocket and other upgrades, CONNECT forwarded and ended here. */
import { type Group, http, req, res, router, toA } from '../case.ts'

const ws = ['connection: Upgrade', 'upgrade: websocket', 'sec-websocket-key: x', 'sec-websocket-version: 13']
const accepted =
  'HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: websocket\r\nsec-websocket-accept: y\r\n\r\n'
const switched = (data = '') => ({ write: accepted + data, when: 'head' as const })

export const upgrades: Group = {
  name: 'upgrades',
  listeners: [
    http({
      routes: [
        toA({ path: '/off' }, { upgrade_configs: [{ upgrade_type: 'websocket', enabled: false }] }),
        toA({ path: '/foo' }, { upgrade_configs: [{ upgrade_type: 'Foo' }] }),
        { match: { path: '/direct' }, direct_response: { status: 200, body: { inline_string: 'direct' } } },
        { match: { path: '/dead' }, route: { cluster: 'dead' } },
        toA({ prefix: '/rewritten' }, { prefix_rewrite: '/' }),
        toA({ prefix: '/' }),
      ],
      hcm: { upgrade_configs: [{ upgrade_type: 'websocket' }, { upgrade_type: 'bar', enabled: false }] },
    }),
    http({
      name: 'no_upgrades',
      routes: [toA({ path: '/on' }, { upgrade_configs: [{ upgrade_type: 'websocket' }] }), toA({ prefix: '/' })],
    }),
    http({
      name: 'own_filters',
      hcm: {
        upgrade_configs: [
          {
            upgrade_type: 'websocket',
            filters: [
              {
                name: 'envoy.filters.http.buffer',
                typed_config: {
                  '@type': 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer',
                  max_request_bytes: 4,
                },
              },
              router,
            ],
          },
        ],
      },
    }),
    http({
      name: 'connect',
      routes: [
        {
          match: { connect_matcher: {}, headers: [{ name: 'x-to', string_match: { exact: 'tcp' } }] },
          route: { cluster: 'tcp', upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }] },
        },
        {
          match: { connect_matcher: {}, headers: [{ name: 'x-to', string_match: { exact: 'dead' } }] },
          route: { cluster: 'dead', upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }] },
        },
        {
          match: { connect_matcher: {}, headers: [{ name: 'x-to', string_match: { exact: 'off' } }] },
          route: { cluster: 'a', upgrade_configs: [{ upgrade_type: 'CONNECT', enabled: false }] },
        },
        { match: { connect_matcher: {} }, route: { cluster: 'a' } },
        toA({ prefix: '/' }),
      ],
      hcm: { upgrade_configs: [{ upgrade_type: 'CONNECT' }] },
    }),
    http({ name: 'no_connect', routes: [{ match: { connect_matcher: {} }, route: { cluster: 'a' } }] }),
    http({ name: 'no_connect_route', hcm: { upgrade_configs: [{ upgrade_type: 'CONNECT' }] } }),
  ],
  cases: [
    {
      name: 'websocket',
      send: [req('GET /chat', ws), { responses: 1 }, 'to the server', { do: 'end' }],
      upstream: switched(),
    },
    { name: 'websocket: bytes at once with 101', send: req('GET /chat', ws), upstream: switched('hello') },
    {
      name: 'websocket: the server ends',
      send: [req('GET /chat', ws), { text: 'bye' }, { closed: true }],
      upstream: { write: `${accepted}bye`, when: 'head', after: 'close' },
    },
    {
      name: 'websocket: the server resets',
      send: [req('GET /chat', ws), { closed: true }],
      upstream: { write: accepted, when: 'head', after: 'reset' },
    },
    {
      name: 'websocket: upgrade in another case',
      send: req('GET /chat', ['Connection: keep-alive, upgrade', 'Upgrade: WebSocket']),
      upstream: switched(),
    },
    {
      name: 'websocket refused by the server',
      send: req('GET /chat', ws),
      upstream: res('403 Forbidden', [], 'no'),
    },
    { name: 'websocket answered 200', send: req('GET /chat', ws), upstream: res('200 OK', [], 'no') },
    {
      name: 'websocket answered 200 with upgrade',
      send: req('GET /chat', ws),
      upstream: res('200 OK', ['connection: upgrade', 'upgrade: websocket'], 'no'),
    },
    {
      name: 'websocket answered 302',
      send: req('GET /chat', ws),
      upstream: res('302 Found', ['location: /other'], 'moved'),
    },
    { name: 'websocket answered 500', send: req('GET /chat', ws), upstream: res('500 Oops', [], 'no') },
    {
      name: 'websocket data waits for 101',
      send: [`${req('GET /chat', ws)}early`, { upstreamHeads: 1 }],
      upstream: res('404 Not Found', [], 'no'),
    },
    { name: 'websocket answered 426', send: req('GET /chat', ws), upstream: res('426 Upgrade Required') },
    {
      name: 'websocket with content-length',
      send: req('GET /chat', [...ws, 'content-length: 3'], 'abc'),
      upstream: switched(),
    },
    {
      name: 'websocket with content-length 0',
      send: req('GET /chat', [...ws, 'content-length: 0']),
      upstream: switched(),
    },
    {
      name: 'websocket rewritten',
      send: req('GET /rewritten/chat', ws),
      upstream: switched(),
    },
    { name: 'websocket to a dead upstream', send: req('GET /dead', ws) },
    { name: 'websocket to a direct response', send: req('GET /direct', ws) },
    { name: 'websocket off on the route', send: req('GET /off', ws) },
    { name: 'an upgrade that the route allows', send: req('GET /foo', ['connection: upgrade', 'upgrade: foo']) },
    { name: 'an upgrade that is disabled', send: req('GET /x', ['connection: upgrade', 'upgrade: bar']) },
    { name: 'an upgrade that nobody knows', send: req('GET /x', ['connection: upgrade', 'upgrade: unknown']) },
    { name: 'upgrade without connection', send: req('GET /x', ['upgrade: unknown']) },
    { name: 'websocket allowed by the route', listener: 'no_upgrades', send: req('GET /on', ws), upstream: switched() },
    { name: 'websocket allowed by nobody', listener: 'no_upgrades', send: req('GET /', ws) },
    {
      name: 'websocket through filters of its own',
      listener: 'own_filters',
      send: [req('GET /', ws), '12345'],
      upstream: switched(),
    },
    {
      name: 'CONNECT to TCP',
      listener: 'connect',
      send: [req('CONNECT a.test:1', ['host: a.test:1', 'x-to: tcp']), { text: '\r\n\r\n' }, 'bye\n', { closed: true }],
    },
    {
      name: 'CONNECT to TCP: data before the answer',
      listener: 'connect',
      send: [`${req('CONNECT a.test:1', ['host: a.test:1', 'x-to: tcp'])}bye\n`, { closed: true }],
    },
    {
      name: 'CONNECT to TCP: the client ends',
      listener: 'connect',
      send: [
        req('CONNECT a.test:1', ['host: a.test:1', 'x-to: tcp']),
        { text: '\r\n\r\n' },
        'echo\n',
        { text: 'echo\n' },
        { do: 'end' },
        { closed: true },
      ],
    },
    {
      name: 'CONNECT to TCP: reset',
      listener: 'connect',
      send: [
        req('CONNECT a.test:1', ['host: a.test:1', 'x-to: tcp']),
        { text: '\r\n\r\n' },
        'reset\n',
        { closed: true },
      ],
    },
    {
      name: 'CONNECT to a dead upstream',
      listener: 'connect',
      send: req('CONNECT a.test:1', ['host: a.test:1', 'x-to: dead']),
    },
    {
      name: 'CONNECT off on the route',
      listener: 'connect',
      send: req('CONNECT a.test:1', ['host: a.test:1', 'x-to: off']),
    },
    {
      name: 'CONNECT forwarded',
      listener: 'connect',
      send: [req('CONNECT a.test:1', ['host: a.test:1']), { closed: true }],
      upstream: { write: 'HTTP/1.1 200 OK\r\n\r\nhello', when: 'head', after: 'close' },
    },
    {
      name: 'CONNECT forwarded and refused',
      listener: 'connect',
      send: req('CONNECT a.test:1', ['host: a.test:1']),
      upstream: res('403 Forbidden', [], 'no'),
    },
    { name: 'a request beside CONNECT', listener: 'connect', send: req('GET /') },
    { name: 'CONNECT not enabled', listener: 'no_connect', send: req('CONNECT a.test:1', ['host: a.test:1']) },
    { name: 'a request to CONNECT routes', listener: 'no_connect', send: req('GET /') },
    {
      name: 'CONNECT without a route',
      listener: 'no_connect_route',
      send: req('CONNECT a.test:1', ['host: a.test:1']),
    },
  ],
  stats: [/^http\.http\.(downstream_cx_upgrades|downstream_rq_ws_on)/, /^http\.connect\.downstream_cx_upgrades/],
}
