import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Harness } from '../../test/support/http-harness.ts'
import { HeaderMap } from '../core/header-map.ts'
import type { DataStatus, HeadersStatus, HttpFilter, HttpFilterCallbacks, TrailersStatus } from '../core/http-filter.ts'

interface Plan {
  headers?: HeadersStatus
  data?: DataStatus
  trailers?: TrailersStatus
}

/** A filter that answers as planned and writes down what it was called with. */
class Recorder {
  readonly calls: string[] = []
  callbacks!: HttpFilterCallbacks
  plan: Plan

  constructor(plan: Plan) {
    this.plan = plan
  }

  readonly decoder = (callbacks: HttpFilterCallbacks): HttpFilter => {
    this.callbacks = callbacks
    return {
      decodeHeaders: (_headers, end) => this.#note(`headers${end ? ' end' : ''}`, this.plan.headers ?? 'continue'),
      decodeData: (data, end) => this.#note(`data ${text(data)}${end ? ' end' : ''}`, this.plan.data ?? 'continue'),
      decodeTrailers: () => this.#note('trailers', this.plan.trailers ?? 'continue'),
      decodeComplete: () => void this.calls.push('complete'),
    }
  }

  readonly encoder = (callbacks: HttpFilterCallbacks): HttpFilter => {
    this.callbacks = callbacks
    return {
      encodeHeaders: (_headers, end) => this.#note(`headers${end ? ' end' : ''}`, this.plan.headers ?? 'continue'),
      encodeData: (data, end) => this.#note(`data ${text(data)}${end ? ' end' : ''}`, this.plan.data ?? 'continue'),
      encodeTrailers: () => this.#note('trailers', this.plan.trailers ?? 'continue'),
      encodeComplete: () => void this.calls.push('complete'),
    }
  }

  #note<T>(call: string, status: T): T {
    this.calls.push(call)
    return status
  }
}

function text(data: Uint8Array): string {
  return Buffer.from(data).toString()
}

/** What of `headers`, `data a`, `data b end` or `trailers` a later filter gets before and after the earlier one continues. */
interface Row {
  plan: Plan
  /** The filter itself. */
  self: string[]
  before: string[]
  afterContinue: string[]
  selfAfter?: string[]
}

const all = ['headers /x', 'data a', 'data b', 'trailers t=1']
const rows: Record<string, Row> = {
  'all continue': {
    plan: {},
    self: ['headers', 'data a', 'data b', 'trailers', 'complete'],
    before: all,
    afterContinue: [],
  },
  'headers stop, data continue releases': {
    plan: { headers: 'stop' },
    self: ['headers', 'data a', 'data b', 'trailers', 'complete'],
    before: all,
    afterContinue: [],
  },
  'headers stop, data buffered, trailers release': {
    plan: { headers: 'stop', data: 'stop-and-buffer' },
    self: ['headers', 'data a', 'data b', 'trailers', 'complete'],
    before: ['headers /x', 'data ab', 'trailers t=1'],
    afterContinue: [],
  },
  'everything held to the trailers': {
    plan: { headers: 'stop', data: 'stop-and-buffer', trailers: 'stop' },
    self: ['headers', 'data a', 'data b', 'trailers', 'complete'],
    before: [],
    afterContinue: ['headers /x', 'data ab', 'trailers t=1'],
  },
  'watermark buffers alike': {
    plan: { headers: 'stop', data: 'stop-and-watermark', trailers: 'stop' },
    self: ['headers', 'data a', 'data b', 'trailers', 'complete'],
    before: [],
    afterContinue: ['headers /x', 'data ab', 'trailers t=1'],
  },
  'data swallowed': {
    plan: { data: 'stop-no-buffer' },
    self: ['headers', 'data a', 'data b', 'trailers', 'complete'],
    before: ['headers /x', 'trailers t=1'],
    afterContinue: [],
  },
  'trailers held': {
    plan: { trailers: 'stop' },
    self: ['headers', 'data a', 'data b', 'trailers', 'complete'],
    before: ['headers /x', 'data a', 'data b'],
    afterContinue: ['trailers t=1'],
  },
  'stop all and buffer': {
    plan: { headers: 'stop-all-and-buffer' },
    self: ['headers'],
    before: [],
    afterContinue: ['headers /x', 'data ab', 'trailers t=1'],
    selfAfter: ['data ab', 'trailers', 'complete'],
  },
  'stop all and watermark': {
    plan: { headers: 'stop-all-and-watermark' },
    self: ['headers'],
    before: [],
    afterContinue: ['headers /x', 'data ab', 'trailers t=1'],
    selfAfter: ['data ab', 'trailers', 'complete'],
  },
}

