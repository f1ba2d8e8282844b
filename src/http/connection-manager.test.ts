import assert from 'node:assert/strict'
import { describe, type TestContext, test } from 'node:test'
import { Harness, plainRoute } from '../../test/support/http-harness.ts'
import { HeaderMap } from '../core/header-map.ts'
import { ResponseFlag } from '../core/stream-info.ts'

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

/** A clock that the test moves: `performance.now` and timers together. */
function fakeClock(t: TestContext): { advance(ms: number): void } {
  let now = 1000
  t.mock.timers.enable({ apis: ['setTimeout'] })
  t.mock.method(performance, 'now', () => now)
  return {
    advance(ms) {
      for (let left = ms; left > 0; left -= 100) {
        const step = Math.min(left, 100)
        now += step
        t.mock.timers.tick(step)
      }
    },
  }
}

describe('timers', () => {
  test('stream idle: 408 while the request is read, 504 after it, each activity counts', t => {
    const clock = fakeClock(t)
    const harness = new Harness({ settings: { streamIdleTimeoutMs: 1000 } })
    const reading = harness.request({}, false)
    clock.advance(900)
    reading.decoder.decodeData(Buffer.from('a'), false)
    clock.advance(900)
    assert.equal(reading.status, '')
    clock.advance(200)
    assert.deepEqual([reading.status, reading.body], ['408', 'stream timeout'])
    assert.equal(harness.connection.state, 'closed')
    assert.equal(harness.counter('downstream_rq_idle_timeout'), 1)

    const other = new Harness({ settings: { streamIdleTimeoutMs: 1000 } })
    const read = other.request()
    clock.advance(1100)
    assert.deepEqual([read.status, read.body], ['504', 'stream timeout'])
    assert.equal(other.terminal.streamInfo.responseFlags, ResponseFlag.streamIdleTimeout)
    assert.equal(other.connection.state, 'open')
  })

  test('stream idle in the response: reset', t => {
    const clock = fakeClock(t)
    const harness = new Harness({ settings: { streamIdleTimeoutMs: 1000 } })
    const exchange = harness.request()
    harness.terminal.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
    clock.advance(1100)
    assert.deepEqual(exchange.events, ['headers 200', 'reset local-reset'])
    assert.equal(harness.manager.activeStreams, 0)
  })

  test('request, request headers and stream duration', t => {
    const clock = fakeClock(t)
    const whole = new Harness({ settings: { requestTimeoutMs: 500 } })
    const slow = whole.request({}, false)
    clock.advance(600)
    assert.deepEqual([slow.status, slow.body], ['408', 'request timeout'])
    assert.equal(whole.counter('downstream_rq_timeout'), 1)

    const complete = new Harness({ settings: { requestTimeoutMs: 500 } })
    const waiting = complete.request()
    clock.advance(600)
    assert.equal(waiting.status, '', 'a complete request is no longer timed')

    const heads = new Harness({ settings: { requestHeadersTimeoutMs: 500 } })
    const headless = heads.open()
    clock.advance(600)
    assert.deepEqual([headless.status, headless.body], ['408', 'request header timeout'])

    const durations = new Harness({ settings: { maxStreamDurationMs: 500 } })
    const long = durations.request()
    clock.advance(600)
    assert.deepEqual([long.status, long.body], ['504', 'downstream duration timeout'])
  })

  test('an idle connection drains, then closes; a new request keeps it', t => {
    const clock = fakeClock(t)
    const harness = new Harness({ settings: { idleTimeoutMs: 1000, drainTimeoutMs: 500 } })
    clock.advance(800)
    harness.request()
    clock.advance(800)
    harness.respond()
    clock.advance(800)
    assert.equal(harness.counter('downstream_cx_idle_timeout'), 0)
    clock.advance(300)
    assert.equal(harness.counter('downstream_cx_idle_timeout'), 1)
    assert.equal(harness.connection.state, 'open')
    const late = harness.request()
    harness.respond()
    assert.equal(late.headers?.get('connection'), 'close')
    clock.advance(600)
    assert.equal(harness.connection.closedAs, 'flush-write-and-delay')
    assert.deepEqual(harness.codec.calls, ['shutdownNotice', 'goAway'])
  })

  test('max connection duration', t => {
    const clock = fakeClock(t)
    const harness = new Harness({ settings: { maxConnectionDurationMs: 1000, drainTimeoutMs: 100 } })
    const exchange = harness.request()
    clock.advance(1200)
    assert.equal(harness.counter('downstream_cx_max_duration_reached'), 1)
    assert.equal(harness.connection.state, 'open')
    harness.respond()
    assert.equal(exchange.headers?.get('connection'), 'close')
    assert.equal(harness.connection.state, 'closed')
  })

  test('http1_safe_max_connection_duration: an old connection closes with its next answer, never between answers', t => {
    const clock = fakeClock(t)
    const harness = new Harness({
      settings: { maxConnectionDurationMs: 1000, drainTimeoutMs: 100, http1SafeMaxConnectionDuration: true },
    })
    clock.advance(2000)
    assert.equal(harness.counter('downstream_cx_max_duration_reached'), 1)
    assert.equal(harness.gauge('downstream_cx_http1_soft_drain'), 1)
    assert.equal(harness.connection.state, 'open')
    const exchange = harness.request()
    harness.respond()
    assert.equal(exchange.headers?.get('connection'), 'close')
    assert.equal(harness.connection.state, 'closed')
    assert.equal(harness.gauge('downstream_cx_http1_soft_drain'), 0)
  })

  test('jitter makes a connection last longer, up to its share', t => {
    const clock = fakeClock(t)
    t.mock.method(Math, 'random', () => 0.5)
    const harness = new Harness({
      settings: { maxConnectionDurationMs: 1000, maxConnectionDurationJitterPercent: 20 },
    })
    harness.request()
    clock.advance(1099)
    assert.equal(harness.counter('downstream_cx_max_duration_reached'), 0)
    clock.advance(2)
    assert.equal(harness.counter('downstream_cx_max_duration_reached'), 1)
  })

  test('a stream that lasts is logged again and again', t => {
    const clock = fakeClock(t)
    const lines: string[] = []
    const harness = new Harness({
      settings: { accessLogFlushIntervalMs: 100, accessLogs: [{ log: ({ logType }) => void lines.push(logType) }] },
    })
    harness.request()
    clock.advance(250)
    harness.respond()
    assert.deepEqual(lines, ['DownstreamPeriodic', 'DownstreamPeriodic', 'DownstreamEnd'])
  })

  test('no timer is left when the connection has gone', t => {
    fakeClock(t)
    const harness = new Harness()
    harness.request()
    const cleared = t.mock.method(globalThis, 'clearTimeout')
    harness.connection.fire('remote-close')
    assert.equal(cleared.mock.callCount(), 1)
  })
})

