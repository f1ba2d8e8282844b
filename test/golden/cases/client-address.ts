/** Whose address a request comes from: detection extensions, and what depends on it. */
import { fileLog, type Group, http, req } from '../case.ts'

const type = 'type.googleapis.com/envoy.extensions'
const xff = (config: object) => ({
  original_ip_detection_extensions: [
    {
      name: 'envoy.http.original_ip_detection.xff',
      typed_config: { '@type': `${type}.http.original_ip_detection.xff.v3.XffConfig`, ...config },
    },
  ],
})
const customHeader = (config: object) => ({
  name: 'envoy.http.original_ip_detection.custom_header',
  typed_config: { '@type': `${type}.http.original_ip_detection.custom_header.v3.CustomHeaderConfig`, ...config },
})
const ranges = (...list: readonly string[]) =>
  list.map(each => ({ address_prefix: each.split('/')[0] as string, prefix_len: Number(each.split('/')[1]) }))

const log = [
  fileLog(
    '%RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% from %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n',
  ),
]
const listener = (name: string, hcm: object) => http({ name, hcm: { access_log: log, ...hcm } })

export const clientAddress: Group = {
  name: 'client-address',
  listeners: [
    listener('http', {}),
    listener('xff', xff({ xff_num_trusted_hops: 1 })),
    listener('xff_append', xff({ xff_num_trusted_hops: 0, skip_xff_append: false })),
    listener('xff_cidrs', {
      ...xff({ xff_trusted_cidrs: { cidrs: ranges('127.0.0.0/8', '10.0.0.0/8') } }),
      internal_address_config: { cidr_ranges: ranges('192.168.0.0/16') },
    }),
    listener('xff_cidrs_append', xff({ xff_trusted_cidrs: { cidrs: ranges('127.0.0.0/8') }, skip_xff_append: false })),
    listener('xff_cidrs_other', xff({ xff_trusted_cidrs: { cidrs: ranges('10.0.0.0/8') } })),
    listener('custom', {
      original_ip_detection_extensions: [customHeader({ header_name: 'X-Real-IP' })],
      internal_address_config: { cidr_ranges: ranges('10.0.0.0/8') },
    }),
    listener('custom_trusted', {
      original_ip_detection_extensions: [
        customHeader({ header_name: 'x-real-ip', allow_extension_to_set_address_as_trusted: true }),
      ],
      internal_address_config: { cidr_ranges: ranges('10.0.0.0/8') },
    }),
    listener('custom_reject', {
      original_ip_detection_extensions: [
        customHeader({ header_name: 'x-real-ip', reject_with_status: { code: 'Unauthorized' } }),
      ],
    }),
    listener('custom_reject_odd', {
      original_ip_detection_extensions: [
        customHeader({ header_name: 'x-real-ip', reject_with_status: { code: 'OK' } }),
      ],
    }),
    listener('two', {
      original_ip_detection_extensions: [
        customHeader({ header_name: 'x-first', reject_with_status: { code: 'NotFound' } }),
        customHeader({ header_name: 'x-second', reject_with_status: { code: 'Gone' } }),
      ],
    }),
    listener('internal', {
      use_remote_address: true,
      internal_address_config: { cidr_ranges: ranges('127.0.0.0/8') },
    }),
    listener('not_internal', { use_remote_address: true, internal_address_config: {} }),
    listener('internal_hops', {
      use_remote_address: true,
      xff_num_trusted_hops: 1,
      internal_address_config: { cidr_ranges: ranges('10.0.0.0/8', '::1/128') },
    }),
    listener('mapped', { use_remote_address: true, represent_ipv4_remote_address_as_ipv4_mapped_ipv6: true }),
    listener('mapped_hops', {
      use_remote_address: true,
      xff_num_trusted_hops: 1,
      represent_ipv4_remote_address_as_ipv4_mapped_ipv6: true,
    }),
    listener('port', { use_remote_address: true, append_x_forwarded_port: true }),
    listener('port_hops', { use_remote_address: true, xff_num_trusted_hops: 1, append_x_forwarded_port: true }),
    listener('port_trusted', { append_x_forwarded_port: true }),
    listener('proto', { use_remote_address: true, forward_proto_config: { https_destination_ports: [443] } }),
    listener('scheme', { scheme_header_transformation: { match_upstream: true } }),
  ],
  cases: [
    ...[undefined, '1.2.3.4', '1.2.3.4, 5.6.7.8', '1.2.3.4,5.6.7.8,9.9.9.9', 'x, 5.6.7.8', 'x'].flatMap(value =>
      ['http', 'xff', 'xff_append', 'xff_cidrs', 'xff_cidrs_append', 'xff_cidrs_other'].map(listener_ => ({
        name: `${listener_}: ${value ?? 'nothing'}`,
        listener: listener_,
        send: req('GET /', value === undefined ? [] : [`x-forwarded-for: ${value}`]),
      })),
    ),
    ...[
      '1.1.1.1, 10.0.0.1',
      '1.1.1.1, 10.0.0.1, 10.0.0.2',
      '10.0.0.1, 10.0.0.2',
      '192.168.0.1, 10.0.0.1',
      '192.168.0.1',
      '1.1.1.1, x, 10.0.0.1',
      '2001:db8::1, 10.0.0.1',
      '1.1.1.1:80, 10.0.0.1',
      ',',
      '1.1.1.1, ',
    ].map(value => ({
      name: `trusted ranges: ${value}`,
      listener: 'xff_cidrs',
      send: req('GET /', [`x-forwarded-for: ${value}`]),
    })),
    {
      name: 'trusted ranges: two fields',
      listener: 'xff_cidrs',
      send: req('GET /', ['x-forwarded-for: 1.1.1.1', 'x-forwarded-for: 10.0.0.1']),
    },
    ...['1.2.3.4', '10.0.0.1', '2001:db8::1', '[2001:db8::1]', '1.2.3.4:80', 'x', ''].flatMap(value =>
      ['custom', 'custom_trusted', 'custom_reject'].map(listener_ => ({
        name: `${listener_}: "${value}"`,
        listener: listener_,
        send: req('GET /', [`x-real-ip: ${value}`, 'x-envoy-retry-on: 5xx']),
      })),
    ),
    { name: 'custom: none', listener: 'custom', send: req('GET /', ['x-forwarded-for: 1.2.3.4']) },
    {
      name: 'custom: two fields',
      listener: 'custom',
      send: req('GET /', ['x-real-ip: 1.2.3.4', 'x-real-ip: 1.2.3.5']),
    },
    { name: 'custom: rejected', listener: 'custom_reject', send: req('GET /') },
    {
      name: 'custom: a body is rejected',
      listener: 'custom_reject',
      send: req('POST /', ['content-length: 3'], 'abc'),
    },
    {
      name: 'custom: rejected gRPC',
      listener: 'custom_reject',
      send: req('POST /', ['content-type: application/grpc']),
    },
    { name: 'custom: rejected with a status that is none', listener: 'custom_reject_odd', send: req('GET /') },
    { name: 'two: first', listener: 'two', send: req('GET /', ['x-first: 1.1.1.1', 'x-second: 2.2.2.2']) },
    { name: 'two: second', listener: 'two', send: req('GET /', ['x-first: x', 'x-second: 2.2.2.2']) },
    { name: 'two: none', listener: 'two', send: req('GET /') },
    { name: 'internal peer', listener: 'internal', send: req('GET /', ['x-envoy-retry-on: 5xx']) },
    {
      name: 'internal peer that forwards',
      listener: 'internal',
      send: req('GET /', ['x-forwarded-for: 10.0.0.1', 'x-envoy-retry-on: 5xx']),
    },
    { name: 'no address is internal', listener: 'not_internal', send: req('GET /', ['x-envoy-retry-on: 5xx']) },
    {
      name: 'internal by a trusted hop',
      listener: 'internal_hops',
      send: req('GET /', ['x-forwarded-for: 10.0.0.1', 'x-envoy-retry-on: 5xx']),
    },
    { name: 'IPv4 as IPv6', listener: 'mapped', send: req('GET /', ['x-forwarded-for: 1.2.3.4']) },
    { name: 'IPv4 as IPv6: a trusted hop', listener: 'mapped_hops', send: req('GET /', ['x-forwarded-for: 1.2.3.4']) },
    {
      name: 'IPv4 as IPv6: an IPv6 hop',
      listener: 'mapped_hops',
      send: req('GET /', ['x-forwarded-for: 2001:db8::1']),
    },
    { name: 'port', listener: 'port', send: req('GET /', ['x-forwarded-port: 1']) },
    { name: 'port of a trusted hop', listener: 'port_hops', send: req('GET /', ['x-forwarded-port: 1']) },
    { name: 'no port of a trusted hop', listener: 'port_hops', send: req('GET /') },
    { name: 'port without use_remote_address', listener: 'port_trusted', send: req('GET /', ['x-forwarded-port: 1']) },
    { name: 'proto without a proxy', listener: 'proto', send: req('GET /', ['x-forwarded-proto: https']) },
    { name: 'scheme of the upstream', listener: 'scheme', send: req('GET /', ['x-forwarded-proto: https']) },
  ],
  stats: [/^http\.custom_reject\.downstream_rq_(rejected|4xx|total)/],
}
