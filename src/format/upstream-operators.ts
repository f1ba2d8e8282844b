/** The commands about the hosts of the upstream, of the last attempt and of all. Follows Envoy's `stream_info_formatter.cc`. */
import type { Host } from '../core/cluster.ts'
import type { StreamInfo } from '../core/stream-info.ts'
import { ipOf } from './address-operators.ts'

type Get = (info: StreamInfo) => string | number | undefined

const nameOf = (host: Host): string => host.hostname || host.addressString
const addressWithoutPort = (host: Host): string => ipOf(host.address) ?? ''
const nameWithoutPort = (host: Host): string =>
  host.hostname ? host.hostname.replace(/:\d+$/, '') : addressWithoutPort(host)

function ofHost(get: (host: Host) => string): Get {
  return info => (info.upstreamHost === undefined ? undefined : get(info.upstreamHost))
}

/** Those of retries, in order, with commas. */
function ofHosts(get: (host: Host) => string): Get {
  return info => {
    const hosts = [
      ...(info.earlierUpstreamHosts ?? []),
      ...(info.upstreamHost === undefined ? [] : [info.upstreamHost]),
    ]
    return hosts.map(get).join(',') || undefined
  }
}

/** Those without arguments. */
export const upstreamOperators: ReadonlyMap<string, Get> = new Map<string, Get>([
  ['UPSTREAM_HOST', ofHost(host => host.addressString)],
  ['UPSTREAM_HOST_NAME', ofHost(nameOf)],
  ['UPSTREAM_HOST_NAME_WITHOUT_PORT', ofHost(nameWithoutPort)],
  ['UPSTREAM_HOSTS_ATTEMPTED', ofHosts(host => host.addressString)],
  ['UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT', ofHosts(addressWithoutPort)],
  ['UPSTREAM_HOST_NAMES_ATTEMPTED', ofHosts(nameOf)],
  ['UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT', ofHosts(nameWithoutPort)],
  ['UPSTREAM_CONNECTION_ID', info => Number(info.upstreamConnectionId ?? 0)],
  [
    'UPSTREAM_CONNECTION_IDS_ATTEMPTED',
    info => {
      const last = info.upstreamConnectionId
      return (
        [...(info.earlierUpstreamConnectionIds ?? []), ...(last === undefined ? [] : [last])].join(',') || undefined
      )
    },
  ],
  ['UPSTREAM_CLUSTER_RAW', info => info.upstreamClusterName],
  ['UPSTREAM_PROTOCOL', info => info.upstreamProtocol],
  ['UPSTREAM_REQUEST_ATTEMPT_COUNT', info => info.upstreamRequestAttemptCount],
  ['UPSTREAM_TRANSPORT_FAILURE_REASON', info => info.upstreamTransportFailureReason?.replace(/\s/g, '_') || undefined],
  ['UPSTREAM_LOCAL_CLOSE_REASON', info => info.upstreamLocalCloseReason.replace(/\s/g, '_') || undefined],
  [
    'UPSTREAM_DETECTED_CLOSE_TYPE',
    // The connections of HTTP pools outlive the request.
    info => (info.upstreamHost === undefined ? undefined : info.upstreamDetectedCloseType),
  ],
])
