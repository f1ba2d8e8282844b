/** JSON and configurations as filters read them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile, filterEntry } from '../tools/compile.ts'
import { FakeHost } from './support/fake-host.ts'
import { encodeStruct } from './support/struct.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const code = await compile(filterEntry('config'), join(folder, 'config.wasm'))

function configure(text: string | Uint8Array): { accepted: boolean; log: string[] } {
  const host = new FakeHost(code)
  host.run('proxy_on_context_create', 1, 0)
  host.answers.set('proxy_get_buffer_bytes', { data: text })
  const { result, log } = host.run('proxy_on_configure', 1, Buffer.from(text).length)
  return { accepted: result === 1, log: log.map(line => line.slice(2)) }
}

test('members and their defaults', () => {
  assert.deepEqual(configure('{"name":"n"}'), { accepted: true, log: ['n - on 5 0.5 true  none'] })
  const full = {
    name: 'ü',
    note: '',
    mode: 'off',
    count: 9,
    share: 0.25,
    strict: false,
    tags: ['a', 'b'],
    rules: [{ path: '/x' }, { path: '/y' }],
    inner: { deep: { x: 'y' } },
    free: { k: 'v' },
  }
  assert.deepEqual(configure(JSON.stringify(full, null, 2)), {
    accepted: true,
    log: ['ü  off 9 0.25 false a+b /x /y y k=v'],
  })
})

test('a Struct, as Envoy hands it over', () => {
  const value = {
    name: 'ü'.repeat(100),
    mode: 'off',
    note: null,
    count: 9,
    share: 0.25,
    strict: false,
    tags: ['a', 'b'],
    rules: [{ path: '/x' }],
    inner: { deep: { x: 'y' } },
  }
  assert.deepEqual(configure(encodeStruct(value)), {
    accepted: true,
    log: [`${value.name} - off 9 0.25 false a+b /x y`],
  })
  // An entry of 123 bytes: the message begins like a line with a brace.
  const name = 'n'.repeat(113)
  const bytes = encodeStruct({ name })
  assert.equal(bytes.subarray(0, 2).toString(), '\n{')
  assert.deepEqual(configure(bytes).log, [`${name} - on 5 0.5 true  none`])
  assert.match(configure(encodeStruct({ name: 'n', count: 1.5 })).log.join(), /count must be a whole number/)
  for (let size = 1; size < bytes.length; size++) assert.equal(configure(bytes.subarray(0, size)).accepted, false)
})

test('every fault is told with its path', () => {
  const bad = {
    note: 1,
    mode: 'maybe',
    count: 10,
    share: '1',
    strict: 'yes',
    tags: ['a', 2],
    rules: [{ path: '/x', exakt: true }, 'r'],
    inner: { deep: [] },
    extra: 1,
  }
  const { accepted, log } = configure(JSON.stringify(bad))
  assert.equal(accepted, false)
  assert.deepEqual(
    log.slice(1).map(line => line.replace('bad configuration: ', '')),
    [
      'name is missing: a text must stand here',
      'note must be a text',
      'mode must be one of: on, off',
      'count must be a whole number from 1 to 9',
      'share must be a number from 0.0 to 1.0',
      'strict must be true or false',
      'tags[1] must be a text',
      'extra is unknown; there is: name, note, mode, count, share, strict, tags, rules, inner, free',
      'rules[0].exakt is unknown; there is: path',
      'rules[1] must be an object',
      'rules[1].path is missing: a text must stand here',
      'inner.deep must be an object',
    ],
  )
})

test('a text that is no JSON is told with line and column', () => {
  const said = (text: string): string => configure(text).log.find(line => line.startsWith('bad')) ?? ''
  assert.match(said('{\n  "name": x }'), /it is no JSON: line 2 column 11: a value is expected here/)
  assert.match(said('[]'), /the configuration must be an object/)
  assert.match(said(''), /name is missing/)
})

test('JSON: reads and writes what JSON.parse and JSON.stringify do, and refuses what they refuse', () => {
  const said = (text: string): string => {
    const host = new FakeHost(code)
    host.run('proxy_on_context_create', 1, 0)
    host.answers.set('proxy_get_buffer_bytes', { data: text })
    return host.run('proxy_on_vm_start', 1, Buffer.byteLength(text)).log[0]?.slice(2) ?? ''
  }
  const good = [
    'null',
    ' [ ] ',
    '{}',
    '[1,-0.5,1e3,12.25E-2]',
    '{"a":{"b":[true,false,null]},"":"\\u00e4\\n\\t\\"\\\\ 😀"}',
    '"\\ud83d\\ude00\\b\\f\\r\\/\\u0001"',
    `${'['.repeat(60)}${']'.repeat(60)}`,
  ]
  for (const text of good) assert.deepEqual(JSON.parse(said(text)), JSON.parse(text), text)
  const bad = [
    '',
    '[1,]',
    '{"a"}',
    '{a:1}',
    '01',
    '1.',
    '-',
    '"a',
    '"\\x"',
    '"\\u12g4"',
    'tru',
    '[1 2]',
    '1 1',
    '"\n"',
    '{"a":1,}',
  ]
  for (const text of [...bad, '['.repeat(100)]) assert.match(said(text), /^line \d+ column \d+: /, text)
})