describe('request: statuses', () => {
  for (const [name, row] of Object.entries(rows)) {
    test(name, () => {
      const filter = new Recorder(row.plan)
      const harness = new Harness({ filters: [filter.decoder] })
      const { decoder } = harness.request({}, false)
      decoder.decodeData(Buffer.from('a'), false)
      decoder.decodeData(Buffer.from('b'), false)
      decoder.decodeTrailers(HeaderMap.of({ t: '1' }))
      assert.deepEqual(filter.calls, row.self)
      assert.deepEqual(harness.received, row.before)
      filter.calls.length = 0
      harness.received.length = 0
      filter.callbacks.continueDecoding()
      assert.deepEqual(harness.received, row.afterContinue)
      assert.deepEqual(filter.calls, row.selfAfter ?? [])
    })
  }

  test('headers alone: stop and continue', () => {
    for (const headers of ['stop', 'stop-all-and-buffer', 'stop-all-and-watermark'] as const) {
      const filter = new Recorder({ headers })
      const harness = new Harness({ filters: [filter.decoder] })
      harness.request()
      assert.deepEqual(harness.received, [])
      filter.callbacks.continueDecoding()
      assert.deepEqual(harness.received, ['headers /x end'], headers)
      filter.callbacks.continueDecoding()
      assert.deepEqual(harness.received, ['headers /x end'], 'a second continue does nothing')
    }
  })

  test('continued before the end of the body, the rest streams', () => {
    const filter = new Recorder({ headers: 'stop', data: 'stop-and-buffer' })
    const harness = new Harness({ filters: [filter.decoder] })
    const { decoder } = harness.request({}, false)
    decoder.decodeData(Buffer.from('a'), false)
    filter.callbacks.continueDecoding()
    assert.deepEqual(harness.received, ['headers /x', 'data a'])
    filter.plan = {}
    decoder.decodeData(Buffer.from('b'), true)
    assert.deepEqual(harness.received, ['headers /x', 'data a', 'data b end'])
  })

  test('a swallowed last chunk still ends the stream on continue', () => {
    const filter = new Recorder({ data: 'stop-no-buffer' })
    const harness = new Harness({ filters: [filter.decoder] })
    harness.request({}, false).decoder.decodeData(Buffer.from('a'), true)
    assert.deepEqual(harness.received, ['headers /x'])
    filter.callbacks.continueDecoding()
    assert.deepEqual(harness.received, ['headers /x', 'data  end'])
  })

  test('two filters that buffer share one buffer', () => {
    const first = new Recorder({ data: 'stop-and-buffer' })
    const second = new Recorder({ data: 'stop-and-buffer' })
    const harness = new Harness({ filters: [first.decoder, second.decoder] })
    const { decoder } = harness.request({}, false)
    decoder.decodeData(Buffer.from('a'), false)
    decoder.decodeData(Buffer.from('b'), true)
    first.callbacks.continueDecoding()
    assert.deepEqual(second.calls, ['headers', 'data ab end', 'complete'])
    assert.equal(second.callbacks.decodingBuffer()?.length, 2)
    second.callbacks.continueDecoding()
    assert.deepEqual(harness.received, ['headers /x', 'data ab end'])
    assert.equal(second.callbacks.decodingBuffer(), undefined)
  })

  test('a filter adds a body to a request without one', () => {
    const after = new Recorder({})
    const harness = new Harness({
      filters: [
        callbacks => ({
          decodeHeaders() {
            callbacks.addDecodedData(Buffer.from('new'))
            return 'continue'
          },
        }),
        after.decoder,
      ],
    })
    harness.request()
    assert.deepEqual(after.calls, ['headers', 'data new end', 'complete'])
    assert.deepEqual(harness.received, ['headers /x', 'data new end'])
  })

  test('continue-and-dont-end-stream, then injected data', () => {
    const filter = new Recorder({ headers: 'continue-and-dont-end-stream' })
    const harness = new Harness({ filters: [filter.decoder] })
    harness.request()
    assert.deepEqual(harness.received, ['headers /x'])
    filter.callbacks.injectDecodedData(Buffer.from('1'), false)
    filter.callbacks.injectDecodedData(Buffer.from('2'), true)
    assert.deepEqual(harness.received, ['headers /x', 'data 1', 'data 2 end'])
  })

  test('trailers added to the last chunk', () => {
    const after = new Recorder({})
    const harness = new Harness({
      filters: [
        callbacks => ({
          decodeData(_data, end) {
            if (end) callbacks.addDecodedTrailers().add('t', '1')
            return 'continue'
          },
        }),
        after.decoder,
      ],
    })
    harness.request({}, false).decoder.decodeData(Buffer.from('a'), true)
    assert.deepEqual(after.calls, ['headers', 'data a', 'trailers', 'complete'])
    assert.deepEqual(harness.received, ['headers /x', 'data a', 'trailers t=1'])
  })

  test('data added in the trailers callback comes before the trailers', () => {
    const harness = new Harness({
      filters: [
        callbacks => ({
          decodeTrailers() {
            callbacks.addDecodedData(Buffer.from('late'))
            return 'continue'
          },
        }),
      ],
    })
    harness.request({}, false).decoder.decodeTrailers(HeaderMap.of({ t: '1' }))
    assert.deepEqual(harness.received, ['headers /x', 'data late', 'trailers t=1'])
  })

  test('a chunk is replaced, and added to', () => {
    const harness = new Harness({
      filters: [
        callbacks => ({
          decodeData(data) {
            callbacks.replaceCurrentData(Buffer.from(text(data).toUpperCase()))
            callbacks.addDecodedData(Buffer.from('!'))
            return 'continue'
          },
        }),
      ],
    })
    harness.request({}, false).decoder.decodeData(Buffer.from('a'), true)
    assert.deepEqual(harness.received, ['headers /x', 'data A! end'])
  })

  test('the buffer is changed in place for later filters', () => {
    const holder = new Recorder({ data: 'stop-and-buffer' })
    const harness = new Harness({
      filters: [
        holder.decoder,
        callbacks => ({
          decodeData() {
            const buffer = callbacks.decodingBuffer()
            assert.equal(text(buffer?.slice(0, 10) as Uint8Array), 'ab')
            buffer?.drain(1)
            buffer?.prepend(Buffer.from('<'))
            buffer?.append(Buffer.from('>'))
            return 'continue'
          },
        }),
      ],
    })
    const { decoder } = harness.request({}, false)
    decoder.decodeData(Buffer.from('a'), false)
    decoder.decodeData(Buffer.from('b'), true)
    holder.callbacks.continueDecoding()
    assert.deepEqual(harness.received, ['headers /x', 'data <b> end'])
  })

  test('chunks that are held stay as they were when the read buffer is reused', () => {
    const filter = new Recorder({ data: 'stop-and-buffer' })
    const harness = new Harness({ filters: [filter.decoder] })
    const { decoder } = harness.request({}, false)
    decoder.decodeData(Buffer.from('ab'), true)
    filter.callbacks.continueDecoding()
    assert.deepEqual(harness.received, ['headers /x', 'data ab end'])
  })
})

