import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJson } from './decode-json.ts'
import type { JsonValue } from './json-source.ts'
import { enumSchema, messageSchema } from './protos.ts'
import type { Message } from './schema.ts'
import { checkSupport, supportTable, withoutUnsupported } from './support.ts'

const source = { file: 'a.json', locate: () => ({ line: 1, column: 1 }) }

function decode(fullName: string, value: JsonValue): Message {
  return decodeJson(fullName, value, source, [])
}

test('every name in the tables is a field of the API', () => {
  for (const [fullName, fields] of Object.entries(supportTable)) {
    const schema = messageSchema(fullName)
    if (fields === 'all') continue
    for (const entry of fields) {
      const [name = '', values] = entry.replace('?', '').split('=')
      const field = schema.byName.get(name)
      assert.equal(field?.name, name, `${fullName}.${name}`)
      if (values === undefined) continue
      assert.equal(field.type.kind, 'enum')
      const { values: enumValues } = enumSchema((field.type as { typeName: string }).typeName)
      const known = new Set(enumValues.map(value => value.name))
      for (const value of values.split('|')) assert.ok(known.has(value), `${fullName}.${name} ${value}`)
    }
  }
})

const table = {
  'envoy.config.cluster.v3.Cluster': [
    'name',
    'type=STATIC',
    '?cleanup_interval',
    'load_assignment',
    'transport_socket',
  ],
  'envoy.config.core.v3.TransportSocket': 'all',
} as const

function refusals(value: JsonValue): string[] {
  const message = decode('envoy.config.cluster.v3.Cluster', value)
  return checkSupport('envoy.config.cluster.v3.Cluster', message, table).refused.map(error => error.message)
}

test('a field outside of the table is refused by name and place', () => {
  assert.deepEqual(refusals({ name: 'c', eds_cluster_config: {} }), [
    'a.json:1:1 eds_cluster_config: envoy.config.cluster.v3.Cluster.eds_cluster_config is not supported by sluice',
  ])
})

test('an explicit default is harmless', () => {
  assert.deepEqual(refusals({ name: 'c', lb_policy: 'ROUND_ROBIN', alt_stat_name: '', health_checks: [] }), [])
})

test('an enum may be implemented in part', () => {
  assert.deepEqual(refusals({ name: 'c', type: 'STATIC' }), [])
  assert.match(refusals({ name: 'c', type: 'EDS' }).join(), /type: EDS is not supported by sluice, only STATIC/)
})

test('a message that is not listed supports no field', () => {
  assert.deepEqual(refusals({ name: 'c', load_assignment: {} }), [])
  assert.match(refusals({ name: 'c', load_assignment: { cluster_name: 'x' } }).join(), /cluster_name is not supported/)
})

test('an extension that is not listed is refused', () => {
  const typed = { '@type': 'type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer' }
  assert.match(
    refusals({ name: 'c', transport_socket: { name: 'raw', typed_config: typed } }).join(),
    /the extension envoy\.extensions\.transport_sockets\.raw_buffer\.v3\.RawBuffer is not supported by sluice/,
  )
})

test('what has no effect is told apart', () => {
  const message = decode('envoy.config.cluster.v3.Cluster', { name: 'c', cleanup_interval: '1s' })
  const { refused, harmless } = checkSupport('envoy.config.cluster.v3.Cluster', message, table)
  assert.equal(refused.length, 0)
  assert.match(harmless[0]?.message ?? '', /cleanup_interval is not supported by sluice and has no effect/)
})

test('what is not supported can be left out', () => {
  const fullName = 'envoy.config.cluster.v3.Cluster'
  const message = decode(fullName, { name: 'c', type: 'EDS', cleanup_interval: '1s', eds_cluster_config: {} })
  assert.deepEqual(
    withoutUnsupported(fullName, message, table),
    decode(fullName, { name: 'c', cleanup_interval: '1s' }),
  )
})

test('an HTTP filter without an implementation is left out whole', () => {
  const fullName = 'envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager'
  const filter = (name: string, type: string) => ({
    name,
    typed_config: { '@type': `type.googleapis.com/envoy.extensions.filters.http.${type}` },
  })
  const router = filter('router', 'router.v3.Router')
  const message = decode(fullName, { http_filters: [filter('golang', 'golang.v3alpha.Config'), router] })
  assert.deepEqual(withoutUnsupported(fullName, message), decode(fullName, { http_filters: [router] }))
})
