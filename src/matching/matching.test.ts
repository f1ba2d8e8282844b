import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RE2JS } from 're2js'
import { messageOf } from '../../test/support/routing.ts'
import type {
  CidrRange,
  HeaderMatcher,
  QueryParameterMatcher,
  RegexMatchAndSubstitute,
  StringMatcher,
} from '../config/v3.ts'
import { HeaderMap } from '../core/header-map.ts'
import { makeCidrMatcher } from './cidr.ts'
import { makeHeaderMatcher } from './header-matcher.ts'
import { makeQueryParameterMatcher } from './query-parameter-matcher.ts'
import { makeReplacement, re2Error } from './regex.ts'
import { makeStringMatcher } from './string-matcher.ts'

function string(yaml: string): (value: string) => boolean {
  return makeStringMatcher(messageOf<StringMatcher>('envoy.type.matcher.v3.StringMatcher', yaml))
}

function header(yaml: string, ...fields: string[]): boolean {
  return makeHeaderMatcher(messageOf<HeaderMatcher>('envoy.config.route.v3.HeaderMatcher', yaml))(new HeaderMap(fields))
}

function query(yaml: string, path: string): boolean {
  return makeQueryParameterMatcher(
    messageOf<QueryParameterMatcher>('envoy.config.route.v3.QueryParameterMatcher', yaml),
  )(path)
}

/** `é` as a header has it: two bytes. */
const eAcute = 'Ã©'

test('string matchers of every kind, with and without case', () => {
  const cases: [string, string, boolean][] = [
    ['exact: ab', 'ab', true],
    ['exact: ab', 'AB', false],
    ['{exact: aB, ignore_case: true}', 'Ab', true],
    ['{exact: aB, ignore_case: true}', 'Abc', false],
    ['prefix: ab', 'abc', true],
    ['{prefix: AB, ignore_case: true}', 'abc', true],
    ['suffix: bc', 'abc', true],
    ['{suffix: BC, ignore_case: true}', 'abc', true],
    ['contains: b', 'abc', true],
    ['{contains: B, ignore_case: true}', 'abc', true],
    ['contains: x', 'abc', false],
    ['exact: é', eAcute, true],
    ['exact: é', 'é', false],
  ]
  for (const [yaml, value, expected] of cases) assert.equal(string(yaml)(value), expected, `${yaml} ${value}`)
})

test('a regex matches the whole value, in RE2 syntax, by characters and not bytes', () => {
  assert.equal(string('safe_regex: {regex: "a.c"}')('abc'), true)
  assert.equal(string('safe_regex: {regex: "a.c"}')('xabc'), false)
  assert.equal(string('safe_regex: {regex: "a|ab"}')('ab'), true)
  assert.equal(string('safe_regex: {regex: "(?i)abc"}')('ABC'), true)
  assert.equal(string('safe_regex: {regex: "."}')(eAcute), true)
  assert.equal(string('safe_regex: {regex: plain}')('plain'), true)
  assert.equal(string('safe_regex: {regex: plain}')('plain text'), false)
  assert.throws(
    () => string('safe_regex: {regex: "(?=a)"}'),
    /test\.yaml:1:14 safe_regex\.regex: "\(\?=a\)" is no RE2 expression/,
  )
})

test('replacement by groups', () => {
  const replace = (pattern: string, substitution: string, value: string): string =>
    makeReplacement(
      messageOf<RegexMatchAndSubstitute>(
        'envoy.type.matcher.v3.RegexMatchAndSubstitute',
        JSON.stringify({ pattern: { regex: pattern }, substitution }),
      ),
    )(value)
  assert.equal(replace('^/service/([^/]+)(/.*)$', '\\2/instance/\\1', '/service/foo/v1/api'), '/v1/api/instance/foo')
  assert.equal(replace('one', 'two', '/xxx/one/yyy/one/zzz'), '/xxx/two/yyy/two/zzz')
  assert.equal(replace('(?i)/xxx/', '/yyy/', '/aaa/XxX/bbb'), '/aaa/yyy/bbb')
  assert.equal(replace('a', '\\\\\\0', 'bab'), 'b\\ab')
  assert.equal(replace('x', 'y', 'none'), 'none')
  assert.equal(replace('.*', 'x', 'all'), 'x')
  assert.equal(replace('a*', 'x', 'baac'), 'xbxcx')
  assert.equal(replace('.*', '', 'all'), '')
  assert.throws(() => replace('(a)', '\\2', ''), /no group/)
})

