import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'
import { buffers, cut, FilterHost } from '../lib/filter-host.ts'
import { listenTcp, talk } from '../lib/tcp.ts'

function int32(number: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(number)
  return bytes
}

function message(type: string, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map(part => Buffer.from(part as string)))
  return Buffer.concat([Buffer.from(type), int32(body.length + 4), body])
}

const startup = Buffer.concat([int32(17), int32(196_608), Buffer.from('user\0jo\0\0')])
const query = (sql: string): Buffer => message('Q', `${sql}\0`)
const parse = (name: string, sql: string): Buffer => message('P', `${name}\0${sql}\0`, Buffer.alloc(2))
const fails = (reason: string): string => `SELECT CAST('denied by sql-guard: ${reason}' AS integer)`

function packet(sequence: number, ...parts: readonly (string | Buffer)[]): Buffer {
  const body = Buffer.concat(parts.map(part => Buffer.from(part as string)))
  return Buffer.concat([Buffer.from([body.length & 255, (body.length >> 8) & 255, body.length >> 16, sequence]), body])
}

const allFlags = 0xffff
/** A server's greeting with all capabilities, or those that are left of them. */
const greeting = (low: number, high: number): Buffer =>
  packet(
    0,
    Buffer.from([10]),
    '8.0.36\0',
    Buffer.alloc(12, 1),
    Buffer.alloc(1),
    Buffer.from([low & 255, low >> 8, 45, 2, 0, high & 255, high >> 8]),
    Buffer.alloc(24, 1),
  )
const login = packet(1, Buffer.from([0x85, 0xa2, 0x1a, 0]), Buffer.alloc(28), 'jo\0\0')

for (const { kind, skip } of proxies) {
  test(`sql-guard on ${kind}: Postgres, simple and extended queries, in whatever pieces`, { skip }, async () => {
    const upstream = await listenTcp()
    const proxy = await FilterProxy.stock(kind, 'sql-guard', undefined, { ports: { 10_001: upstream.port } })
    try {
      const port = proxy.process.ports.tcp as number
      const sent = [
        startup,
        message('p', 'secret\0'),
        query('SELECT 1; -- DROP TABLE a\n'),
        query('/* x */ drop table a'),
        parse('s1', 'DELETE FROM a WHERE id = $1'),
        parse('s2', 'DELETE FROM a'),
        message('S'),
        query('SELECT pg_sleep(10)'),
        message('d', 'DROP TABLE copied data'),
        message('X'),
      ]
      const passed = Buffer.concat([
        ...sent.slice(0, 3),
        query(fails('DROP is not allowed')),
        sent[4] as Buffer,
        parse('s2', fails('DELETE without WHERE is not allowed')),
        sent[6] as Buffer,
        query(fails('pg_sleep is not allowed')),
        ...sent.slice(8),
      ])
      const all = Buffer.concat(sent)
      const done = (text: string): boolean => text.length >= passed.length
      assert.deepEqual(await talk(port, [all], done), passed)
      assert.deepEqual(await talk(port, cut(all, [3, 20, 30, 31, 60, 90, 100]), done), passed)
      await proxy.process.waitForStats(stats => stats.get('wasmcustom.sql_guard_denied') === 6, 'the counter')
      assert.ok(proxy.log.some(line => /^denied: DROP is not allowed; 127\.0\.0\.1:\d+ drop table a$/.test(line)))
      const before = upstream.received.length
      const tls = Buffer.concat([int32(8), int32(80_877_103)])
      assert.equal((await talk(port, [tls], () => true)).length, 0, 'encryption is refused')
      assert.equal(upstream.received.length, before)
    } finally {
      await proxy.stop()
      upstream.close()
    }
  })

  test(`sql-guard on ${kind}: MySQL, and what the server offers`, { skip }, async () => {
    const upstream = await listenTcp(
      (socket, data) => void socket.write(data),
      socket => void socket.write(greeting(allFlags, 0xffff)),
    )
    const configuration = { protocol: 'mysql', allow_statements: ['SELECT'], single_statements: true }
    const proxy = await FilterProxy.stock(kind, 'sql-guard', configuration, { ports: { 10_001: upstream.port } })
    try {
      const port = proxy.process.ports.tcp as number
      // Without compression (bit 5), TLS (11), zstd (26) and query attributes (27).
      const offered = greeting(allFlags & ~0x0820, 0xffff & ~0x0c00)
      const com = (command: number, sql: string): Buffer => packet(0, Buffer.from([command]), sql)
      const sent = [
        login,
        com(3, 'select 1'),
        com(3, '/*!50000 DROP*/ TABLE a'),
        com(22, 'INSERT INTO a VALUES (1)'),
        com(3, "select '\\'; drop'; select 2"),
        com(14, ''),
      ]
      const signal = (reason: string): string =>
        `SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'denied by sql-guard: ${reason}'`
      const wanted = Buffer.concat([
        offered,
        ...sent.slice(0, 2),
        com(3, signal('DROP is not allowed')),
        com(22, "'denied by sql-guard: INSERT is not allowed'"),
        com(3, signal('several statements at once is not allowed').replace(' is not allowed', '')),
        sent[5] as Buffer,
      ])
      assert.deepEqual(await talk(port, sent, text => text.length >= wanted.length), wanted)
      const compressed = packet(1, Buffer.from([0xa5, 0xa2, 0x1a, 0]), Buffer.alloc(28), 'jo\0\0')
      // The client does not wait for the greeting, so it may see the end before it.
      const answer = await talk(port, [compressed], text => text.length > offered.length)
      assert.deepEqual(answer, answer.length === 0 ? Buffer.alloc(0) : offered, 'closed')
    } finally {
      await proxy.stop()
      upstream.close()
    }
  })

  test(`sql-guard on ${kind}: faults are told with their paths`, { skip }, async () => {
    await assert.rejects(
      FilterProxy.stock(kind, 'sql-guard', {}),
      /the configuration must have one of allow_statements/,
    )
    const bad = { protocol: 'oracle', deny_patterns: [{ regex: '[' }], mode: 'x', deny_statements: ['DROP'] }
    await assert.rejects(FilterProxy.stock(kind, 'sql-guard', bad), (error: Error) => {
      assert.match(error.message, /protocol must be one of: postgres, mysql/)
      assert.match(error.message, /deny_patterns\[0\]\.regex is no pattern/)
      assert.match(error.message, /mode must be one of: enforce, report/)
      return true
    })
  })
}

