/** Holds the tiers of ARCHITECTURE.md: a folder imports from itself and from lower tiers only, types included. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, normalize, relative } from 'node:path'
import { test } from 'node:test'

const tiers: Readonly<Record<string, number>> = {
  base: 0, stats: 0,
  config: 1,
  core: 2,
  matching: 3, attributes: 3, network: 3, codec: 3, grpc: 3,
  cel: 3.3,
  format: 3.6,
  listener: 4, http: 4, router: 4, upstream: 4, xds: 4, wasm: 4, admin: 4,
  extensions: 5,
  server: 6,
  cli: 7,
  'main.ts': 8, 'index.ts': 8,
} // biome-ignore format: one tier a line

const root = join(import.meta.dirname, '..', 'src')
const folder = (file: string): string => relative(root, file).split('/')[0] as string

test('every folder of src has a tier, and imports point down', () => {
  const wrong: string[] = []
  for (const file of globSync(join(root, '**/*.ts'))) {
    if (file.endsWith('.test.ts')) continue
    const from = folder(file)
    const fromTier = tiers[from]
    if (fromTier === undefined) {
      wrong.push(`src/${from} has no tier`)
      continue
    }
    for (const [, path] of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?'(\.[^']+)'/g)) {
      const to = folder(normalize(join(dirname(file), path as string)))
      const toTier = tiers[to]
      if (to !== from && (toTier === undefined || toTier >= fromTier))
        wrong.push(`${relative(root, file)} imports ${path}: ${from} (${fromTier}) may not use ${to} (${toTier})`)
    }
  }
  assert.deepEqual(wrong, [])
})
