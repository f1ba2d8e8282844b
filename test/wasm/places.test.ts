import assert from 'node:assert/strict'
import { test } from 'node:test'
import golden from './places-golden.json' with { type: 'json' }
import { runPlaces } from './run-places.ts'

test('stat sink, services and access logger get from sluice what they got from Envoy 1.40', async () => {
  assert.deepEqual(await runPlaces('sluice'), golden)
})
