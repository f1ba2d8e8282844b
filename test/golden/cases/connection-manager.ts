/** Fields of the connection manager that other groups do not have: request ids, early header mutation, Proxy-Status. */
import { type Group, http, req, res, toA } from '../case.ts'

const type = 'type.googleapis.com/envoy.extensions'
const listener = (name: string, hcm: object, routes?: readonly object[]) =>
  http({ name, hcm: hcm as never, ...(routes === undefined ? {} : { routes: routes as never }) })

const ids = (config: object, more: object = {}) => ({
  request_id_extension: { typed_config: { '@type': `${type}.request_id.uuid.v3.UuidRequestIdConfig`, ...config } },
  ...more,
})
const edge = { use_remote_address: true, preserve_external_request_id: true }
const early = (...mutations: readonly object[]) => ({
  early_header_mutation_extensions: [
    {
      name: 'envoy.http.early_header_mutation.header_mutation',
      typed_config: {
        '@type': `${type}.http.early_header_mutation.header_mutation.v3.HeaderMutation`,
        mutations,
      },
    },
  ],
})
const append = (key: string, value: string, more: object = {}) => ({ append: { header: { key, value }, ...more } })

const statusRoutes = [
  { match: { path: '/none' }, direct_response: { status: 404, body: { inline_string: 'direct' } } },
  { match: { path: '/dead' }, route: { cluster: 'dead' } },
  { match: { path: '/empty' }, route: { cluster: 'empty' } },
  { match: { path: '/unknown' }, route: { cluster_header: 'x-cluster' } },
  toA({ path: '/slow' }, { timeout: '0.05s' }),
  toA({ path: '/retry' }, { retry_policy: { retry_on: '5xx', num_retries: 1 } }),
  toA({ path: '/idle' }, { idle_timeout: '0.05s' }),
  toA({ path: '/duration' }, { max_stream_duration: { max_stream_duration: '0.05s' } }),
  toA({ prefix: '/a' }),
]
const status = (name: string, config: object, more: object = {}) =>
  listener(name, { proxy_status_config: config, ...more }, statusRoutes)

const statusCases = ['status', 'status_code'].flatMap(name => [
  { name: `${name}: an answer`, listener: name, send: req('GET /a') },
  { name: `${name}: a direct answer`, listener: name, send: req('GET /none') },
  { name: `${name}: no route`, listener: name, send: req('GET /x') },
  { name: `${name}: refused connection`, listener: name, send: req('GET /dead') },
  { name: `${name}: no host`, listener: name, send: req('GET /empty') },
  { name: `${name}: no cluster`, listener: name, send: req('GET /unknown', ['x-cluster: nobody']) },
  {
    name: `${name}: upstream closes`,
    listener: name,
    send: req('GET /a'),
    upstream: { write: '', after: 'close' as const },
  },
  {
    name: `${name}: upstream resets`,
    listener: name,
    send: req('GET /a'),
    upstream: { write: '', after: 'reset' as const },
  },
  { name: `${name}: upstream answers nonsense`, listener: name, send: req('GET /a'), upstream: 'nonsense\r\n\r\n' },
  { name: `${name}: timeout`, listener: name, send: req('GET /slow'), upstream: { write: '' } },
  { name: `${name}: idle`, listener: name, send: req('GET /idle'), upstream: { write: '' } },
  { name: `${name}: duration`, listener: name, send: req('GET /duration'), upstream: { write: '' } },
  { name: `${name}: retries`, listener: name, send: req('GET /retry'), upstream: res('503 Oops', [], 'no') },
  { name: `${name}: bad request`, listener: name, send: 'GET / HTTP/1.1\r\n\r\n' },
  { name: `${name}: nonsense`, listener: name, send: 'nonsense\r\n\r\n' },
  {
    name: `${name}: an upstream's own`,
    listener: name,
    send: req('GET /a'),
    upstream: res('502 Oops', ['proxy-status: theirs; error=dns_error'], 'no'),
  },
])