describe('response: statuses', () => {
  for (const [name, row] of Object.entries(rows)) {
    test(name, () => {
      const filter = new Recorder(row.plan)
      const harness = new Harness({ filters: [filter.encoder] })
      const exchange = harness.request()
      const { terminal } = harness
      terminal.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
      terminal.encodeData(Buffer.from('a'), false)
      terminal.encodeData(Buffer.from('b'), false)
      terminal.encodeTrailers(HeaderMap.of({ t: '1' }))
      const asSent = (events: readonly string[]): string[] =>
        events.map(event => event.replace('headers /x', 'headers 200').replace('t=1', 't=1 end'))
      assert.deepEqual(filter.calls, row.self)
      assert.deepEqual(exchange.events, asSent(row.before))
      filter.calls.length = 0
      exchange.events.length = 0
      filter.callbacks.continueEncoding()
      assert.deepEqual(exchange.events, asSent(row.afterContinue))
      assert.deepEqual(filter.calls, row.selfAfter ?? [])
      assert.equal(harness.manager.activeStreams, 0)
    })
  }

  test('filters run in reverse order', () => {
    const order: string[] = []
    const named = (name: string) => (): HttpFilter => ({
      decodeHeaders: () => {
        order.push(`decode ${name}`)
        return 'continue'
      },
      encodeHeaders: () => {
        order.push(`encode ${name}`)
        return 'continue'
      },
    })
    const harness = new Harness({ filters: [named('1'), named('2')] })
    harness.request()
    harness.respond()
    assert.deepEqual(order, ['decode 1', 'decode 2', 'encode 2', 'encode 1'])
  })

  test('a filter adds a body to headers alone', () => {
    const harness = new Harness({
      filters: [
        callbacks => ({
          encodeHeaders() {
            callbacks.addEncodedData(Buffer.from('new'))
            return 'continue'
          },
        }),
      ],
    })
    const exchange = harness.request()
    harness.respond()
    assert.deepEqual(exchange.events, ['headers 200', 'data new end'])
  })

  test('continue-and-dont-end-stream, then injected data', () => {
    const filter = new Recorder({ headers: 'continue-and-dont-end-stream' })
    const harness = new Harness({ filters: [filter.encoder] })
    const exchange = harness.request()
    harness.respond()
    assert.deepEqual(exchange.events, ['headers 200'])
    filter.callbacks.injectEncodedData(Buffer.from('1'), false)
    filter.callbacks.injectEncodedData(Buffer.from('2'), true)
    assert.deepEqual(exchange.events, ['headers 200', 'data 1', 'data 2 end'])
    assert.equal(harness.manager.activeStreams, 0)
  })

  test('trailers added to the last chunk', () => {
    const harness = new Harness({
      filters: [
        callbacks => ({
          encodeData(_data, end) {
            if (end) callbacks.addEncodedTrailers().add('t', '1')
            return 'continue'
          },
        }),
      ],
    })
    const exchange = harness.request()
    harness.respond('a')
    assert.deepEqual(exchange.events, ['headers 200', 'data a', 'trailers t=1 end'])
  })

  test('a chunk is replaced', () => {
    const harness = new Harness({
      filters: [
        callbacks => ({
          encodeData(data) {
            callbacks.replaceCurrentData(Buffer.from(text(data).toUpperCase()))
            return 'continue'
          },
        }),
      ],
    })
    const exchange = harness.request()
    harness.respond('abc')
    assert.equal(exchange.body, 'ABC')
  })

  test('1xx headers pass only with proxy_100_continue, and can be held', () => {
    const harness = new Harness()
    const exchange = harness.request()
    harness.terminal.encode1xxHeaders(HeaderMap.of({ ':status': '100' }))
    assert.deepEqual(exchange.events, [])

    let held!: HttpFilterCallbacks
    const proxying = new Harness({
      settings: { proxy100Continue: true },
      filters: [
        callbacks => {
          held = callbacks
          return { encode1xxHeaders: () => 'stop' }
        },
      ],
    })
    const proxied = proxying.request({ expect: '100-continue' }, false)
    proxying.terminal.encode1xxHeaders(HeaderMap.of({ ':status': '100' }))
    assert.deepEqual(proxied.events, [])
    held.continueEncoding()
    assert.deepEqual(proxied.events, ['1xx 100'])
    proxied.decoder.decodeData(Buffer.from('a'), true)
    proxying.respond('ok')
    assert.deepEqual(proxied.events, ['1xx 100', 'headers 200', 'data ok end'])
  })

  test('a filter that removes :status gets a 502 to the client', () => {
    const harness = new Harness({
      filters: [
        () => ({
          encodeHeaders(headers) {
            headers.remove(':status')
            return 'continue'
          },
        }),
      ],
    })
    const exchange = harness.request()
    harness.respond('x')
    assert.equal(exchange.status, '502')
    assert.equal(exchange.body, 'missing required header: :status')
  })
})

