/** What becomes of a CONNECT that ends here: the pool of tunnels which stands in the place of a pool of HTTP connections. */
import type { Cluster, Host, HttpConnectionPool } from '../core/cluster.ts'
import type { HeaderMap } from '../core/header-map.ts'
import type { ConnectConfig, RouteEntry } from '../core/route.ts'
import type { DownstreamInfo } from '../core/stream-info.ts'
import { proxyProtocolV1, proxyProtocolV2 } from '../network/proxy-protocol.ts'
import { TcpTunnels } from './tcp-tunnel.ts'
import { UdpTunnels } from './udp-tunnel.ts'

/** Undefined: the request does not end here. */
export function tunnelsTo(
  cluster: Cluster,
  host: Host,
  entry: RouteEntry,
  config: ConnectConfig,
  headers: HeaderMap,
  downstream: DownstreamInfo,
): HttpConnectionPool | undefined {
  if (headers.get('upgrade')?.toLowerCase() === 'connect-udp')
    return new UdpTunnels(host, () => cluster.info.stats.scope.counter('upstream_udp_datagrams_dropped').inc())
  const { method } = headers
  if (method !== 'CONNECT' && !(config.allowPost && method === 'POST')) return undefined
  return new TcpTunnels(cluster, host, entry.priority, proxyHeader(config, downstream))
}

/** Goes before the bytes of a tunnel. */
function proxyHeader(
  config: ConnectConfig,
  { directRemoteAddress, localAddress }: DownstreamInfo,
): Uint8Array | string {
  if (config.proxyProtocol === 'V1') return proxyProtocolV1(directRemoteAddress, localAddress)
  return config.proxyProtocol === 'V2' ? proxyProtocolV2(directRemoteAddress, localAddress) : ''
}
