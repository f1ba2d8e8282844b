/** `forward_client_cert_details`, compared with a recording of real Envoy. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { noOpenssl, usualCertificates } from '../support/certificates.ts'
import { clientCertHeaders } from './client-cert-cases.ts'

test('x-forwarded-client-cert is what Envoy makes of it', { skip: noOpenssl }, async t => {
  const certificates = usualCertificates()
  t.after(() => certificates.remove())
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'client-cert-golden.json'), 'utf8')) as Record<
    string,
    string
  >
  // What Envoy appends to an empty list is no JSON.
  for (const name of Object.keys(recorded))
    if (name.endsWith('sent empty JSON')) recorded[name] = recorded[name]?.replace(/^\[,/, '[') ?? ''
  assert.deepEqual(await clientCertHeaders('sluice', certificates), recorded)
})
