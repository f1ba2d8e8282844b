import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { extensionTable } from '../tools/generate-extension-table.ts'

test('docs/extensions.md says what the registry and the support tables say', () => {
  const written = readFileSync(new URL('../docs/extensions.md', import.meta.url), 'utf8')
  assert.ok(written === extensionTable(), 'out of date: run node tools/generate-extension-table.ts')
})
