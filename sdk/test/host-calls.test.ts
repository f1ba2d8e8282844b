/** Every host function, as the SDK calls it. Titles name the ABI function first: the coverage table is made of them. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile, filterEntry } from '../tools/compile.ts'
import { encodePairs, FakeHost } from './support/fake-host.ts'

const folder = mkdtempSync(join(tmpdir(), 'sluice-sdk-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const code = await compile(filterEntry('calls'), join(folder, 'calls.wasm'))

/** A host with a root context 1 and a stream context 2. */
function started(): FakeHost {
  const host = new FakeHost(code)
  host.run('proxy_on_context_create', 1, 0)
  host.run('proxy_on_context_create', 2, 1)
  return host
}

const i64 = (value: bigint): Uint8Array => {
  const bytes = Buffer.alloc(8)
  bytes.writeBigInt64LE(value)
  return bytes
}

test('proxy_log: levels, and texts of any length as UTF-8', () => {
  assert.deepEqual(new FakeHost(code).run('logs').log, ['0 t', `5 grüße 😀 ${'x'.repeat(3000)}`])
})

test('proxy_log: a thrown error and its place, before the trap', () => {
  const host = new FakeHost(code)
  assert.throws(() => host.run('boom'), /unreachable/)
  assert.match(host.log.join('\n'), /^5 boom at .*calls\.ts:\d+:\d+$/)
})

test('proxy_get_log_level', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_log_level', { numbers: [3] })
  assert.deepEqual(host.run('logLevel').log, ['2 3false'])
})

test('proxy_get_status', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_status', { numbers: [11], data: 'reset' })
  assert.deepEqual(host.run('status').log, ['2 11 reset'])
})

test('proxy_set_tick_period_milliseconds', () => {
  assert.deepEqual(new FakeHost(code).run('timer').calls, [['proxy_set_tick_period_milliseconds', 250]])
})

test('proxy_get_current_time_nanoseconds', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_current_time_nanoseconds', { numbers: [1_764_000_000_123_456_789n] })
  assert.deepEqual(host.run('time').log, ['2 1764000000123456789'])
})

test('proxy_get_property: bytes, texts, maps, and none', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_property', { data: 'välue' })
  const { calls, log } = host.run('propertyBytes')
  assert.deepEqual(calls, [
    ['proxy_get_property', 'a\0b'],
    ['proxy_get_property', 'c'],
  ])
  assert.deepEqual(log, ['2 "välue""välue"'])
  assert.deepEqual(host.run('propertyString').log, ['2 "välue"'])
  host.answers.set('proxy_get_property', { data: '' })
  assert.deepEqual(host.run('propertyString').log, ['2 ""'])
  host.answers.set('proxy_get_property', { status: 1 })
  assert.deepEqual(host.run('propertyString').log, ['2 null'])
  assert.deepEqual(host.run('propertyBytes').log, ['2 ""null'])
  assert.deepEqual(host.run('propertyMap').log, ['2 '])
  host.answers.set('proxy_get_property', {
    data: encodePairs([
      ['a', '1'],
      ['b', ''],
    ]),
  })
  assert.deepEqual(host.run('propertyMap').log, ['2 a=1;b=;'])
})

test('proxy_get_property: numbers and flags, and their defaults', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_property', { data: i64(-2n) })
  assert.match(host.run('propertyNumbers').log.join(), /^2 -2 18446744073709551614 /)
  host.answers.set('proxy_get_property', { status: 1 })
  assert.deepEqual(host.run('propertyNumbers').log, ['2 -7 8 0.5'])
  assert.deepEqual(host.run('propertyBool').log, ['2 true'])
  host.answers.set('proxy_get_property', { data: Uint8Array.of(0) })
  assert.deepEqual(host.run('propertyBool').log, ['2 false'])
})

test('proxy_get_property: named getters ask for Envoy’s attributes', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_property', call => ({ data: call[1] === 'response\0code' ? i64(200n) : String(call[1]) }))
  const { log } = host.run('propertyNamed')
  assert.deepEqual(log, ['2 request\0path 200 request\0headers\0x'])
})

test('proxy_set_property', () => {
  assert.deepEqual(new FakeHost(code).run('setProperty').calls, [
    ['proxy_set_property', 'key', 'value'],
    ['proxy_set_property', 'key', 'text'],
  ])
})

