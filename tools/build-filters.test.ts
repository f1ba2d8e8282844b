import assert from 'node:assert/strict'
import { test } from 'node:test'
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { build, builtFilters } from './build-filters.ts'
import { filterReadme, withFilterTable } from './filter-table.ts'

for (const filter of builtFilters)
  test(`${filter.name}: the committed module is what its source gives`, async () => {
    assert.ok((await build(filter)).fresh, 'stale: npm run build:filters')
  })

test('filters/README.md has all filters, and each has what it must', () => {
  const text = readFileSync(filterReadme, 'utf8')
  assert.equal(text, withFilterTable(text), 'stale: npm run build:filters')
  const stock = builtFilters.filter(({ name, file }) => file.endsWith(join('filters', name, `${name}.wasm`)))
  assert.ok(stock.length >= 17)
  for (const { name, file } of stock) {
    const folder = dirname(file)
    for (const part of ['README.md', 'envoy.yaml', `${name}.test.ts`])
      assert.ok(existsSync(join(folder, part)), `${name}: ${part} is missing`)
    const tests = readFileSync(join(folder, `${name}.test.ts`), 'utf8')
    assert.match(tests, /of (proxies|variants\()/, `${name}: its tests run on sluice and on Envoy`)
    assert.match(
      readFileSync(join(folder, 'README.md'), 'utf8'),
      /\n## Configuration\n[^]*\n\| member/,
      `${name}: no table of its members`,
    )
  }
})
