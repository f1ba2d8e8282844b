import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type LoadOptions, loadBootstrap } from './load-bootstrap.ts'
import { configError, positionOf } from './position.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-config-'))
after(() => rmSync(folder, { recursive: true }))

function load(text: string, options: LoadOptions = {}, name = 'envoy.yaml') {
  const configPath = join(folder, name)
  writeFileSync(configPath, text)
  return loadBootstrap({ configPath, ...options })
}

/** The errors without the folder. */
function faults(text: string, options: LoadOptions = {}, name = 'envoy.yaml'): string[] {
  try {
    load(text, options, name)
    return []
  } catch (error) {
    return (error as Error).message.replaceAll(`${folder}/`, '').split('\n')
  }
}

const echo =
  '{filters: [{name: e, typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.network.echo.v3.Echo}}]}'
const listener = (name: string, address: string, port: number) =>
  `{name: ${name}, address: {socket_address: {address: "${address}", port_value: ${port}}}, filter_chains: [${echo}]}`

test('a listener and a cluster', () => {
  const { bootstrap, warnings } = load(
    `static_resources:\n  listeners: [${listener('l', '127.0.0.1', 0)}]\n  clusters: [{name: c, connect_timeout: 1s}]`,
  )
  assert.equal(bootstrap.staticResources?.listeners[0]?.address?.socketAddress?.portValue, 0)
  assert.equal(bootstrap.staticResources?.clusters[0]?.connectTimeout, 1000)
  assert.deepEqual(warnings, [])
})

test('positions and errors of decoded messages', () => {
  const { bootstrap } = load('static_resources:\n  clusters:\n  - name: c\n    connect_timeout: 1s\n')
  const cluster = bootstrap.staticResources?.clusters[0]
  assert.ok(cluster)
  assert.deepEqual(positionOf(cluster, 'connectTimeout'), {
    file: join(folder, 'envoy.yaml'),
    line: 4,
    column: 5,
    path: 'static_resources.clusters[0].connect_timeout',
  })
  assert.match(configError(cluster, undefined, 'is bad').message, /:3:5 static_resources\.clusters\[0\]: is bad$/)
  assert.equal(configError({}, 'x', 'is bad').message, 'is bad')
})

test('--config-yaml is merged over the file', () => {
  const { bootstrap } = load(
    'node: {id: a, cluster: c}\nadmin: {profile_path: x}\nstatic_resources: {clusters: [{name: a}]}',
    {
      configYaml: 'node: {id: b}\nstatic_resources: {clusters: [{name: b}]}\nstats_flush_on_admin: true',
    },
  )
  assert.equal(bootstrap.node?.id, 'b')
  assert.equal(bootstrap.node?.cluster, 'c')
  assert.deepEqual(
    bootstrap.staticResources?.clusters.map(cluster => cluster.name),
    ['a', 'b'],
  )
  assert.equal(bootstrap.statsFlushOnAdmin, true)
})

test('--config-yaml alone is enough, nothing is not', () => {
  assert.equal(loadBootstrap({ configYaml: 'node: {id: b}' }).bootstrap.node?.id, 'b')
  assert.throws(() => loadBootstrap({}), { message: /a configuration is needed/ })
  assert.throws(() => loadBootstrap({ configPath: join(folder, 'none.yaml') }), { message: /cannot read .*ENOENT/ })
})

test('the ending of the name decides between YAML and JSON', () => {
  assert.match(faults('node: {id: a}', {}, 'envoy.conf').join(), /^envoy\.conf:1:1: not JSON/)
  assert.deepEqual(faults('{"node": {"id": "a"},}', {}, 'envoy.json'), [])
  assert.deepEqual(faults('{"node": {"id": "a"}}', {}, 'envoy.YAML'), [])
  assert.deepEqual(faults('[a]'), [
    'envoy.yaml:1:1: expected an object (envoy.config.bootstrap.v3.Bootstrap), got a list',
  ])
})

test('rules, semantics and unsupported fields are told together, in order of place', () => {
  const text = 'static_resources:\n  clusters:\n  - name: ""\n  - name: b\n    type: EDS\n  - name: b\n'
  assert.deepEqual(
    faults(text).map(line => line.split(': ')[0]),
    [
      'envoy.yaml:3:5 static_resources.clusters[0].name',
      'envoy.yaml:5:5 static_resources.clusters[1].type',
      'envoy.yaml:5:5 static_resources.clusters[1].type',
      'envoy.yaml:6:5 static_resources.clusters[2].name',
    ],
  )
})

