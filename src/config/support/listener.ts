/** Listeners, filter chains, and the network filters. */
import type { SupportTable } from './table.ts'

export const listenerSupport: SupportTable = {
  'envoy.config.listener.v3.Listener': [
    'name',
    'address',
    'additional_addresses',
    'stat_prefix',
    'filter_chains',
    'default_filter_chain',
    'per_connection_buffer_limit_bytes',
    'metadata',
    'drain_type=DEFAULT',
    'traffic_direction',
    'access_log',
    'tcp_backlog_size',
    'enable_reuse_port',
    'bind_to_port',
    '?reuse_port',
    '?connection_balance_config',
    '?max_connections_to_accept_per_socket_event',
    '?ignore_global_conn_limit',
    '?bypass_overload_manager',
    // Without listener filters there is nothing to wait for.
    '?listener_filters_timeout',
    '?continue_on_listener_filters_timeout',
  ],
  'envoy.config.listener.v3.AdditionalAddress': ['address'],
  'envoy.config.listener.v3.FilterChain': [
    'name',
    'filters',
    'metadata',
    'filter_chain_match',
    'transport_socket',
    'transport_socket_connect_timeout',
  ],
  // Matching comes later: an empty match is every connection.
  'envoy.config.listener.v3.FilterChainMatch': [],
  'envoy.config.listener.v3.Filter': ['name', 'typed_config'],

  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy': [
    'stat_prefix',
    'cluster',
    'weighted_clusters',
    'metadata_match',
    'idle_timeout',
    'access_log',
    'max_connect_attempts',
    'max_downstream_connection_duration',
  ],
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster': 'all',
  'envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy.WeightedCluster.ClusterWeight': ['name', 'weight'],
  'envoy.extensions.filters.network.echo.v3.Echo': 'all',
  'envoy.extensions.filters.network.direct_response.v3.Config': 'all',
  'envoy.extensions.filters.network.sni_cluster.v3.SniCluster': 'all',
}
