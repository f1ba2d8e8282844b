import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { AttributeSource } from '../attributes/attribute-source.ts'
import type { Expr } from '../config/v3.ts'
import { HeaderMap } from '../core/header-map.ts'
import type { DownstreamInfo, StreamInfo } from '../core/stream-info.ts'
import { celToJson, printCel } from './cel-text.ts'
import { CelError } from './cel-value.ts'
import { compileCel, compileExpr } from './cel.ts'
import { CelSyntaxError } from './syntax-error.ts'

const downstream = { connectionId: 7, filterChainName: '' } as DownstreamInfo
const streamInfo = { downstream, startTimeMs: 0, responseCode: 404, dynamicMetadata: undefined } as StreamInfo
const source: AttributeSource = {
  streamInfo,
  requestHeaders: HeaderMap.of({ ':path': '/a', ':method': 'GET', 'x-b': 'c' }),
  responseHeaders: undefined,
  responseTrailers: undefined,
}
const environment = {
  clusters: { get: () => undefined },
  node: { id: 'n', cluster: '', zone: '' },
  trafficDirection: undefined,
  listenerMetadata: undefined,
}
const allOn = { enableStringConversion: true, enableStringConcat: true, enableStringFunctions: true }
const print = (text: string, config = allOn) => printCel(compileCel(text, environment, config).evaluate(source))

test('errors say where', () => {
  const messages: Readonly<Record<string, RegExp>> = {
    '1 +': /^1:4: '<EOF>' where an expression should be$/,
    'a\n  == "b': /^2:6: a string without end$/,
    'size(1': /^1:7: '<EOF>' where ',' or '\)' should be$/,
    'nothing()': /^No overload found in reference resolve step for nothing$/,
    '[1].all(x, x > 0)': /^Comprehension support is disabled$/,
    "'a'.matches('(')": /^invalid regular expression: /,
    "'a'.matches('a{90}{90}')": /^invalid regular expression: /,
  }
  for (const [text, message] of Object.entries(messages))
    assert.throws(() => compileCel(text, environment), { name: 'CelSyntaxError', message })
})

test('expressions have limits', () => {
  for (const text of [
    '('.repeat(5000),
    `${'['.repeat(5000)}${']'.repeat(5000)}`,
    `1${'+1'.repeat(5000)}`,
    `a${'.a'.repeat(5000)}`,
    `${'!'.repeat(90_000)}true && ${'-'.repeat(20_000)}1`,
    `true${'?true:true'.repeat(5000)}`,
  ])
    assert.throws(() => compileCel(text, environment), CelSyntaxError)
  assert.equal(print(`${'!'.repeat(90_000)}true`), 'true')
})

test('strings: concatenation, conversion and functions only where they are switched on', () => {
  assert.equal(print("'a' + 'b'"), 'ab')
  assert.equal(print('string(5) + string(1.5) + string(true)'), '51.5true')
  assert.equal(print("string(timestamp('2020-01-02T03:04:05Z'))"), '2020-01-02T03:04:05Z')
  assert.equal(print("'a,b,c'.split(',', 2)[1]"), 'b,c')
  assert.equal(print("['a', 'b'].join('-') + 'x'.upperAscii()"), 'a-bX')
  assert.equal(print("'aXbX'.replace('X', 'é', 1)"), Buffer.from('aébX').toString('latin1'))
  assert.equal(print("'héllo'.substring(1, 3)"), Buffer.from('él').toString('latin1'))
  assert.equal(print("'héllo'.indexOf('l') + 'héllo'.lastIndexOf('l')"), '5')
  assert.equal(print("' a '.trim() + 'ab'.reverse() + 'ab'.charAt(1)"), 'abab')
  assert.equal(print("'a' + 'b'", undefined), 'ab')
  assert.throws(() => compileCel("'a'.trim()", environment), CelSyntaxError)
})