describe('the end of a connection', () => {
  test('max requests, a draining listener, and the codec', () => {
    const counted = new Harness({ settings: { maxRequestsPerConnection: 2 } })
    const first = counted.request()
    counted.respond()
    assert.equal(first.headers?.has('connection'), false)
    const second = counted.request()
    counted.respond()
    assert.equal(second.headers?.get('connection'), 'close')
    assert.equal(counted.connection.state, 'closed')
    assert.equal(counted.counter('downstream_cx_max_requests_reached'), 1)

    const draining = new Harness({ settings: { drainClose: () => true } })
    const drained = draining.request()
    draining.respond()
    assert.equal(drained.headers?.get('connection'), 'close')
    assert.equal(draining.counter('downstream_cx_drain_close'), 1)
    draining.connection.fire('remote-close')

    const asked = new Harness()
    const last = asked.request()
    asked.codec.closeAfterResponse = true
    asked.respond()
    assert.equal(last.headers?.get('connection'), 'close')
    assert.equal(asked.connection.state, 'closed')
  })

  test('a response before the end of the request closes an HTTP/1 connection', () => {
    const harness = new Harness()
    const exchange = harness.request({}, false)
    harness.respond('early')
    assert.deepEqual(exchange.events, ['headers 200', 'data early end', 'reset local-reset'])
    assert.equal(exchange.headers?.get('connection'), 'close')
    assert.equal(harness.counter('downstream_rq_response_before_rq_complete'), 1)
    assert.equal(harness.connection.state, 'closed')
  })

  test('HTTP/1.0: keep-alive is said, a body without length ends with the connection', () => {
    const harness = new Harness()
    harness.codec.protocol = 'HTTP/1.0'
    const kept = harness.request()
    harness.respond('x', { 'content-length': '1' })
    assert.equal(kept.headers?.get('connection'), 'keep-alive')
    const closing = harness.request()
    harness.respond('x')
    assert.equal(closing.headers?.get('connection'), 'close')
    assert.equal(harness.connection.state, 'closed')
  })

  test('a codec error answers, counts and closes', () => {
    const harness = new Harness()
    const exchange = harness.open()
    exchange.codecDetails = 'http1.codec_error'
    exchange.decoder.sendLocalReply(400, 'Bad Request', 'http1.codec_error')
    harness.codec.dispatchResult = 'protocol-error'
    assert.deepEqual([exchange.status, exchange.body], ['400', 'Bad Request'])
    assert.equal(exchange.headers?.get('connection'), 'close')
    assert.equal(harness.gauge('downstream_rq_active'), 0)
    assert.equal(harness.connection.state, 'closed')
  })
})

