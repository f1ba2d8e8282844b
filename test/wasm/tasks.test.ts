import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import golden from './tasks-golden.json' with { type: 'json' }
import { runTasks } from './run-tasks.ts'
import { taskLanguages } from './task-cases.ts'

describe('filters that do the same in AssemblyScript, Rust, Go and C do what they did in Envoy 1.40', () => {
  for (const language of taskLanguages)
    it(language, async () => assert.deepEqual(await runTasks('sluice', language), golden))
})
