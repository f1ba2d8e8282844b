import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setLogSink } from '../base/log.ts'
import type { PluginConfig } from '../config/v3.ts'
import { FakeStream, fakeThread } from '../../test/support/fake-wasm.ts'
import { makePlugin } from './plugin-config.ts'

const lines: string[] = []
setLogSink({ write: (_level, _component, message) => void lines.push(message) })

const fixtures = join(import.meta.dirname, '../../test/fixtures/wasm/as-faults')
const directory = mkdtempSync(join(tmpdir(), 'source-map-'))
after(() => rmSync(directory, { recursive: true }))
const source = readFileSync(join(fixtures, 'assembly/index.ts'), 'utf8').split('\n')

/** Frames of the trap that a fault ends in. */
function trap(fault: string, metered: boolean): string[] {
  const fake = fakeThread()
  const { thread, context } = fake
  const runtime = {
    ...context.runtime,
    getInteger: (key: string, value: number) => (key.endsWith('cpu_budget_ms') ? (metered ? 20 : 0) : value),
  }
  const config = {
    ...{ name: 'p', rootId: '', failOpen: false, failurePolicy: 'UNSPECIFIED' },
    vmConfig: { vmId: '', runtime: '', code: { local: { filename: join(directory, 'faults.wasm') } } },
  } as unknown as PluginConfig
  const handle = makePlugin(config, { ...context, runtime })
  new FakeStream(handle).request({ ':path': '/', 'x-fault': fault })
  const [found] = thread.status().traps
  fake.close()
  return found?.reason.split('\n').slice(1) ?? []
}

/** The line of the source that a frame names. */
function lineOf(frame: string | undefined): string {
  const [, line] = /assembly\/index\.ts:(\d+):\d+/.exec(frame ?? '') ?? []
  return source[Number(line) - 1] ?? `no place in ${frame}`
}

test('traps are told with places in the source, metered or not', () => {
  copyFileSync(join(fixtures, 'as-faults.wasm'), join(directory, 'faults.wasm'))
  copyFileSync(join(fixtures, 'as-faults.wasm.map'), join(directory, 'faults.wasm.map'))
  for (const metered of [true, false]) {
    const frames = trap('trap', metered)
    assert.match(lineOf(frames[0]), /if \(wanted == "trap"\) unreachable\(\)/, frames.join('\n'))
    assert.match(lineOf(trap('throw', metered)[0]), /throw new Error/)
    const deep = trap('recurse', metered)
    assert.match(lineOf(deep.at(3)), /return depth == 0xffffffff/, deep.join('\n'))
  }
  const loop = trap('loop', true).map(lineOf)
  assert.ok(
    loop.some(line => /for \(;;\) counted\+\+/.test(line)),
    loop.join('\n'),
  )
})

test('without a source map functions are named; one that cannot be read is said so', () => {
  rmSync(join(directory, 'faults.wasm.map'))
  assert.match(trap('trap', true)[0] ?? '', /at .*proxy_on_request_headers \(wasm-function\[\d+\]:0x/)
  for (const text of ['{', '{"sources":[]}', '{"sources":[],"mappings":"!!!"}']) {
    writeFileSync(join(directory, 'faults.wasm.map'), text)
    lines.length = 0
    assert.match(trap('trap', true)[0] ?? '', /wasm-function/)
    assert.match(lines[0] ?? '', /^the source map .*faults\.wasm\.map is not used: /)
  }
})
