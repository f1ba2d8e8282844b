import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeStream, fakeThread, makeHandle } from '../../../test/support/fake-wasm.ts'
import { i32, loadable, tinyModule } from '../../../test/support/tiny-wasm.ts'
import type { HttpContext } from '../http-context.ts'
import { getProperty } from '../property.ts'
import { makeWasiFunctions } from '../wasi.ts'
import type { WasmVm } from '../vm.ts'
import { makeHostFunctions } from './functions.ts'

const ok = 0
const badArgument = 2
const invalidMemoryAccess = 6
const callbacks = ['request_headers', 'request_body', 'response_headers', 'response_body', 'response_trailers']
const growMemory = [...i32(1), 0x40, 0]
const pauses = Object.fromEntries(callbacks.map(name => [`proxy_on_${name}`, i32(1)]))
const functions = { ...loadable, ...pauses, proxy_on_log: growMemory }
const code = tinyModule({ memory: 1, functions })

/** A stream whose filter pauses everywhere, its header maps in reach of host functions. */
function paused(environment: readonly string[] = []) {
  const thread = fakeThread()
  const stream = new FakeStream(makeHandle(code, { allowOnHeadersStopIteration: true }, { environment }, thread))
  stream.request({ ':authority': 'x', ':path': '/', ':method': 'POST', 'x-a': '1' }, false)
  const context = stream.filter as HttpContext
  const vm: WasmVm = context.vm
  vm.current = context
  const host = makeHostFunctions(vm) as unknown as Record<string, (...parameters: (number | bigint)[]) => number>
  let next = 4096
  /** Puts text into the guest's memory: pointer and size, as host functions take them. */
  const put = (text: string): [number, number] => {
    const at = next
    next += text.length
    assert.ok(vm.memory.inBounds(at, text.length))
    vm.memory.bytes.latin1Write(text, at, text.length)
    return [at, text.length]
  }
  const word = (at: number): number => vm.memory.view.getUint32(at, true)
  return { stream, context, vm, host, put, word, thread }
}

const blob = (...texts: readonly string[]): string => {
  const header = Buffer.alloc(4 + texts.length * 4)
  header.writeUInt32LE(texts.length >> 1, 0)
  for (const [index, text] of texts.entries()) header.writeUInt32LE(text.length, 4 + index * 4)
  return header.toString('latin1') + texts.map(text => `${text}\0`).join('')
}

test('a header that would break the message is refused', () => {
  const { host, put, stream } = paused()
  for (const name of ['proxy_add_header_map_value', 'proxy_replace_header_map_value']) {
    const write = host[name] as (...parameters: number[]) => number
    for (const value of ['a\r\nx-b: 2', 'a\nb', 'a\0'])
      assert.equal(write(0, ...put('x-b'), ...put(value)), badArgument)
    for (const key of ['', 'x b', 'x:b', 'x\r\n', ':', 'é'])
      assert.equal(write(0, ...put(key), ...put('v')), badArgument)
  }
  assert.equal(host.proxy_set_header_map_pairs?.(0, ...put(blob('x', 'a\r\nb'))), badArgument)
  assert.equal(stream.requestHeaders?.size, 4)
})

test('a blob of pairs that is not exactly well formed changes nothing', () => {
  const { host, put, stream } = paused()
  const good = blob(':path', '/p', 'x-n', '')
  const broken = [
    good.slice(0, -1),
    `${good}x`,
    good.slice(0, 3),
    good.replaceAll('\0/p', 'x/p'),
    '\xff\xff\xff\xff',
    `\x00\x10${good.slice(2)}`,
  ]
  for (const text of broken) assert.equal(host.proxy_set_header_map_pairs?.(0, ...put(text)), badArgument)
  assert.equal(stream.requestHeaders?.path, '/')
  assert.equal(host.proxy_set_header_map_pairs?.(0, ...put(good)), ok)
  assert.deepEqual(
    [...(stream.requestHeaders ?? [])],
    [
      [':path', '/p'],
      ['x-n', ''],
    ],
  )
})

test('pseudo-headers come first, whatever the guest does', () => {
  const { host, put, stream } = paused()
  assert.equal(host.proxy_remove_header_map_value?.(0, ...put(':path')), ok)
  assert.equal(host.proxy_add_header_map_value?.(0, ...put('x-z'), ...put('1')), ok)
  assert.equal(host.proxy_add_header_map_value?.(0, ...put(':path'), ...put('/new')), ok)
  const names = [...(stream.requestHeaders ?? [])].map(([name]) => name)
  assert.deepEqual(names, [':authority', ':method', ':path', 'x-a', 'x-z'])
})

test('results go to memory of the guest; empty ones are null pointers', () => {
  const { host, put, word, vm } = paused()
  assert.equal(host.proxy_get_header_map_value?.(0, ...put('x-a'), 16, 20), ok)
  assert.deepEqual([word(16), word(20)], [1024, 1])
  assert.equal(vm.memory.text(1024, 1), '1')
  assert.equal(host.proxy_get_buffer_bytes?.(0, 0, 10, 16, 20), ok)
  assert.deepEqual([word(16), word(20)], [0, 0])
})

