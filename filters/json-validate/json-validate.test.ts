import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'
import { FilterHost, localReply } from '../lib/filter-host.ts'

for (const { kind, skip } of proxies) {
  test(`json-validate on ${kind}: its example`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'json-validate')
    const post = (body: string, headers = { 'content-type': 'application/json; charset=utf-8' }) =>
      proxy.request('/orders', { method: 'POST', body, headers })
    try {
      const good = '{"id":"0b1a2c3d-1111-4222-8333-444455556666","items":[{"sku":"AB-1","count":2}]}'
      assert.equal(JSON.parse((await post(good)).body).body, good)
      const bad = await post('{"id":"x","items":[{"sku":"ab","count":0.5},{"sku":"AB-2"}],"more":1}')
      assert.deepEqual([bad.status, bad.headers['content-type']], [400, 'application/json'])
      assert.deepEqual(JSON.parse(bad.body).errors, [
        { path: '/id', reason: 'must be a text of the format uuid' },
        { path: '/items/0/sku', reason: 'must match ^[A-Z]{2}-\\d+$' },
        { path: '/items/0/count', reason: 'must be integer' },
        { path: '/items/1', reason: 'must have "count"' },
        { path: '/more', reason: 'may not be here' },
      ])
      assert.match((await post('{"id":')).body, /it is no JSON: line 1 column 7/)
      assert.equal((await post(good, { 'content-type': 'text/plain' })).status, 415)
      assert.equal((await post(' '.repeat(5000))).status, 413)
      assert.equal((await proxy.request('/orders', { method: 'POST' })).status, 400)
      assert.equal((await proxy.request('/orders')).status, 200)
      assert.equal((await proxy.request('/other', { method: 'POST', body: 'x' })).status, 200)
      await proxy.process.waitForStats(stats => stats.get('wasmcustom.json_validate_denied') === 5, 'the counter')
    } finally {
      await proxy.stop()
    }
  })

  test(`json-validate on ${kind}: faults are told with their paths`, { skip }, async () => {
    const bad = {
      rules: [
        { schema: { type: 'text', properties: { a: { minLength: -1, if: {} } }, anyOf: [], $ref: '#/$defs/x' } },
        { schema: '{"pattern":"("' },
        { schema: { items: { pattern: '(', format: 'color' } } },
        { path: '/' },
      ],
    }
    await assert.rejects(FilterProxy.stock(kind, 'json-validate', bad), (error: Error) => {
      assert.match(error.message, /rules\[0\]\.schema\.type must be of: null, boolean/)
      assert.match(error.message, /rules\[0\]\.schema\.properties\.a\.minLength must be a whole number from 0 on/)
      assert.match(error.message, /rules\[0\]\.schema\.properties\.a\.if is none of the keywords/)
      assert.match(error.message, /rules\[0\]\.schema\.anyOf must be a list that is not empty/)
      assert.match(error.message, /rules\[0\]\.schema\.\$ref must be '#'/)
      assert.match(error.message, /rules\[1\]\.schema is no JSON: line 1 column 15/)
      assert.match(error.message, /rules\[2\]\.schema\.items\.pattern is no pattern: '\(' without '\)'/)
      assert.match(error.message, /rules\[2\]\.schema\.items\.format must be one of: date-time/)
      assert.match(error.message, /rules\[3\]\.schema is missing/)
      return true
    })
  })
}

const headers = [
  [':path', '/'],
  [':method', 'POST'],
  ['content-type', 'application/json'],
] as const

function hostOf(schema: unknown): FilterHost {
  return new FilterHost('json-validate', { rules: [{ schema: JSON.stringify(schema) }] })
}

function fits(host: FilterHost, body: string | Uint8Array): boolean {
  return localReply(host.request(headers, body)) === undefined
}