describe('buffer limits', () => {
  test('request over the limit: 413 and the connection closes', () => {
    const filter = new Recorder({ data: 'stop-and-buffer' })
    const harness = new Harness({ filters: [filter.decoder], bufferLimitBytes: 3 })
    const exchange = harness.request({}, false)
    exchange.decoder.decodeData(Buffer.from('abc'), false)
    assert.deepEqual(exchange.events, [])
    exchange.decoder.decodeData(Buffer.from('d'), false)
    assert.deepEqual(exchange.events, ['headers 413', 'data Payload Too Large end', 'reset local-reset'])
    assert.equal(exchange.headers?.get('connection'), 'close')
    assert.equal(harness.counter('downstream_rq_too_large'), 1)
    assert.equal(harness.connection.closedAs, 'flush-write-and-delay')
    assert.equal(harness.manager.activeStreams, 0)
  })

  test('the last chunk itself goes over the limit', () => {
    const filter = new Recorder({ headers: 'stop-all-and-buffer' })
    const harness = new Harness({ filters: [filter.decoder], bufferLimitBytes: 3 })
    const exchange = harness.request({}, false)
    exchange.decoder.decodeData(Buffer.from('abcdef'), true)
    assert.equal(exchange.status, '413')
    filter.callbacks.continueDecoding()
    assert.deepEqual(harness.received, ['destroy'])
  })

  test('a filter may raise the limit', () => {
    const filter = new Recorder({ data: 'stop-and-buffer' })
    const harness = new Harness({ filters: [filter.decoder], bufferLimitBytes: 3 })
    const exchange = harness.request({}, false)
    filter.callbacks.decoderBufferLimitBytes = 100
    exchange.decoder.decodeData(Buffer.from('abcdef'), true)
    filter.callbacks.continueDecoding()
    assert.deepEqual(harness.received, ['headers /x', 'data abcdef end'])
  })

  test('request over the watermark: reading pauses until the filter continues', () => {
    const filter = new Recorder({ headers: 'stop-all-and-watermark' })
    const harness = new Harness({ filters: [filter.decoder], bufferLimitBytes: 3 })
    const exchange = harness.request({}, false)
    exchange.decoder.decodeData(Buffer.from('abcd'), false)
    exchange.decoder.decodeData(Buffer.from('e'), false)
    assert.equal(exchange.readDisables, 1)
    assert.equal(harness.counter('downstream_flow_control_paused_reading_total'), 1)
    filter.callbacks.continueDecoding()
    assert.equal(exchange.readDisables, 0)
    assert.equal(harness.counter('downstream_flow_control_resumed_reading_total'), 1)
    assert.deepEqual(harness.received, ['headers /x', 'data abcde'])
  })

  test('response over the limit before its headers left: 500', () => {
    const filter = new Recorder({ headers: 'stop', data: 'stop-and-buffer' })
    const harness = new Harness({ filters: [filter.encoder], bufferLimitBytes: 3 })
    const exchange = harness.request()
    harness.terminal.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
    harness.terminal.encodeData(Buffer.from('abcd'), false)
    assert.deepEqual(exchange.events, ['headers 500', 'data Internal Server Error end'])
    assert.equal(harness.counter('rs_too_large'), 1)
    assert.equal(harness.manager.activeStreams, 0)
  })

  test('response over the limit after its headers left: reset', () => {
    const filter = new Recorder({ data: 'stop-and-buffer' })
    const harness = new Harness({ filters: [filter.encoder], bufferLimitBytes: 3 })
    const exchange = harness.request()
    harness.terminal.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
    harness.terminal.encodeData(Buffer.from('abcd'), false)
    assert.deepEqual(exchange.events, ['headers 200', 'reset local-reset'])
    assert.equal(harness.counter('downstream_rq_tx_reset'), 1)
    assert.equal(harness.manager.activeStreams, 0)
  })

  test('response over the watermark: the terminal filter is told to pause', () => {
    const filter = new Recorder({ headers: 'stop-all-and-watermark' })
    const harness = new Harness({ filters: [filter.encoder], bufferLimitBytes: 3 })
    harness.request()
    const told: string[] = []
    harness.terminal.addDownstreamWatermarkCallbacks({
      onAboveWriteBufferHighWatermark: () => void told.push('above'),
      onBelowWriteBufferLowWatermark: () => void told.push('below'),
    })
    harness.terminal.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
    harness.terminal.encodeData(Buffer.from('abcd'), false)
    assert.deepEqual(told, ['above'])
    filter.callbacks.continueEncoding()
    assert.deepEqual(told, ['above', 'below'])
  })

  test('the connection above its watermark reaches callbacks, also those added later', () => {
    const harness = new Harness()
    harness.request()
    harness.manager.onAboveWriteBufferHighWatermark()
    const told: string[] = []
    const callbacks = {
      onAboveWriteBufferHighWatermark: () => void told.push('above'),
      onBelowWriteBufferLowWatermark: () => void told.push('below'),
    }
    harness.terminal.addDownstreamWatermarkCallbacks(callbacks)
    assert.deepEqual(told, ['above'])
    harness.manager.onBelowWriteBufferLowWatermark()
    assert.deepEqual(told, ['above', 'below'])
    harness.terminal.removeDownstreamWatermarkCallbacks(callbacks)
    harness.manager.onAboveWriteBufferHighWatermark()
    assert.deepEqual(told, ['above', 'below'])
  })
})

