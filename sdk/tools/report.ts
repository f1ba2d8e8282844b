/**
 * `npm run sdk:report [streams]`: the state of the SDK in one go: what it has of the ABI (function, SDK call, test), sizes
 * of filters against their budget, memory over a million streams. Exit code 1 when one of them is not as it must be.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { builtFilters } from '../../tools/build-filters.ts'
import { compile, filterEntry } from './compile.ts'
import { coverage, holes, markdown } from './coverage.ts'
import { leakLine, leakRows } from './leak.ts'
import { headerFilterBudgetBytes } from './size.ts'

function check(ok: boolean, verdict: string): void {
  console.log(`${ok ? 'ok' : 'NOT OK'}: ${verdict}\n`)
  if (!ok) process.exitCode = 1
}

const rows = coverage()
const missing = holes(rows)
console.log(markdown(rows))
check(missing.length === 0, `${rows.length} entries of the ABI, holes: ${missing.join(', ') || 'none'}`)

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
try {
  const { length } = await compile(filterEntry('header'), join(folder, 'header.wasm'))
  for (const { name, entry } of builtFilters) {
    const code = await compile(entry, join(folder, 'filter.wasm'))
    console.log(`${name.padEnd(20)} ${String(code.length).padStart(6)} bytes`)
  }
  check(length <= headerFilterBudgetBytes, `a header filter has ${length} bytes, at most ${headerFilterBudgetBytes}`)
} finally {
  rmSync(folder, { recursive: true, force: true })
}

let leaks = 0
for await (const row of leakRows(Number(process.argv[2] ?? 1_000_000))) {
  console.log(leakLine(row))
  if (row.late !== row.early) leaks++
}
check(leaks === 0, `filters whose memory grows: ${leaks}`)