test('proxy_continue_stream, proxy_close_stream', () => {
  assert.deepEqual(new FakeHost(code).run('continueAndClose').calls, [
    ['proxy_continue_stream', 0],
    ['proxy_continue_stream', 1],
    ['proxy_continue_stream', 2],
    ['proxy_close_stream', 0],
    ['proxy_close_stream', 1],
    ['proxy_close_stream', 2],
    ['proxy_close_stream', 3],
  ])
})

test('proxy_send_local_response', () => {
  const headers = [
    ['retry-after', '1'],
    ['x', 'ü'],
  ] as const
  assert.deepEqual(new FakeHost(code).run('localResponse').calls, [
    ['proxy_send_local_response', 429, 'too many', 'slow', headers, 8],
    ['proxy_send_local_response', 204, '', '', [], -1],
  ])
})

test('proxy_get_shared_data, proxy_set_shared_data', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_shared_data', { data: 'old', numbers: [77] })
  host.answers.set('proxy_set_shared_data', { status: 8 })
  const { calls, log } = host.run('sharedData')
  assert.deepEqual(calls, [
    ['proxy_get_shared_data', 'key'],
    ['proxy_set_shared_data', 'key', 'new', 77],
  ])
  assert.deepEqual(log, ['2 0 "old" 77', '2 8'])
  host.answers.set('proxy_get_shared_data', { status: 1 })
  assert.deepEqual(host.run('sharedData').log, ['2 1 null 0', '2 8'])
})

test('proxy_register_shared_queue, proxy_resolve_shared_queue, proxy_enqueue_shared_queue, proxy_dequeue_shared_queue', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_register_shared_queue', { numbers: [3] })
  host.answers.set('proxy_resolve_shared_queue', { numbers: [4] })
  host.answers.set('proxy_dequeue_shared_queue', { data: 'first' })
  const { calls, log } = host.run('queues')
  assert.deepEqual(calls, [
    ['proxy_register_shared_queue', 'q'],
    ['proxy_resolve_shared_queue', 'vm', 'q2'],
    ['proxy_enqueue_shared_queue', 4, 'item'],
    ['proxy_dequeue_shared_queue', 3],
  ])
  assert.deepEqual(log, ['2 3 4 0', '2 0 "first"'])
  host.answers.set('proxy_dequeue_shared_queue', { status: 7 })
  assert.deepEqual(host.run('queues').log[1], '2 7 null')
})

test('proxy_get_header_map_value: there, empty, absent', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_header_map_value', { data: 'ä'.repeat(3000) })
  const { calls, log } = host.run('headerGet')
  const value = `"${'ä'.repeat(3000)}"`
  assert.deepEqual(calls[0], ['proxy_get_header_map_value', 0, 'x'])
  assert.deepEqual(log, [`2 ${value} ${value} true ${value}`])
  host.answers.set('proxy_get_header_map_value', { data: '' })
  assert.deepEqual(host.run('headerGet').log, ['2 "" "" true ""'])
  host.answers.set('proxy_get_header_map_value', { status: 1 })
  assert.deepEqual(host.run('headerGet').log, ['2 "" null false null'])
})

test('proxy_get_header_map_value: each map has its place in stream_context', () => {
  const maps = new FakeHost(code).run('headerMaps').calls.map(call => call[1])
  assert.deepEqual(maps, [0, 1, 2, 3, 4, 5, 6, 7])
})

test('proxy_add_header_map_value, proxy_replace_header_map_value, proxy_remove_header_map_value', () => {
  assert.deepEqual(new FakeHost(code).run('headerChange').calls, [
    ['proxy_add_header_map_value', 2, 'a', '1'],
    ['proxy_replace_header_map_value', 2, 'ä', 'ö'.repeat(1500)],
    ['proxy_remove_header_map_value', 1, 'c'],
  ])
})