test('json-validate: each keyword, what fits and what does not', () => {
  const cases: [schema: unknown, good: unknown[], bad: unknown[]][] = [
    [true, [1, null], []],
    [false, [], [1, null]],
    [{ type: ['integer', 'null'] }, [1, 1.0, -3, null], [1.5, '1', true]],
    [{ enum: [1, 'a', { b: [2] }] }, [1, 'a', { b: [2] }], [2, 'b', { b: [3] }, { b: [2], c: 1 }]],
    [{ const: { a: 1, b: 2 } }, [{ b: 2, a: 1 }], [{ a: 1 }]],
    [
      { properties: { a: { type: 'string' } }, additionalProperties: { type: 'number' } },
      [{ a: 'x', b: 1 }, 5],
      [{ a: 1 }, { b: 'x' }],
    ],
    [{ required: ['a', 'b'] }, [{ a: null, b: 0 }], [{ a: 1 }, {}]],
    [
      { minProperties: 1, maxProperties: 2, propertyNames: { pattern: '^a' } },
      [{ a: 1 }, { a: 1, ab: 2 }],
      [{}, { b: 1 }, { a: 1, aa: 1, aaa: 1 }],
    ],
    [
      { prefixItems: [{ type: 'string' }], items: { type: 'number' }, minItems: 1, maxItems: 3 },
      [['a'], ['a', 1, 2]],
      [[], [1], ['a', 'b'], ['a', 1, 2, 3]],
    ],
    [
      { uniqueItems: true },
      [[1, 2, '1', { a: 1 }]],
      [
        [1, 1.0],
        [
          { a: 1, b: 2 },
          { b: 2, a: 1 },
        ],
      ],
    ],
    [{ minLength: 2, maxLength: 3 }, ['ab', '\u{1f600}\u{1f600}\u{1f600}'], ['a', 'abcd', '\u{1f600}']],
    [{ pattern: '^(a|b)+c?$' }, ['ab', 'bac'], ['', 'abcd', 'cab']],
    [{ pattern: '^.\u00e4$' }, ['\u20ac\u00e4'], ['a', '\u20aca']],
    [{ minimum: 1, maximum: 3 }, [1, 3, 'x'], [0.9, 3.1]],
    [{ exclusiveMinimum: 1, exclusiveMaximum: 3 }, [1.1, 2.9], [1, 3]],
    [{ multipleOf: 0.1 }, [0.3, 1, -2.7], [0.35]],
    [{ allOf: [{ minimum: 1 }, { maximum: 2 }] }, [1.5], [0, 3]],
    [{ anyOf: [{ type: 'string' }, { minimum: 5 }] }, ['a', 6], [4]],
    [{ oneOf: [{ minimum: 1 }, { minimum: 5 }] }, [3], [0, 6]],
    [{ not: { type: 'null' } }, [1], [null]],
    [
      {
        $defs: {
          tree: {
            type: 'object',
            properties: { kids: { items: { $ref: '#/$defs/tree' } } },
            additionalProperties: false,
          },
        },
        $ref: '#/$defs/tree',
      },
      [{}, { kids: [{}, { kids: [] }] }],
      [{ kids: [{ x: 1 }] }, 1],
    ],
    [
      { format: 'date-time' },
      ['2024-02-29T23:59:60Z', '2024-01-31t00:00:00.5+01:00'],
      ['2023-02-29T00:00:00Z', '2024-01-01', '2024-01-01T24:00:00Z'],
    ],
    [{ format: 'email' }, ['jo.doe@example.com'], ['jo@', 'a b@c.de', 'jo@example']],
    [{ format: 'ipv4' }, ['10.0.0.1'], ['::1', '10.0.0.256', '10.0.0.0/8']],
    [{ format: 'ipv6' }, ['::1', '2001:db8::'], ['10.0.0.1', ':::']],
    [{ format: 'hostname' }, ['a.example'], ['-a.example', 'a..b']],
    [{ format: 'uri' }, ['https://a.example/b?c'], ['/b', 'a b:c']],
  ]
  for (const [schema, good, bad] of cases) {
    const host = hostOf(schema)
    for (const value of good)
      assert.ok(fits(host, JSON.stringify(value)), `${JSON.stringify(schema)} ${JSON.stringify(value)}`)
    for (const value of bad)
      assert.ok(!fits(host, JSON.stringify(value)), `${JSON.stringify(schema)} ${JSON.stringify(value)}`)
  }
  assert.ok(
    !fits(hostOf({ properties: { a: { type: 'number' } } }), '{"a":"x","a":1}'),
    'all members of a name must fit',
  )
})

test('json-validate: schemas that refer to themselves or multiply are bounded', () => {
  assert.ok(!fits(hostOf({ $ref: '#' }), '1'))
  assert.ok(!fits(hostOf({ not: { $ref: '#' } }), '1'), 'not even inside not')
  const wide = {
    $defs: { a: { anyOf: Array.from({ length: 12 }, () => ({ items: { $ref: '#/$defs/a' }, maxItems: 0 })) } },
    anyOf: Array.from({ length: 9 }, () => ({ items: { $ref: '#/$defs/a' }, type: 'string' })),
  }
  const begin = performance.now()
  assert.ok(!fits(hostOf(wide), '[[[[[[[[[]]]]]]]]]'))
  assert.ok(performance.now() - begin < 5000)
})

test('json-validate: no schema and no body makes it trap', () => {
  const keyword = fc.constantFrom(
    'type',
    'enum',
    'properties',
    'required',
    'items',
    'prefixItems',
    'pattern',
    'format',
    'anyOf',
    'not',
    'oneOf',
    '$ref',
    '$defs',
    'minLength',
    'multipleOf',
    'uniqueItems',
    'additionalProperties',
    'propertyNames',
  )
  const leaf = fc.constantFrom<unknown>(
    'string',
    'object',
    '#',
    '#/$defs/a',
    1,
    0.5,
    true,
    false,
    null,
    [],
    ['a'],
    ['number'],
    {},
    { type: 'array' },
  )
  const schema = fc.dictionary(
    keyword,
    fc.oneof(leaf, fc.dictionary(keyword, leaf), fc.array(fc.dictionary(keyword, leaf), { maxLength: 3 })),
    { maxKeys: 4 },
  )
  fc.assert(
    fc.property(schema, fc.array(fc.json(), { maxLength: 4 }), (each, bodies) => {
      let host
      try {
        host = hostOf(each)
      } catch (error) {
        assert.match(String(error), /bad configuration: rules\[0\]\.schema/)
        return
      }
      for (const body of bodies) fits(host, body)
    }),
    { numRuns: 1500 },
  )
  const host = hostOf({ type: 'object', properties: { a: { items: { uniqueItems: true } } } })
  fc.assert(
    fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.uint8Array()), body => void fits(host, body)),
    { numRuns: 1500 },
  )
})