describe('local replies', () => {
  const denial = { status: 403, body: 'no', details: 'a b' }
  const deny = (phase: 'decodeHeaders' | 'decodeData' | 'decodeTrailers') => (callbacks: HttpFilterCallbacks) => ({
    [phase]() {
      callbacks.sendLocalReply(denial)
      return phase === 'decodeData' ? 'stop-no-buffer' : 'stop'
    },
  })

  for (const phase of ['decodeHeaders', 'decodeData', 'decodeTrailers'] as const)
    test(`from ${phase}`, () => {
      const before = new Recorder({})
      const after = new Recorder({})
      const harness = new Harness({ filters: [before.encoder, deny(phase), after.decoder] })
      const exchange = harness.request({}, false)
      exchange.decoder.decodeData(Buffer.from('a'), false)
      exchange.decoder.decodeTrailers(HeaderMap.of({ t: '1' }))
      assert.equal(exchange.status, '403')
      assert.equal(exchange.body, 'no')
      assert.equal(exchange.headers?.get('content-type'), 'text/plain')
      assert.equal(exchange.headers?.get('content-length'), '2')
      assert.deepEqual(before.calls, ['headers', 'data no end', 'complete'])
      assert.equal(harness.received.at(-1), 'destroy')
      assert.equal(before.callbacks.streamInfo.responseCodeDetails, 'a_b')
      assert.equal(harness.manager.activeStreams, 0)
      const seen = { decodeHeaders: 0, decodeData: 1, decodeTrailers: 2 }[phase]
      assert.equal(after.calls.length, seen)
    })

  test('outside of a callback, while a filter waits', () => {
    const filter = new Recorder({ headers: 'stop' })
    const harness = new Harness({ filters: [filter.decoder] })
    const exchange = harness.request()
    filter.callbacks.sendLocalReply(denial)
    assert.deepEqual(exchange.events, ['headers 403', 'data no end'])
    filter.callbacks.continueDecoding()
    filter.callbacks.sendLocalReply(denial)
    assert.deepEqual(exchange.events, ['headers 403', 'data no end'])
    assert.deepEqual(harness.received, ['destroy'])
  })

  test('from encodeHeaders: straight to the client', () => {
    const outer = new Recorder({})
    const harness = new Harness({
      filters: [
        outer.encoder,
        callbacks => ({
          encodeHeaders() {
            callbacks.sendLocalReply(denial)
            return 'stop'
          },
        }),
      ],
    })
    const exchange = harness.request()
    harness.respond('x')
    assert.deepEqual(exchange.events, ['headers 403', 'data no end'])
    assert.deepEqual(outer.calls, [])
    assert.equal(harness.manager.activeStreams, 0)
  })

  test('from encodeData with headers sent: reset', () => {
    const harness = new Harness({
      filters: [
        callbacks => ({
          encodeData() {
            callbacks.sendLocalReply(denial)
            return 'stop-no-buffer'
          },
        }),
      ],
    })
    const exchange = harness.request()
    harness.respond('x')
    assert.deepEqual(exchange.events, ['headers 200', 'reset local-reset'])
    assert.equal(harness.manager.activeStreams, 0)
  })

  test('HEAD has the length and no body, gRPC a status in headers', () => {
    const filter = new Recorder({ headers: 'stop' })
    const harness = new Harness({ filters: [filter.decoder] })
    const head = harness.request({ ':method': 'HEAD' })
    filter.callbacks.sendLocalReply(denial)
    assert.deepEqual(head.events, ['headers 403 end'])
    assert.equal(head.headers?.get('content-length'), '2')

    const grpc = harness.request({ 'content-type': 'application/grpc+proto' })
    filter.callbacks.sendLocalReply({ status: 503, body: 'no\n%', details: 'd' })
    assert.deepEqual(grpc.events, ['headers 200 end'])
    assert.equal(grpc.headers?.get('grpc-status'), '14')
    assert.equal(grpc.headers?.get('grpc-message'), 'no%0A%25')
    assert.equal(grpc.headers?.get('content-type'), 'application/grpc')
    assert.equal(grpc.headers?.has('content-length'), false)
  })

  test('headers of the reply are changed by the sender', () => {
    const filter = new Recorder({ headers: 'stop' })
    const harness = new Harness({ filters: [filter.decoder] })
    const exchange = harness.request()
    filter.callbacks.sendLocalReply({ ...denial, modifyHeaders: headers => headers.add('x-why', 'because') })
    assert.equal(exchange.headers?.get('x-why'), 'because')
  })
})

