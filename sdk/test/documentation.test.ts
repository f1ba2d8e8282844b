/** TypeDoc builds the reference, and every export has its documentation. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const sdk = join(import.meta.dirname, '..')
const typedoc = join(sdk, 'node_modules/typedoc/bin/typedoc')
const skip = !existsSync(typedoc) && 'TypeDoc was not found: run npm install'

test('every export, member and parameter of the SDK that TypeDoc asks for is documented', { skip }, () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [typedoc, '--emit', 'none'], {
    cwd: sdk,
    encoding: 'utf8',
  })
  assert.equal(status, 0, stdout + stderr)
})
