/** `/config_dump` of a small bootstrap; shapes and errors are those of Envoy 1.40. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadBootstrap } from '../../src/config/load-bootstrap.ts'
import { startAdmin, TestContext } from './context.ts'

const configYaml = `
node:
  id: test-node
  metadata: {password: hidden, kept: seen}
static_resources:
  listeners:
  - name: l0
    address: {socket_address: {address: 127.0.0.1, port_value: 1000}}
    filter_chains:
    - filters:
      - name: hcm
        typed_config:
          "@type": type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
          stat_prefix: ingress
          route_config:
            name: local_route
            virtual_hosts: [{name: v, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: c0}}]}]
          http_filters:
          - name: router
            typed_config: {"@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router}
  clusters:
  - {name: c0, connect_timeout: 0.5s, type: STATIC, load_assignment: {cluster_name: c0}}
  - {name: c1, type: STATIC, load_assignment: {cluster_name: c1}}
`

function context(): TestContext {
  const made = new TestContext()
  made.bootstrap = loadBootstrap({ configYaml }).bootstrap
  return made
}

const last_updated = '2026-01-02T03:04:05.678Z'
const admin = 'type.googleapis.com/envoy.admin.v3.'
const clusterType = 'type.googleapis.com/envoy.config.cluster.v3.Cluster'

test('all parts, secrets left out', async () => {
  await using server = await startAdmin(context())
  const { configs } = JSON.parse(await server.get('/config_dump'))
  assert.deepEqual(
    configs.map((config: Record<string, unknown>) => Object.keys(config).slice(1)),
    [['bootstrap', 'last_updated'], ['static_clusters'], ['static_listeners'], [], ['static_route_configs'], []],
  )
  assert.deepEqual(configs[0].bootstrap.node, {
    id: 'test-node',
    metadata: { password: '[redacted]', kept: 'seen' },
  })
  assert.deepEqual(configs[1].static_clusters[0], {
    cluster: {
      '@type': clusterType,
      name: 'c0',
      type: 'STATIC',
      connect_timeout: '0.500s',
      load_assignment: { cluster_name: 'c0' },
    },
    last_updated,
  })
  assert.equal(configs[4].static_route_configs[0].route_config.name, 'local_route')
})

test('scopes that are listed inline', async () => {
  const table =
    '{name: r1, virtual_hosts: [{name: v, domains: ["*"], routes: [{match: {prefix: /}, route: {cluster: c0}}]}]}'
  const scoped = `scoped_routes:
            name: scopes
            scope_key_builder: {fragments: [{header_value_extractor: {name: x, index: 0}}]}
            scoped_route_configurations_list:
              scoped_route_configurations:
              - {name: s1, key: {fragments: [{string_key: a}]}, route_configuration: ${table}}`
  const made = new TestContext()
  made.bootstrap = loadBootstrap({
    configYaml: configYaml.replace(/route_config:[^]*?(?=\n {10}http)/, scoped),
  }).bootstrap
  await using server = await startAdmin(made)
  const { configs } = JSON.parse(await server.get('/config_dump?resource=inline_scoped_route_configs'))
  assert.equal(configs.length, 1)
  assert.equal(configs[0]['@type'], `${admin}ScopedRoutesConfigDump.InlineScopedRouteConfigs`)
  assert.equal(configs[0].name, 'scopes')
  const [scope] = configs[0].scoped_route_configs
  assert.equal(scope['@type'], 'type.googleapis.com/envoy.config.route.v3.ScopedRouteConfiguration')
  assert.deepEqual([scope.name, scope.route_configuration.name], ['s1', 'r1'])
})

test('resource and mask', async () => {
  await using server = await startAdmin(context())
  assert.deepEqual(JSON.parse(await server.get('/config_dump?resource=static_clusters&mask=cluster.name')), {
    configs: ['c0', 'c1'].map(name => ({
      '@type': `${admin}ClustersConfigDump.StaticCluster`,
      cluster: { '@type': clusterType, name },
    })),
  })
  assert.deepEqual(JSON.parse(await server.get('/config_dump?mask=bootstrap.node.id')), {
    configs: [{ '@type': `${admin}BootstrapConfigDump`, bootstrap: { node: { id: 'test-node' } } }],
  })
  assert.equal(await server.get('/config_dump?resource=dynamic_listeners'), '{}\n')
})

test('name_regex and include_eds', async () => {
  await using server = await startAdmin(context())
  const named = JSON.parse(await server.get('/config_dump?resource=static_clusters&name_regex=1'))
  assert.deepEqual(
    named.configs.map((each: { cluster: { name: string } }) => each.cluster.name),
    ['c1'],
  )
  const { configs } = JSON.parse(await server.get('/config_dump?include_eds'))
  assert.equal(configs[2]['@type'], `${admin}EndpointsConfigDump`)
  assert.equal(configs[2].static_endpoint_configs[1].endpoint_config.cluster_name, 'c1')
})

for (const [query, status, body] of [
  ['resource=foo', 404, 'foo not found in config dump'],
  ['resource=bootstrap', 400, 'bootstrap is not a repeated field. Use ?mask=bootstrap to get only this field'],
  ['mask=xx', 400, 'FieldMask xx could not be successfully applied to any configs.'],
  ['resource=static_clusters&mask=xx', 400, 'FieldMask xx could not be successfully used.'],
  ['name_regex=(', 400, 'Error while parsing name_regex from (: missing ): ('],
] as const)
  test(`${query} is refused`, async () => {
    await using server = await startAdmin(context())
    const response = await fetch(`${server.url}/config_dump?${query}`)
    assert.deepEqual([response.status, await response.text()], [status, body])
  })
