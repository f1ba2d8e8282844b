import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ConfigError } from '../base/errors.ts'
import { decodeJson } from './decode-json.ts'
import type { Message } from './schema.ts'
import { parseYaml } from './yaml-source.ts'

const cluster = 'envoy.config.cluster.v3.Cluster'
const manager = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
const host = 'envoy.config.route.v3.VirtualHost'
const address = 'envoy.config.core.v3.SocketAddress'
const bootstrap = 'envoy.config.bootstrap.v3.Bootstrap'

function decode(fullName: string, yaml: string): { message: Message; errors: string[] } {
  const { value, source } = parseYaml(yaml, 'envoy.yaml')
  const errors: ConfigError[] = []
  return { message: decodeJson(fullName, value, source, errors), errors: errors.map(error => error.message) }
}

/** Type, field, YAML text, and the decoded value or the reason of the refusal: what Envoy 1.40 did with each. */
const cases: readonly (readonly [fullName: string, field: string, yaml: string, expected: unknown])[] = [
  // Enums: any case, numbers, numbers as text.
  [manager, 'codec_type', 'AUTO', 'AUTO'],
  [manager, 'codec_type', 'http2', 'HTTP2'],
  [manager, 'codec_type', 'Http1', 'HTTP1'],
  [manager, 'codec_type', '2', 'HTTP2'],
  [manager, 'codec_type', '"1"', 'HTTP1'],
  [manager, 'codec_type', 'null', 'AUTO'],
  [manager, 'codec_type', '9', /^9 is none of AUTO, HTTP1, HTTP2, HTTP3$/],
  [manager, 'codec_type', 'h3', /is none of AUTO/],
  [manager, 'codec_type', '""', /is none of AUTO/],
  [cluster, 'type', 'strict-dns', /is none of STATIC, STRICT_DNS/],
  // Durations.
  [cluster, 'connect_timeout', '0.25s', 250],
  [cluster, 'connect_timeout', '{seconds: "5", nanos: 500000000}', 5500],
  [cluster, 'connect_timeout', '0.000000001s', 0.000001],
  [cluster, 'connect_timeout', 'null', undefined],
  ...['.5s', '5', '"5"', '1m', '1000ms', '1e3s', '1.s', '" 1s"', '1S', '0.0000000001s'].map(
    text => [cluster, 'connect_timeout', text, /expected a duration in seconds/] as const,
  ),
  [cluster, 'connect_timeout', '9999999999999s', /out of range/],
  // Integers.
  [address, 'port_value', '"10000"', 10000],
  [address, 'port_value', '10000.0', 10000],
  [address, 'port_value', '1e4', 10000],
  [address, 'port_value', '"1e4"', 10000],
  [address, 'port_value', '0x2710', 10000],
  [address, 'port_value', '"0x2710"', 10000],
  [address, 'port_value', '010', 8],
  [address, 'port_value', '"010"', 10],
  [address, 'port_value', '-1', /from 0 to 4294967295, got -1/],
  [address, 'port_value', 'true', /expected an integer, got true/],
  [address, 'port_value', '1.5', /expected an integer, got "1.5"/],
  [address, 'port_value', '" 80"', /expected an integer/],
  // Strings are never made from something else.
  [manager, 'stat_prefix', '5.5', '5.5'],
  [manager, 'stat_prefix', '1_000', '1_000'],
  [manager, 'stat_prefix', '2020-01-01', '2020-01-01'],
  [manager, 'stat_prefix', '12345678901', '12345678901'],
  [manager, 'stat_prefix', '"5"', '5'],
  [manager, 'stat_prefix', '5', /expected a string, got 5; write "5"/],
  [manager, 'stat_prefix', 'yes', /expected a string, got true; put it in quotes/],
  [manager, 'stat_prefix', '!!str 5', /expected a string, got 5/],
  [manager, 'stat_prefix', '[a]', /expected a string, got a list/],
  // Wrappers are their value, or an object with it.
  [manager, 'use_remote_address', '"true"', true],
  [manager, 'use_remote_address', 'on', true],
  [manager, 'use_remote_address', 't', true],
  [manager, 'use_remote_address', '"1"', true],
  [manager, 'use_remote_address', '{value: true}', true],
  [manager, 'use_remote_address', '{}', false],
  [manager, 'use_remote_address', 'null', undefined],
  [manager, 'use_remote_address', '1', /expected true or false, got 1/],
  [manager, 'use_remote_address', '"on"', /expected true or false, got "on"/],
  [cluster, 'per_connection_buffer_limit_bytes', '1e2', 100],
  // Lists.
  [host, 'domains', '"*"', ['*']],
  [host, 'domains', '[null]', ['']],
  [host, 'domains', '[["*"], [], [[a, b]]]', ['*', 'a', 'b']],
  [host, 'domains', 'null', []],
  [host, 'domains', '{a: b}', /expected a string, got an object/],
]

for (const [fullName, field, yaml, expected] of cases) {
  test(`${field}: ${yaml}`, () => {
    const { message, errors } = decode(fullName, `${field}: ${yaml}`)
    if (expected instanceof RegExp) return assert.match(errors[0]?.replace(/^.*?: /, '') ?? 'no error', expected)
    assert.deepEqual(errors, [])
    const key = field.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase())
    assert.deepEqual(message[key], expected)
  })
}

