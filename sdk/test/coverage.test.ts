import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { coverage, holes, markdown } from '../tools/coverage.ts'

test('the SDK has every function and callback of the ABI, each with a test', () => {
  assert.deepEqual(holes(coverage()), [])
})

test('COVERAGE.md is what `node sdk/tools/coverage.ts` writes', () => {
  assert.equal(readFileSync(join(import.meta.dirname, '../COVERAGE.md'), 'utf8'), markdown(coverage()))
})
