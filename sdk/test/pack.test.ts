/** The guide's first filter, in an empty project with the packed SDK and nothing else but the compiler. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { FakeHost } from './support/fake-host.ts'

const sdk = join(import.meta.dirname, '..')
const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-pack-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const guide = readFileSync(join(sdk, 'README.md'), 'utf8')

/** The guide's fenced block after a line. */
function block(heading: string): string {
  return /```\w*\n(.*?)```/s.exec(guide.slice(guide.indexOf(heading)))?.[1] ?? ''
}

test('the guide’s first filters compile with the guide’s commands from the packed SDK', () => {
  const run = (command: string, args: readonly string[]): string =>
    execFileSync(command, args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
  const [packed] = JSON.parse(run('npm', ['pack', sdk, '--json', '--pack-destination', folder])) as [
    { filename: string; files: { path: string }[] },
  ]
  assert.deepEqual(
    packed.files.map(file => file.path).filter(path => !/^assembly\/[\w-]+\.ts/.test(path)),
    [
      ...['COVERAGE.md', 'LICENSE', 'README.md', 'asconfig.json'],
      ...['bin/migrate.js', 'bin/proxy-wasm-sdk-as.js', 'package.json', 'transform.js'],
    ],
  )
  run('npm', ['init', '-y'])
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', join(folder, packed.filename)])
  // The compiler is this checkout's: the test needs no registry.
  symlinkSync(join(sdk, '../node_modules/assemblyscript'), join(folder, 'node_modules/assemblyscript'))
  mkdirSync(join(folder, 'assembly'))
  writeFileSync(join(folder, 'assembly/index.ts'), block('`assembly/index.ts`'))
  writeFileSync(join(folder, 'assembly/network.ts'), block('`assembly/network.ts`'))
  for (const heading of ['Compile it:', 'It is compiled in the same way:']) {
    const [npx, asc, ...args] = block(heading).trim().split(' ')
    assert.deepEqual([npx, asc], ['npx', 'asc'])
    run(process.execPath, [join(folder, 'node_modules/assemblyscript/bin/asc.js'), ...args])
  }

  const host = new FakeHost(new Uint8Array(readFileSync(join(folder, 'filter.wasm'))))
  host.run('proxy_on_context_create', 1, 0)
  host.answers.set('proxy_get_buffer_bytes', { data: 'world' })
  assert.equal(host.run('proxy_on_configure', 1, 5).result, 1)
  host.run('proxy_on_context_create', 2, 1)
  assert.deepEqual(host.run('proxy_on_response_headers', 2, 3, 1).calls, [
    ['proxy_add_header_map_value', 2, 'hello', 'world'],
  ])

  writeFileSync(join(folder, 'asconfig.json'), '{ "extends": "proxy-wasm-sdk-as/asconfig.json" }')
  run(process.execPath, [
    join(folder, 'node_modules/assemblyscript/bin/asc.js'),
    'assembly/index.ts',
    '-o',
    'second.wasm',
  ])
  assert.deepEqual(readFileSync(join(folder, 'second.wasm')), readFileSync(join(folder, 'filter.wasm')))

  const network = new FakeHost(new Uint8Array(readFileSync(join(folder, 'network.wasm'))))
  network.run('proxy_on_context_create', 1, 0)
  network.answers.set('proxy_get_buffer_bytes', { data: 'HELLO' })
  assert.equal(network.run('proxy_on_configure', 1, 5).result, 1)
  for (const [id, sent, result, calls] of [
    [2, 'HE', 1, 1],
    [2, 'HELLO you', 0, 1],
    [3, 'GET / ', 1, 2],
  ] as const) {
    if (sent !== 'HELLO you') network.run('proxy_on_context_create', id, 1)
    network.answers.set('proxy_get_buffer_bytes', { data: sent })
    const data = network.run('proxy_on_downstream_data', id, sent.length, 0)
    assert.deepEqual([data.result, data.calls.length], [result, calls], sent)
    if (calls === 2) assert.deepEqual(data.calls[1], ['proxy_close_stream', 2])
  }
  network.answers.set('proxy_get_property', { data: '127.0.0.1:4711' })
  assert.deepEqual(network.run('proxy_on_downstream_connection_close', 2, 2).log, ['2 127.0.0.1:4711 sent 9 bytes'])

  // The package's command, as npx finds it.
  writeFileSync(join(folder, 'old.ts'), 'export * from "@solo-io/proxy-runtime/proxy"\n')
  const migrate = join(folder, 'node_modules/.bin/proxy-wasm-sdk-as')
  assert.match(run(migrate, ['migrate', 'old.ts']), /old\.ts: changed/)
  assert.equal(readFileSync(join(folder, 'old.ts'), 'utf8'), 'export * from "proxy-wasm-sdk-as/assembly/proxy"\n')
})