describe('filters that throw', () => {
  const bug = (phase: keyof HttpFilter) => (): HttpFilter => ({
    [phase]() {
      throw new Error('bug')
    },
  })
  const requestPhases = ['decodeHeaders', 'decodeData', 'decodeTrailers'] as const
  for (const phase of requestPhases)
    test(`in ${phase}: 500 for that stream only`, () => {
      const harness = new Harness({ filters: [bug(phase)] })
      const exchange = harness.request({}, false)
      exchange.decoder.decodeData(Buffer.from('a'), false)
      exchange.decoder.decodeTrailers(HeaderMap.of({ t: '1' }))
      assert.equal(exchange.status, '500')
      assert.equal(harness.counter('downstream_rq_filter_error'), 1)
      assert.equal(harness.manager.activeStreams, 0)
      assert.equal(harness.gauge('downstream_rq_active'), 0)
    })

  test('in encodeHeaders: 500', () => {
    const harness = new Harness({ filters: [bug('encodeHeaders')] })
    const exchange = harness.request()
    harness.respond('x')
    assert.deepEqual(exchange.events, ['headers 500', 'data Internal Server Error end'])
  })

  test('in encodeData and encodeTrailers: reset', () => {
    for (const phase of ['encodeData', 'encodeTrailers'] as const) {
      const harness = new Harness({ filters: [bug(phase)] })
      const exchange = harness.request()
      harness.terminal.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
      harness.terminal.encodeData(Buffer.from('a'), false)
      harness.terminal.encodeTrailers(new HeaderMap())
      assert.equal(exchange.events.at(-1), 'reset local-reset', phase)
      assert.equal(harness.manager.activeStreams, 0)
    }
  })

  test('in its factory, onDestroy, onStreamComplete and log', () => {
    const failing = new Harness({
      filters: [
        () => {
          throw new Error('no filter')
        },
      ],
    })
    assert.equal(failing.request().status, '500')
    for (const phase of ['onDestroy', 'onStreamComplete', 'log'] as const) {
      const harness = new Harness({ filters: [bug(phase)] })
      const exchange = harness.request()
      harness.respond('x')
      assert.deepEqual(exchange.events, ['headers 200', 'data x end'], phase)
      assert.equal(harness.counter('downstream_rq_filter_error'), 1)
      assert.deepEqual(harness.received.at(-1), 'destroy')
    }
  })

  test('while answering another bug', () => {
    const harness = new Harness({ filters: [bug('encodeHeaders'), bug('decodeHeaders')] })
    const exchange = harness.request()
    assert.deepEqual(exchange.events, ['headers 500', 'data Internal Server Error end'])
    assert.equal(harness.counter('downstream_rq_filter_error'), 2)
    assert.equal(harness.manager.activeStreams, 0)
  })
})