test('no pointer leads out of the memory', () => {
  const { host, put } = paused()
  const far = -16
  const [at, size] = put('x-a')
  assert.equal(host.proxy_get_header_map_value?.(0, at, size, far + 14, 20), invalidMemoryAccess)
  assert.equal(host.proxy_get_header_map_value?.(0, at, -1, 16, 20), invalidMemoryAccess)
  assert.equal(host.proxy_get_header_map_pairs?.(0, 65_535, 20), invalidMemoryAccess)
  assert.equal(host.proxy_get_current_time_nanoseconds?.(65_530), invalidMemoryAccess)
  assert.equal(host.proxy_http_call?.(far, 9, at, 0, at, 0, at, 0, 1000, 16), invalidMemoryAccess)
})

test('every host function takes every kind of argument without throwing', () => {
  const { host } = paused()
  const values = [0, 1, -1, 7, 255, 65_535, 65_536, 0x7fffffff, -0x80000000]
  let seed = 1
  const random = (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) >>> 8
  for (const [name, call] of Object.entries(host))
    for (let round = 0; round < 300; round++) {
      const isMetric = name === 'proxy_increment_metric' || name === 'proxy_record_metric'
      const parameters = Array.from({ length: 12 }, () => values[random() % values.length] as number)
      const status = isMetric ? call(parameters[0] as number, BigInt(parameters[1] as number)) : call(...parameters)
      assert.equal(typeof status, 'number', name)
    }
})

test('after memory has grown the host sees the new memory', () => {
  const { vm, context, host, put, word } = paused()
  const memory = vm.memory.bytes.length
  vm.callGuest(context, vm.guest.onLog, 0)
  vm.current = context
  assert.equal(host.proxy_get_header_map_value?.(0, ...put('x-a'), memory + 16, memory + 20), ok)
  assert.equal(word(memory + 20), 1)
})

test('a body over several chunks is one buffer for the guest', () => {
  const { stream, context, host, put, vm } = paused()
  const deliver = (text: string, end: boolean, change: () => void) => {
    const callGuest = vm.callGuest.bind(vm)
    vm.callGuest = (...parameters) => {
      change()
      return callGuest(...parameters)
    }
    const result = stream.requestBody(text, end)
    vm.callGuest = callGuest
    vm.current = context
    return result
  }
  const set = (start: number, length: number, text: string) =>
    host.proxy_set_buffer_bytes?.(0, start, length, ...put(text))
  assert.deepEqual(
    deliver('abc', false, () => assert.equal(set(3, 0, 'd'), ok)),
    { status: 'stop-and-buffer', body: 'abcd' },
  )
  const change = (): void => {
    assert.equal(context.bufferLength(0), 6)
    assert.equal(Buffer.from(context.bufferSlice(0, 2, 3)).toString(), 'cde')
    assert.equal(set(2, 1, 'x'), badArgument)
    assert.equal(set(0, 5, 'new'), ok)
    assert.equal(Buffer.from(context.bufferSlice(0, 0, 4)).toString(), 'newf')
    assert.equal(set(0, 0, '>'), ok)
    assert.equal(set(100, 0, '<'), ok)
  }
  assert.deepEqual(deliver('ef', true, change), { status: 'stop-and-buffer', body: '>newf<' })
  assert.equal(set(0, 100, 'late'), ok)
  assert.equal(Buffer.from(stream.requestBuffer.all()).toString(), 'late')
})

test('continue_stream acts once the guest has returned, and only on what is paused', () => {
  const { stream, host, vm, context } = paused()
  assert.equal(host.proxy_continue_stream?.(1), ok)
  assert.equal(host.proxy_continue_stream?.(0), ok)
  assert.deepEqual(stream.events, [])
  vm.callGuest(context, () => 0, 0)
  assert.deepEqual(stream.events, ['continue-request'])
  vm.current = context
  assert.equal(host.proxy_continue_stream?.(0), ok)
  vm.callGuest(context, () => 0, 0)
  assert.deepEqual(stream.events, ['continue-request'])
})

test('environment and clock through WASI', () => {
  const { vm, word } = paused(['A=1', 'LONG=value'])
  const wasi = makeWasiFunctions(vm) as unknown as Record<string, (...parameters: (number | bigint)[]) => number>
  assert.equal(wasi.environ_sizes_get?.(16, 20), 0)
  assert.deepEqual([word(16), word(20)], [2, 15])
  assert.equal(wasi.environ_get?.(32, 64), 0)
  assert.equal(vm.memory.text(word(32), 4), 'A=1\0')
  assert.equal(vm.memory.text(word(36), 11), 'LONG=value\0')
  assert.equal(wasi.clock_time_get?.(0, 0n, 128), 0)
  assert.ok(Math.abs(Number(vm.memory.view.getBigUint64(128, true) / 1_000_000n) - Date.now()) < 1000)
  assert.equal(wasi.clock_time_get?.(9, 0n, 128), 58)
  assert.equal(wasi.random_get?.(0, 70_000), 28)
  assert.equal(wasi.fd_write?.(7, 0, 0, 16), 8)
})

test('properties of a stream without a proxy', () => {
  const { context, stream } = paused()
  const get = (path: string) => {
    const result = getProperty(context, path.split('.'))
    return typeof result === 'number' ? result : Buffer.from(result as string, 'latin1').toString()
  }
  assert.equal(get('request.path'), '/')
  assert.equal(get('source.address'), '127.0.0.1:4000')
  assert.equal(get('xds.node.zone'), 1)
  assert.equal(get('xds.node.locality.zone'), 'zone-1')
  stream.streamInfo.dynamicMetadata = new Map([['f', { text: 'é', nested: { list: [1] } }]])
  assert.equal(get('metadata.filter_metadata.f.text'), 'é')
  assert.equal(get('metadata.filter_metadata.f.toString'), 1)
})
