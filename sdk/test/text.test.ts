/** The SDK's helpers for addresses and texts. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile, filterEntry } from '../tools/compile.ts'
import { FakeHost } from './support/fake-host.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const host = new FakeHost(await compile(filterEntry('text'), join(folder, 'text.wasm')))
host.run('proxy_on_context_create', 1, 0)

function ask(...parts: string[]): string {
  const text = parts.join('\t')
  host.answers.set('proxy_get_buffer_bytes', { data: text })
  return host.run('proxy_on_vm_start', 1, text.length).log[0]?.slice(2) ?? ''
}

test('IP ranges', () => {
  const cases: readonly [range: string, address: string, answer: string][] = [
    ['10.0.0.0/8', '10.255.1.2', 'true'],
    ['10.0.0.0/8', '11.0.0.1', 'false'],
    ['10.0.0.0/8', '10.1.2.3:8080', 'true'],
    ['192.168.1.7', '192.168.1.7', 'true'],
    ['192.168.1.7', '192.168.1.8', 'false'],
    ['0.0.0.0/0', '255.1.1.1', 'true'],
    ['0.0.0.0/0', '2001:db8::1', 'false'],
    ['::/0', '1.2.3.4', 'true'],
    ['10.0.0.0/8', '::ffff:10.1.1.1', 'true'],
    ['2001:db8::/32', '2001:db8:ffff::1', 'true'],
    ['2001:db8::/32', '2001:db9::', 'false'],
    ['2001:db8::/32', '[2001:db8::1]:443', 'true'],
    ['2001:db8::1/128', '2001:0DB8:0:0:0:0:0:1', 'true'],
    ['fe80::/65', 'fe80::8000:0:0:1', 'false'],
    ['fe80::/64', 'fe80::8000:0:0:1', 'true'],
    ['10.0.0.0/33', '10.0.0.1', 'bad range'],
    ['10.0.0', '10.0.0.1', 'bad range'],
    ['256.0.0.1', '', 'bad range'],
    ['::1::', '', 'bad range'],
    ['1:2:3', '', 'bad range'],
    ['1:2:3:4:5:6:7:8:9', '', 'bad range'],
    ['12345::', '', 'bad range'],
    ['', '', 'bad range'],
    ['10.0.0.0/8', 'localhost', 'false'],
    ['10.0.0.0/8', '010.0.0.1', 'false'],
  ]
  for (const [range, address, answer] of cases)
    assert.equal(ask('contains', range, address), answer, `${range} ${address}`)
})

test('secrets are compared whole', () => {
  assert.equal(ask('equals', 'geheim', 'geheim'), 'true')
  for (const [given, secret] of [
    ['geheim', 'geheim2'],
    ['geheim2', 'geheim'],
    ['', 'x'],
    ['x', ''],
    ['ab', 'ba'],
  ] as const)
    assert.equal(ask('equals', given, secret), 'false')
})

test('base64', () => {
  for (const text of ['', 'f', 'fo', 'foo', 'foob', 'grüße: 😀?>']) {
    assert.equal(ask('base64', Buffer.from(text).toString('base64')), text)
    assert.equal(ask('base64', Buffer.from(text).toString('base64url')), text)
  }
  for (const text of ['a', 'ab!c', 'abcde', '====']) assert.equal(ask('base64', text), 'null')
})

test('cookies', () => {
  const header = 'a=1; session=x=y ;b=;  other=2'
  for (const [name, value] of [
    ['a', '1'],
    ['session', 'x=y'],
    ['b', ''],
    ['other', '2'],
    ['c', 'null'],
    ['essio', 'null'],
  ] as const)
    assert.equal(ask('cookie', header, name), value)
})

test('paths below a prefix', () => {
  for (const [path, prefix, answer] of [
    ['/a/b', '/a', 'true'],
    ['/a?x', '/a', 'true'],
    ['/ab', '/a', 'false'],
    ['/ab', '/', 'true'],
    ['/a/b', '/a/', 'true'],
    ['/a', '/a/', 'false'],
  ] as const)
    assert.equal(ask('below', path, prefix), answer, `${path} ${prefix}`)
  assert.equal(ask('random'), 'true')
})
