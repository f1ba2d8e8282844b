import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'
import { FilterHost, localReply } from '../lib/filter-host.ts'

const json = { 'content-type': 'application/json' }

for (const { kind, skip } of proxies) {
  test(`graphql-guard on ${kind}: its example`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'graphql-guard')
    const code = async (query: unknown, more: object = {}): Promise<string> => {
      const body = JSON.stringify({ query, ...more })
      const answer = await proxy.request('/graphql', { method: 'POST', headers: json, body })
      if (answer.status === 200) {
        assert.equal(JSON.parse(answer.body).body, body, 'the body goes on as it was')
        return 'passed'
      }
      assert.equal(answer.headers['content-type'], 'application/json')
      return JSON.parse(answer.body).errors[0].extensions.code
    }
    try {
      assert.equal(await code('{ a { b { c { d } } } }'), 'passed')
      assert.equal(await code('{ a { b { c { d { e } } } } }'), 'QUERY_TOO_DEEP')
      assert.equal(await code('query { a { ...F } } fragment F on A { b { c { d { e } } } }'), 'QUERY_TOO_DEEP')
      assert.equal(
        await code('{ a { ...F } } fragment F on A { b { ...G } } fragment G on B { ...F }'),
        'GRAPHQL_PARSE_FAILED',
      )
      assert.equal(await code('{ posts(first: 9) { id } }'), 'passed')
      assert.equal(await code('{ posts(first: 100) { id } }'), 'QUERY_TOO_COSTLY')
      const listed = 'query Q($n: Int = 100) { posts(first: $n) { id } }'
      assert.equal(await code(listed), 'QUERY_TOO_COSTLY')
      assert.equal(await code(listed, { variables: { n: 2 } }), 'passed')
      assert.equal(await code('{ search(text: "x") { id } }'), 'QUERY_TOO_COSTLY')
      assert.equal(await code('{ __schema { types { name } } }'), 'INTROSPECTION_OFF')
      assert.equal(await code('{ a: x, b: x, c: x, d: x }'), 'TOO_MANY_ALIASES')
      assert.equal(await code('{ a'), 'GRAPHQL_PARSE_FAILED')
      assert.equal(await code(undefined), 'GRAPHQL_PARSE_FAILED')
      const get = (query: string) => proxy.request(`/graphql?query=${encodeURIComponent(query)}`)
      assert.equal((await get('{ a(x: "}") }')).status, 200)
      assert.equal((await get('{a{a{a{a{a}}}}}')).status, 400)
      const form = await proxy.request('/graphql', {
        method: 'POST',
        body: 'query={a}',
        headers: { 'content-type': 'text/plain' },
      })
      assert.equal(form.status, 415)
      const large = await proxy.request('/graphql', { method: 'POST', body: ' '.repeat(5000), headers: json })
      assert.equal(large.status, 413)
      const batch = await proxy.request('/graphql', {
        method: 'POST',
        body: '[{"query":"{a}"},{"query":"{b}"}]',
        headers: json,
      })
      assert.equal(JSON.parse(batch.body).errors[0].extensions.code, 'BATCH_TOO_LARGE')
      assert.equal((await proxy.request('/other', { method: 'POST', body: 'x' })).status, 200)
    } finally {
      await proxy.stop()
    }
  })

  test(`graphql-guard on ${kind}: faults are told with their paths`, { skip }, async () => {
    const bad = { max_depth: 0, field_costs: { a: 'x' }, max_kost: 1 }
    await assert.rejects(FilterProxy.stock(kind, 'graphql-guard', bad), (error: Error) => {
      assert.match(error.message, /max_depth must be a whole number from 1 to 200/)
      assert.match(error.message, /field_costs\.a must be a number from 0/)
      assert.match(error.message, /max_kost is unknown/)
      return true
    })
  })
}

interface Field {
  readonly name: string
  readonly first: number | undefined
  readonly fields: readonly Field[]
  /** How it is written: inside an inline fragment, with an alias, a directive, comments. */
  readonly style: number
}

const { field } = fc.letrec<{ field: Field }>(tie => ({
  field: fc.record({
    name: fc.constantFrom('a', 'b', 'on', 'query', 'fragment'),
    first: fc.option(fc.nat(9), { nil: undefined }),
    fields: fc.oneof({ maxDepth: 6 }, fc.constant([]), fc.array(tie('field'), { maxLength: 3 })),
    style: fc.nat(5),
  }),
}))

