import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setLogLevel, setLogSink } from '../base/log.ts'
import { FakeStream, fakeThread, fixture, makeHandle } from '../../test/support/fake-wasm.ts'
import { i32, loadable, tinyModule, unreachable } from '../../test/support/tiny-wasm.ts'
import { filterTimes, onFilterStateKey } from '../core/filter-time.ts'
import { hostFunctions } from './abi.ts'
import { makeHostFunctions } from './host/functions.ts'
import { WasmVm } from './vm.ts'

const lines: string[] = []
setLogLevel('info')
setLogSink({ write: (level, _component, message) => void lines.push(`${level} ${message}`) })

const settings = {
  vmId: '',
  runtime: '',
  configuration: new Uint8Array(0),
  environment: [],
  allowedCapabilities: undefined,
}
const load = (code: Uint8Array<ArrayBuffer>, more = {}): WasmVm =>
  new WasmVm({ module: new WebAssembly.Module(code) }, { ...settings, ...more }, fakeThread().thread)

test('a module without a known version marker is refused', () => {
  const message = 'Missing or unknown Proxy-Wasm ABI version'
  assert.throws(() => load(tinyModule({ memory: 1 })), { message })
  assert.throws(() => load(tinyModule({ memory: 1, functions: { proxy_abi_version_0_3_0: i32(0) } })), { message })
})

test('an unknown import is named', () => {
  for (const name of ['env.proxy_nothing', 'other.proxy_log', 'wasi_snapshot_preview1.fd_nothing', 'env.toString'])
    assert.throws(() => load(tinyModule({ imports: [name], memory: 1, functions: loadable })), {
      message: `Failed to load Wasm module due to a missing import: ${name}`,
    })
})

test('a host function of another ABI version is missing', () => {
  const functions = { ...loadable }
  assert.throws(() => load(tinyModule({ imports: ['env.proxy_clear_route_cache'], memory: 1, functions })), {
    message: 'Failed to load Wasm module due to a missing import: env.proxy_clear_route_cache',
  })
  const old = { proxy_abi_version_0_1_0: i32(0), malloc: i32(0) }
  assert.equal(load(tinyModule({ imports: ['env.proxy_clear_route_cache'], memory: 1, functions: old })).abi, '0.1.0')
})

test('a module without memory or allocator is refused', () => {
  const functions = { proxy_abi_version_0_2_1: i32(0) }
  assert.throws(() => load(tinyModule({ functions: loadable })), /missing memory/)
  assert.throws(() => load(tinyModule({ memory: 1, functions })), /malloc/)
})

test('a trap while the module starts is a load error', () => {
  assert.throws(() => load(tinyModule({ memory: 1, functions: { ...loadable, _initialize: unreachable } })), {
    message: 'Failed to initialize Wasm code: _initialize failed',
  })
})

test('main runs after _initialize, _start only without it', () => {
  const started = (functions: Record<string, readonly number[]>) => () =>
    load(tinyModule({ memory: 1, functions: { ...loadable, ...functions } }))
  assert.throws(started({ _initialize: i32(0), main: unreachable }), /main failed/)
  assert.throws(started({ _start: unreachable }), /_start failed/)
  assert.doesNotThrow(started({ _initialize: i32(0), _start: unreachable }))
})

test('every host function of the table is there, with as many parameters', () => {
  const functions = makeHostFunctions(load(fixture('as-headers')))
  for (const [name, { parameters }] of Object.entries(hostFunctions)) {
    const found = functions[name as keyof typeof functions]
    assert.equal(typeof found, 'function', name)
    assert.ok(found.length <= parameters.length, name)
  }
})

test('restricted host functions answer INTERNAL_FAILURE, restricted callbacks are not called', () => {
  const allowed = ['proxy_on_context_create', 'proxy_on_vm_start', 'proxy_on_configure', 'proxy_get_buffer_bytes']
  const allowedCapabilities = new Set([...allowed, 'proxy_on_response_headers'])
  const handle = makeHandle(fixture('as-headers'), { text: 'x-wasm: hello' }, { allowedCapabilities })
  const stream = new FakeStream(handle)
  lines.length = 0
  stream.request()
  assert.equal(stream.requestHeaders?.has('x-filter'), false)
  assert.deepEqual(lines, [])
  stream.response()
  assert.equal(stream.responseHeaders?.has('x-wasm'), false)
  assert.deepEqual(lines, ['error Attempted call to restricted proxy-wasm capability: proxy_add_header_map_value'])
})

test('a refused or trapping configuration is an error', () => {
  assert.throws(() => makeHandle(fixture('as-probe'), { text: 'refuse' }), /refused its configuration/)
  assert.throws(() => makeHandle(fixture('as-probe'), { text: 'configure trap' }), /trapped while it was configured/)
})

test('plugins with the same VM share it, and have root contexts of their own', () => {
  const thread = fakeThread()
  const one = makeHandle(fixture('as-probe'), { name: 'one' }, {}, thread)
  const two = makeHandle(fixture('as-probe'), { name: 'two' }, {}, thread)
  const other = makeHandle(fixture('as-probe'), { name: 'two' }, { vmId: 'other' }, thread)
  assert.equal(thread.stats.values.get('wasm.envoy.wasm.runtime.v8.created'), 2)
  for (const handle of [one, two, other]) handle.close()
  assert.equal(thread.stats.values.get('wasm.envoy.wasm.runtime.v8.active'), 0)
})

test('the time of a plugin in a stream is filter state, where the configuration asks for it', () => {
  const handle = makeHandle(fixture('as-headers'), { name: 'timed' })
  const run = () => {
    const stream = new FakeStream(handle)
    stream.request()
    stream.end()
    return stream.streamInfo.filterState?.get('sluice.filter_time.timed')?.serializeAsString()
  }
  assert.equal(run(), undefined)
  onFilterStateKey('sluice.filter_time.timed')
  assert.match(run() ?? '', /^\d+$/)
  filterTimes.wanted = false
})

test('/wasm shows a VM that has trapped, alone or beside its successor while it has streams', () => {
  const thread = fakeThread()
  const handle = makeHandle(fixture('as-faults'), { finishesStreams: true }, {}, thread)
  const states = () => thread.thread.status().vms.map(({ state }) => state)
  const other = new FakeStream(handle)
  other.request()
  const failing = new FakeStream(handle)
  failing.request({ ':path': '/', 'x-fault': 'trap' })
  failing.end()
  assert.deepEqual(states(), ['waiting'])
  new FakeStream(handle).end()
  assert.deepEqual(states(), ['running', 'trapped'])
  other.end()
  assert.deepEqual(states(), ['running'])
})
