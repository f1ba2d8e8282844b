import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaults } from '../../test/support/http-harness.ts'
import { HeaderMap } from '../core/header-map.ts'
import { normalizeHost, normalizePath } from './path.ts'

// As Envoy 1.40 answered.
/** input, then with `normalize_path`, with all of normalising, merging and unescaping, and with `merge_slashes`; '' = refused */
const paths: readonly (readonly [string, string, string, string])[] = [
  ['/a!b', '/a!b', '/a!b', '/a!b'],
  ['/a"b', '/a%22b', '/a%22b', '/a"b'],
  ['/a\\b', '/a/b', '/a/b', '/a\\b'],
  ['/a^b', '/a%5Eb', '/a%5Eb', '/a^b'],
  ['/a|b', '/a%7Cb', '/a%7Cb', '/a|b'],
  ['/a%00b', '', '', '/a%00b'],
  ['/a%2eb', '/a.b', '/a.b', '/a%2eb'],
  ['/a%2fb', '/a%2fb', '/a/b', '/a%2fb'],
  ['/a%3ab', '/a%3ab', '/a%3ab', '/a%3ab'],
  ['/a%41b', '/aAb', '/aAb', '/a%41b'],
  ['/a%5cb', '/a%5cb', '/a/b', '/a%5cb'],
  ['/a%7eb', '/a~b', '/a~b', '/a%7eb'],
  ['/>`a..!%00+', '', '', '/>`a..!%00+'],
  ['/%2ea%5c%c3%a9%2E', '/.a%5c%c3%a9.', '/.a/%c3%a9.', '/%2ea%5c%c3%a9%2E'],
  ['/?q=/..//%00.', '/?q=/..//%00.', '/?q=/..//%00.', '/?q=/..//%00.'],
  ['/%2e.', '/', '/', '/%2e.'],
  ['/?q=/../%!`%2d&', '/?q=/../%!`%2d&', '/?q=/../%!`%2d&', '/?q=/../%!`%2d&'],
  ['/?q=/../', '/?q=/../', '/?q=/../', '/?q=/../'],
  ['////', '////', '//', '//'],
  ['/..*a%c3%a9%2d&', '/..*a%c3%a9-&', '/..*a%c3%a9-&', '/..*a%c3%a9%2d&'],
  ['/%41@%25;%2e?q=/../"+', '/A@%25;.?q=/../"+', '/A@%25;.?q=/../"+', '/%41@%25;%2e?q=/../"+'],
  ['/..', '/', '/', '/..'],
  ['/?q=/../^', '/?q=/../^', '/?q=/../^', '/?q=/../^'],
  ['/(=?q=/../%(/"', '/(=?q=/../%(/"', '/(=?q=/../%(/"', '/(=?q=/../%(/"'],
  ['/..%7e|%0^%20', '/..~%7C%0%5E%20', '/..~%7C%0%5E%20', '/..%7e|%0^%20'],
  ['/%7F%2e//~^"-', '/%7F.//~%5E%22-', '/%7F./~%5E%22-', '/%7F%2e/~^"-'],
  ['/?q=/../,^..{', '/?q=/../,^..{', '/?q=/../,^..{', '/?q=/../,^..{'],
  ['/>..%c3%a9(', '/%3E..%c3%a9(', '/%3E..%c3%a9(', '/>..%c3%a9('],
  ['/%2d%2e*%2f%2F', '/-.*%2f%2F', '/-.*/', '/%2d%2e*%2f%2F'],
  ['/a[%7F[..%2F', '/a[%7F[..%2F', '/a[%7F[../', '/a[%7F[..%2F'],
  ['/%00B%2e%5f%c3%a9', '', '', '/%00B%2e%5f%c3%a9'],
  ['//%2e&=%2F:`@', '//.&=%2F:%60@', '/.&=/:%60@', '/%2e&=%2F:`@'],
  ["/)..'%2E", "/)..'.", "/)..'.", "/)..'%2E"],
  ["/''%2e%30.", "/''.0.", "/''.0.", "/''%2e%30."],
  ['/?q=/../)%2e}!%2E~', '/?q=/../)%2e}!%2E~', '/?q=/../)%2e}!%2E~', '/?q=/../)%2e}!%2E~'],
  ['/)`+..', '/)%60+..', '/)%60+..', '/)`+..'],
  ['/*?q=/../-"/[%00/', '/*?q=/../-"/[%00/', '/*?q=/../-"/[%00/', '/*?q=/../-"/[%00/'],
  ['/%c3%a9a/%2E..%', '/%c3%a9a/...%', '/%c3%a9a/...%', '/%c3%a9a/%2E..%'],
  ['/%2e!B([', '/.!B([', '/.!B([', '/%2e!B(['],
  ['/|..%5f%2F]//', '/%7C.._%2F]//', '/%7C.._/]/', '/|..%5f%2F]/'],
  ['/,%2e-%2E', '/,.-.', '/,.-.', '/,%2e-%2E'],
  ['/}%2F?q=/../_^B%00%2d', '/%7D%2F?q=/../_^B%00%2d', '/%7D/?q=/../_^B%00%2d', '/}%2F?q=/../_^B%00%2d'],
  ['/~:%41"..\'%2e', "/~:A%22..'.", "/~:A%22..'.", '/~:%41"..\'%2e'],
  ['/..*%2e{<<%2E"', '/..*.%7B%3C%3C.%22', '/..*.%7B%3C%3C.%22', '/..*%2e{<<%2E"'],
  ['/(}%2e', '/(%7D.', '/(%7D.', '/(}%2e'],
  ['/%7F%2e&,', '/%7F.&,', '/%7F.&,', '/%7F%2e&,'],
  ['/%00..{%2E', '', '', '/%00..{%2E'],
  ["/'$/..%5f%7e%30/", "/'$/.._~0/", "/'$/.._~0/", "/'$/..%5f%7e%30/"],
  ['/\\..$://&', '//..$://&', '/..$:/&', '/\\..$:/&'],
  ['/%2e$', '/.$', '/.$', '/%2e$'],
  ['/%30..B%7F?q=/../', '/0..B%7F?q=/../', '/0..B%7F?q=/../', '/%30..B%7F?q=/../'],
  ['/\\%20%5c..%20%41]', '//%20%5c..%20A]', '/%20/..%20A]', '/\\%20%5c..%20%41]'],
  ['/%2f%0%41', '/%2f%250A', '/%250A', '/%2f%0%41'],
  ['/%..', '/%..', '/%..', '/%..'],
  ['/=?q=/../%2e', '/=?q=/../%2e', '/=?q=/../%2e', '/=?q=/../%2e'],
  ['/%41}%25$&(..', '/A%7D%25$&(..', '/A%7D%25$&(..', '/%41}%25$&(..'],
  ['/%2d%2E?q=/../,', '/-.?q=/../,', '/-.?q=/../,', '/%2d%2E?q=/../,'],
  ["/|%7F[?q=/../(]'%2d", "/%7C%7F[?q=/../(]'%2d", "/%7C%7F[?q=/../(]'%2d", "/|%7F[?q=/../(]'%2d"],
  ['/)..[', '/)..[', '/)..[', '/)..['],
  ['/%zz%20%2e<//[', '/%zz%20.%3C//[', '/%zz%20.%3C/[', '/%zz%20%2e</['],
]

