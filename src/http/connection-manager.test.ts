import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Harness } from '../../test/support/http-harness.ts'
import type { HeaderMap } from '../core/header-map.ts'

test('a request passes filters, is answered, and leaves nothing behind', () => {
  const seen: string[] = []
  const harness = new Harness({
    filters: [
      () => ({
        decodeHeaders(headers) {
          seen.push(`decode ${headers.path}`)
          headers.set('x-filter', '1')
          return 'continue'
        },
        encodeHeaders(headers) {
          seen.push(`encode ${headers.status}`)
          headers.set('x-filtered', 'yes')
          return 'continue'
        },
        onDestroy() {
          seen.push('destroy')
        },
      }),
    ],
  })
  const exchange = harness.request({ 'user-agent': 'test' })
  assert.deepEqual(harness.received, ['headers /x end'])
  assert.equal(harness.terminal.requestHeaders?.get('x-filter'), '1')
  assert.equal(harness.manager.activeStreams, 1)
  harness.respond('hello', { server: 'upstream', 'content-length': '5' })
  assert.deepEqual(exchange.events, ['headers 200', 'data hello end'])
  assert.deepEqual(
    [...(exchange.headers as HeaderMap)].filter(([name]) => name !== 'date'),
    [
      [':status', '200'],
      ['server', 'envoy'],
      ['content-length', '5'],
      ['x-filtered', 'yes'],
    ],
  )
  assert.match(exchange.headers?.get('date') ?? '', /^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/)
  assert.deepEqual(seen, ['decode /x', 'encode 200', 'destroy'])
  assert.equal(harness.manager.activeStreams, 0)
  assert.equal(harness.counter('downstream_rq_total'), 1)
  assert.equal(harness.counter('downstream_rq_2xx'), 1)
  assert.equal(harness.counter('downstream_rq_completed'), 1)
  assert.equal(harness.stats.counter('listener.l.http.p.downstream_rq_2xx').value, 1)
  assert.equal(harness.gauge('downstream_rq_active'), 0)
  assert.equal(harness.counter('downstream_rq_rx_reset'), 0)
  assert.equal(harness.connection.state, 'open')
})
