import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { defaultLogFormat, LogOutput, makeJsonLayout, makePatternLayout, terminalLayout } from './log-output.ts'

const time = new Date(2026, 0, 2, 15, 4, 5, 678)
const entry = { level: 'warning', component: 'main', message: 'a "b"\nc', timeMs: time.getTime() } as const

const patterns: readonly (readonly [pattern: string, expected: string])[] = [
  [defaultLogFormat, `[2026-01-02 15:04:05.678][${process.pid}][warning][main] a "b"\nc`],
  ['%v', 'a "b"\nc'],
  ['%_|%j', 'a "b"\\nc|a \\"b\\"\\nc'],
  ['%L %l %n %%', 'W warning main %'],
  ['%a %A %b %B %h', 'Fri Friday Jan January Jan'],
  ['%D %x %C %d %m', '01/02/26 01/02/26 26 02 01'],
  ['%H %I %M %S %p %r %R', '15 03 04 05 PM 03:04:05 PM 15:04'],
  ['%T %X %e %f %F %E', `15:04:05 15:04:05 678 678000 678000000 ${Math.floor(time.getTime() / 1000)}`],
  ['%c', 'Fri Jan 2 15:04:05 2026'],
  ['%P', String(process.pid)],
  // The place in the source is not known, colours are not made here.
  ['[%g:%#]%s%!%@%^x%$', '[:]x'],
  ['%8n|%-8n|%=8n|%2!n', '    main|main    |  main  |ma'],
]

for (const [pattern, expected] of patterns)
  test(`--log-format ${JSON.stringify(pattern)}`, () => assert.equal(makePatternLayout(pattern)(entry), expected))

test('an unknown flag is refused', () => {
  assert.throws(() => makePatternLayout('%n %Q'), { message: '"%Q" is no flag of a log format' })
})

test('JSON lines escape the message and nest', () => {
  const layout = makeJsonLayout({ level: '%l', at: { logger: '%n', text: 'say: %j' }, fixed: 7 })
  assert.deepEqual(JSON.parse(layout(entry)), {
    level: 'warning',
    at: { logger: 'main', text: 'say: a "b"\nc' },
    fixed: 7,
  })
})

test('JSON lines refuse flags that would break them', () => {
  assert.throws(() => makeJsonLayout({ a: '%v' }), /usage of %v is unavailable for JSON log formats/)
})

test('a terminal gets colours and columns', () => {
  const line = terminalLayout(entry)
  const plain = line.replaceAll('\x1b[90m', '').replaceAll('\x1b[0m', '')
  assert.equal(plain, '15:04:05.678 \x1b[33mwarning  main      a "b"\nc')
})

test('a file is appended to and reopened; lines can be escaped', t => {
  const folder = mkdtempSync(join(tmpdir(), 'log-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'a.log')
  const output = new LogOutput({ layout: makePatternLayout('%l %v'), path, escaped: true })
  output.write('info', 'main', 'a\tb\n"c"\x01', 0)
  renameSync(path, `${path}.1`)
  output.reopen()
  output.write('error', 'main', 'é', 0)
  output.close()
  assert.equal(readFileSync(`${path}.1`, 'utf8'), 'info a\\tb\\n\\"c\\"\\001\n')
  assert.equal(readFileSync(path, 'utf8'), 'error é\n')
  output.write('error', 'main', 'after the end', 0)
  assert.equal(output.lost, 1)
})
