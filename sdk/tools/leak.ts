/** Drives a million streams through filters and tells memory and time: `node sdk/tools/leak.ts [streams]`. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { compile, filterEntry } from './compile.ts'
import { runStreams } from '../test/support/streams.ts'

const count = Number(process.argv[2] ?? 1_000_000)
const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
let leaks = 0
try {
  for (const [name, streams] of [
    ['header', count],
    ['log-headers', count],
    ['body', Math.ceil(count / 20)],
  ] as const) {
    const code = await compile(filterEntry(name), join(folder, `${name}.wasm`))
    for (const open of [1, 1000]) {
      const { early, late, nanosecondsPerStream } = runStreams(code, streams, open)
      if (late !== early) leaks++
      const kilobytes = (bytes: number): string => `${Math.round(bytes / 1024)} KB`.padStart(8)
      console.log(
        `${name.padEnd(12)} ${streams} streams, ${String(open).padStart(4)} open: ${kilobytes(early)} after a tenth, ` +
          `${kilobytes(late)} at the end, ${Math.round(nanosecondsPerStream)} ns each`,
      )
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
process.exitCode = leaks === 0 ? 0 : 1
