import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeBinary } from './decode-binary.ts'
import { decodeJson } from './decode-json.ts'
import { encodeBinary } from './encode-binary.ts'
import type { JsonValue } from './json-source.ts'
import { toProtoJson } from './proto-json.ts'

const prefix = 'type.googleapis.com/'
const source = { file: '', locate: () => ({ line: 0, column: 0 }) }

function fromJson(fullName: string, json: JsonValue) {
  return decodeJson(fullName, json, source, [])
}

/** One message of each kind of field. */
const samples: readonly (readonly [fullName: string, json: JsonValue])[] = [
  [
    'envoy.config.cluster.v3.Cluster',
    {
      name: 'a',
      type: 'STRICT_DNS',
      connect_timeout: '0.250s',
      per_connection_buffer_limit_bytes: 0,
      metadata: { filter_metadata: { f: { s: 'x', n: 1.5, b: true, z: null, l: [1, { o: 'p' }] } } },
      circuit_breakers: { thresholds: [{ priority: 'HIGH', max_requests: 7 }, { track_remaining: true }] },
      typed_extension_protocol_options: {
        http: {
          '@type': `${prefix}envoy.extensions.upstreams.http.v3.HttpProtocolOptions`,
          explicit_http_config: { http_protocol_options: {} },
        },
      },
    },
  ],
  ['envoy.type.v3.Int64Range', { start: '-9223372036854775808', end: '5' }],
  ['envoy.type.v3.DoubleRange', { start: -0.5, end: 1e300 }],
  ['envoy.type.v3.Int32Range', { start: -2147483648, end: 300 }],
  ['envoy.config.core.v3.DataSource', { inline_bytes: 'AP8/' }],
  ['envoy.config.core.v3.DataSource', { inline_string: '' }],
  [
    'envoy.extensions.filters.network.redis_proxy.v3.RedisProxy',
    { stat_prefix: 'ü', settings: { op_timeout: '-1.500s' } },
  ],
  ['google.api.HttpRule', { get: '/x' }],
]

for (const [fullName, json] of samples) {
  test(`bytes and JSON say the same: ${fullName} ${JSON.stringify(json).slice(0, 60)}`, () => {
    const message = fromJson(fullName, json)
    assert.deepEqual(decodeBinary(prefix + fullName, encodeBinary(prefix + fullName, message)), message)
    assert.deepEqual(toProtoJson(prefix + fullName, message), json)
  })
}

test('bytes as protobuf writes them', () => {
  const bytes = encodeBinary(`${prefix}envoy.config.core.v3.Locality`, { region: 'r', zone: '', subZone: 'z' })
  assert.deepEqual([...bytes], [0x0a, 1, 0x72, 0x1a, 1, 0x7a])
})

test('a long nested message has a long length', () => {
  const name = `${prefix}envoy.config.endpoint.v3.ClusterLoadAssignment`
  const endpoints = Array.from({ length: 300 }, (_, i) => ({ endpoint: { hostname: `host-${i}` } }))
  const message = fromJson('envoy.config.endpoint.v3.ClusterLoadAssignment', {
    cluster_name: 'a',
    endpoints: [{ lb_endpoints: endpoints }],
  })
  assert.deepEqual(decodeBinary(name, encodeBinary(name, message)), message)
})

test('malformed bytes are refused with the place', () => {
  const cluster = `${prefix}envoy.config.cluster.v3.Cluster`
  assert.throws(() => decodeBinary(cluster, new Uint8Array([0x0a, 5, 1])), {
    message: /malformed .*Cluster: message ends/,
  })
  assert.throws(() => decodeBinary(cluster, new Uint8Array([0x0a, 1, 0xff]), { label: 'cds' }), {
    message: /^cds: malformed .*UTF-8/,
  })
  assert.throws(() => decodeBinary(`${prefix}envoy.Foo`, new Uint8Array()), { message: /unknown type/ })
})

test('an unknown type in an Any is an error with its path', () => {
  const type = `${prefix}envoy.config.core.v3.TypedExtensionConfig`
  const any = new TextEncoder().encode('a.b/c.D')
  const bytes = new Uint8Array([0x12, any.length + 2, 0x0a, any.length, ...any])
  assert.throws(() => decodeBinary(type, bytes), { message: /^typed_config: unknown type "a\.b\/c\.D"/ })
})

test('unknown fields are skipped, or refused when asked', () => {
  const locality = `${prefix}envoy.config.core.v3.Locality`
  const bytes = new Uint8Array([0x0a, 1, 0x72, 0xf8, 0x07, 1])
  assert.equal(decodeBinary(locality, bytes)['region'], 'r')
  assert.throws(() => decodeBinary(locality, bytes, { rejectUnknown: true }), { message: /unknown field number 127/ })
})