test('--allow-unsupported turns refusals into warnings', () => {
  const text = 'header_prefix: x-foo'
  assert.match(faults(text).join(), /envoy\.yaml:1:1 header_prefix: .*not supported by sluice/)
  const { warnings } = load(text, { allowUnsupported: true })
  assert.equal(
    warnings[0],
    '--allow-unsupported leaves out 1 of the configured fields: what is served is not what is configured',
  )
  assert.match(warnings[1] ?? '', /not supported by sluice: left out$/)
})

test('--allow-unsupported says loudly that a connection loses its protection', () => {
  const alts = 'type.googleapis.com/envoy.extensions.transport_sockets.alts.v3.Alts'
  const socket = `{name: alts, typed_config: {'@type': ${alts}, handshaker_service: a}}`
  const text = `static_resources: {listeners: [{address: {pipe: {path: a}}, filter_chains: [{transport_socket: ${socket}}]}]}`
  assert.match(
    load(text, { allowUnsupported: true }).warnings.join('\n'),
    /transport_socket.*: LEFT OUT, CONNECTIONS ARE IN CLEARTEXT$/m,
  )
})

/** What Envoy refuses although each field for itself is right. */
const semantic: readonly (readonly [yaml: string, error: RegExp])[] = [
  [`{listeners: [${listener('l', 'localhost', 80)}]}`, /"localhost" is not an IP address/],
  [
    `{listeners: [${listener('a', '::1', 80)}, ${listener('b', '::1', 80)}]}`,
    /\[::1\]:80 is already the address of listener "a"/,
  ],
  [`{listeners: [{name: a, filter_chains: [${echo}]}]}`, /a listener must have an address/],
  ['{listeners: [{name: a, address: {pipe: {path: /tmp/x}}}]}', /a listener must have a filter chain/],
  [
    '{listeners: [{name: a, address: {pipe: {path: /tmp/x}}, filter_chains: [{}, {}]}]}',
    /matches the same connections/,
  ],
  [
    '{clusters: [{name: a, load_assignment: {cluster_name: a, endpoints: {lb_endpoints: {endpoint: {address: {socket_address: {address: b.c, port_value: 1}}}}}}}]}',
    /"b\.c" is not an IP address: a name needs a cluster of type STRICT_DNS/,
  ],
  ['{clusters: [{name: a}, {name: a}]}', /duplicate cluster "a"/],
  ['{clusters: [{name: a, type: EDS}]}', /must have eds_cluster_config/],
  ['{clusters: [{name: a, type: LOGICAL_DNS}]}', /must have exactly one endpoint/],
  ['{clusters: [{name: a, transport_socket: {name: tls}}]}', /"tls" has no typed_config/],
]

for (const [yaml, error] of semantic) {
  test(`refused: ${yaml.slice(0, 70)}`, () => {
    assert.match(faults(`static_resources: ${yaml}`, { allowUnsupported: true }).join('\n'), error)
  })
}

const routes = (route: string, more = '') => `static_resources:
  listeners:
  - address: {socket_address: {address: 127.0.0.1, port_value: 0}}
    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: s
          route_config: {${more} virtual_hosts: [{name: v, domains: ["*"], routes: [${route}]}]}
`

test('a route to an unknown cluster is refused, unless it need not exist', () => {
  const route = '{match: {prefix: /}, route: {cluster: nowhere}}'
  assert.match(faults(routes(route)).join(), /envoy\.yaml:10:.*route\.cluster: unknown cluster "nowhere"/)
  assert.deepEqual(faults(routes(route, 'validate_clusters: false,')), [])
})

test('a bad regular expression is refused', () => {
  const compileRegex = (pattern: string) => new RegExp(pattern)
  const route = '{match: {safe_regex: {regex: "["}}, direct_response: {status: 200}}'
  assert.match(faults(routes(route), { compileRegex }).join(), /safe_regex\.regex: not a regular expression/)
})

test('dynamic resources need a node', () => {
  const text = 'dynamic_resources: {cds_config: {path_config_source: {path: /dev/null}}}'
  assert.match(faults(text, { allowUnsupported: true }).join(), /needs node\.id and node\.cluster/)
  assert.deepEqual(faults(text, { allowUnsupported: true, serviceNode: 'n', serviceCluster: 'c' }), [])
})

test('layers of the runtime have names of their own, and one of them may be the admin layer', () => {
  const layers = '[{name: a, admin_layer: {}}, {name: a, static_layer: {}}, {name: b, admin_layer: {}}]'
  assert.throws(
    () => loadBootstrap({ configYaml: `layered_runtime: {layers: ${layers}}` }),
    /duplicate layer name "a"[^]*second admin layer/,
  )
})
