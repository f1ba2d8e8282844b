import assert from 'node:assert/strict'
import { it } from 'node:test'
import type { UpstreamHttpProtocolOptions } from '../config/v3.ts'
import { HeaderMap } from '../core/header-map.ts'
import { makeAutoSni } from './auto-sni.ts'

const options = (more: Partial<UpstreamHttpProtocolOptions>): UpstreamHttpProtocolOptions => ({
  autoSni: true,
  autoSanValidation: false,
  overrideAutoSniHeader: '',
  ...more,
})

it('server names are hosts without port, and no addresses', () => {
  const name = (authority: string): string | undefined => {
    const headers = new HeaderMap()
    headers.set(':authority', authority)
    return makeAutoSni(options({}), true)?.identity(headers)?.serverName
  }
  assert.equal(name('a.test'), 'a.test')
  assert.equal(name('A.test:8443'), 'A.test')
  for (const address of ['10.0.0.1', '10.0.0.1:80', '[::1]', '[2001:db8::1]:443', ''])
    assert.equal(name(address), undefined)
})

it('concerns clusters with TLS only, and validates nothing without a CA', () => {
  assert.equal(makeAutoSni(options({}), undefined), undefined)
  assert.equal(makeAutoSni(undefined, true), undefined)
  assert.equal(makeAutoSni(options({ autoSni: false }), true), undefined)
  assert.throws(
    () => makeAutoSni(options({ autoSanValidation: true }), false),
    /needs a transport socket with a trusted_ca/,
  )
})