/** What goes on to the server of a new connection; null when it is closed. */
function through(host: FilterHost, pieces: readonly Uint8Array[]): string | null {
  const context = host.open()
  let text = ''
  for (const piece of pieces) {
    const { calls, result } = host.data('proxy_on_downstream_data', context, piece, false)
    if (result !== 0) return null
    for (const call of calls)
      if (call[0] === 'proxy_set_buffer_bytes' && call[1] === buffers.downstream) text += call[4]
  }
  host.close(context)
  return text
}

function isDenied(host: FilterHost, mysql: boolean, sql: string): boolean {
  const sent = mysql ? Buffer.concat([login, packet(0, Buffer.from([3]), sql)]) : Buffer.concat([startup, query(sql)])
  const passed = through(host, [sent])
  assert.ok(passed !== null)
  return passed.includes('denied by sql-guard')
}

test('sql-guard: statements hide nowhere, and literals, names and comments hide none', () => {
  const denies = { deny_statements: ['DROP', 'DELETE', 'UPDATE'] }
  for (const mysql of [false, true]) {
    const host = new FilterHost('sql-guard', { ...denies, protocol: mysql ? 'mysql' : 'postgres' })
    const bad = [
      'drop table a',
      ' \n/**/DROP/**/table a',
      'select 1;drop table a',
      "select '''; '; drop table a",
      'with x as (delete from a returning *) select * from x',
      'explain analyze delete from a',
      'prepare p as update a set b = 1',
      'with x as (select 1) update a set b = 1',
      ...(mysql
        ? [
            "select '\\'' ; drop table a",
            '/*!drop*/ table a',
            '/*!50701 drop table a */',
            'select 1 # x\n; drop table a',
            '/* /* */ drop table a',
            'select `;` ; drop table a',
            'select "\\"" ; drop table a',
          ]
        : [
            "select '\\' ; drop table a",
            'select $$;$$ ; drop table a',
            'select $a$ $$ $a$ ; drop table a',
            "select e'\\'' ; drop table a",
            '/* /* */ */ drop table a',
            'select ";" ; drop table a',
          ]),
    ]
    for (const sql of bad) assert.ok(isDenied(host, mysql, sql), sql)
    const good = [
      "select 'drop table a; drop'",
      'select 1 -- ; drop table a',
      'select "drop" from t; select 2',
      'select a.delete from t for update',
      'insert into a values (1) on conflict do update set b = 1',
      "select '; drop table a'",
      ...(mysql
        ? ["select '\\'; drop'", 'select 1 # ; drop']
        : ['select $$; drop $$', "select e'\\'; drop'", '/* /* */ drop */ select 1']),
      '',
      ';;',
    ]
    for (const sql of good) assert.ok(!isDenied(host, mysql, sql), sql)
  }
  const oneWay = new FilterHost('sql-guard', { allow_statements: ['SELECT', 'WITH'] })
  assert.ok(
    isDenied(oneWay, false, '(drop)') &&
      isDenied(oneWay, false, '?') &&
      !isDenied(oneWay, false, '(select 1) union (select 2)'),
  )
})

test('sql-guard: however a stream is cut, it passes the same, and no bytes make it trap', () => {
  const pieces = fc.constantFrom(
    query('select 1'),
    query('drop table a'),
    parse('n', 'drop x'),
    message('B', Buffer.alloc(70)),
    message('S'),
    query(`select '${'x'.repeat(200)}'`),
  )
  const host = new FilterHost('sql-guard', { deny_statements: ['DROP'], max_statement_bytes: 100 })
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 6 }), fc.array(fc.nat(600), { maxLength: 6 }), (list, places) => {
      const all = Buffer.concat([startup, ...list])
      assert.equal(through(host, cut(all, places)), through(host, [all]))
    }),
    { numRuns: 400 },
  )
  const words = fc.constantFrom(
    'drop',
    'select',
    'with',
    '/*',
    '*/',
    '--',
    '\n',
    "'",
    '"',
    '`',
    '$$',
    '$a$',
    '\\',
    '(',
    ')',
    ';',
    '/*!',
    '#',
    'e',
    '1.',
    '\u00e4',
    '\u{1f600}',
    '\0',
  )
  const hosts = [
    host,
    new FilterHost('sql-guard', {
      protocol: 'mysql',
      deny_statements: ['DROP'],
      deny_patterns: [{ regex: '(a|b)+ \\(' }],
    }),
  ]
  fc.assert(
    fc.property(fc.array(words, { maxLength: 25 }), list => {
      for (const [index, each] of hosts.entries()) isDenied(each, index === 1, list.join(''))
    }),
    { numRuns: 2000 },
  )
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 60 }), fc.boolean(), fc.nat(60), (bytes, started, place) => {
      for (const [index, each] of hosts.entries()) {
        const start = index === 0 ? startup : login
        through(each, cut(Buffer.concat([started ? start : Buffer.alloc(0), bytes]), [place]))
        each.data('proxy_on_upstream_data', each.open(), bytes, false)
      }
    }),
    { numRuns: 2000 },
  )
})
