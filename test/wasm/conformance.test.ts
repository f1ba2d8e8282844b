import assert from 'node:assert/strict'
import { before, describe, it } from 'node:test'
import golden from './probe-golden.json' with { type: 'json' }
import { foreignCases } from './foreign-cases.ts'
import { grpcCases } from './grpc-cases.ts'
import { probeCases } from './probe-cases.ts'
import { type ProbeOutcome, runProbe } from './run-probe.ts'

describe('the probe filter gets from sluice what it got from Envoy 1.40', () => {
  let outcomes: Record<string, ProbeOutcome> = {}
  before(async () => {
    outcomes = await runProbe('sluice')
  })
  for (const { name, differs, endsEnvoy } of [...probeCases, ...foreignCases, ...grpcCases]) {
    if (endsEnvoy)
      it(`${name}, which Envoy does not survive`, () => {
        const steps = outcomes[name]?.log.filter(line => !line.startsWith(' '))
        assert.deepEqual(steps?.slice(-3), ['log', 'done', 'delete'])
      })
    else if (differs === undefined)
      it(name, () => assert.deepEqual(outcomes[name], (golden as unknown as Record<string, ProbeOutcome>)[name]))
    else it(name, { skip: differs }, () => {})
  }
})
