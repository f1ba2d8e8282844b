import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type defaults, Harness } from '../../test/support/http-harness.ts'
import { HeaderMap } from '../core/header-map.ts'

type Settings = Partial<typeof defaults>

// As Envoy 1.40 answered: x-envoy-internal, the client's address, x-envoy-external-address, by x-forwarded-for and configuration.
const rows: Readonly<Record<string, Readonly<Record<string, readonly [boolean, string, string]>>>> = {
  '10.0.0.1': {
    plain: [false, '10.0.0.1', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [true, '10.0.0.1', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
  '10.0.0.1, 10.0.0.2': {
    plain: [false, '10.0.0.2', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '10.0.0.2', ''],
    'one trusted hop': [false, '10.0.0.1', ''],
    'edge, two trusted hops': [false, '10.0.0.1', '10.0.0.1'],
  },
  '1.2.3.4': {
    plain: [false, '1.2.3.4', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '1.2.3.4', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
  garbage: {
    plain: [false, '127.0.0.1', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '127.0.0.1', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
  '10.0.0.1:80': {
    plain: [false, '127.0.0.1', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '127.0.0.1', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
  '[::1]:80': {
    plain: [false, '127.0.0.1', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '127.0.0.1', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
  '::1': {
    plain: [false, '::1', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '::1', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
  '1.1.1.1,2.2.2.2,3.3.3.3': {
    plain: [false, '3.3.3.3', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '3.3.3.3', ''],
    'one trusted hop': [false, '2.2.2.2', ''],
    'edge, two trusted hops': [false, '2.2.2.2', '2.2.2.2'],
  },
  '1.1.1.1, ,3.3.3.3': {
    plain: [false, '3.3.3.3', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '3.3.3.3', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
  ',': {
    plain: [false, '127.0.0.1', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '127.0.0.1', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
  '': {
    plain: [false, '127.0.0.1', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '127.0.0.1', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
  '1.2.3.4,': {
    plain: [false, '127.0.0.1', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '127.0.0.1', ''],
    'one trusted hop': [false, '1.2.3.4', ''],
    'edge, two trusted hops': [false, '1.2.3.4', '1.2.3.4'],
  },
  '1.1.1.1,2.2.2.2': {
    plain: [false, '2.2.2.2', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '2.2.2.2', ''],
    'one trusted hop': [false, '1.1.1.1', ''],
    'edge, two trusted hops': [false, '1.1.1.1', '1.1.1.1'],
  },
  '5.5.5.5': {
    plain: [false, '5.5.5.5', ''],
    'edge with internal ranges': [false, '127.0.0.1', '127.0.0.1'],
    'internal ranges': [false, '5.5.5.5', ''],
    'one trusted hop': [false, '127.0.0.1', ''],
    'edge, two trusted hops': [false, '127.0.0.1', '127.0.0.1'],
  },
}

const isTen = (ip: string): boolean => ip.startsWith('10.')
const configurations: Readonly<Record<string, Settings>> = {
  plain: {},
  'edge with internal ranges': { useRemoteAddress: true, isInternalAddress: ip => isTen(ip) || ip.startsWith('127.') },
  'internal ranges': { isInternalAddress: isTen },
  'one trusted hop': { xffNumTrustedHops: 1 },
  'edge, two trusted hops': { useRemoteAddress: true, xffNumTrustedHops: 2 },
}

function seen(settings: Settings, ...headers: string[]): { headers: HeaderMap; remote: string } {
  const harness = new Harness({ settings })
  const list = [':authority', 'a', ':path', '/', ':method', 'GET', ':scheme', '', ...headers]
  harness.open().decoder.decodeHeaders(new HeaderMap(list), true)
  const address = harness.terminal.streamInfo.downstreamRemoteAddress
  return { headers: harness.terminal.requestHeaders as HeaderMap, remote: address.kind === 'ip' ? address.ip : '' }
}

test('client address and internal requests', () => {
  for (const [forwardedFor, row] of Object.entries(rows))
    for (const [name, [internal, remote, external]] of Object.entries(row)) {
      const result = seen(configurations[name] as Settings, 'x-forwarded-for', forwardedFor)
      const actual = [
        result.headers.has('x-envoy-internal'),
        result.remote,
        result.headers.get('x-envoy-external-address') ?? '',
      ]
      assert.deepEqual(actual, [internal, remote, external], `${name}: ${forwardedFor}`)
    }
})

test('referers and te that are kept, as Envoy 1.40 did', () => {
  const referers = {
    'http://a': true,
    'https://a/b?c': true,
    '/x': true,
    'a.b': true,
    'ftp://x': true,
    'http://': false,
    'http:///x': false,
    'HTTP://A': true,
    'http://a b': false,
    'http://[::1]/': true,
    'http://a:x/': false,
    'http://u@h/': false,
    'android-app://x': true,
    'http://a:99999/': false,
  }
  for (const [referer, kept] of Object.entries(referers))
    assert.equal(seen({}, 'referer', referer).headers.has('referer'), kept, referer)
  assert.equal(seen({}, 'referer', 'http://a', 'referer', 'http://b').headers.has('referer'), false)
  const codings = {
    trailers: true,
    Trailers: false,
    gzip: false,
    'gzip, trailers': true,
    'trailers;q=0.5': false,
    'trailers, gzip': true,
    xtrailers: false,
  }
  for (const [te, kept] of Object.entries(codings)) assert.equal(seen({}, 'te', te).headers.has('te'), kept, te)
})

test('scheme follows x-forwarded-proto', () => {
  assert.equal(seen({}, 'x-forwarded-proto', 'https').headers.scheme, 'https')
  assert.equal(seen({}, 'x-forwarded-proto', 'gopher').headers.scheme, 'http')
  assert.equal(seen({ schemeToSet: 'https' }).headers.scheme, 'https')
})