test('proxy_get_header_map_pairs, proxy_set_header_map_pairs', () => {
  const host = new FakeHost(code)
  const pairs = [
    [':path', '/'],
    ['x', ''],
    ['long', 'l'.repeat(5000)],
  ] as const
  host.answers.set('proxy_get_header_map_pairs', { data: encodePairs(pairs) })
  const { calls, log } = host.run('headerPairs')
  assert.deepEqual(log, [...pairs.map(pair => `2 ${pair.join('=')}`), ...pairs.map(pair => `2 ${pair.join(':')}`)])
  assert.deepEqual(calls.at(-1), ['proxy_set_header_map_pairs', 3, [...pairs, ['last', '']]])
  host.answers.set('proxy_get_header_map_pairs', { data: '' })
  assert.deepEqual(host.run('headerPairs').log, [], 'Envoy returns a null pointer for a map that is not there')
})

test('proxy_get_header_map_size', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_header_map_size', { numbers: [512] })
  assert.deepEqual(host.run('headerSize').log, ['2 512'])
})

test('proxy_get_buffer_bytes', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_buffer_bytes', call => ({ data: call[1] === 2 ? new Uint8Array(300_000) : 'bödy' }))
  const { calls, log } = host.run('bufferGet')
  assert.deepEqual(calls, [
    ['proxy_get_buffer_bytes', 0, 1, 2],
    ['proxy_get_buffer_bytes', 1, 0, -1],
    ['proxy_get_buffer_bytes', 2, 0, -1],
  ])
  assert.deepEqual(log, ['2 "bödy" bödy', '2 300000'])
})

test('proxy_get_buffer_status', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_get_buffer_status', call => ({ numbers: call[1] === 3 ? [44, 1] : [5, 0] }))
  assert.deepEqual(host.run('bufferSize').log, ['2 5 44 1'])
})

test('proxy_set_buffer_bytes', () => {
  assert.deepEqual(new FakeHost(code).run('bufferSet').calls, [
    ['proxy_set_buffer_bytes', 0, 0, -1, 'all'],
    ['proxy_set_buffer_bytes', 1, 0, -1, 'text'],
    ['proxy_set_buffer_bytes', 3, -1, 0, 'end'],
    ['proxy_set_buffer_bytes', 2, 0, 0, 'start'],
  ])
})

test('proxy_define_metric, proxy_increment_metric, proxy_record_metric, proxy_get_metric', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_define_metric', call => ({ numbers: [4 + Number(call[1])] }))
  host.answers.set('proxy_get_metric', { numbers: [6] })
  const counter = host.run('counter')
  assert.deepEqual(counter.calls, [
    ['proxy_define_metric', 0, 'method.GET.code.200.requests'],
    ['proxy_increment_metric', 4, 1n],
    ['proxy_increment_metric', 4, 5n],
    ['proxy_get_metric', 4],
  ])
  assert.deepEqual(counter.log, ['2 6'])
  assert.deepEqual(host.run('gauge').calls, [
    ['proxy_define_metric', 1, 'open'],
    ['proxy_increment_metric', 5, -3n],
    ['proxy_record_metric', 5, 9n],
    ['proxy_get_metric', 5],
  ])
  assert.deepEqual(host.run('histogram').calls, [
    ['proxy_define_metric', 2, 'size'],
    ['proxy_record_metric', 6, 1234n],
  ])
})

test('proxy_call_foreign_function: answers, empty answers, unknown functions', () => {
  const host = new FakeHost(code)
  host.answers.set('proxy_call_foreign_function', call =>
    call[1] === 'g' ? { status: 1 } : { data: `${String(call[1])}!` },
  )
  const { calls, log } = host.run('foreign')
  assert.deepEqual(calls[0], ['proxy_call_foreign_function', 'f', 'argument'])
  assert.deepEqual(log, ['2 "f!"', '2 1 0', '2 "compress!""uncompress!"0'])
})

test('proxy_call_foreign_function: metadata, as filter state where the host has no function for it', () => {
  const host = new FakeHost(code)
  assert.deepEqual(host.run('metadata').calls, [
    ['proxy_call_foreign_function', 'set_dynamic_metadata', 'com.example\0{"user":"jo"}'],
  ])
  host.answers.set('proxy_call_foreign_function', { status: 1 })
  assert.deepEqual(host.run('metadata').calls[1], ['proxy_set_property', 'com.example.user', 'jo'])
})

test('proxy_done', () => {
  assert.deepEqual(new FakeHost(code).run('done').calls, [['proxy_done']])
})

