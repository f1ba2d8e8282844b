import assert from 'node:assert/strict'
import { test } from 'node:test'
import { build, builtFilters } from './build-filters.ts'

for (const filter of builtFilters)
  test(`${filter.name}: the committed module is what its source gives`, async () => {
    assert.ok((await build(filter)).fresh, 'stale: npm run build:filters')
  })
