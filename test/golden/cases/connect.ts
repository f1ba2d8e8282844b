/** CONNECT-UDP forwarded and ended here, POST as CONNECT, and the PROXY protocol before what is inside. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { type Group, http, req, res, toA } from '../case.ts'

const udp = ['connection: Upgrade', 'upgrade: connect-udp', 'capsule-protocol: ?1']
const switched = (data = '') => ({
  write: `HTTP/1.1 101 Switching Protocols\r\nconnection: Upgrade\r\nupgrade: connect-udp\r\ncapsule-protocol: ?1\r\n\r\n${data}`,
  when: 'head' as const,
})
const path = '/.well-known/masque/udp/192.0.2.6/443/'
const to = (name: string, match: JsonObject, config: JsonObject, more: JsonObject = {}): JsonObject => ({
  match: { ...match, headers: [{ name: 'x-to', string_match: { exact: name } }] },
  route: { cluster: 'tcp', ...config, ...more },
})
const upgrade = (type: string, config: JsonObject): JsonObject => ({
  upgrade_configs: [{ upgrade_type: type, connect_config: config }],
})
const connect = { connect_matcher: {} }
const post = { prefix: '/' }

export const connectTunnels: Group = {
  name: 'connect-tunnels',
  listeners: [
    http({
      routes: [
        {
          match: { prefix: '/', headers: [{ name: 'x-to', string_match: { exact: 'direct' } }] },
          direct_response: { status: 200, body: { inline_string: 'direct' } },
        },
        toA(
          { prefix: '/', headers: [{ name: 'x-to', string_match: { exact: 'off' } }] },
          { upgrade_configs: [{ upgrade_type: 'CONNECT-UDP', enabled: false }] },
        ),
        toA({ prefix: '/' }),
      ],
      hcm: { upgrade_configs: [{ upgrade_type: 'CONNECT-UDP' }] },
    }),
    http({ name: 'none' }),
    http({ name: 'matcher', routes: [toA(connect)], hcm: { upgrade_configs: [{ upgrade_type: 'CONNECT-UDP' }] } }),
    http({
      name: 'tunnels',
      routes: [
        to('v1', connect, upgrade('CONNECT', { proxy_protocol_config: { version: 'V1' } })),
        to('v2', connect, upgrade('CONNECT', { proxy_protocol_config: { version: 'V2' } })),
        to('post', post, { ...upgrade('CONNECT', { allow_post: true }), timeout: '0.1s' }),
        to('post_v1', post, upgrade('CONNECT', { allow_post: true, proxy_protocol_config: { version: 'V1' } })),
        to('no_post', post, { ...upgrade('CONNECT', {}), timeout: '0.1s' }),
        to('dead', post, { ...upgrade('CONNECT', { allow_post: true }), cluster: 'dead' }),
      ],
      hcm: { upgrade_configs: [{ upgrade_type: 'CONNECT' }] },
    }),
    ...['early', 'early_forwarded'].map(name =>
      http({
        name,
        routes: [name === 'early' ? to('tcp', connect, upgrade('CONNECT', {})) : toA(connect), toA(post)],
        hcm: {
          upgrade_configs: [{ upgrade_type: 'CONNECT' }, { upgrade_type: 'websocket' }],
          http_filters: [
            {
              name: 'envoy.filters.http.router',
              typed_config: {
                '@type': 'type.googleapis.com/envoy.extensions.filters.http.router.v3.Router',
                reject_connect_request_early_data: true,
              },
            },
          ],
        },
      }),
    ),
  ],
  cases: [
    {
      name: 'connect-udp',
      send: [req('GET /.well-known/masque/udp/1.2.3.4/53/', udp), { responses: 1 }, 'to the server', { do: 'end' }],
      upstream: switched(),
    },
    {
      name: 'connect-udp: capsules at once',
      send: [`${req(`GET ${path}`, udp)}\0\x03\0ab`, { text: 'xyz' }],
      upstream: switched('\0\x04\0xyz'),
    },
    { name: 'connect-udp: no capsule-protocol', send: req(`GET ${path}`, udp.slice(0, 2)), upstream: switched() },
    {
      name: 'connect-udp in capitals',
      send: req(`GET ${path}`, ['connection: upgrade', 'upgrade: CONNECT-UDP']),
      upstream: switched(),
    },
    { name: 'connect-udp refused', send: req(`GET ${path}`, udp), upstream: res('403 Forbidden', [], 'no') },
    { name: 'connect-udp answered 200', send: req(`GET ${path}`, udp), upstream: res('200 OK', [], 'ok') },
    {
      name: 'connect-udp with a body',
      send: req(`GET ${path}`, [...udp, 'content-length: 3'], 'abc'),
      upstream: switched(),
    },
    { name: 'connect-udp off', send: req(`GET ${path}`, [...udp, 'x-to: off']) },
    { name: 'connect-udp to a direct response', send: req(`GET ${path}`, [...udp, 'x-to: direct']) },
    { name: 'connect-udp allowed by nobody', listener: 'none', send: req(`GET ${path}`, udp) },
    {
      name: 'connect-udp by connect_matcher',
      listener: 'matcher',
      send: req(`GET ${path}`, udp),
      upstream: switched(),
    },
    {
      name: 'a websocket by connect_matcher',
      listener: 'matcher',
      send: req('GET /x', ['connection: upgrade', 'upgrade: websocket']),
    },
    { name: 'connect-udp with POST', send: req(`POST ${path}`, udp), upstream: switched() },
    ...['v1', 'v2'].map(name => ({
      name: `PROXY protocol ${name}`,
      listener: 'tunnels',
      send: [req('CONNECT a.test:1', ['host: a.test:1', `x-to: ${name}`]), { closed: true as const }],
    })),
    ...['post', 'post_v1', 'dead'].map(name => ({
      name: `POST as CONNECT: ${name}`,
      listener: 'tunnels',
      send: [
        req('POST /', [`x-to: ${name}`, 'transfer-encoding: chunked'], '4\r\nbye\n\r\n'),
        { closed: true as const },
      ],
    })),
    {
      name: 'POST as CONNECT: with an end',
      listener: 'tunnels',
      send: req('POST /', ['x-to: post', 'content-length: 4'], 'bye\n'),
    },
    {
      name: 'POST as CONNECT: not allowed',
      listener: 'tunnels',
      send: req('POST /', ['x-to: no_post', 'content-length: 2'], 'ab'),
    },
    { name: 'GET is no CONNECT', listener: 'tunnels', send: req('GET /', ['x-to: post']) },
    {
      name: 'CONNECT beside POST',
      listener: 'tunnels',
      send: [req('CONNECT a.test:1', ['host: a.test:1', 'x-to: post'])],
    },
    {
      name: 'early data of CONNECT that ends here',
      listener: 'early',
      send: [`${req('CONNECT a.test:1', ['host: a.test:1', 'x-to: tcp'])}bye\n`, { closed: true }],
    },
    {
      name: 'early data of CONNECT that is forwarded',
      listener: 'early_forwarded',
      send: [`${req('CONNECT a.test:1', ['host: a.test:1'])}early`, { closed: true }],
      upstream: { write: 'HTTP/1.1 200 OK\r\n\r\nhello', when: 'head', after: 'close' },
    },
    {
      name: 'data of CONNECT in time',
      listener: 'early',
      send: [req('CONNECT a.test:1', ['host: a.test:1', 'x-to: tcp']), { text: '\r\n\r\n' }, 'bye\n', { closed: true }],
    },
    { name: 'data of other requests', listener: 'early', send: req('POST /', ['content-length: 1'], 'x') },
    ...[
      '/.well-known/masque/udp/1.2.3.4/53',
      '/.well-known/masque/udp/1.2.3.4/53/?q',
      '/.well-known/masque/udp/1.2.3.4/53/x',
      '/.well-known/masque/udp/2001%3Adb8%3A%3A1/53/',
      '/.well-known/masque/udp/[::1]/53/',
      '/.well-known/masque/udp/a.test/53/',
      '/.well-known/masque/udp/a.test/0/',
      '/.well-known/masque/udp/a.test/65536/',
      '/.well-known/masque/udp/a.test/x/',
      '/.well-known/masque/udp//53/',
      '/.well-known/masque/udp/a_b/53/',
      '/.well-known/masque/udp/a%2Fb/53/',
      '/.well-known/masque/udp/a%zz/53/',
      '/.well-known/masque/tcp/a.test/53/',
      '/x/.well-known/masque/udp/a.test/53/',
      '/x',
    ].map(each => ({ name: `connect-udp to ${each}`, send: req(`GET ${each}`, udp), upstream: switched() })),
  ],
  stats: [/^http\.(http|tunnels)\.(downstream_cx_upgrades|downstream_rq_ws_on)/],
}
