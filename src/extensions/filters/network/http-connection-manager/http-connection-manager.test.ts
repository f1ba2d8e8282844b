/** Settings that contradict each other are refused by name, as by Envoy. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factoryContext, filterContext, messageOf } from '../../../../../test/support/routing.ts'
import type { HttpConnectionManager } from '../../../../config/v3.ts'
import { builtinExtensions } from '../../../builtin.ts'
import { ExtensionRegistry } from '../../../registry.ts'
import { httpConnectionManager } from './http-connection-manager.ts'

const type = 'type.googleapis.com/envoy.extensions'

function create(settings: object): void {
  const yaml = JSON.stringify({
    stat_prefix: 'a',
    route_config: {},
    http_filters: [{ name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } }],
    ...settings,
  })
  const name = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
  const context = { ...filterContext(factoryContext()), extensions: new ExtensionRegistry(builtinExtensions) }
  httpConnectionManager.create(messageOf<HttpConnectionManager>(name, yaml), context)
}

const xff = (config: object): object => ({
  original_ip_detection_extensions: [
    { name: 'xff', typed_config: { '@type': `${type}.http.original_ip_detection.xff.v3.XffConfig`, ...config } },
  ],
})
const early = (mutation: object): object => ({
  early_header_mutation_extensions: [
    {
      name: 'early',
      typed_config: {
        '@type': `${type}.http.early_header_mutation.header_mutation.v3.HeaderMutation`,
        mutations: [mutation],
      },
    },
  ],
})

for (const [name, settings, message] of [
  ['two ways to strip ports', { strip_matching_host_port: true, strip_any_host_port: true }, /only one of strip/],
  ['IP detection beside use_remote_address', { ...xff({}), use_remote_address: true }, /may not be mixed/],
  ['IP detection beside hops', { ...xff({}), xff_num_trusted_hops: 1 }, /may not be mixed/],
  ['hops beside trusted ranges', xff({ xff_num_trusted_hops: 1, xff_trusted_cidrs: {} }), /xff_num_trusted_hops/],
  ['log intervals twice', { access_log_flush_interval: '1s', access_log_options: {} }, /only one of access_log_flush/],
  [
    'logs of new requests twice',
    { flush_access_log_on_new_request: true, access_log_options: {} },
    /only one of flush_access_log/,
  ],
  [
    'two upgrades of a type',
    { upgrade_configs: [{ upgrade_type: 'a' }, { upgrade_type: 'A' }] },
    /multiple upgrade configs with the same name/,
  ],
  [
    'a field longer than the head may be',
    { http2_protocol_options: { max_header_field_size_kb: 100 } },
    /max_header_field_size_kb.*must not exceed max_request_headers_kb \(60\)/,
  ],
  [
    'an extension that is no request id',
    { request_id_extension: { typed_config: { '@type': `${type}.filters.http.router.v3.Router` } } },
    /not a request id/,
  ],
  ['early mutation of :path', early({ append: { header: { key: ':path', value: '/' } } }), /may not be modified/],
  ['a bad format', early({ append: { header: { key: 'x', value: '%NOPE%' } } }), /NOPE/],
] as const)
  test(`refused: ${name}`, () => {
    assert.throws(() => create(settings), message)
  })

test('what contradicts nothing is taken', () => {
  create({
    ...xff({ xff_trusted_cidrs: {} }),
    ...early({ remove: 'x' }),
    access_log_options: { access_log_flush_interval: '1s' },
    http2_protocol_options: { max_header_field_size_kb: 100 },
    max_request_headers_kb: 100,
  })
})
