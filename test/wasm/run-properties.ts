/**
 * Every attribute in every phase of a request over TLS, from a client with a certificate to an upstream that asks for one,
 * with metadata wherever there can be some: what the probe reads. What differs from run to run is replaced.
 */
import { X509Certificate } from 'node:crypto'
import { createServer } from 'node:https'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import tls from 'node:tls'
import type { Certificates } from '../support/certificates.ts'
import { type JsonObject, type ProxyKind, ProxyProcess } from '../support/proxy-process.ts'
import { cluster, linePrefix, poll, probePlugin } from './run-probe.ts'

/** By phase and attribute. */
export type PropertiesOutcome = Readonly<Record<string, string>>

const type = 'type.googleapis.com/envoy.extensions'
const metadata = (name: string): JsonObject => ({
  filter_metadata: {
    m: { of: name, n: 1.5, b: true, nothing: null, list: [1, 'two', { three: 3 }], s: { x: { y: 'deep' } } },
  },
})
const tlsNames = [
  'tls_version', 'subject_local_certificate', 'subject_peer_certificate', 'dns_san_local_certificate', 'dns_san_peer_certificate',
  'uri_san_local_certificate', 'uri_san_peer_certificate', 'sha256_peer_certificate_digest', 'transport_failure_reason',
] // biome-ignore format: names
const inMetadata = [
  '', '.filter_metadata', '.filter_metadata.m.of', '.filter_metadata.m.n', '.filter_metadata.m.b', '.filter_metadata.m.nothing',
  '.filter_metadata.m.list', '.filter_metadata.m.list.1', '.filter_metadata.m.list.7', '.filter_metadata.m.list.x', '.filter_metadata.m.s',
  '.filter_metadata.m.s.x.y', '.filter_metadata.m.s.x.y.z', '.filter_metadata.none', '.typed_filter_metadata', '.nothing',
] // biome-ignore format: names
const under = (prefix: string, names: readonly string[]) => names.map(name => `${prefix}.${name}`)
const attributes: readonly string[] = [
  ...under('request', ['path', 'url_path', 'query', 'host', 'scheme', 'method', 'referer', 'useragent', 'protocol', 'size', 'headers.x-two', 'headers.X-Two', 'headers.:path', 'headers.host', 'headers.none', 'none']),
  ...under('response', ['code', 'code_details', 'flags', 'grpc_status', 'headers.x-u', 'headers.:status', 'headers.none', 'trailers', 'trailers.x', 'trailers.none', 'size', 'none']),
  ...under('source', ['none']), ...under('destination', ['none']),
  ...under('connection', ['mtls', 'requested_server_name', 'termination_details', 'none', ...tlsNames]),
  ...under('upstream', ['request_attempt_count', 'none', 'locality', 'locality.region', 'locality.zone', 'locality.sub_zone', ...tlsNames]),
  ...under('xds', ['cluster_name', 'route_name', 'virtual_host_name', 'filter_chain_name', 'listener_direction', 'none', 'node.id', 'node.cluster', 'node.locality', 'node.locality.region', 'node.locality.zone', 'node.metadata', 'node.metadata.role', 'node.metadata.list', 'node.none']),
  ...['route', 'virtual_host', 'cluster', 'listener', 'upstream_host', 'upstream_host_locality'].flatMap(owner => inMetadata.map(rest => `xds.${owner}_metadata${rest}`)),
  'request', 'response', 'connection', 'upstream', 'xds', 'source', 'destination', 'metadata', 'filter_state', 'filter_state.none', 'upstream_filter_state', 'upstream_filter_state.none',
  'plugin_name', 'plugin_root_id', 'plugin_vm_id', 'node', 'cluster_name', 'cluster_metadata', 'route_name', 'route_metadata', 'listener_direction', 'listener_metadata', 'upstream_host_metadata',
] // biome-ignore format: one group a line
/** Whose values differ from run to run: whether they are there, and how long. */
const sized = [
  'request.time', 'request.duration', 'request.id', 'request.total_size', 'request.headers', 'response.headers', 'response.total_size', 'response.backend_latency',
  'source.address', 'source.port', 'destination.address', 'destination.port', 'connection.id', 'connection_id', 'upstream.address', 'upstream.port', 'upstream.local_address', 'upstream.cx_pool_ready_duration',
] // biome-ignore format: names
const phases = ['rqh', 'rsh', 'log']

function pair(certificates: Certificates, name: string): JsonObject {
  return {
    certificate_chain: { filename: certificates.path(`${name}.pem`) },
    private_key: { filename: certificates.path(`${name}.key`) },
  }
}

