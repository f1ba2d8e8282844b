/** Programs of older SDKs: rewritten by `proxy-wasm-sdk-as migrate`, compiled, run. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { compile } from '../tools/compile.ts'
import { encodePairs, FakeHost } from './support/fake-host.ts'

const command = join(import.meta.dirname, '../bin/proxy-wasm-sdk-as.js')
// Below the SDK, so that its imports are found.
const folder = mkdtempSync(join(import.meta.dirname, 'migrate-'))
after(() => rmSync(folder, { recursive: true, force: true }))

/** Migrates texts by the command; what it printed, and the files afterwards. */
function migrated(files: Readonly<Record<string, string>>): { said: string; files: Record<string, string> } {
  const paths = Object.keys(files).map(name => join(folder, name))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
  const said = execFileSync(process.execPath, [command, 'migrate', ...paths], { encoding: 'utf8' })
  const results = Object.keys(files).map(name => [name, readFileSync(join(folder, name), 'utf8')])
  return { said: said.replaceAll(`${folder}/`, ''), files: Object.fromEntries(results) as Record<string, string> }
}

function program(name: string): { source: string; said: string; text: string; host: () => Promise<FakeHost> } {
  const file = `${name}.ts`
  copyFileSync(join(import.meta.dirname, 'assembly/older', file), join(folder, file))
  const source = readFileSync(join(folder, file), 'utf8')
  const { said, files } = migrated({ [file]: source })
  const host = async (): Promise<FakeHost> =>
    new FakeHost(await compile(join(folder, file), join(folder, `${name}.wasm`)))
  return { source, said, text: files[file] as string, host }
}

/** What the indexes of the older SDKs export. */
const shared = [
  ...['BaseContext', 'RootContext', 'Context', 'registerRootContext', 'LogLevelValues', 'WasmResultValues'],
  ...['GrpcStatusValues', 'FilterStatusValues', 'FilterHeadersStatusValues', 'FilterMetadataStatusValues'],
  ...['FilterTrailersStatusValues', 'FilterDataStatusValues', 'stream_context', 'HeaderPair', 'Headers', 'Gauge'],
  ...['Histogram', 'Counter', 'log', 'HttpCallback', 'send_local_response', 'continue_request', 'continue_response'],
  'proxy_set_effective_context',
]
const kong = [
  ...[...shared, 'BufferTypeValues', 'makeHeaderPair', 'send_http_response', 'set_property', 'get_property'],
  ...['get_shared_data', 'GetSharedData', 'set_shared_data', 'set_tick_period_milliseconds', 'register_shared_queue'],
  ...['resolve_shared_queue', 'enqueue_shared_queue', 'dequeue_shared_queue', 'get_buffer_bytes'],
  ...['call_foreign_function', 'get_current_time_nanoseconds'],
]
const exported = { 'solo-io': shared, kong, gcore: [...kong, 'set_buffer_bytes'] }

