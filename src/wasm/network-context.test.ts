import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeConnection } from '../../test/support/fake-connection.ts'
import { fakeThread, fixture, makeHandle } from '../../test/support/fake-wasm.ts'
import type { ConnectionCallbacks, NetworkFilter, NetworkFilterCallbacks } from '../core/connection.ts'
import { setLogSink } from '../base/log.ts'
import { HeldData } from './held-data.ts'
import type { PluginHandle } from './plugin.ts'

setLogSink({ write: () => {} })
const probe = fixture('as-probe')

/** One connection with one filter. */
class FakeNetwork {
  readonly connection: FakeConnection
  readonly filter: NetworkFilter
  readonly read: string[] = []
  readonly written: string[] = []
  #callbacks: ConnectionCallbacks | undefined

  constructor(handle: PluginHandle, bufferLimitBytes = 0) {
    this.connection = Object.assign(new FakeConnection(), {
      bufferLimitBytes,
      addCallbacks: (callbacks: ConnectionCallbacks) => void (this.#callbacks = callbacks),
    })
    const text = (data: Uint8Array | string, end: boolean) =>
      `${Buffer.from(data as string).toString()}${end ? '.' : ''}`
    this.filter = handle.newNetworkFilter({
      connection: this.connection,
      streamInfo: {},
      continueReading: () => void this.read.push('continue'),
      injectReadData: (data: Uint8Array, end: boolean) => void this.read.push(text(data, end)),
      injectWriteData: (data: Uint8Array, end: boolean) => void this.written.push(text(data, end)),
    } as unknown as NetworkFilterCallbacks)
  }

  data(text: string, end = false) {
    return this.filter.onData?.(Buffer.from(text), end)
  }

  end(): void {
    this.#callbacks?.onEvent('remote-close')
  }
}

test('many small pieces that are held back are one buffer', () => {
  const held = new HeldData()
  for (let i = 0; i < 1000; i++) {
    held.begin(Buffer.from('ab'))
    held.keep()
  }
  assert.equal(held.length, 2000)
  assert.equal(held.set(0, 1998, Buffer.from('>')), 0)
  assert.equal(held.set(3, 0, Buffer.from('<')), 0)
  assert.equal(held.set(1, 1, Buffer.from('x')), 2)
  assert.equal(Buffer.from(held.take()).toString(), '>ab<')
  assert.equal(held.length, 0)
})

test('a chunk that is kept is a copy: the socket reads into its buffer again', () => {
  const held = new HeldData()
  const chunk = Buffer.from('abc')
  held.begin(chunk)
  held.keep()
  chunk.fill('x')
  assert.equal(held.take().toString(), 'abc')
})

test('bytes that are held back beyond the buffer limit stop the reading until they go on', () => {
  const network = new FakeNetwork(makeHandle(probe, { text: 'dn1 ret 1;dn2 ret 1' }), 4)
  assert.equal(network.filter.onNewConnection?.(), 'continue')
  assert.equal(network.data('abc'), 'consumed')
  assert.equal(network.connection.readDisables, 0)
  assert.equal(network.data('def'), 'consumed')
  assert.equal(network.connection.readDisables, 1)
  assert.equal(network.data('', true), 'consumed')
  assert.deepEqual(network.read, ['abcdef.'])
  assert.equal(network.connection.readDisables, 0)
})

test('answers held back beyond the buffer limit close the connection', () => {
  const thread = fakeThread()
  const network = new FakeNetwork(makeHandle(probe, { text: 'up ret 1' }, {}, thread), 4)
  network.filter.onNewConnection?.()
  assert.equal(network.filter.onWrite?.('abc', false), 'consumed')
  assert.equal(network.connection.closedAs, undefined)
  assert.equal(network.filter.onWrite?.('def', false), 'consumed')
  assert.equal(network.connection.closedAs, 'no-flush')
  assert.equal(thread.stats.values.get('wasm.network_upstream_data_overflow'), 1)
})

test('a trap closes its connection; the next one has a new VM', () => {
  const handle = makeHandle(probe, { text: 'dn1 trap', finishesStreams: true })
  const network = new FakeNetwork(handle)
  network.filter.onNewConnection?.()
  assert.equal(network.data('a'), 'consumed')
  assert.equal(network.connection.closedAs, 'flush-write')
  assert.equal(new FakeNetwork(handle).filter.onNewConnection?.(), 'continue')
})

test('FAIL_CLOSED: new connections are closed; FAIL_OPEN: they pass', () => {
  for (const [failurePolicy, status, closedAs] of [
    ['closed', 'stop', 'flush-write'],
    ['open', undefined, undefined],
  ] as const) {
    const handle = makeHandle(probe, { text: 'dn1 trap', failurePolicy })
    const first = new FakeNetwork(handle)
    first.filter.onNewConnection?.()
    first.data('a')
    assert.equal(first.connection.closedAs, 'flush-write')
    const next = new FakeNetwork(handle)
    assert.equal(next.filter.onNewConnection?.(), status)
    assert.equal(next.connection.closedAs, closedAs)
  }
})

test('fail_open: a connection that is held back when the VM traps goes on without the filter', () => {
  const handle = makeHandle(probe, { text: 'dn1 ret 1;dn2 trap', failurePolicy: 'open', failOpen: true })
  const [waiting, trapping] = [new FakeNetwork(handle), new FakeNetwork(handle)]
  for (const each of [waiting, trapping]) {
    each.filter.onNewConnection?.()
    each.data('abc')
  }
  assert.equal(trapping.data('def'), 'consumed')
  assert.deepEqual([waiting.read, trapping.read], [['abc'], ['abcdef']])
  assert.equal(waiting.data('x'), 'continue')
  waiting.end()
})

test('a module without callbacks for upstream data leaves writing alone', () => {
  const network = new FakeNetwork(makeHandle(fixture('as-headers')))
  assert.equal(typeof network.filter.onWrite, 'undefined')
  assert.equal(network.filter.onNewConnection?.(), 'continue')
})
