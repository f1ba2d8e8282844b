import assert from 'node:assert/strict'
import { it } from 'node:test'
import { parseSubjectAltName } from './certificate.ts'

it('subject alternative names of every kind, also those that need quotes', () => {
  const text =
    'DNS:a.test, URI:spiffe://x/y, URI:"http://x/?a=1, DNS:evil.test", IP Address:10.0.0.1, ' +
    'IP Address:2001:DB8:0:0:0:0:0:1, email:a@b.test, othername:<unsupported>, DirName:CN = x'
  assert.deepEqual(parseSubjectAltName(text), [
    { kind: 'DNS', value: 'a.test' },
    { kind: 'URI', value: 'spiffe://x/y' },
    { kind: 'URI', value: 'http://x/?a=1, DNS:evil.test' },
    { kind: 'IP', value: '10.0.0.1' },
    { kind: 'IP', value: '2001:db8::1' },
    { kind: 'EMAIL', value: 'a@b.test' },
    { kind: 'OTHER', value: '<unsupported>' },
    { kind: 'OTHER', value: 'CN = x' },
  ])
  assert.deepEqual(parseSubjectAltName(''), [])
})