test('the shape: defaults for plain fields, nothing for unset messages and oneof members', () => {
  const { message } = decode('envoy.config.core.v3.DataSource', '{}')
  assert.deepEqual(message, {})
  const { message: node } = decode('envoy.config.core.v3.Node', 'metadata: {a: 1.5, b: [x, {c: true}], d: null}')
  assert.deepEqual(node['metadata'], { a: '1.5', b: ['x', { c: true }], d: null })
  assert.equal(node['id'], '')
  assert.deepEqual(node['extensions'], [])
  assert.equal('locality' in node, false)
  assert.ok(Object.isFrozen(node))
  assert.deepEqual(structuredClone(node), node)
})

test('64-bit integers are bigint, bytes are Uint8Array', () => {
  const { message } = decode('envoy.type.v3.Int64Range', '{start: "9007199254740993", end: -5}')
  assert.deepEqual(message, { start: 9007199254740993n, end: -5n })
  const { message: data } = decode('envoy.config.core.v3.DataSource', 'inline_bytes: AP8_')
  assert.deepEqual(data['inlineBytes'], new Uint8Array([0, 255, 63]))
})

test('both spellings of a name, and a later one wins', () => {
  assert.equal(decode(cluster, 'altStatName: x').message['altStatName'], 'x')
  assert.equal(decode(cluster, 'alt_stat_name: x\naltStatName: z').message['altStatName'], 'z')
})

test('an unknown field tells its place and the nearest name', () => {
  assert.deepEqual(decode(bootstrap, 'static_resources:\n  clusters:\n  - name: a\n    conect_timeout: 1s\n').errors, [
    `envoy.yaml:4:5 static_resources.clusters[0].conect_timeout: no such field in ${cluster}; did you mean connect_timeout?`,
  ])
})

test('several faults are told at once', () => {
  const { errors } = decode(cluster, 'name: 5\ntype: NONE\nfoo: null\nlb_policy: [MAGLEV]')
  assert.deepEqual(
    errors.map(error => error.split(' ')[0]),
    ['envoy.yaml:1:1', 'envoy.yaml:2:1', 'envoy.yaml:3:1', 'envoy.yaml:4:1'],
  )
})

test('two members of a oneof are refused, but a null one is not set', () => {
  const data = 'envoy.config.core.v3.DataSource'
  assert.match(
    decode(data, 'filename: a\ninline_string: b').errors.join(),
    /2:1 .*only one of filename and inline_string/,
  )
  assert.deepEqual(decode(data, 'filename: a\ninline_string: null').errors, [])
})

function typedConfig(yaml: string): { value: unknown; errors: string[] } {
  const { message, errors } = decode('envoy.config.core.v3.TypedExtensionConfig', `name: x\ntyped_config: ${yaml}`)
  return { value: message['typedConfig'], errors }
}

test('Any is its type and the decoded message', () => {
  const typeUrl = 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer'
  const value = { maxRequestBytes: 5 }
  assert.deepEqual(typedConfig(`{"@type": ${typeUrl}, max_request_bytes: 5}`).value, { typeUrl, value })
  assert.deepEqual(typedConfig(`{"@type": ${typeUrl.replace('type.', 'foo.')}, max_request_bytes: 5}`).value, {
    typeUrl,
    value,
  })
  const wrapped = `{"@type": type.googleapis.com/google.protobuf.StringValue, value: hello}`
  assert.deepEqual(typedConfig(wrapped).value, {
    typeUrl: 'type.googleapis.com/google.protobuf.StringValue',
    value: 'hello',
  })
})

test('TypedStruct of either spelling stands for the message it names', () => {
  const inner = 'type.googleapis.com/envoy.extensions.filters.http.buffer.v3.Buffer'
  for (const type of ['udpa.type.v1.TypedStruct', 'xds.type.v3.TypedStruct']) {
    const yaml = `{"@type": type.googleapis.com/${type}, type_url: ${inner}, value: {max_request_bytes: 5}}`
    assert.deepEqual(typedConfig(yaml).value, { typeUrl: inner, value: { maxRequestBytes: 5 } })
  }
  const plugin = typedConfig(
    '{"@type": type.googleapis.com/xds.type.v3.TypedStruct, type_url: a/my.Plugin, value: {a: b}}',
  )
  assert.deepEqual(plugin.value, {
    typeUrl: 'type.googleapis.com/xds.type.v3.TypedStruct',
    value: { typeUrl: 'a/my.Plugin', value: { a: 'b' } },
  })
})

test('an Any that names no known type is refused by name', () => {
  assert.match(typedConfig('{a: b}').errors.join(), /has no "@type"/)
  assert.match(typedConfig('{"@type": envoy.Foo}').errors.join(), /must have a host/)
  assert.match(
    typedConfig(
      '{"@type": type.googleapis.com/envoy.config.filter.network.http_connection_manager.v2.HttpConnectionManager}',
    ).errors.join(),
    /unknown type .*v2 API.*did you mean .*http_connection_manager\.v3\.HttpConnectionManager\?/,
  )
  assert.deepEqual(typedConfig('{}').value, { typeUrl: 'type.googleapis.com/google.protobuf.Empty', value: {} })
})
