import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RouteMatch } from '../config/v3.ts'
import { literalPrefix, RouteIndex } from './route-index.ts'

const word = fc.string({ unit: fc.constantFrom('a', 'b', '/'), maxLength: 6 })

test('the candidates are those whose literal the path begins with, in their order', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 30 }), word, (literals, path) => {
      const index = new RouteIndex(
        literals.map((_, i) => i),
        literals,
      )
      const expected = literals.flatMap((literal, i) => (path.startsWith(literal) ? [i] : []))
      assert.deepEqual(index.candidates(path), expected)
    }),
    { numRuns: 2000 },
  )
})

test('a table whose tree would be too large asks all routes', () => {
  const literals = Array.from({ length: 2000 }, (_, i) => (i % 2 === 0 ? '' : `/${i}`))
  const index = new RouteIndex(
    literals.map((_, i) => i),
    literals,
  )
  assert.equal(index.candidates('/7').length, 2000)
})

test('what a regular expression begins with', () => {
  const of = (regex: string) => literalPrefix({ safeRegex: { regex } } as RouteMatch)
  assert.equal(of('/users/\\d+'), '/users/')
  assert.equal(of('/a+'), '/a')
  assert.equal(of('/ab?c'), '/a')
  assert.equal(of('/ab*'), '/a')
  assert.equal(of('/ab{0,2}'), '/a')
  assert.equal(of('/a|/b'), '')
  assert.equal(of('(?i)/a'), '')
  assert.equal(of('.*'), '')
  assert.equal(of('/plain'), '/plain')
})

test('paths that are compared without their case have no literal', () => {
  assert.equal(literalPrefix({ prefix: '/A', caseSensitive: false } as RouteMatch), '')
  assert.equal(literalPrefix({ path: '/ä' } as RouteMatch), '/\xc3\xa4')
})
