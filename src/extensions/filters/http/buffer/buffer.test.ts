import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Harness, type HarnessOptions, plainRoute } from '../../../../../test/support/http-harness.ts'
import type { HttpFilterContext } from '../../../../core/extension.ts'
import { HeaderMap } from '../../../../core/header-map.ts'
import { bufferFilter } from './buffer.ts'

/** The filter reads nothing of its context. */
const context = {} as HttpFilterContext

function harness(maxRequestBytes: number, options: HarnessOptions = {}): Harness {
  return new Harness({ filters: [bufferFilter.create({ maxRequestBytes }, context)], bufferLimitBytes: 2, ...options })
}

test('a request is held until it is whole, and gets a content-length', () => {
  const run = harness(10)
  const { decoder } = run.request({}, false)
  decoder.decodeData(Buffer.from('abc'), false)
  assert.deepEqual(run.received, [])
  decoder.decodeData(Buffer.from('de'), true)
  assert.deepEqual(run.received, ['headers /x', 'data abcde end'])
  assert.equal(run.terminal.requestHeaders?.get('content-length'), '5')
})

test('trailers end the body too; requests without body pass', () => {
  const run = harness(10)
  const { decoder } = run.request({}, false)
  decoder.decodeData(Buffer.from('abc'), false)
  decoder.decodeTrailers(HeaderMap.of({ t: '1' }))
  assert.deepEqual(run.received, ['headers /x', 'data abc', 'trailers t=1'])
  const bodiless = harness(10)
  bodiless.request()
  assert.deepEqual(bodiless.received, ['headers /x end'])
})

test('more than the limit is 413', () => {
  for (const last of [false, true]) {
    const run = harness(3)
    const exchange = run.request({}, false)
    exchange.decoder.decodeData(Buffer.from('abcd'), last)
    assert.equal(exchange.status, '413')
    assert.equal(exchange.body, 'Payload Too Large')
    assert.equal(run.counter('downstream_rq_too_large'), 1)
  }
})

test('a route changes the limit or switches the filter off', () => {
  const parse = (message: { disabled?: boolean; buffer?: { maxRequestBytes: number } }): unknown =>
    bufferFilter.perRoute?.parse(message, context)
  const withRoute = (config: unknown): Harness =>
    harness(3, { route: { ...plainRoute, perFilterConfig: () => config } })
  const larger = withRoute(parse({ buffer: { maxRequestBytes: 100 } }))
  larger.request({}, false).decoder.decodeData(Buffer.from('abcdefgh'), true)
  assert.deepEqual(larger.received, ['headers /x', 'data abcdefgh end'])
  const off = withRoute(parse({ disabled: true }))
  off.request({}, false).decoder.decodeData(Buffer.from('abcdefgh'), false)
  assert.deepEqual(off.received, ['headers /x', 'data abcdefgh'])
})
