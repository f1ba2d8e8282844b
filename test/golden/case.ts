/**
 * The vocabulary of golden cases: a group is one proxy configuration, a case is bytes that a client sends to it and what the
 * upstream answers. What came of it in real Envoy is in data/.
 */
import type { Json, JsonObject } from '../support/proxy-process.ts'
import type { Reply } from '../support/upstream.ts'

/**
 * Text is sent as it is. `end` sends FIN, `reset` RST. `{ responses: n }` waits for n final responses in all, `{ text }` until
 * the received bytes contain it, `{ upstreamHeads: n }` until the upstream has seen n request heads.
 */
export type Step =
  | string
  | { readonly do: 'end' | 'reset' }
  | { readonly responses: number }
  | { readonly text: string }
  | { readonly upstreamHeads: number }
  | { readonly closed: true }

export interface Case {
  readonly name: string
  /** Listener to connect to: `http` by default. */
  readonly listener?: string
  readonly send: string | readonly Step[]
  /** Final responses to wait for; 1 by default, 0 to wait for nothing. */
  readonly responses?: number
  /** A request on a connection of its own that reaches the upstream first and is left hanging. */
  readonly before?: string
  /** Answers of upstream `a`, one a request, the last repeating; 200 with the body `ok` by default. */
  readonly upstream?: Reply | readonly Reply[]
  /** The connection carries plain TCP: compare text, not HTTP messages. */
  readonly tcp?: boolean
}

export interface Group {
  readonly name: string
  readonly listeners: readonly JsonObject[]
  /** Besides `a`, `b`, `dead`, `empty` and `tcp`, which every group has. */
  readonly clusters?: readonly JsonObject[]
  readonly cases: readonly Case[]
  /** Runtime values, by key. */
  readonly runtime?: JsonObject
  /** Counters and gauges to compare after all cases. */
  readonly stats?: readonly RegExp[]
}

const type = 'type.googleapis.com/envoy.extensions'

/** What access logs of golden listeners print; `@` and the client's port tie a line to its case. */
const logFormat =
  '"%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% ' +
  'rx=%BYTES_RECEIVED% tx=%BYTES_SENT% route=%ROUTE_NAME% cluster=%UPSTREAM_CLUSTER% attempts=%UPSTREAM_REQUEST_ATTEMPT_COUNT% ' +
  'failure="%UPSTREAM_TRANSPORT_FAILURE_REASON%" @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'

export const fileLog = (format: string | undefined = logFormat): JsonObject => ({
  name: 'envoy.access_loggers.file',
  typed_config: {
    '@type': `${type}.access_loggers.file.v3.FileAccessLog`,
    path: '$DIR/access.log',
    ...(format === '' ? {} : { log_format: { text_format_source: { inline_string: format } } }),
  },
})

export const router: JsonObject = {
  name: 'envoy.filters.http.router',
  typed_config: { '@type': `${type}.filters.http.router.v3.Router` },
}

/** A router that leaves out x-envoy-upstream-service-time, whose digits would change byte counts from run to run. */
export const quietRouter: JsonObject = {
  name: 'envoy.filters.http.router',
  typed_config: { '@type': `${type}.filters.http.router.v3.Router`, suppress_envoy_headers: true },
}

export const listenOn = (name: string, filters: readonly Json[], more: JsonObject = {}): JsonObject => ({
  name,
  address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
  filter_chains: [{ filters }],
  ...more,
})

/** A listener with a connection manager. `routes` stand in one virtual host for every domain unless `hcm` brings its own. */
export function http(options: {
  readonly name?: string
  readonly routes?: readonly JsonObject[]
  readonly virtualHosts?: readonly JsonObject[]
  readonly routeConfig?: JsonObject
  readonly hcm?: JsonObject
  readonly log?: string
  readonly listener?: JsonObject
}): JsonObject {
  const virtual_hosts = options.virtualHosts ?? [
    { name: 'all', domains: ['*'], routes: options.routes ?? [{ match: { prefix: '/' }, route: { cluster: 'a' } }] },
  ]
  return listenOn(
    options.name ?? 'http',
    [
      {
        name: 'envoy.filters.network.http_connection_manager',
        typed_config: {
          '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
          stat_prefix: options.name ?? 'http',
          delayed_close_timeout: '0.05s',
          access_log: [fileLog(options.log)],
          route_config: { name: 'local_route', virtual_hosts, ...options.routeConfig },
          http_filters: [router],
          ...options.hcm,
        },
      },
    ],
    options.listener,
  )
}

/** A TCP proxy listener. */
export const tcp = (name: string, settings: JsonObject): JsonObject =>
  listenOn(name, [
    {
      name: 'envoy.filters.network.tcp_proxy',
      typed_config: {
        '@type': `${type}.filters.network.tcp_proxy.v3.TcpProxy`,
        stat_prefix: name,
        access_log: [
          fileLog(
            'tcp %RESPONSE_FLAGS% rx=%BYTES_RECEIVED% tx=%BYTES_SENT% cluster=%UPSTREAM_CLUSTER% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n',
          ),
        ],
        ...settings,
      },
    },
  ])

/** A static cluster; ports are names of upstreams: `$a`, `$b`, `$tcp`, `$dead`. */
export const cluster = (name: string, ports: readonly string[], more: JsonObject = {}): JsonObject => ({
  name,
  type: 'STATIC',
  connect_timeout: '1s',
  load_assignment: {
    cluster_name: name,
    endpoints: [
      {
        lb_endpoints: ports.map(port => ({
          endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } },
        })),
      },
    ],
  },
  ...more,
})

/** A route to cluster `a`. */
export const toA = (match: JsonObject, route: JsonObject = {}, more: JsonObject = {}): JsonObject => ({
  match,
  route: { cluster: 'a', ...route },
  ...more,
})

/** Request bytes: `method path`, then header lines; a host comes first unless one is given. */
export function req(line: string, headers: readonly string[] = [], body = ''): string {
  const host = headers.some(header => /^host *:/i.test(header)) ? [] : ['host: a.test']
  return `${[`${line} HTTP/1.1`, ...host, ...headers].join('\r\n')}\r\n\r\n${body}`
}

/** Response bytes with a content-length of the body unless a framing header is given. */
export function res(status: string, headers: readonly string[] = [], body = ''): string {
  const framed = headers.some(header => /^(content-length|transfer-encoding) *:/i.test(header))
  const length = framed ? [] : [`content-length: ${body.length}`]
  return `${[`HTTP/1.1 ${status}`, ...headers, ...length].join('\r\n')}\r\n\r\n${body}`
}
