/** The unit tests in AssemblyScript (`sdk/test/assembly/units`), by as-test. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { delimiter, dirname, join } from 'node:path'
import { after, test } from 'node:test'

const sdk = join(import.meta.dirname, '..')
const asTest = join(dirname(createRequire(import.meta.url).resolve('as-test/package.json')), 'bin/index.js')
after(() => rmSync(join(sdk, '.as-test'), { recursive: true, force: true }))

test('as-test: every unit test passes', () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [asTest, 'test'], {
    cwd: sdk,
    encoding: 'utf8',
    // as-test starts `node`: this one.
    env: { ...process.env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH}` },
  })
  assert.equal(status, 0, stdout + stderr)
  assert.match(stdout, /Tests:\s+0 failed, 0 skipped,\s+[1-9]\d* total/)
})
