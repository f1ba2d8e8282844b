/** Every callback that the host makes, as it reaches a filter's classes. Titles name the export first. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile, filterEntry } from '../tools/compile.ts'
import { FakeHost } from './support/fake-host.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const code = await compile(filterEntry('calls'), join(folder, 'calls.wasm'))

function started(): FakeHost {
  const host = new FakeHost(code)
  host.run('proxy_on_context_create', 1, 0)
  host.run('proxy_on_context_create', 2, 1)
  return host
}

/** Parameters, what the module answers, what the filter logged. */
const streamCallbacks: readonly [string, number[], number | undefined, string][] = [
  ['proxy_on_request_headers', [2, 9, 1], 1, 'onRequestHeaders 9 true'],
  ['proxy_on_request_body', [2, 100, 0], 1, 'onRequestBody 100 false'],
  ['proxy_on_request_trailers', [2, 3], 1, 'onRequestTrailers 3'],
  ['proxy_on_request_metadata', [2, 4], 0, 'onRequestMetadata 4'],
  ['proxy_on_response_headers', [2, 8, 0], 4, 'onResponseHeaders 8 false'],
  ['proxy_on_response_body', [2, 7, 1], 3, 'onResponseBody 7 true'],
  ['proxy_on_response_trailers', [2, 2], 0, 'onResponseTrailers 2'],
  ['proxy_on_response_metadata', [2, 5], 0, 'onResponseMetadata 5'],
  ['proxy_on_new_connection', [2], 1, 'onNewConnection'],
  ['proxy_on_downstream_data', [2, 6, 0], 1, 'onDownstreamData 6 false'],
  ['proxy_on_upstream_data', [2, 6, 1], 0, 'onUpstreamData 6 true'],
  ['proxy_on_downstream_connection_close', [2, 2], undefined, 'onDownstreamConnectionClose 2'],
  ['proxy_on_upstream_connection_close', [2, 1], undefined, 'onUpstreamConnectionClose 1'],
  ['proxy_on_log', [2], undefined, 'onLog'],
  ['proxy_on_vm_start', [1, 12], 1, 'onStart 12'],
  ['proxy_validate_configuration', [1, 0], 0, 'validateConfiguration 0'],
  ['proxy_on_tick', [1], undefined, 'onTick 1'],
  ['proxy_on_queue_ready', [1, 3], undefined, 'onQueueReady 3'],
  ['proxy_on_foreign_function', [1, 5, 6], undefined, 'onForeignFunction 5 6'],
]
for (const [name, parameters, result, line] of streamCallbacks)
  test(`${name}: reaches the context with its parameters and returns its answer`, () => {
    const seen = started().run(name, ...parameters)
    assert.equal(seen.result, result)
    assert.deepEqual(seen.log, [`2 ${line}`])
  })

test('proxy_on_configure: the configuration is there, and may be refused', () => {
  const host = started()
  host.answers.set('proxy_get_buffer_bytes', { data: 'gut ä' })
  const { calls, log, result } = host.run('proxy_on_configure', 1, 6)
  assert.deepEqual(calls, [['proxy_get_buffer_bytes', 7, 0, 6]])
  assert.deepEqual(log, ['2 onConfigure 6 gut ä 6'])
  assert.equal(result, 1)
  host.answers.set('proxy_get_buffer_bytes', { data: 'bad' })
  assert.equal(host.run('proxy_on_configure', 1, 3).result, 0)
})

test('proxy_on_done, proxy_on_log, proxy_on_delete: of root contexts too', () => {
  const host = started()
  const done = host.run('proxy_on_done', 1)
  assert.equal(done.result, 0)
  assert.deepEqual(done.log, ['2 root onDone'])
  assert.equal(host.run('proxy_on_done', 2).result, 1)
  assert.deepEqual(host.run('proxy_on_log', 1).log, ['2 root onLog'])
  assert.deepEqual(host.run('proxy_on_delete', 1).log, ['2 root onDelete'])
})

test('proxy_on_context_create: several root contexts, and thousands of streams that end in any order', () => {
  const host = new FakeHost(code)
  host.run('proxy_on_context_create', 1, 0)
  host.run('proxy_on_context_create', 2, 0)
  assert.deepEqual(host.run('proxy_on_tick', 2).log, ['2 onTick 2'])
  let next = 3
  const live: number[] = []
  let seed = 1
  const random = (below: number): number => (seed = (seed * 48_271) % 0x7fff_ffff) % below
  for (let step = 0; step < 20_000; step++) {
    if (live.length < 300 && random(live.length + 300) < 300) {
      host.run('proxy_on_context_create', next, 1 + (next % 2))
      live.push(next++)
    } else {
      const [gone] = live.splice(random(live.length), 1)
      host.run('proxy_on_delete', gone as number)
    }
  }
  for (const id of live) assert.deepEqual(host.run('proxy_on_log', id).log, ['2 onLog'])
  assert.deepEqual(host.run('proxy_on_tick', 1).log, ['2 onTick 1'])
})

test('proxy_on_memory_allocate, malloc: memory for what the host returns', () => {
  const host = new FakeHost(code)
  for (const name of ['malloc', 'proxy_on_memory_allocate'])
    for (const size of [0, 1, 100_000, 3_000_000]) {
      const at = host.run(name, size).result >>> 0
      assert.ok(at > 0 && at + size <= host.memory.buffer.byteLength)
    }
})

test('proxy_abi_version_0_2_1: the only version marker, and nothing but `env` is imported', () => {
  const module = new WebAssembly.Module(code)
  const markers = WebAssembly.Module.exports(module).filter(({ name }) => name.startsWith('proxy_abi_version'))
  assert.deepEqual(
    markers.map(({ name }) => name),
    ['proxy_abi_version_0_2_1'],
  )
  assert.deepEqual(new Set(WebAssembly.Module.imports(module).map(({ module: from }) => from)), new Set(['env']))
})

const answers = [
  ['proxy_on_http_call_response', [1, 4, 1, 1, 1]],
  ['proxy_on_grpc_receive_initial_metadata', [1, 6, 1]],
  ['proxy_on_grpc_receive', [1, 6, 1]],
  ['proxy_on_grpc_receive_trailing_metadata', [1, 6, 1]],
  ['proxy_on_grpc_close', [1, 6, 1]],
] as const
// Answers of calls that are known are in host-calls.test.ts.
for (const [name, parameters] of answers)
  test(`${name}: for an unknown call is ignored`, () => {
    assert.deepEqual(started().run(name, ...parameters).log, [])
  })
