/** Discovery, said and served as Envoy does (data/, recorded by record.ts). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Conversation, type Transcript } from './conversation.ts'
import { scenarios } from './scenarios.ts'

for (const [name, { variants, listeners, run }] of Object.entries(scenarios)) {
  const file = join(import.meta.dirname, 'data', `${name}.json`)
  const recorded = JSON.parse(readFileSync(file, 'utf8')) as Record<string, Transcript>
  for (const variant of variants)
    test(`${name} by ${variant}`, async () => {
      const said = await Conversation.hold('sluice', variant, listeners(variant), each => run(each, variant))
      assert.deepEqual(JSON.parse(JSON.stringify(said)), recorded[variant])
    })
}
