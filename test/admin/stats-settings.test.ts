/** Every setting of `stats_config` shows in `/stats` as with Envoy 1.40 (envoy/stats-settings.json). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Answers, askStats } from './stats-settings.ts'

test('stats_config: tags, matchers and buckets, in all formats', async t => {
  const recorded = JSON.parse(readFileSync(join(import.meta.dirname, 'envoy/stats-settings.json'), 'utf8')) as Answers
  const answers = await askStats('sluice')
  for (const [setting, queries] of Object.entries(recorded))
    for (const [query, lines] of Object.entries(queries))
      await t.test(`${setting}: ${query}`, () => assert.deepEqual(answers[setting]?.[query], lines))
})
