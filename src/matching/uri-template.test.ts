import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseUriTemplate } from './uri-template.ts'

test('what is no template is refused, with the reason', () => {
  const cases: [string, RegExp][] = [
    ['a', /begins with/],
    ['/a b', /white space/],
    ['/{1x}', /no name/],
    ['/{x', /never closed/],
    ['/{x=}', /nothing after/],
    ['/{x=a/}', /cannot follow/],
    ['/{x}/{x}', /two variables/],
    ['/{a}/{b}/{c}/{d}/{e}/{f}', /at most 5/],
    ['/{abcdefghijklmnopq}', /longer than 16/],
    ['/**/*', /no glob/],
    ['/{x=**}/{y}', /no glob/],
    ['/a*', /characters/],
    ['/*.x/y', /cannot follow/],
  ]
  for (const [template, reason] of cases) assert.throws(() => parseUriTemplate(template), reason, template)
})

test('a rewrite uses only the variables that there are', () => {
  const template = parseUriTemplate('/{x}/y')
  assert.equal(template.makeRewrite('/-/{x}.html')('/a/y'), '/-/a.html')
  assert.equal(template.makeRewrite('/{x}')('/a/z'), undefined)
  const cases: [string, RegExp][] = [
    ['{x}', /begins with/],
    ['/{y}', /no variable/],
    ['//{x}', /\/\//],
    ['/{x', /never closed/],
    ['/{}', /no name/],
    ['/*', /characters/],
  ]
  for (const [rewrite, reason] of cases) assert.throws(() => template.makeRewrite(rewrite), reason, rewrite)
})