export const connectionManager: Group = {
  name: 'connection-manager',
  listeners: [
    listener('ids', ids({})),
    listener('ids_edge', ids({}, { use_remote_address: true })),
    listener('ids_keep', ids({}, edge)),
    listener('ids_plain_keep', edge),
    listener('ids_no_reason', ids({ pack_trace_reason: false }, edge)),
    listener('ids_off', ids({}, { generate_request_id: false, always_set_request_id_in_response: true })),
    listener(
      'early',
      {
        ...early(
          append('x-a', 'added'),
          append('x-b', 'replaced', { append_action: 'OVERWRITE_IF_EXISTS_OR_ADD' }),
          append('x-c', 'present', { append_action: 'OVERWRITE_IF_EXISTS' }),
          append('x-d', 'absent', { append_action: 'ADD_IF_ABSENT' }),
          { remove: 'x-e' },
          { remove_on_match: { key_matcher: { prefix: 'x-f' } } },
          append('x-path', '%REQ(:path)% %PROTOCOL%'),
          append('x-a', '%REQ(x-a)%'),
          append('x-envoy-retry-on', '5xx'),
        ),
        use_remote_address: true,
      },
      [
        toA(
          { prefix: '/', headers: [{ name: 'x-a', string_match: { exact: 'routed' } }] },
          { prefix_rewrite: '/routed' },
        ),
        toA({ prefix: '/' }),
      ],
    ),
    listener('early_xff', {
      ...early(append('x-forwarded-for', '1.2.3.4'), append('x-request-id', 'early'), { remove: 'x-forwarded-proto' }),
    }),
    listener('early_pseudo', early({ remove: ':path' }, { remove: 'host' })),
    listener('early_host', early({ remove: 'HOST' }, { remove: ':authority' })),
    status('status', {}),
    status('status_code', { set_recommended_response_code: true }),
    status('status_node', { use_node_id: true }),
    status('status_literal', { literal_proxy_name: 'sl;"uice' }),
    status('status_no_details', { remove_details: true }),
    status('status_no_flags', { remove_response_flags: true }),
    status('status_no_termination', { remove_connection_termination_details: true }),
    status('status_server', {}, { server_name: 'mine' }),
    listener('overload', { append_local_overload: true }, [{ match: { prefix: '/' }, route: { cluster: 'full' } }]),
    listener('overload_off', {}, [{ match: { prefix: '/' }, route: { cluster: 'full' } }]),
    listener('optional', {
      http_filters: [
        { name: 'unknown', is_optional: true },
        {
          name: 'envoy.filters.http.router',
          typed_config: { '@type': `${type}.filters.http.router.v3.Router` },
        },
      ],
    }),
    listener('routes', { record_route_resolution_stats: true }),
  ],
  clusters: [
    {
      name: 'full',
      connect_timeout: '1s',
      circuit_breakers: { thresholds: [{ max_requests: 0, max_pending_requests: 0, max_connections: 0 }] },
      load_assignment: {
        cluster_name: 'full',
        endpoints: [
          { lb_endpoints: [{ endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: '$a' } } } }] },
        ],
      },
    },
  ],
  cases: [
    ...['ids', 'ids_edge', 'ids_keep', 'ids_plain_keep', 'ids_no_reason', 'ids_off'].flatMap(name =>
      [undefined, '', 'mine', 'gateway0-97b3-9be1-a558-249e71106e2f', 'gateway0-97b3-abe1-a558-249e71106e2f-long'].map(
        id => ({
          name: `${name}: ${id === undefined ? 'none' : `"${id}"`}`,
          listener: name,
          send: req('GET /', id === undefined ? [] : [`x-request-id: ${id}`]),
          upstream: res('200 OK', ['x-request-id: theirs'], 'x'),
        }),
      ),
    ),
    {
      name: 'early mutation',
      listener: 'early',
      send: req('GET /p?q', ['x-a: 1', 'x-b: 2', 'x-b: 3', 'x-d: 4', 'x-e: 5', 'x-f1: 6', 'X-F2: 7', 'x-g: 8']),
    },
    { name: 'early mutation of what is there', listener: 'early', send: req('GET /', ['x-c: 1', 'x-c: 2']) },
    { name: 'early mutation decides the route', listener: 'early', send: req('GET /x', ['x-a: routed']) },
    {
      name: 'early mutation before detection',
      listener: 'early_xff',
      send: req('GET /', ['x-forwarded-proto: https']),
    },
    { name: 'early mutation removes the path', listener: 'early_pseudo', send: req('GET /') },
    { name: 'early mutation removes the host', listener: 'early_host', send: req('GET /') },
    ...statusCases,
    ...[
      'status_node',
      'status_literal',
      'status_no_details',
      'status_no_flags',
      'status_no_termination',
      'status_server',
    ].map(name => ({ name: `${name}: refused connection`, listener: name, send: req('GET /dead') })),
    { name: 'overload is told', listener: 'overload', send: req('GET /') },
    { name: 'overload is not told', listener: 'overload_off', send: req('GET /') },
    { name: 'a filter that nobody has is optional', listener: 'optional', send: req('GET /') },
    { name: 'route resolution stats', listener: 'routes', send: req('GET /') },
  ],
  stats: [/^http\.routes\.(?!downstream|tracing|rs|no_|rq_)/],
}
