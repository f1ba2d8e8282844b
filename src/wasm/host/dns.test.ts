import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeStream, fixture, makeHandle } from '../../../test/support/fake-wasm.ts'
import { setLogLevel, setLogSink } from '../../base/log.ts'

const lines: string[] = []
let waiting: { readonly start: string; readonly done: () => void } | undefined
setLogLevel('info')
setLogSink({
  write(_level, _component, message) {
    const line = message.replace(/^[^:]*: /, '')
    lines.push(line)
    if (waiting !== undefined && line.startsWith(waiting.start)) waiting.done()
  },
})

async function resolve(name: string): Promise<string[]> {
  const stream = new FakeStream(makeHandle(fixture('as-probe')))
  lines.length = 0
  const answered = new Promise<void>(done => {
    waiting = { start: '  continue', done }
  })
  stream.request({ ':path': '/', 'x-probe': `rqh ret 1;rqh dns ${name};dns continue 0` })
  assert.ok(!lines.some(line => line.startsWith('resolve_dns')), 'not before the host function has returned')
  await answered
  return lines.slice(2)
}

test('an address resolves to itself, after the call', async () => {
  assert.deepEqual(await resolve('127.0.0.1'), [
    '  dns 127.0.0.1 -> 0 2',
    'resolve_dns 2 0 count 1',
    '  address 127.0.0.1:0',
    '  context -> 0',
    '  continue 0 -> 0',
  ])
  assert.ok((await resolve('::1')).includes('  address [::1]:0'))
})

test('a name that cannot be resolved has no addresses', async () => {
  assert.ok((await resolve('a~b')).includes('resolve_dns 2 0 count 0'))
})