function write({ name, first, fields, style }: Field): string {
  const inner = fields.length === 0 ? '' : `{${fields.map(write).join(',')}}`
  const text = `${style === 1 ? 'x:' : ''}${name}${first === undefined ? '' : `(t:{s:["}",null,1.5e3]} first:${first})`}${style === 2 ? '@skip(if:$v)' : ''}${inner}`
  return style === 3 ? `...on T{${text}}` : style === 4 ? `...{${text}}` : style === 5 ? `${text} # }\n` : text
}

const depthOf = (fields: readonly Field[]): number =>
  fields.length === 0 ? 0 : 1 + Math.max(...fields.map(each => depthOf(each.fields)))
const costOf = (fields: readonly Field[]): number =>
  fields.reduce((sum, each) => sum + 1 + costOf(each.fields) * Math.max(1, each.first ?? 1), 0)

const post = [
  [':path', '/graphql'],
  [':method', 'POST'],
  ['content-type', 'application/json'],
] as const
const generous = { max_depth: 200, max_cost: 1e9, max_aliases: 1e5, max_directives: 1e5, max_root_fields: 1e4 }

test('graphql-guard: depth and cost are what they are by definition, in fragments too', () => {
  const host = (limits: object) => new FilterHost('graphql-guard', { ...generous, ...limits })
  const deep = Array.from({ length: 12 }, (_, index) => host({ max_depth: index + 1 }))
  const costly = [5, 20, 100, 1000].map(max_cost => ({ max_cost, host: host({ max_cost }) }))
  fc.assert(
    fc.property(fc.array(field, { minLength: 1, maxLength: 3 }), fc.boolean(), (fields, asFragment) => {
      const set = `{${fields.map(write).join(' ')}}`
      const query = asFragment ? `query Q($v: [Int!]! = [1]) { ...F } fragment F on T ${set}` : set
      const body = JSON.stringify({ query })
      const codeOf = (guard: FilterHost): string | undefined => {
        const reply = localReply(guard.request(post, body))
        return reply === undefined ? undefined : JSON.parse(reply.body).errors[0].extensions.code
      }
      for (const [index, guard] of deep.entries())
        assert.equal(codeOf(guard), depthOf(fields) > index + 1 ? 'QUERY_TOO_DEEP' : undefined, query)
      for (const { max_cost, host: guard } of costly)
        assert.equal(codeOf(guard), costOf(fields) > max_cost ? 'QUERY_TOO_COSTLY' : undefined, query)
    }),
    { numRuns: 200 },
  )
})

test('graphql-guard: fragments that double each other cost no time', () => {
  const count = 300
  const parts = Array.from({ length: count }, (_, i) => `fragment F${i} on T { a { ...F${i + 1} ...F${i + 1} } }`)
  const query = `{ ...F0 } ${parts.join(' ')} fragment F${count} on T { a }`
  const begin = performance.now()
  const reply = localReply(new FilterHost('graphql-guard', { ...generous }).request(post, JSON.stringify({ query })))
  assert.match(String(reply?.body), /QUERY_TOO_DEEP/)
  assert.ok(performance.now() - begin < 2000)
})

test('graphql-guard: no query makes it trap', () => {
  const host = new FilterHost('graphql-guard', generous)
  const pieces = [
    '{',
    '}',
    '(',
    ')',
    '[',
    ']',
    '...',
    '$',
    '@',
    ':',
    '=',
    '!',
    '"',
    '"""',
    '\\',
    '#',
    '\n',
    'a',
    'on',
    'query',
    'fragment',
    '-',
    '1',
    '.5',
    'e9',
    ' ',
    '\u{1f600}',
    '\ud800',
  ]
  const text = fc.oneof(
    fc.array(fc.constantFrom(...pieces), { maxLength: 40 }).map(list => list.join('')),
    fc.string({ unit: 'binary' }),
  )
  fc.assert(
    fc.property(text, query => void host.request(post, JSON.stringify({ query }))),
    { numRuns: 4000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), bytes => void host.request(post, bytes)),
    { numRuns: 500 },
  )
  fc.assert(
    fc.property(
      text,
      query =>
        void host.request([
          [':path', `/graphql?query=${query}&variables=${query}`],
          [':method', 'GET'],
        ]),
    ),
    { numRuns: 500 },
  )
  for (const open of ['{a', '{a(x:[', '{a(x:{y:', '{...on T', '{a@b(c:['])
    assert.match(String(localReply(host.request(post, JSON.stringify({ query: open.repeat(2000) })))?.body), /errors/)
})
