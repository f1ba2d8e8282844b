import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FakeStream, fakeThread, fixture, makeHandle } from '../../../test/support/fake-wasm.ts'
import { call } from '../../../test/wasm/foreign-cases.ts'
import { setLogLevel, setLogSink } from '../../base/log.ts'
import { setDynamicMetadata } from './foreign-state.ts'
import { getProperty } from '../property.ts'
import type { HttpContext } from '../http-context.ts'

const lines: string[] = []
setLogLevel('info')
setLogSink({ write: (_level, _component, message) => void lines.push(message.replace(/^.*: /, '')) })

/** Statuses, or what was returned, of the commands of one stream. */
function run(commands: readonly string[], configuration: readonly string[] = []) {
  const handle = makeHandle(fixture('as-probe'), { text: configuration.map(each => `configure ${each}`).join(';') })
  const stream = new FakeStream(handle)
  lines.length = 0
  stream.request({ ':path': '/', 'x-probe': commands.map(each => `rqh ${each}`).join(';') })
  const results = lines.filter(line => line.includes(' -> ')).map(line => line.slice(line.indexOf('-> ') + 3))
  return { stream, handle, results }
}

const foreign = (name: string, fields: Parameters<typeof call>[1]) => call(name, fields, '').trim()
const metadata = (text: string) => `foreign set_dynamic_metadata 0x${Buffer.from(text).toString('hex')}`

test('a property that the root context has declared read-only can be set once', () => {
  const declared = foreign('declare_property', { 1: 'once', 2: 1 })
  assert.deepEqual(run(['setprop once a', 'setprop once b', 'prop once'], [declared]).results, ['0', '2', '0 a'])
})

test('a property with the life span of the connection is seen by its later streams, and in logs', () => {
  const declared = foreign('declare_property', { 1: 'kept', 5: 2 })
  const { stream, handle } = run(['setprop kept a', 'setprop gone b'], [declared])
  const next = new FakeStream(handle)
  Object.assign(next.streamInfo, { downstream: stream.streamInfo.downstream })
  next.request({ ':path': '/' })
  const read = (name: string) => getProperty(next.filter as HttpContext, [name])
  assert.equal(Buffer.from(read('kept') as Uint8Array).toString(), 'a')
  assert.equal(read('gone'), 1)
  assert.equal(next.streamInfo.downstream.filterState?.get('wasm.kept')?.serializeAsString(), 'a')
  stream.streamInfo.downstream.filterState?.clear()
})

test('dynamic metadata: keys are merged, values of every kind can be read', () => {
  const { results, stream } = run([
    metadata('ns\0{"a":"1","b":2,"c":{"d":true}}'),
    metadata('ns\0{"b":"two","__proto__":{"x":1}}'),
    'prop metadata.filter_metadata.ns.a',
    'prop metadata.filter_metadata.ns.b',
    'prop metadata.filter_metadata.ns.c.d',
    'prop metadata.filter_metadata.ns.x',
  ])
  assert.deepEqual(results, ['0 null/0', '0 null/0', '0 1', '0 two', '0 0x01', '1'])
  assert.equal(stream.streamInfo.dynamicMetadata?.size, 1)
  assert.equal(({} as Record<string, unknown>).x, undefined)
})

test('dynamic metadata: what is refused', () => {
  const bad = ['ns', '\0{}', 'ns\0', 'ns\0[1]', 'ns\0null', 'ns\0{"a":', ''].map(metadata)
  assert.deepEqual(
    run(bad).results,
    bad.map(() => '2'),
  )
  const { handle } = run([])
  const { vm } = new FakeStream(handle).filter as HttpContext
  const stream = new FakeStream(handle)
  vm.current = stream.filter as HttpContext
  assert.equal(setDynamicMetadata(vm, Buffer.from(`ns\0{"a":"${'x'.repeat(70_000)}"}`)), 10)
  const many = Array.from({ length: 101 }, (_, i) => metadata(`n${i}\0{}`))
  assert.equal(run(many).results.at(-1), '10')
})

test('without a stream there is nothing to write to', () => {
  const thread = fakeThread()
  lines.length = 0
  const text = [metadata('ns\0{}'), foreign('set_envoy_filter_state', { 1: 'envoy.string', 2: 'a' }), 'setprop a b']
  makeHandle(fixture('as-probe'), { text: text.map(each => `configure ${each}`).join(';') }, {}, thread)
  assert.deepEqual(
    lines.filter(line => line.includes('->')).map(line => line.slice(line.indexOf('-> ') + 3)),
    ['1', '1', '1'],
  )
})