test('headers: one of the values must match, a missing header matches nothing but absence', () => {
  assert.equal(header('{name: X-A, string_match: {exact: "2"}}', 'x-a', '1', 'x-a', '2'), true)
  assert.equal(header('{name: X-A, string_match: {exact: "1,2"}}', 'x-a', '1', 'x-a', '2'), false)
  assert.equal(header('{name: X-A, string_match: {exact: "2"}, invert_match: true}', 'x-a', '1', 'x-a', '2'), false)
  assert.equal(header('{name: x-a, exact_match: a}', 'x-a', 'a'), true)
  assert.equal(header('{name: x-a, prefix_match: a}', 'x-a', 'ab'), true)
  assert.equal(header('{name: x-a, suffix_match: b}', 'x-a', 'ab'), true)
  assert.equal(header('{name: x-a, contains_match: b}', 'x-a', 'abc'), true)
  assert.equal(header('{name: x-a, safe_regex_match: {regex: "\\\\d+"}}', 'x-a', '12'), true)
  assert.equal(header('{name: x-a}', 'x-a', ''), true)
  assert.equal(header('{name: x-a, present_match: false}'), true)
  assert.equal(header('{name: x-a, present_match: true, invert_match: true}'), true)
  assert.equal(header('{name: x-a, string_match: {exact: a}, invert_match: true}'), false)
  assert.equal(header('{name: x-a, string_match: {exact: a}, invert_match: true}', 'x-a', 'b'), true)
  assert.equal(
    header('{name: x-a, string_match: {exact: a}, invert_match: true, treat_missing_header_as_empty: true}'),
    true,
  )
  assert.equal(header('{name: x-a, string_match: {exact: ""}, treat_missing_header_as_empty: true}'), true)
  assert.equal(header('{name: x-a, present_match: true, treat_missing_header_as_empty: true}'), true)
  assert.equal(header('{name: host, string_match: {exact: a}}', ':authority', 'a'), true)
})

test('header ranges are half open and take whole numbers only', () => {
  const range = '{name: x-n, range_match: {start: -10, end: 0}}'
  const matches = ['-1', '-10', '0', '-11', 'somestring', '10.9', '-1somestring'].map(value =>
    header(range, 'x-n', value),
  )
  assert.deepEqual(matches, [true, true, false, false, false, false, false])
  assert.throws(() => header('{name: x-n, range_match: {start: 1, end: 1}}'), /holds no number/)
})

test('query parameters: the first value counts', () => {
  assert.equal(query('{name: q, string_match: {exact: "1"}}', '/?a=2&q=1&q=3'), true)
  assert.equal(query('{name: q, string_match: {exact: "1"}}', '/?qq=1'), false)
  assert.equal(query('{name: q, string_match: {exact: ""}}', '/?q'), true)
  assert.equal(query('{name: q, present_match: true}', '/?a&q'), true)
  assert.equal(query('{name: q}', '/q'), false)
})

test('address ranges of both families', () => {
  const inside = makeCidrMatcher(
    ['{address_prefix: 10.1.0.0, prefix_len: 16}', '{address_prefix: "2001:db8::", prefix_len: 32}'].map(yaml =>
      messageOf<CidrRange>('envoy.config.core.v3.CidrRange', yaml),
    ),
  )
  assert.deepEqual(['10.1.2.3', '10.2.0.0', '2001:db8::1', '2001:db9::1', 'nonsense'].map(inside), [
    true,
    false,
    true,
    false,
    false,
  ])
  const bad = (yaml: string): unknown => makeCidrMatcher([messageOf<CidrRange>('envoy.config.core.v3.CidrRange', yaml)])
  assert.throws(() => bad('{address_prefix: a.b}'), /no IP address/)
  assert.throws(() => bad('{address_prefix: 1.2.3.4, prefix_len: 33}'), /at most 32/)
})

test('what is wrong with an expression is told in the words of RE2', () => {
  // As Envoy's /stats?filter= answers.
  for (const [expression, words] of [
    ['(', 'missing ): ('],
    ['[a', 'missing ]: [a'],
    ['*', 'no argument for repetition operator: *'],
    ['a**', 'bad repetition operator: **'],
    ['a{2,1}', 'invalid repetition size: {2,1}'],
    ['a{1001}', 'invalid repetition size: {1001}'],
    ['(?=a)', 'invalid perl operator: (?='],
    ['\\', 'trailing \\'],
    ['\\8', 'invalid escape sequence: \\8'],
    ['[b-a]', 'invalid character class range: b-a'],
    [')', 'unexpected ): )'],
    ['(?P<n', 'invalid named capture group: (?P<n'],
    ['[[:foo:]]', 'invalid character class range: [:foo:]'],
    ['a{2}{3}', 'bad repetition operator: {2}{3}'],
    ['\\pX', 'invalid character class range: \\pX'],
    ['(?i)(?', 'invalid perl operator: (?'],
  ] as const) {
    let error: unknown
    try {
      RE2JS.compile(expression)
    } catch (thrown) {
      error = thrown
    }
    assert.equal(re2Error(error), words)
  }
})
