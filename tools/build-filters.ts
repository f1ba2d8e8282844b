/**
 * Builds the filters that are written with the SDK, filters/NAME/NAME.wasm and those of the examples: `npm run build:filters`,
 * all or those named, and their table in
 * filters/README.md. The results are committed, so that nobody needs a build to run them; a test tells when one is stale.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { compile } from '../sdk/tools/compile.ts'
import { filterReadme, withFilterTable } from './filter-table.ts'

export interface BuiltFilter {
  readonly name: string
  readonly entry: string
  readonly file: string
}

const repository = join(import.meta.dirname, '..')

export const builtFilters: readonly BuiltFilter[] = [
  ...globSync('filters/*/assembly/index.ts', { cwd: repository })
    .toSorted()
    .map(entry => {
      const folder = dirname(dirname(entry))
      const name = basename(folder)
      return { name, entry: join(repository, entry), file: join(repository, folder, `${name}.wasm`) }
    }),
  {
    name: 'as-tasks',
    entry: join(repository, 'test/fixtures/wasm/as-tasks/assembly/index.ts'),
    file: join(repository, 'test/fixtures/wasm/as-tasks/as-tasks.wasm'),
  },
  {
    name: 'four-languages',
    entry: join(repository, 'examples/four-languages/assemblyscript/assembly/index.ts'),
    file: join(repository, 'examples/four-languages/assemblyscript.wasm'),
  },
  {
    name: 'line-guard',
    entry: join(repository, 'examples/network-filter/assembly/index.ts'),
    file: join(repository, 'examples/network-filter/line-guard.wasm'),
  },
  {
    name: 'quick-start',
    entry: join(repository, 'examples/quick-start/assembly/index.ts'),
    file: join(repository, 'examples/quick-start/response-header.wasm'),
  },
]

/** @returns the module, and whether it is what the repository has */
export async function build(filter: BuiltFilter): Promise<{ code: Uint8Array; fresh: boolean }> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-filters-'))
  try {
    const code = await compile(filter.entry, join(folder, 'filter.wasm'))
    return { code, fresh: existsSync(filter.file) && readFileSync(filter.file).equals(code) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

if (import.meta.main) {
  const wanted = new Set(process.argv.slice(2))
  for (const filter of builtFilters) {
    if (wanted.size > 0 && !wanted.has(filter.name)) continue
    const { code, fresh } = await build(filter)
    if (!fresh) writeFileSync(filter.file, code)
    console.log(`${filter.name.padEnd(20)} ${String(code.length).padStart(6)} bytes${fresh ? '' : ' (new)'}`)
  }
  writeFileSync(filterReadme, withFilterTable(readFileSync(filterReadme, 'utf8')))
}