test('macros, where they are allowed, iterate a limited number of times', () => {
  const macros = (text: string) => {
    const value = compileCel(text, environment, { ...allOn, enableComprehension: true, enableListConcat: true })
    return celToJson(value.evaluate(source))
  }
  assert.equal(macros('[1, 2].all(x, x > 0) && ![1, 2].all(x, x > 1)'), true)
  assert.equal(macros("[1, 0, 'a'].exists(x, 1 / x > 0)"), true)
  assert.equal(macros("[0, 'a'].exists(x, 1 / x > 0)"), undefined)
  assert.equal(macros('[1, 2, 2].exists_one(x, x == 1)'), true)
  assert.deepEqual(macros('[1, 2, 3].map(x, x > 1, x * 2) + [1].filter(x, false)'), [4, 6])
  assert.deepEqual(macros("request.headers.filter(h, h.startsWith('x-'))"), ['x-b'])
  assert.deepEqual(macros('[1, 2].map(x, [3].map(y, x * y))'), [[3], [6]])
  assert.equal(macros('[1].map(request, request + 1)[0]'), 2)
  const hundred = `[${'1,'.repeat(100)}]`
  assert.equal(macros(`size(${hundred}.map(x, [1].map(y, y)))`), 100)
  assert.equal(macros(`${hundred}.map(x, ${hundred}.map(y, [1].map(z, z)))`), undefined)
  const long = `'${'x'.repeat(20_000)}'`
  assert.equal(macros(`size(${hundred}.map(x, ${long} + ${long}))`), undefined)
  assert.throws(() => macros('[1].all(1, true)'), CelSyntaxError)
})

test('a tree of the configuration', () => {
  const method: Expr = {
    id: 1n,
    selectExpr: { operand: { id: 2n, identExpr: { name: 'request' } }, field: 'method', testOnly: false },
  }
  const checked: Expr = { id: 1n, identExpr: { name: 'request.method' } }
  const get: Expr = { id: 3n, constExpr: { stringValue: 'GET' } }
  for (const each of [method, checked]) {
    const equals: Expr = { id: 0n, callExpr: { function: '_==_', args: [each, get] } }
    assert.equal(compileExpr(equals, environment).matches(source), true)
  }
  let deep: Expr = get
  for (let i = 0; i < 1000; i++) deep = { id: 0n, callExpr: { function: 'dyn', args: [deep] } }
  assert.throws(() => compileExpr(deep, environment), CelSyntaxError)
  assert.throws(() => compileExpr(undefined, environment), CelSyntaxError)
  assert.throws(() => compileExpr({ id: 0n }, environment), CelSyntaxError)
})

test('as JSON', () => {
  const json = (text: string) => celToJson(compileCel(text, environment).evaluate(source))
  assert.deepEqual(json("{'a': [1, 2u, 1.5, 'é', null, true], 'b': duration('1.5s')}"), {
    a: [1, 2, 1.5, 'é', null, true],
    b: '1.5s',
  })
  assert.equal(json('9223372036854775807'), '9223372036854775807')
  assert.equal(json("timestamp('2020-01-02T03:04:05.5Z')"), '2020-01-02T03:04:05.5Z')
  assert.equal(json('1 / 0'), undefined)
  assert.deepEqual(json('request.headers'), { ':path': '/a', ':method': 'GET', 'x-b': 'c' })
})

test('a regular expression of a request costs no more than one of the configuration', () => {
  const expression = compileCel("request.path.matches(request.headers['x-b'])", environment)
  const headers = (pattern: string) => HeaderMap.of({ ':path': `/${'a'.repeat(5000)}`, 'x-b': pattern })
  const start = performance.now()
  for (const pattern of ['(a+)+$', '(a|a)*b', '(', 'a{1000}', 'x'.repeat(5000)])
    expression.evaluate({ ...source, requestHeaders: headers(pattern) })
  assert.ok(performance.now() - start < 1000)
})

const word = fc.constantFrom(
  ...[
    'request',
    '.method',
    '.headers',
    "['x-b']",
    ' in ',
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    ':',
    ',',
    '?',
    '1',
    '2u',
    '1.5',
  ],
  ...[
    '&&',
    '||',
    '!',
    '-',
    '+',
    '*',
    '/',
    '%',
    '==',
    '<',
    "'a'",
    "b'b'",
    'true',
    'null',
    'size',
    'has',
    'metadata',
    'xds',
  ],
  ...[
    '.matches',
    '.contains',
    'duration',
    'timestamp',
    "'1s'",
    'response.code',
    'type',
    '.filter_metadata',
    'int',
    ' ',
  ],
)

test('no text breaks compiler or evaluation', () => {
  const text = fc.oneof(
    fc.array(word, { maxLength: 12 }).map(words => words.join('')),
    fc.string({ maxLength: 30 }),
  )
  fc.assert(
    fc.property(text, each => {
      try {
        const value = compileCel(each, environment, allOn).evaluate(source)
        if (!(value instanceof CelError)) assert.equal(typeof printCel(value), 'string')
        celToJson(value)
      } catch (error) {
        assert.ok(error instanceof CelSyntaxError, String((error as Error).stack))
      }
    }),
    { numRuns: 5000 },
  )
})