describe('requests that are refused', () => {
  const refused = (headers: Readonly<Record<string, string>>, settings = {}): string => {
    const harness = new Harness({ settings })
    const exchange = harness.open()
    exchange.decoder.decodeHeaders(HeaderMap.of(headers), true)
    return `${exchange.status} ${harness.terminal?.streamInfo.responseCodeDetails}`
  }
  const base = { ':authority': 'a', ':path': '/', ':method': 'GET', ':scheme': '' }

  test('by host, path and upgrade', () => {
    assert.equal(refused({ ':path': '/', ':method': 'GET' }), '400 missing_host_header')
    assert.equal(refused({ ...base, ':path': '' }), '404 missing_path_rejected')
    assert.equal(refused({ ...base, ':path': 'x' }), '404 absolute_path_rejected')
    assert.equal(refused({ ...base, ':path': '/a#b' }), '400 path_normalization_failed')
    const slashes = { escapedSlashesAction: 'REJECT_REQUEST' as const }
    assert.equal(refused({ ...base, ':path': '/a%2fb' }, slashes), '400 path_normalization_failed')
    assert.equal(refused({ ...base, connection: 'Upgrade', upgrade: 'websocket' }), '403 upgrade_failed')
    assert.equal(refused({ ...base, ':path': '/%00' }, { normalizePath: true }), '400 path_normalization_failed')
    assert.equal(
      refused({ ...base, a_b: '1' }, { headersWithUnderscores: 'REJECT_REQUEST' }),
      '400 http1.unexpected_underscore',
    )
  })

  test('expect: 100-continue is answered, and not passed on', () => {
    const harness = new Harness()
    const exchange = harness.request({ expect: '100-Continue' }, false)
    assert.deepEqual(exchange.events, ['1xx 100'])
    assert.equal(harness.terminal.requestHeaders?.has('expect'), false)
    assert.equal(harness.counter('downstream_rq_1xx'), 1)
  })
})

test('access logs are written once, with all that is known, and may throw', () => {
  const lines: string[] = []
  const harness = new Harness({
    settings: {
      accessLogOnNewRequest: true,
      accessLogs: [
        {
          log({ logType, streamInfo, requestHeaders, responseHeaders }) {
            const { responseCode, bytesReceived, bytesSent, durationMs } = streamInfo
            lines.push(
              `${logType} ${requestHeaders?.path} ${responseCode} ${bytesReceived} ${bytesSent} ${responseHeaders?.status} ${durationMs !== undefined}`,
            )
            throw new Error('disk full')
          },
        },
      ],
    },
  })
  const exchange = harness.request({}, false)
  exchange.decoder.decodeData(Buffer.from('abc'), true)
  harness.respond('hello')
  assert.deepEqual(lines, ['DownstreamStart /x 0 0 0 undefined false', 'DownstreamEnd /x 200 3 5 200 true'])
})

test('a route can switch filters off and on', () => {
  const made: string[] = []
  const filter = (name: string) => () => {
    made.push(name)
    return {}
  }
  const harness = new Harness({
    route: { ...plainRoute, filterDisabled: name => ({ f0: true, f1: false })[name] },
    filters: [filter('f0'), filter('f1'), filter('f2')],
  })
  harness.request()
  assert.deepEqual(made, ['f1', 'f2'])
})