describe('resets', () => {
  test('by a filter, at each phase', () => {
    for (const phase of ['decodeHeaders', 'decodeData', 'encodeHeaders', 'encodeData'] as const) {
      const harness = new Harness({
        filters: [
          callbacks => ({
            [phase]() {
              callbacks.resetStream()
              return phase.endsWith('Data') ? 'stop-no-buffer' : 'stop'
            },
          }),
        ],
      })
      const exchange = harness.request({}, false)
      exchange.decoder.decodeData(Buffer.from('a'), true)
      if (harness.manager.activeStreams > 0) harness.respond('x')
      assert.equal(exchange.events.at(-1), 'reset local-reset', phase)
      assert.equal(harness.counter('downstream_rq_tx_reset'), 1, phase)
      assert.equal(harness.manager.activeStreams, 0)
      assert.equal(harness.received.at(-1), 'destroy')
    }
  })

  test('by the client, at each phase', () => {
    for (const phase of ['after headers', 'in the body', 'in the response'] as const) {
      const harness = new Harness()
      const exchange = harness.request({}, false)
      if (phase !== 'after headers') exchange.decoder.decodeData(Buffer.from('a'), phase === 'in the response')
      if (phase === 'in the response') harness.terminal.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
      const { streamInfo } = harness.terminal
      exchange.callbacks?.onResetStream('remote-reset', '')
      assert.equal(harness.manager.activeStreams, 0, phase)
      assert.equal(harness.counter('downstream_rq_rx_reset'), 1)
      assert.equal(harness.received.at(-1), 'destroy')
      assert.equal(streamInfo.responseCodeDetails, 'downstream_remote_reset')
      harness.terminal.encodeData(Buffer.from('late'), true)
      exchange.decoder.decodeData(Buffer.from('late'), true)
    }
  })

  test('with the connection', () => {
    const harness = new Harness()
    harness.request({}, false)
    const { streamInfo } = harness.terminal
    harness.connection.fire('remote-close')
    assert.equal(harness.manager.activeStreams, 0)
    assert.equal(streamInfo.responseCodeDetails, 'downstream_remote_disconnect')
    assert.equal(harness.counter('downstream_cx_destroy_remote_active_rq'), 1)
    assert.equal(harness.gauge('downstream_cx_active'), 0)
    assert.equal(harness.gauge('downstream_cx_http1_active'), 0)
    assert.equal(harness.gauge('downstream_rq_active'), 0)
  })
})
