import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from '../../test/support/routing.ts'
import type { LayeredRuntime } from '../config/v3.ts'
import { RuntimeValues } from './runtime-values.ts'

const valuesOf = (yaml: string): RuntimeValues =>
  new RuntimeValues(
    messageOf<LayeredRuntime>('envoy.config.bootstrap.v3.LayeredRuntime', `layers: ${yaml}`).layers,
    new Map(),
  )
const layered = (): RuntimeValues =>
  valuesOf(`
- {name: base, static_layer: {a: {b: 5, c: true}, share: {numerator: 30, denominator: TEN_THOUSAND}, text: x}}
- {name: more, static_layer: {a.b: 6}}
- {name: admin, admin_layer: {}}`)

test('the later layer counts; a value of another type is none', () => {
  const runtime = layered()
  assert.equal(runtime.getInteger('a.b', 1), 6)
  assert.equal(runtime.getInteger('text', 1), 1)
  assert.equal(runtime.getInteger('a.c', 1), 1)
  assert.equal(runtime.getBoolean('a.c', false), true)
  assert.equal(runtime.getBoolean('a.b', true), true)
  assert.equal(runtime.getBoolean('absent', true), true)
})

test('fractions: an object, a percentage, or the default', () => {
  const runtime = layered()
  assert.equal(runtime.featureEnabled('share', 0, 100, 29), true)
  assert.equal(runtime.featureEnabled('share', 100, 100, 9970), false)
  assert.equal(runtime.featureEnabled('a.b', 0, 1_000_000, 105), true)
  assert.equal(runtime.featureEnabled('a.b', 100, 100, 106), false)
  assert.equal(runtime.featureEnabled('text', 50, 100, 49), true)
  assert.equal(runtime.featureEnabled('', 50, 100, 50), false)
})

test('overrides come and go', () => {
  const runtime = layered()
  assert.equal(
    runtime.override(
      new Map([
        ['a.b', '7'],
        ['a.c', 'False'],
        ['share', '{numerator: 1, denominator: MILLION}'],
      ]),
    ),
    true,
  )
  assert.equal(runtime.getInteger('a.b', 1), 7)
  assert.equal(runtime.getBoolean('a.c', true), false)
  assert.equal(runtime.featureEnabled('share', 100, 100, 1), false)
  assert.deepEqual([...(runtime.layers.at(-1)?.values.keys() ?? [])], ['a.b', 'a.c', 'share'])
  assert.equal(runtime.layers[0]?.values.get('share'), '{"numerator":30,"denominator":"TEN_THOUSAND"}')
  runtime.override(new Map([['a.b', '']]))
  assert.equal(runtime.getInteger('a.b', 1), 6)
})

test('without an admin layer nothing can be overridden', () => {
  const runtime = valuesOf('[{name: base, static_layer: {a: 1}}]')
  assert.equal(runtime.override(new Map([['a', '2']])), false)
  assert.equal(runtime.getInteger('a', 0), 1)
})
