import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseYaml } from './yaml-source.ts'

const value = (text: string) => parseYaml(text, 'a.yaml').value

test('plain scalars become null, bool, 32-bit integer or text; quoted ones are text', () => {
  assert.deepEqual(
    value('[~, null, NULL, y, Off, yEs, 1, +5, -0x10, 010, 08, 2147483648, 1.5, 1_000, "1", \'y\', 0o17]'),
    [null, null, null, true, false, 'yEs', 1, 5, -16, 8, '08', '2147483648', '1.5', '1_000', '1', 'y', '0o17'],
  )
  assert.equal(value('|-\n  5'), '5')
})

test('the last of several equal keys wins, and !ignore drops a key', () => {
  assert.deepEqual(value('a: 1\na: 2\n!ignore b: 3\n'), { a: 2 })
})

test('aliases are resolved, merge keys are not', () => {
  assert.deepEqual(value('a: &x {k: 1}\nb: *x\nc: {<<: *x}'), { a: { k: 1 }, b: { k: 1 }, c: { '<<': { k: 1 } } })
})

test('inside of brackets and quotes, indentation is free', () => {
  assert.deepEqual(value('a:\n  b: [1,\n2,\n  {c: 3,\n\td: 4}\n]\n  e: 5\nf: 6\n'), {
    a: { b: [1, 2, { c: 3, d: 4 }], e: 5 },
    f: 6,
  })
  assert.deepEqual(value('a:\n  b: "x\ny"\n  c: 1\n'), { a: { b: 'x y', c: 1 } })
})

test('only the first document counts', () => {
  assert.deepEqual(value('a: 1\n---\n[broken'), { a: 1 })
})

test('a syntax error has its place', () => {
  assert.throws(() => value('a: 1\nb: c: d\n'), { message: /^a\.yaml:2:\d+: not YAML: / })
  assert.throws(() => value('{[a]: b}'), { message: /^a\.yaml:1:2: not YAML: a key must be a scalar/ })
  assert.throws(() => value('a: *nobody'), { message: /^a\.yaml:1:4: not YAML: the alias \*nobody has no anchor/ })
})

test('a path leads to the key, through lists and aliases, in either spelling', () => {
  const { source } = parseYaml('first: &x\n  connectTimeout: 1s\nlist:\n- a\n- *x\n', 'a.yaml')
  assert.deepEqual(source.locate(['first', 'connect_timeout']), { line: 2, column: 3 })
  assert.deepEqual(source.locate(['list', 1, 'connect_timeout']), { line: 2, column: 3 })
  assert.deepEqual(source.locate(['list', 0]), { line: 4, column: 3 })
  assert.deepEqual(source.locate(['list', 7]), { line: 3, column: 1 })
})