function pathOf(path: string, settings: Partial<typeof defaults>): string {
  const headers = new HeaderMap([':path', path])
  return normalizePath(headers, path, { ...defaults, ...settings }) === 'reject' ? '' : headers.path
}

test('paths are normalised as Envoy does it', () => {
  for (const [path, normal, all, merged] of paths) {
    assert.equal(pathOf(path, { normalizePath: true }), normal, path)
    const everything = {
      normalizePath: true,
      mergeSlashes: true,
      escapedSlashesAction: 'UNESCAPE_AND_FORWARD' as const,
    }
    assert.equal(pathOf(path, everything), all, path)
    assert.equal(pathOf(path, { mergeSlashes: true }), merged, path)
  }
})

test('host without port and trailing dot', () => {
  const hostOf = (host: string, settings: Partial<typeof defaults>): string => {
    const headers = new HeaderMap([':authority', host])
    normalizeHost(headers, { ...defaults, ...settings }, { kind: 'ip', ip: '127.0.0.1', port: 8080, version: 4 })
    return headers.authority
  }
  // As Envoy 1.40 answered.
  const hosts = {
    a: 'a',
    'a:80': 'a',
    'a.': 'a',
    'a.:80': 'a',
    'a:x': 'a:x',
    'a:': 'a:',
    '[::1]': '[::1]',
    '[::1]:80': '[::1]',
    '::1': ':',
    '1.2.3.4:80': '1.2.3.4',
    'a..': 'a.',
    '.': '',
    'a.b.:': 'a.b:',
    'a:99999': 'a',
    'a:8a': 'a:8a',
    'a:20719': 'a',
    'a:080': 'a',
  }
  for (const [host, expected] of Object.entries(hosts))
    assert.equal(hostOf(host, { stripPort: 'any', stripTrailingHostDot: true }), expected, host)
  assert.equal(hostOf('a:8080', { stripPort: 'matching' }), 'a')
  assert.equal(hostOf('a:80', { stripPort: 'matching' }), 'a:80')
})
