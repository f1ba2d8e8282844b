import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import golden from './network-golden.json' with { type: 'json' }
import { networkCases } from './network-cases.ts'
import { type NetworkOutcome, runNetwork } from './run-network.ts'

describe('a network filter gets from sluice what it got from Envoy 1.40', () => {
  let outcomes: Record<string, NetworkOutcome> = {}
  before(async () => {
    outcomes = await runNetwork('sluice')
  })
  for (const { name, differs } of networkCases) {
    if (differs === undefined)
      it(name, () => assert.deepEqual(outcomes[name], (golden as Record<string, NetworkOutcome>)[name]))
    else it(name, { skip: differs }, () => {})
  }
})
