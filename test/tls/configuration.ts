/** Pieces of configurations with TLS, as JSON, for `Sluice.start`. */
import type { Certificates } from '../support/certificates.ts'
import type { Json, JsonObject } from '../support/proxy-process.ts'

const type = 'type.googleapis.com/envoy.extensions'

export function pair(certificates: Certificates, name: string): JsonObject {
  return {
    certificate_chain: { filename: certificates.path(`${name}.pem`) },
    private_key: { filename: certificates.path(`${name}.key`) },
  }
}

export function downstream(context: JsonObject): JsonObject {
  return {
    name: 'tls',
    typed_config: { '@type': `${type}.transport_sockets.tls.v3.DownstreamTlsContext`, ...context },
  }
}

export function upstream(context: JsonObject): JsonObject {
  return {
    name: 'tls',
    typed_config: { '@type': `${type}.transport_sockets.tls.v3.UpstreamTlsContext`, ...context },
  }
}

export function tcpProxy(cluster: string): Json {
  return {
    name: 'tcp',
    typed_config: { '@type': `${type}.filters.network.tcp_proxy.v3.TcpProxy`, stat_prefix: 't', cluster },
  }
}

export const echo: Json = { name: 'echo', typed_config: { '@type': `${type}.filters.network.echo.v3.Echo` } }

export function http(routes: Json): Json {
  return {
    name: 'http',
    typed_config: {
      '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: 'h',
      route_config: { virtual_hosts: [{ name: 'v', domains: ['*'], routes }] },
      http_filters: [{ name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } }],
    },
  }
}

export function listener(
  name: string,
  filter: Json,
  transportSocket: JsonObject | undefined,
  more: JsonObject = {},
  chain: JsonObject = {},
): JsonObject {
  return {
    name,
    stat_prefix: name,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    filter_chains: [
      { filters: [filter], ...(transportSocket === undefined ? {} : { transport_socket: transportSocket }), ...chain },
    ],
    ...more,
  }
}

export function cluster(
  name: string,
  port: number,
  transportSocket: JsonObject | undefined,
  more: JsonObject = {},
): JsonObject {
  return {
    name,
    load_assignment: {
      cluster_name: name,
      endpoints: [
        { lb_endpoints: [{ endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } } }] },
      ],
    },
    ...(transportSocket === undefined ? {} : { transport_socket: transportSocket }),
    ...more,
  }
}

export function resources(listeners: readonly JsonObject[], clusters: readonly JsonObject[] = []): string {
  return JSON.stringify({ static_resources: { listeners, clusters } })
}