function configuration(certificates: Certificates, upstreamPort: number): JsonObject {
  const validation_context = { trusted_ca: { filename: certificates.path('ca.pem') } }
  const socket = (side: string, name: string, more: JsonObject): JsonObject => ({
    name: 'tls',
    typed_config: {
      '@type': `${type}.transport_sockets.tls.v3.${side}`,
      common_tls_context: { tls_certificates: [pair(certificates, name)], validation_context },
      ...more,
    },
  })
  const manager = {
    '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
    stat_prefix: 'http',
    route_config: {
      virtual_hosts: [
        {
          name: 'host',
          domains: ['*'],
          metadata: metadata('virtual host'),
          routes: [{ name: 'route', match: { prefix: '/' }, metadata: metadata('route'), route: { cluster: 'a' } }],
        },
      ],
    },
    http_filters: [
      { name: 'wasm', typed_config: { '@type': `${type}.filters.http.wasm.v3.Wasm`, config: probePlugin('vm', '') } },
      { name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } },
    ],
  }
  const endpoint = { address: { socket_address: { address: '127.0.0.1', port_value: upstreamPort } } }
  const locality = { region: 'region', zone: 'zone', sub_zone: 'sub-zone' }
  return {
    node: { id: 'node-1', cluster: 'cluster-1', locality, metadata: { role: 'edge', list: [1, 2] } },
    layered_runtime: {
      layers: [{ name: 'wasm', static_layer: { sluice: { wasm: { log_lines_per_second: 1_000_000 } } } }],
    },
    static_resources: {
      listeners: [
        {
          name: 'tls',
          address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
          traffic_direction: 'OUTBOUND',
          metadata: metadata('listener'),
          filter_chains: [
            {
              name: 'chain',
              filters: [{ name: 'hcm', typed_config: manager }],
              transport_socket: socket('DownstreamTlsContext', 'here', { require_client_certificate: true }),
            },
          ],
        },
      ],
      clusters: [
        {
          ...cluster('a', upstreamPort),
          metadata: metadata('cluster'),
          transport_socket: socket('UpstreamTlsContext', 'named', { sni: 'example.test' }),
          load_assignment: {
            cluster_name: 'a',
            endpoints: [{ locality, lb_endpoints: [{ endpoint, metadata: metadata('host') }] }],
          },
        },
      ],
    },
  }
}

export async function runProperties(kind: ProxyKind, certificates: Certificates): Promise<PropertiesOutcome> {
  certificates
    .make('here', {
      subject: '/O=Here/CN=here',
      sans: 'URI:spiffe://test/here,URI:spiffe://test/also,DNS:here.test',
      ca: 'ca',
    })
    .make('named', {
      subject: '/O=Acme, "Inc"/CN=named',
      sans: 'URI:spiffe://a,URI:b://c,DNS:x.test,DNS:y.test',
      ca: 'ca',
    })
  const keys = (name: string) => ({ cert: certificates.read(`${name}.pem`), key: certificates.read(`${name}.key`) })
  const ca = certificates.read('ca.pem')
  const server = createServer(
    { ...keys('here'), ca, requestCert: true, maxVersion: 'TLSv1.2', keepAliveTimeout: 0 },
    (_request, response) => {
      response.setHeader('x-u', '1')
      response.setHeader('trailer', 'x')
      response.write('ok')
      response.addTrailers({ x: '1' })
      response.end()
    },
  )
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const proxy = await ProxyProcess.start(kind, configuration(certificates, (server.address() as AddressInfo).port), {
    flags: ['--component-log-level', 'wasm:info'],
  })
  const outcome: Record<string, string> = {}
  try {
    for (const phase of phases)
      for (const [op, names] of [
        ['prop', attributes],
        ['hasprop', sized],
      ] as const)
        for (let at = 0; at < names.length; at += 20) {
          const commands = names.slice(at, at + 20).map(name => `${phase} ${op} ${name}`)
          for (const line of await ask(proxy, commands, { ...keys('named'), ca }))
            outcome[`${phase} ${line.name}`] = stable(line.name, line.value, certificates)
        }
  } finally {
    await proxy.stop()
    server.closeAllConnections()
    server.close()
  }
  return outcome
}

async function ask(proxy: ProxyProcess, commands: readonly string[], options: tls.ConnectionOptions) {
  const from = proxy.output.length
  const lines = () =>
    proxy.output
      .slice(from)
      .split('\n')
      .filter(line => linePrefix.test(line))
      .map(line => line.replace(linePrefix, ''))
  const socket = tls.connect({
    host: '127.0.0.1',
    port: Number(proxy.ports.tls),
    servername: 'here.test',
    ...options,
  })
  socket.write(
    `GET /path?q=1 HTTP/1.1\r\nhost: example.com\r\nreferer: http://r/\r\nuser-agent: u\r\nx-two: 1\r\nx-two: 2\r\nx-probe: ${commands.join(';')}\r\nconnection: close\r\n\r\n`,
  )
  socket.resume()
  await once(socket, 'close')
  await poll(() => lines().includes('delete'), 5000)
  return lines().flatMap(line => {
    const found = /^ {2}(?:has)?prop (\S+) -> (.*)$/.exec(line)
    return found === null ? [] : [{ name: found[1] as string, value: found[2] as string }]
  })
}

/** The order of a map's entries is Envoy's affair: a message that holds some is told by its size. */
function stable(name: string, value: string, certificates: Certificates): string {
  let text = name.endsWith('metadata')
    ? value.replace(/0x([0-9a-f]+)$/, (_, hex: string) => `size ${hex.length / 2}`)
    : value
  for (const name of ['here', 'named']) {
    const digest = new X509Certificate(certificates.read(`${name}.pem`)).fingerprint256
      .replaceAll(':', '')
      .toLowerCase()
    text = text.replace(digest, `{digest of ${name}}`)
  }
  return text
}
