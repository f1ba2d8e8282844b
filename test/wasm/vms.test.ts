import assert from 'node:assert/strict'
import { test } from 'node:test'
import golden from './vms-golden.json' with { type: 'json' }
import { runVms, type VmOutcome } from './run-vms.ts'
import { vmCases } from './vm-cases.ts'

for (const name of Object.keys(vmCases))
  test(name, async () => {
    const exactly = `^${name.replaceAll(/[{}]/g, '\\$&')}$`
    const recorded = (golden as unknown as Readonly<Record<string, VmOutcome>>)[name]
    assert.deepEqual((await runVms('sluice', exactly))[name], recorded)
  })
