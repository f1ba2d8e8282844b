/** TCP: proxy, echo, direct response, half close. */
import { cluster, type Group, listenOn, tcp } from '../case.ts'

const type = 'type.googleapis.com/envoy.extensions.filters.network'

export const tcpProxy: Group = {
  name: 'tcp',
  stats: [
    /^tcp\.(to_tcp|to_dead)\.(downstream_cx_(total|no_route|rx_bytes_total|tx_bytes_total)|max_downstream_connection_duration|idle_timeout)$/,
    /^cluster\.(tcp|dead)\.upstream_cx_(total|connect_fail|rx_bytes_total|tx_bytes_total|destroy_with_active_rq)$/,
  ],
  clusters: [cluster('full', ['$tcp'], { circuit_breakers: { thresholds: [{ max_connections: 0 }] } })],
  listeners: [
    tcp('to_tcp', { cluster: 'tcp' }),
    tcp('to_dead', { cluster: 'dead', max_connect_attempts: 2 }),
    tcp('to_empty', { cluster: 'empty' }),
    tcp('to_weighted', { weighted_clusters: { clusters: [{ name: 'tcp', weight: 1 }] } }),
    tcp('idle', { cluster: 'tcp', idle_timeout: '0.1s' }),
    tcp('to_full', { cluster: 'full' }),
    listenOn('echo', [{ name: 'envoy.filters.network.echo', typed_config: { '@type': `${type}.echo.v3.Echo` } }]),
    listenOn('direct', [
      {
        name: 'envoy.filters.network.direct_response',
        typed_config: { '@type': `${type}.direct_response.v3.Config`, response: { inline_string: 'hello and bye\n' } },
      },
    ]),
  ],
  cases: [
    {
      name: 'bytes both ways',
      listener: 'to_tcp',
      tcp: true,
      send: ['echo\n', { text: 'echo\n' }, 'more', { text: 'more' }],
    },
    {
      name: 'client half-closes',
      listener: 'to_tcp',
      tcp: true,
      send: ['count\n12345', { do: 'end' }, { closed: true }],
    },
    { name: 'upstream closes', listener: 'to_tcp', tcp: true, send: ['bye\n', { closed: true }] },
    { name: 'upstream resets', listener: 'to_tcp', tcp: true, send: ['reset\n', { closed: true }] },
    {
      name: 'large',
      listener: 'to_tcp',
      tcp: true,
      send: [`count\n${'x'.repeat(200_000)}`, { do: 'end' }, { closed: true }],
    },
    { name: 'client resets', listener: 'to_tcp', tcp: true, send: ['echo\n', { text: 'echo\n' }, { do: 'reset' }] },
    { name: 'upstream refuses', listener: 'to_dead', tcp: true, send: [{ closed: true }] },
    { name: 'no host', listener: 'to_empty', tcp: true, send: [{ closed: true }] },
    { name: 'overflow', listener: 'to_full', tcp: true, send: [{ closed: true }] },
    { name: 'weighted clusters', listener: 'to_weighted', tcp: true, send: ['bye\n', { closed: true }] },
    { name: 'idle timeout', listener: 'idle', tcp: true, send: ['echo\n', { text: 'echo\n' }, { closed: true }] },
    {
      name: 'echo',
      listener: 'echo',
      tcp: true,
      send: ['abc', { text: 'abc' }, 'def', { text: 'def' }, { do: 'end' }, { closed: true }],
    },
    { name: 'direct response', listener: 'direct', tcp: true, send: [{ closed: true }] },
  ],
}
