/** The cases of this folder, compared with what Envoy 1.40 was recorded to do. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { makePeer } from '../support/sockets.ts'
import { cases } from './cases.ts'
import { type Outcome, runCases } from './run-cases.ts'

const golden = JSON.parse(readFileSync(join(import.meta.dirname, 'golden.json'), 'utf8')) as Record<string, Outcome>

describe('HTTP/2 requests as Envoy', async () => {
  await using peer = await makePeer()
  const outcomes = await runCases('sluice', peer.port)
  for (const { name, differs } of cases)
    it(name, () => {
      if (differs === undefined) assert.deepEqual(outcomes[name], golden[name])
      else assert.notDeepEqual(outcomes[name], golden[name], `no longer differs: ${differs}`)
    })
})
