/** Memory stays flat over many streams; `node sdk/tools/leak.ts` does it with a million. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile, filterEntry } from '../tools/compile.ts'
import { runStreams } from './support/streams.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))

for (const [name, count, open] of [
  ['header', 50_000, 1],
  ['header', 30_000, 500],
  ['log-headers', 10_000, 10],
  ['body', 2000, 20],
] as const)
  test(`${name}: memory is flat over ${count} streams, ${open} at a time`, async () => {
    const code = await compile(filterEntry(name), join(folder, `${name}.wasm`))
    const { early, late } = runStreams(code, count, open)
    assert.equal(late, early)
    assert.ok(late <= 4 * 1024 * 1024, `${late} bytes`)
  })