test('proxy_http_call, proxy_set_effective_context: the answer reaches the context that called', () => {
  const host = started()
  host.answers.set('proxy_http_call', { numbers: [4] })
  const headers = [
    [':method', 'GET'],
    [':path', '/'],
    [':authority', 'a'],
  ] as const
  const { calls, log } = host.run('httpCall', 2)
  assert.deepEqual(calls, [['proxy_http_call', 'cluster', headers, 'body', [['t', '1']], 1500]])
  assert.deepEqual(log, ['2 0 4'])
  const answer = host.run('proxy_on_http_call_response', 1, 4, 3, 10, 1)
  assert.deepEqual(answer.calls, [['proxy_set_effective_context', 2]])
  assert.deepEqual(answer.log, ['2 2 onHttpCallResponse 4 3 10 1'])
  assert.deepEqual(host.run('proxy_on_http_call_response', 1, 4, 3, 10, 1).log, [], 'an answer comes once')
})

test('proxy_http_call: with a callback function; answers to streams that are gone or gave up are dropped', () => {
  const host = started()
  host.answers.set('proxy_http_call', { numbers: [8] })
  host.run('httpCallTo', 2)
  assert.deepEqual(host.run('proxy_on_http_call_response', 1, 8, 1, 2, 0).log, ['2 callback of 2: 1 2 0'])
  host.run('httpCallTo', 2)
  host.run('cancelCalls', 2)
  assert.deepEqual(host.run('proxy_on_http_call_response', 1, 8, 1, 2, 0).log, [])
  host.run('httpCallTo', 2)
  host.run('proxy_on_delete', 2)
  assert.deepEqual(host.run('proxy_on_http_call_response', 1, 8, 1, 2, 0).log, [])
})

test('proxy_http_call: refused', () => {
  const host = started()
  host.answers.set('proxy_http_call', { status: 2 })
  assert.deepEqual(host.run('httpCall', 2).log, ['2 2 0'])
})

test('proxy_grpc_call', () => {
  const host = started()
  host.answers.set('proxy_grpc_call', { numbers: [5] })
  assert.deepEqual(host.run('grpcCall', 2).calls, [
    ['proxy_grpc_call', 'cluster', 'pkg.Service', 'Method', [['m', 'd']], 'message', 700],
  ])
  assert.deepEqual(host.run('proxy_on_grpc_receive', 1, 5, 20).log, ['2 2 onGrpcReceive 5 20'])
  assert.deepEqual(host.run('proxy_on_grpc_receive', 1, 5, 20).log, [], 'a unary call ends with its message')
})

test('proxy_grpc_stream, proxy_grpc_send, proxy_grpc_close, proxy_grpc_cancel', () => {
  const host = started()
  host.answers.set('proxy_grpc_stream', { numbers: [6] })
  assert.deepEqual(host.run('grpcStream', 2).calls, [['proxy_grpc_stream', 'cluster', 'pkg.Service', 'Method', []]])
  assert.deepEqual(host.run('grpcSend', 6).calls, [
    ['proxy_grpc_send', 6, 'one', 0],
    ['proxy_grpc_send', 6, 'two', 1],
    ['proxy_grpc_close', 6],
  ])
  const log = [
    ...host.run('proxy_on_grpc_receive_initial_metadata', 1, 6, 2).log,
    ...host.run('proxy_on_grpc_receive', 1, 6, 3).log,
    ...host.run('proxy_on_grpc_receive', 1, 6, 4).log,
    ...host.run('proxy_on_grpc_receive_trailing_metadata', 1, 6, 1).log,
    ...host.run('proxy_on_grpc_close', 1, 6, 0).log,
    ...host.run('proxy_on_grpc_close', 1, 6, 0).log,
  ]
  assert.deepEqual(log, [
    '2 2 onGrpcReceiveInitialMetadata 6 2',
    '2 2 onGrpcReceive 6 3',
    '2 2 onGrpcReceive 6 4',
    '2 2 onGrpcReceiveTrailingMetadata 6 1',
    '2 2 onGrpcClose 6 0',
  ])
  host.run('grpcStream', 2)
  assert.deepEqual(host.run('grpcCancel', 6).calls, [['proxy_grpc_cancel', 6]])
  assert.deepEqual(host.run('proxy_on_grpc_receive', 1, 6, 3).log, [])
})