for (const [name, names] of Object.entries(exported))
  test(`${name}: the program uses everything that its SDK exports, and nothing of it is left`, () => {
    const { source, text } = program(name)
    const code = source.replaceAll(/import\s[^"']*["'][^"']+["']/g, '')
    for (const each of names) {
      const used = each === 'proxy_set_effective_context' && name === 'kong' ? 'effective' : each
      assert.match(code, new RegExp(`\\b${used}\\b`), each)
    }
    assert.doesNotMatch(
      text.replaceAll(/^\/\/.*$/gm, ''),
      /@solo-io|@kong|@gcoredev|proxy_set_effective_context|\bon_grpc_/,
    )
  })

describe('a program of @solo-io/proxy-runtime', async () => {
  const { said, host: make } = program('solo-io')
  const host = await make()
  host.answers.set('proxy_define_metric', call => ({ numbers: [Number(call[1]) + 4] }))
  host.answers.set('proxy_get_metric', { numbers: [6n] })
  host.run('proxy_on_context_create', 1, 0)
  host.run('proxy_on_context_create', 2, 1)

  test('life cycle and timers', () => {
    assert.equal(host.run('proxy_on_vm_start', 1, 0).result, 1)
    assert.equal(host.run('proxy_validate_configuration', 1, 0).result, 1)
    host.answers.set('proxy_get_buffer_bytes', { data: 'text' })
    const configured = host.run('proxy_on_configure', 1, 4)
    assert.equal(configured.result, 1)
    assert.deepEqual(configured.log, ['2 configured text'])
    assert.deepEqual(configured.calls.at(-1), ['proxy_set_tick_period_milliseconds', 100])
    host.answers.delete('proxy_get_buffer_bytes')
  })

  test('metrics record what was meant', () => {
    const { calls, log } = host.run('proxy_on_tick', 1)
    assert.deepEqual(calls, [
      ['proxy_increment_metric', 4, 2n],
      ['proxy_increment_metric', 5, -3n],
      ['proxy_record_metric', 5, 7n],
      ['proxy_record_metric', 4, 8n],
      ['proxy_record_metric', 6, 9n],
      ['proxy_record_metric', 6, 10n],
      ['proxy_define_metric', 1, 'solo_defined'],
      ['proxy_increment_metric', 5, 1n],
      ['proxy_record_metric', 5, 2n],
      ['proxy_get_metric', 5],
    ])
    assert.deepEqual(log, ['2 metric 6'])
    assert.match(said, /solo-io\.ts:\d+: hosts refuse to increment a histogram/)
  })

  test('queues and shared data, whose functions had each other’s names', () => {
    host.answers.set('proxy_dequeue_shared_queue', { data: 'one' })
    const { calls, log } = host.run('proxy_on_queue_ready', 1, 3)
    assert.deepEqual(log, ['2 item one'])
    assert.deepEqual(calls.slice(1), [
      ['proxy_register_shared_queue', 'queue'],
      ['proxy_resolve_shared_queue', 'vm', 'queue'],
      ['proxy_enqueue_shared_queue', 3, 'next'],
    ])
    host.answers.set('proxy_get_property', { data: 'property' })
    host.answers.set('proxy_get_shared_data', { data: 'kept', numbers: [1] })
    const body = host.run('proxy_on_response_body', 2, 1, 1)
    assert.deepEqual(body.calls, [
      ['proxy_get_property', 'other'],
      ['proxy_set_property', 'key', 'property'],
      ['proxy_set_shared_data', 'key', 'value', 0],
      ['proxy_get_shared_data', 'key'],
      ['proxy_call_foreign_function', 'clear_route_cache', ''],
    ])
    assert.deepEqual(body.log, ['2 shared kept'])
    assert.match(said, /solo-io\.ts:\d+: the queue's number is now register_shared_queue\(…\)\.token/)
  })

  test('HTTP calls whose callback takes a Context', () => {
    host.answers.set('proxy_http_call', { numbers: [9] })
    host.answers.set('proxy_get_header_map_value', { data: '200' })
    const sent = host.run('proxy_on_request_headers', 2, 1, 1)
    assert.equal(sent.result, 1)
    assert.deepEqual(sent.calls, [
      ['proxy_http_call', 'auth', '', [[':path', '/']], [], 1000].toSpliced(2, 3, [[':path', '/']], '', []),
    ])
    const { calls, log } = host.run('proxy_on_http_call_response', 1, 9, 1, 0, 0)
    assert.deepEqual(log, ['2 answer for all 200', '2 trailer 200'])
    assert.deepEqual(calls, [
      ['proxy_set_effective_context', 2],
      ['proxy_get_header_map_value', 6, ':status'],
      ['proxy_get_header_map_value', 7, 'x'],
      ['proxy_continue_stream', 0],
    ])
  })

  test('header maps by functions and by stream_context', () => {
    host.answers.set('proxy_get_header_map_value', { data: 'v' })
    host.answers.set('proxy_get_header_map_pairs', { data: encodePairs([['m', 'n']]) })
    host.answers.set('proxy_get_header_map_size', { numbers: [40] })
    const { calls, log } = host.run('proxy_on_response_headers', 2, 1, 0)
    assert.deepEqual(calls, [
      ['proxy_add_header_map_value', 2, 'a', '1'],
      ['proxy_get_header_map_value', 2, 'c'],
      ['proxy_replace_header_map_value', 2, 'b', 'v'],
      ['proxy_remove_header_map_value', 2, 'd'],
      ['proxy_get_header_map_pairs', 0],
      ['proxy_set_header_map_pairs', 0, [['m', 'n']]],
      ['proxy_add_header_map_value', 2, 'e', '2'],
      ['proxy_replace_header_map_value', 2, 'f', '3'],
      ['proxy_remove_header_map_value', 2, 'g'],
      ['proxy_add_header_map_value', 2, 'h', '4'],
      ['proxy_get_header_map_value', 0, 'j'],
      ['proxy_replace_header_map_value', 2, 'i', 'v'],
      ['proxy_remove_header_map_value', 2, 'k'],
      ['proxy_get_header_map_size', 2],
    ])
    assert.deepEqual(log, ['2 size 40'])
    assert.deepEqual(host.run('proxy_on_request_trailers', 2, 1).calls, [['proxy_add_header_map_value', 1, 't', '1']])
    assert.deepEqual(host.run('proxy_on_response_trailers', 2, 1).calls, [
      ['proxy_add_header_map_value', 3, 't', '783'],
    ])
  })

  test('the rest of the callbacks', () => {
    host.answers.set('proxy_get_buffer_status', { numbers: [5, 0] })
    assert.equal(host.run('proxy_on_request_body', 2, 5, 0).result, 1)
    host.answers.set('proxy_get_buffer_status', { numbers: [5, 1] })
    assert.equal(host.run('proxy_on_request_body', 2, 5, 1).result, 0)
    assert.equal(host.run('proxy_on_downstream_data', 2, 5, 1).result, 1)
    assert.deepEqual(host.run('proxy_on_downstream_connection_close', 2, 1).log, ['2 closed 1'])
    host.answers.set('proxy_get_current_time_nanoseconds', { numbers: [1n] })
    const logged = host.run('proxy_on_log', 2)
    assert.deepEqual(logged.log, ['2 true'])
    assert.deepEqual(logged.calls, [
      ['proxy_set_effective_context', 2],
      ['proxy_set_effective_context', 1],
      ['proxy_continue_stream', 0],
      ['proxy_continue_stream', 1],
      ['proxy_get_current_time_nanoseconds'],
    ])
    host.run('proxy_on_delete', 2)
    assert.equal(host.run('proxy_on_done', 1).result, 0, 'without a trap, and as the program says')
    assert.deepEqual(host.run('proxy_on_delete', 1).calls, [['proxy_done'], ['proxy_done']])
  })
})

test('a program of @kong/proxy-wasm-sdk', async () => {
  const { text, host: make } = program('kong')
  assert.match(text, /set_effective_context as effective/)
  const host = await make()
  host.answers.set('proxy_define_metric', call => ({ numbers: [Number(call[1]) + 4] }))
  host.run('proxy_on_context_create', 1, 0)
  host.answers.set('proxy_get_buffer_bytes', { data: 'configuration' })
  const configured = host.run('proxy_on_configure', 1, 13)
  assert.equal(configured.result, 1)
  assert.deepEqual(
    configured.calls.filter(([name]) => name === 'proxy_record_metric'),
    [
      ['proxy_record_metric', 6, 3n],
      ['proxy_record_metric', 6, 4n],
      ['proxy_record_metric', 5, 5n],
    ],
  )
  host.answers.set('proxy_register_shared_queue', { numbers: [1] })
  host.answers.set('proxy_resolve_shared_queue', { numbers: [2] })
  host.answers.set('proxy_dequeue_shared_queue', { data: 'taken' })
  const queue = host.run('proxy_on_queue_ready', 1, 1)
  assert.deepEqual(queue.calls[2], ['proxy_enqueue_shared_queue', 2, 'item'])
  assert.deepEqual(queue.log, ['2 taken'])
  host.run('proxy_on_context_create', 2, 1)
  host.answers.set('proxy_http_call', { numbers: [4] })
  host.answers.set('proxy_get_header_map_pairs', { data: encodePairs([['a', 'b']]) })
  const request = host.run('proxy_on_request_headers', 2, 1, 0)
  assert.equal(request.result, 4)
  assert.deepEqual(request.log, ['0 a:b'])
  host.answers.set('proxy_get_buffer_bytes', { data: 'answer' })
  const answer = host.run('proxy_on_http_call_response', 1, 4, 1, 6, 0)
  assert.deepEqual(answer.log, ['2 body answer'])
  assert.deepEqual(answer.calls.at(-1), ['proxy_continue_stream', 0])
  host.answers.set('proxy_get_shared_data', { data: 'old', numbers: [12] })
  host.answers.set('proxy_call_foreign_function', { data: 'cba' })
  const body = host.run('proxy_on_request_body', 2, 1, 0)
  assert.equal(body.result, 3)
  assert.deepEqual(body.calls[1], ['proxy_set_shared_data', 'key', 'new', 12])
  assert.deepEqual(body.calls[4], ['proxy_set_effective_context', 2])
  assert.deepEqual(body.log, ['2 cba'])
  assert.equal(host.run('proxy_on_done', 1).result, 1, 'of the root context, without a trap')
})

test('a program of @gcoredev/proxy-wasm-sdk-as', async () => {
  const { text, host: make } = program('gcore')
  assert.match(text, /runtime\.headerMap\(runtime\.HeaderMapTypeValues\.RequestHeaders\)\.add\("added", "1"\)/)
  const host = await make()
  host.run('proxy_on_context_create', 1, 0)
  assert.equal(host.run('proxy_on_vm_start', 1, 0).result, 1)
  host.answers.set('proxy_get_buffer_bytes', { data: 'world' })
  assert.equal(host.run('proxy_on_configure', 1, 5).result, 1)
  host.answers.set('proxy_get_log_level', { numbers: [3] })
  assert.deepEqual(host.run('proxy_on_queue_ready', 1, 1).calls.at(-1), ['proxy_record_metric', 1, 2n])
  host.run('proxy_on_context_create', 2, 1)
  host.answers.set('proxy_http_call', { numbers: [4] })
  const request = host.run('proxy_on_request_headers', 2, 1, 1)
  assert.equal(request.result, 1)
  assert.ok(request.calls.some(call => call.join() === 'proxy_add_header_map_value,0,added,1'))
  const answer = host.run('proxy_on_http_call_response', 1, 4, 2, 10, 0)
  assert.deepEqual(answer.log, ['2 callback 10'])
  assert.deepEqual(answer.calls, [
    ['proxy_set_effective_context', 2],
    ['proxy_continue_stream', 0],
  ])
  assert.deepEqual(host.run('proxy_on_response_headers', 2, 1, 0).calls[0], [
    'proxy_add_header_map_value',
    2,
    'hello',
    'world',
  ])
  assert.equal(host.run('proxy_on_done', 2).result, 1)
  assert.equal(host.run('proxy_on_done', 1).result, 1, 'the root context too')
})

test('asconfig.json and package.json', () => {
  const { files } = migrated({
    'asconfig.json': JSON.stringify({
      extends: './node_modules/@assemblyscript/wasi-shim/asconfig.json',
      targets: { release: { outFile: 'build/release.wasm', use: 'abort=abort_proc_exit', optimizeLevel: 3 } },
      options: { use: ['abort=abort_proc_exit', 'a=b'], exportRuntime: true, runtime: 'stub' },
    }),
    'package.json': JSON.stringify({
      name: 'filter',
      dependencies: { '@solo-io/proxy-runtime': '^0.1.8', other: '1' },
      devDependencies: { assemblyscript: '^0.17.0', '@assemblyscript/wasi-shim': '1' },
      scripts: {
        build:
          'asc assembly/index.ts -b build/f.wasm --use abort=abort_proc_exit --validate --runtime half && npm run x',
        x: 'echo x',
      },
    }),
  })
  assert.deepEqual(JSON.parse(files['asconfig.json'] as string), {
    extends: 'proxy-wasm-sdk-as/asconfig.json',
    targets: { release: { outFile: 'build/release.wasm', optimizeLevel: 3 } },
    options: { use: ['a=b'] },
  })
  assert.deepEqual(JSON.parse(files['package.json'] as string), {
    name: 'filter',
    dependencies: { other: '1', 'proxy-wasm-sdk-as': '*' },
    devDependencies: { assemblyscript: '^0.28.0' },
    scripts: {
      build:
        'asc --config node_modules/proxy-wasm-sdk-as/asconfig.json assembly/index.ts --outFile build/f.wasm && npm run x',
      x: 'echo x',
    },
  })
})

test('what has no counterpart is told by file and line; what is no program is left alone', () => {
  const { said, files } = migrated({
    'fast.ts': [
      '// a program',
      'import { getEnv } from "@gcoredev/proxy-wasm-sdk-as/assembly/fastedge"',
      'import { Reference, log } from "@gcoredev/proxy-wasm-sdk-as/assembly/runtime"',
      'const place = new Reference<u32>()',
      '',
    ].join('\n'),
    'own.ts': 'export const answer = 42\n',
  })
  assert.match(said, /^fast\.ts:2: @gcoredev\/proxy-wasm-sdk-as\/assembly\/fastedge has nothing to stand for it/m)
  assert.match(said, /^fast\.ts:4: Reference was internal to the older SDK/m)
  assert.match(said, /^own\.ts: nothing to change/m)
  assert.match(files['fast.ts'] as string, /import \{ log \} from "proxy-wasm-sdk-as\/assembly"/)
  writeFileSync(join(folder, 'broken.ts'), 'import {')
  const broken = spawnSync(process.execPath, [command, 'migrate', join(folder, 'broken.ts')], { encoding: 'utf8' })
  assert.equal(broken.status, 1)
  assert.match(broken.stderr, /broken\.ts: line 1: /)
  const usage = spawnSync(process.execPath, [command], { encoding: 'utf8' })
  assert.equal(usage.status, 2)
  assert.match(usage.stderr, /migrate FILE/)
})
