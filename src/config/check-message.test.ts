import assert from 'node:assert/strict'
import { test } from 'node:test'
import { checkMessage } from './check-message.ts'
import { decodeJson } from './decode-json.ts'
import { allMessageNames, messageSchema } from './protos.ts'
import { rulesOf } from './rules.ts'
import { parseYaml } from './yaml-source.ts'

function check(fullName: string, yaml: string, allowed?: ReadonlySet<string>) {
  const { value, source } = parseYaml(yaml, 'a.yaml')
  const result = checkMessage(fullName, decodeJson(fullName, value, source, []), allowed)
  return { errors: result.errors.map(error => error.message), warnings: result.warnings }
}

test('every rule in the API is known', () => {
  let count = 0
  for (const name of allMessageNames()) {
    for (const field of messageSchema(name).fields) {
      if (field.rules === undefined) continue
      rulesOf(field)
      count++
    }
  }
  assert.ok(count > 1000)
})

/** Message, YAML, and the only error. */
const cases: readonly (readonly [fullName: string, yaml: string, error: string])[] = [
  ['config.cluster.v3.Cluster', 'name: ""', 'a.yaml:1:1 name: must not be empty, got ""'],
  [
    'config.cluster.v3.Cluster',
    '{name: a, connect_timeout: 0s}',
    'a.yaml:1:11 connect_timeout: must be greater than 0s, got 0s',
  ],
  [
    'config.core.v3.SocketAddress',
    '{address: a, port_value: 70000}',
    'a.yaml:1:14 port_value: must be at most 65535, got 70000',
  ],
  ['config.core.v3.SocketAddress', '{address: a}', 'a.yaml:1:1: must have one of port_value, named_port'],
  ['config.core.v3.Address', '{}', 'a.yaml:1:1: must have one of socket_address, pipe, envoy_internal_address'],
  ['type.v3.Percent', 'value: 100.5', 'a.yaml:1:1 value: must be at most 100, got 100.5'],
  ['config.core.v3.HeaderValue', '{key: "a\\nb"}', 'a.yaml:1:2 key: must be an HTTP header name, got "a\\nb"'],
  [
    'config.route.v3.RouteMatch',
    '{prefix: /, headers: [{}]}',
    'a.yaml:1:23 headers[0].name: must not be empty, got ""',
  ],
  [
    'config.listener.v3.FilterChainMatch',
    'source_ports: [5, 0]',
    'a.yaml:1:19 source_ports[1]: must be at least 1, got 0',
  ],
  [
    'type.v3.TokenBucket',
    '{max_tokens: 1, fill_interval: 1s, tokens_per_fill: 0}',
    'a.yaml:1:36 tokens_per_fill: must be greater than 0, got 0',
  ],
  ['type.v3.TokenBucket', 'max_tokens: 1', 'a.yaml:1:1: fill_interval is required'],
  [
    'config.cluster.v3.Cluster',
    '{name: a, cleanup_interval: -1s}',
    'a.yaml:1:11 cleanup_interval: must be greater than 0s, got -1s',
  ],
  ['config.route.v3.VirtualHost', '{name: a, domains: []}', 'a.yaml:1:11 domains: must have at least 1 item, got 0'],
  ['type.v3.HttpStatus', 'code: 0', 'a.yaml:1:1 code: must not be "Empty", got "Empty"'],
]

for (const [name, yaml, error] of cases) {
  test(`${name} ${yaml}`, () => assert.deepEqual(check(`envoy.${name}`, yaml).errors.slice(0, 1), [error]))
}

test('rules inside of a member of a oneof that is not set do not count', () => {
  assert.deepEqual(check('envoy.config.core.v3.Address', 'pipe: {path: /tmp/x}').errors, [])
})

test('extensions inside are checked', () => {
  const yaml =
    'name: x\ntyped_config:\n  "@type": type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy\n  cluster: c'
  assert.deepEqual(check('envoy.config.core.v3.TypedExtensionConfig', yaml).errors, [
    'a.yaml:2:1 typed_config.stat_prefix: must not be empty, got ""',
  ])
})

test('a deprecated field is told, and refused when it is too old', () => {
  const { warnings } = check('envoy.config.cluster.v3.Cluster', 'name: a\nhttp2_protocol_options: {}')
  assert.deepEqual(warnings, [
    'a.yaml:2:1 the option envoy.config.cluster.v3.Cluster.http2_protocol_options is deprecated',
  ])
  const action = 'envoy.config.route.v3.RateLimit.Action'
  const yaml = 'dynamic_metadata: {descriptor_key: a, metadata_key: {key: a, path: [{key: b}]}}'
  assert.match(check(action, yaml).errors.join(), /dynamic_metadata is no longer accepted/)
  assert.deepEqual(check(action, yaml, new Set([`${action}.dynamic_metadata`])).errors, [])
})
