import assert from 'node:assert/strict'
import { test } from 'node:test'
import { noOpenssl, usualCertificates } from '../support/certificates.ts'
import golden from './properties-golden.json' with { type: 'json' }
import { runProperties } from './run-properties.ts'

test('every attribute, over TLS with certificates on both sides, is what it was in Envoy 1.40', {
  skip: noOpenssl,
}, async t => {
  const certificates = usualCertificates()
  t.after(() => certificates.remove())
  assert.deepEqual(await runProperties('sluice', certificates), golden)
})
