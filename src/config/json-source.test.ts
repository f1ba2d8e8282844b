import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseJson } from './json-source.ts'

const value = (text: string) => parseJson(text, 'a.json').value

test('trailing commas, single quotes and bare keys are let through', () => {
  assert.deepEqual(value(`{"a": [1, 2,], 'b': 'x"y', c: null,}`), { a: [1, 2], b: 'x"y', c: null })
})

test('integers beyond a double keep their digits', () => {
  assert.deepEqual(value('{"a": 9007199254740993, "b": -5}'), { a: '9007199254740993', b: -5 })
})

test('a syntax error has its place', () => {
  assert.throws(() => value('{\n  // no comments\n}'), { message: /^a\.json:2:3: not JSON: / })
  assert.throws(() => value('{"a": 1} x'), { message: /^a\.json:1:10: not JSON: text after/ })
  assert.throws(() => value('{"a": "x'), { message: /string without an end/ })
  assert.throws(() => value('['.repeat(1000) + '1'), { message: /nested deeper/ })
  assert.throws(() => value(''), { message: /^a\.json:1:1: not JSON/ })
})

test('a path leads to the key', () => {
  const { source } = parseJson('{\n  "a": [\n    {"connectTimeout": 1}\n  ]\n}', 'a.json')
  assert.deepEqual(source.locate(['a', 0, 'connect_timeout']), { line: 3, column: 6 })
  assert.deepEqual(source.locate(['a', 0, 'other']), { line: 3, column: 5 })
})

test('__proto__ is a key like others', () => {
  assert.deepEqual(Object.keys(value('{"__proto__": 1,}') as object), ['__proto__'])
})
