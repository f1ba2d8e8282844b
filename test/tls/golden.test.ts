/** Sluice does with TLS what real Envoy did when golden.json was recorded, but for the known differences. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { type Certificates, noOpenssl, usualCertificates } from '../support/certificates.ts'
import { cases, type Outcome } from './cases.ts'
import { differences, statDifferences } from './known-differences.ts'
import { type Outcomes, runCases } from './run.ts'

const golden = JSON.parse(readFileSync(new URL('golden.json', import.meta.url), 'utf8')) as Outcomes

describe('TLS as Envoy', { skip: noOpenssl, timeout: 120_000 }, () => {
  let certificates: Certificates
  let outcomes: Outcomes
  before(async () => {
    certificates = usualCertificates()
    outcomes = await runCases('sluice', certificates)
  })
  after(() => certificates?.remove())

  for (const { name } of cases)
    it(name, () => {
      const expected = golden.cases[name] as Outcome
      assert.deepEqual(outcomes.cases[name], differences(name, expected))
    })

  it('stats', () => {
    const names = new Set([...Object.keys(golden.stats), ...Object.keys(outcomes.stats)])
    const different = [...names].filter(name => golden.stats[name] !== outcomes.stats[name])
    const unknown = different.filter(name => !statDifferences.some(pattern => pattern.test(name)))
    assert.deepEqual(
      unknown.map(name => `${name}: ${outcomes.stats[name]}, Envoy ${golden.stats[name]}`),
      [],
    )
  })
})
