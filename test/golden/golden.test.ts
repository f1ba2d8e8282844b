/** Runs the golden cases against sluice and compares with what real Envoy did. `record.ts` makes the recordings. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { groups } from './groups.ts'
import { otherStats, knownDifferences } from './known-differences.ts'
import { type GroupOutcome, type Outcome, runGroup } from './run.ts'

// Some groups mostly wait for timeouts.
describe('as Envoy', { concurrency: 3 }, () => {
  for (const group of groups) {
    test(group.name, async t => {
      const file = join(import.meta.dirname, 'data', `${group.name}.json`)
      const recorded = JSON.parse(readFileSync(file, 'utf8')) as GroupOutcome
      const actual = await runGroup('sluice', group)
      for (const { name } of group.cases) {
        await t.test(name, () => {
          const difference = knownDifferences[`${group.name}/${name}`]
          const expected = { ...(recorded.cases[name] as Outcome), ...difference?.ours }
          assert.deepEqual(actual.cases[name], expected)
        })
      }
      if (group.stats !== undefined) {
        await t.test('stats', () => {
          const expected = Object.entries(recorded.stats).filter(
            ([name]) => !otherStats.some(stat => stat.name.test(name)),
          )
          const found = expected.map(([name]) => [name, actual.stats[name]])
          assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected))
        })
      }
    })
  }
})

test('docs/differences.md gives the reason of every known difference', () => {
  const text = readFileSync(join(import.meta.dirname, '../../docs/differences.md'), 'utf8')
  for (const { reason } of [...Object.values(knownDifferences), ...otherStats]) assert.ok(text.includes(reason), reason)
})

test('every known difference is about a case that exists', () => {
  const names = new Set(groups.flatMap(group => group.cases.map(({ name }) => `${group.name}/${name}`)))
  assert.deepEqual(
    Object.keys(knownDifferences).filter(name => !names.has(name)),
    [],
  )
  assert.equal(names.size, groups.flatMap(group => group.cases).length, 'case names are unique')
})
