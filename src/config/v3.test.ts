import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { generateTypes } from '../../tools/generate-types.ts'

test('the generated types are those of the descriptors', () => {
  assert.equal(readFileSync(new URL('v3.ts', import.meta.url), 'utf8'), generateTypes())
})
