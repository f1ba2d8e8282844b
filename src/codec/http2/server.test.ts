import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { FakeConnection } from '../../../test/support/fake-connection.ts'
import {
  block,
  clientStart,
  data,
  end,
  endHeaders,
  frame,
  FrameLog,
  headers,
  request,
} from '../../../test/support/http2-frames.ts'
import type { RequestDecoder, ResponseEncoder, StreamCallbacks } from '../../core/codec.ts'
import { HeaderMap } from '../../core/header-map.ts'
import { StatsStore } from '../../stats/store.ts'
import {
  endMetadata,
  FrameType,
  metadataFrameType,
  pingFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from './framing.ts'
import { Http2ServerConnection } from './server.ts'
import { defaultHttp2Settings, type Http2Settings } from './settings.ts'
import { Http2Stats } from './stats.ts'

/** One request as its user sees it. */
class Exchange implements RequestDecoder, StreamCallbacks {
  readonly encoder: ResponseEncoder
  readonly events: string[]
  constructor(encoder: ResponseEncoder, events: string[]) {
    this.encoder = encoder
    this.events = events
    encoder.stream.setCallbacks(this)
  }
  decodeHeaders(map: HeaderMap, endStream: boolean): void {
    this.events.push(`headers ${[...map].map(([n, v]) => `${n}=${v}`).join(' ')}${endStream ? ' end' : ''}`)
  }
  decodeData(bytes: Uint8Array, endStream: boolean): void {
    this.events.push(`data ${Buffer.from(bytes).toString('latin1')}${endStream ? ' end' : ''}`)
  }
  decodeTrailers(map: HeaderMap): void {
    this.events.push(`trailers ${[...map].map(([n, v]) => `${n}=${v}`).join(' ')}`)
  }
  decodeMetadata(list: readonly string[]): void {
    this.events.push(`metadata ${list.join(' ')}`)
  }
  sendLocalReply(status: number): void {
    this.events.push(`local reply ${status}`)
  }
  onResetStream(reason: string): void {
    this.events.push(`reset ${reason} ${this.encoder.stream.codecDetails}`)
  }
  onAboveWriteBufferHighWatermark(): void {
    this.events.push('high')
  }
  onBelowWriteBufferLowWatermark(): void {
    this.events.push('low')
  }
  respond(body: string, more: string[] = []): void {
    this.encoder.encodeHeaders(new HeaderMap([':status', '200', ...more]), body === '')
    if (body !== '') this.encoder.encodeData(body, true)
  }
}

class Peer {
  readonly connection = new FakeConnection()
  readonly store = new StatsStore()
  readonly codec: Http2ServerConnection
  readonly exchanges: Exchange[] = []
  readonly events: string[] = []
  readonly log = new FrameLog()

  constructor(settings: Partial<Http2Settings> = {}, start = clientStart) {
    this.codec = new Http2ServerConnection(
      this.connection,
      {
        newStream: encoder => {
          const exchange = new Exchange(encoder, this.events)
          this.exchanges.push(exchange)
          return exchange
        },
        onGoAway: () => this.events.push('goaway'),
      },
      { ...defaultHttp2Settings, ...settings },
      new Http2Stats(this.store.scope('http2')),
    )
    if (start !== '') this.send(start)
    this.frames()
  }

  send(bytes: string): string {
    return this.codec.dispatch(Buffer.from(bytes, 'latin1'), false)
  }

  /** Frames that were written since the last call. */
  frames(): string[] {
    this.log.push(this.connection.take())
    return this.log.take()
  }

  counter(name: string): number {
    return this.store.counter(`http2.${name}`).value
  }
}

const post = (more: string[] = []): string[] => request('/', more, 'POST')

describe('messages', () => {
  it('settings first: those of Envoy, in its order', () => {
    const peer = new Peer({}, '')
    peer.connection.take()
    const other = new Peer({}, '')
    assert.deepEqual(other.log.seen, [])
    const log = new FrameLog()
    const connection = new FakeConnection()
    const codec = new Http2ServerConnection(
      connection,
      { newStream: () => assert.fail(), onGoAway: () => {} },
      { ...defaultHttp2Settings, customSettings: [77, 5], allowConnect: true },
      new Http2Stats(new StatsStore().scope('http2')),
    )
    assert.equal(codec.protocol, 'HTTP/2')
    log.push(connection.take())
    assert.deepEqual(log.seen, ['settings 77=5 1=4096 8=1 3=1024 4=16777216', 'windowUpdate 0 +25100289'])
  })

  it('a request and its answer', () => {
    const peer = new Peer()
    assert.equal(peer.send(headers(1, request('/a'))), 'ok')
    assert.deepEqual(peer.events, ['headers :method=GET :path=/a :scheme=http :authority=a.test end'])
    peer.exchanges[0]?.respond('hello')
    assert.deepEqual(peer.frames(), ['headers 1 :status=200', 'data 1 end hello'])
    assert.equal(peer.codec.activeStreams, 0)
    assert.equal(peer.store.gauge('http2.streams_active').value, 0)
  })

  it('bodies and trailers both ways', () => {
    const peer = new Peer()
    peer.send(headers(1, post(), 0) + data(1, 'ab') + data(1, 'cd') + headers(1, ['x-t', '1']))
    assert.deepEqual(peer.events.slice(1), ['data ab', 'data cd', 'trailers x-t=1'])
    const { encoder } = peer.exchanges[0] as Exchange
    encoder.encode1xxHeaders(new HeaderMap([':status', '103']))
    encoder.encodeHeaders(new HeaderMap([':status', '200']), false)
    encoder.encodeData('x', false)
    encoder.encodeTrailers(new HeaderMap(['grpc-status', '0']))
    assert.deepEqual(peer.frames(), [
      'headers 1 :status=103',
      'headers 1 :status=200',
      'data 1 x',
      'headers 1 end grpc-status=0',
    ])
    assert.equal(peer.counter('trailers'), 1)
  })

  it('trailers without fields are an empty end', () => {
    const peer = new Peer()
    peer.send(headers(1, request('/')))
    const { encoder } = peer.exchanges[0] as Exchange
    encoder.encodeHeaders(new HeaderMap([':status', '200']), false)
    encoder.encodeTrailers(new HeaderMap())
    assert.deepEqual(peer.frames(), ['headers 1 :status=200', 'data 1 end '])
  })

  it('padding and priority are skipped', () => {
    const peer = new Peer()
    peer.send(frame(FrameType.headers, endHeaders | 0x28, 1, `\x03\0\0\0\0\x10${block(post())}\0\0\0`))
    peer.send(frame(FrameType.data, end | 0x8, 1, '\x02ab\0\0'))
    assert.deepEqual(peer.events.slice(1), ['data ab end'])
  })

  it('an answer before the end of the request: RST_STREAM with NO_ERROR, unless the end comes in the same bytes', () => {
    const peer = new Peer()
    peer.send(headers(1, post(), 0))
    const [exchange] = peer.exchanges
    exchange?.respond('early')
    exchange?.encoder.stream.resetStream('local-reset')
    assert.deepEqual(peer.frames(), ['headers 1 :status=200', 'data 1 end early', 'rstStream 1 noError'])
    // What was on its way is no fault of the client.
    assert.equal(peer.send(data(1, 'late') + headers(1, ['x-t', '1'])), 'ok')
  })

  it('resets become codes, and codes resets', () => {
    const peer = new Peer()
    for (const id of [1, 3, 5]) peer.send(headers(id, post(), 0))
    peer.exchanges[0]?.encoder.stream.resetStream('local-reset')
    peer.exchanges[1]?.encoder.stream.resetStream('local-refused-stream-reset')
    assert.deepEqual(peer.frames(), ['rstStream 1 internalError', 'rstStream 3 refusedStream'])
    peer.events.length = 0
    peer.send(rstStreamFrame(5, 8))
    assert.deepEqual(peer.events, ['reset remote-reset http2.remote_reset'])
    assert.equal(peer.counter('rx_reset'), 1)
    assert.equal(peer.counter('tx_reset'), 2)
    assert.equal(peer.codec.activeStreams, 0)
  })

  it('streams over the limit are refused', () => {
    const peer = new Peer({ maxConcurrentStreams: 1 })
    peer.send(headers(1, post(), 0) + headers(3, post(), 0))
    assert.deepEqual(peer.frames(), ['rstStream 3 refusedStream'])
    assert.equal(peer.exchanges.length, 1)
  })

  it('GOAWAY in two steps; later streams are ignored after the second', () => {
    const peer = new Peer()
    peer.send(headers(1, request('/')))
    peer.codec.shutdownNotice()
    peer.send(headers(3, request('/')))
    peer.codec.goAway()
    assert.equal(peer.send(headers(5, request('/'))), 'ok')
    assert.deepEqual(peer.frames(), ['goAway 2147483647 noError', 'goAway 3 noError'])
    assert.equal(peer.exchanges.length, 2)
    assert.equal(peer.counter('goaway_sent'), 1)
  })

  it('extended CONNECT is an upgrade inside of the proxy', () => {
    const peer = new Peer({ allowConnect: true })
    peer.send(
      headers(
        1,
        [':method', 'CONNECT', ':protocol', 'websocket', ':path', '/w', ':scheme', 'http', ':authority', 'a'],
        0,
      ),
    )
    assert.deepEqual(peer.events, [
      'headers :method=GET :path=/w :scheme=http :authority=a upgrade=websocket connection=upgrade',
    ])
    peer.exchanges[0]?.encoder.encodeHeaders(
      new HeaderMap([':status', '101', 'upgrade', 'websocket', 'connection', 'upgrade', 'x', 'y']),
      false,
    )
    assert.deepEqual(peer.frames(), ['headers 1 :status=200 x=y'])
  })
})

describe('errors', () => {
  it('a bad request ends the connection, or its stream where that is configured', () => {
    const bad = headers(1, request('/', ['X-Upper', '1']))
    const peer = new Peer()
    assert.equal(peer.send(bad), 'protocol-error')
    assert.deepEqual(peer.frames(), ['goAway 1 protocolError'])
    assert.equal(peer.exchanges[0]?.encoder.stream.codecDetails, 'http2.invalid.header.field')
    assert.equal(peer.send(headers(3, request('/'))), 'protocol-error')
    const tolerant = new Peer({ streamErrorOnInvalidHttpMessage: true })
    assert.equal(tolerant.send(bad), 'ok')
    assert.deepEqual(tolerant.frames(), ['rstStream 1 protocolError'])
    assert.deepEqual(tolerant.events, ['reset local-reset http2.invalid.header.field'])
    assert.equal(tolerant.counter('rx_messaging_error'), 1)
  })

  it('a body that is not as long as it said resets the stream', () => {
    for (const body of [data(1, 'abc', end), data(1, 'abcdef')]) {
      const peer = new Peer()
      assert.equal(peer.send(headers(1, post(['content-length', '5']), 0) + body), 'ok')
      assert.deepEqual(peer.frames(), ['rstStream 1 protocolError'])
      assert.match(peer.events.at(-1) ?? '', /^reset /)
    }
  })

  it('but with trailers it ends the connection', () => {
    const peer = new Peer()
    const bytes = headers(1, post(['content-length', '5']), 0) + data(1, 'abc') + headers(1, ['x', 'y'])
    assert.equal(peer.send(bytes), 'protocol-error')
  })

  it('too many fields, or bytes, reset the stream; the table stays in step', () => {
    const peer = new Peer({ maxHeadersCount: 10, maxHeadersKb: 1 })
    const many = Array.from({ length: 10 }, (_, i) => [`h${i}`, 'v']).flat()
    peer.send(headers(1, request('/', many)))
    peer.send(headers(3, request('/', ['big', 'x'.repeat(1500)])))
    assert.deepEqual(peer.frames(), ['rstStream 1 internalError', 'rstStream 3 internalError'])
    assert.equal(peer.counter('header_overflow'), 1)
    assert.equal(peer.counter('header_list_size_too_large'), 1)
    peer.send(headers(5, request('/ok')))
    assert.match(peer.events.at(-1) ?? '', /:path=\/ok/)
  })

  it('what a stream may not be sent', () => {
    const closed = [headers(1, request('/')) + rstStreamFrame(1, 8), 'streamClosed'] as const
    for (const [bytes, code] of [
      [data(1, 'idle'), 'protocolError'],
      [rstStreamFrame(1, 8), 'protocolError'],
      [windowUpdateFrame(1, 8), 'protocolError'],
      [windowUpdateFrame(0, 0), 'protocolError'],
      [headers(2, request('/')), 'protocolError'],
      [headers(5, request('/')) + headers(3, request('/')), 'protocolError'],
      [headers(1, request('/')) + data(1, 'after end'), 'streamClosed'],
      [headers(1, request('/')) + headers(1, request('/')), 'streamClosed'],
      [closed[0] + headers(1, request('/')), 'streamClosed'],
      [closed[0] + data(1, 'x'), 'streamClosed'],
      [headers(1, post(), 0) + headers(1, ['x', 'y'], 0), 'protocolError'],
      [windowUpdateFrame(0, 2 ** 31 - 1), 'flowControlError'],
      [settingsFrame([4, 2 ** 31]), 'flowControlError'],
      [settingsFrame([5, 100]), 'protocolError'],
      [frame(FrameType.priority, 0, 1, '\0\0\0\x01\x10'), 'protocolError'],
      [frame(FrameType.headers, endHeaders, 1, '\xff\xff\xff\xff\xff'), 'compressionError'],
    ] as const) {
      const peer = new Peer()
      assert.equal(peer.send(bytes), 'protocol-error', code)
      assert.match(peer.frames().at(-1) ?? '', new RegExp(`^goAway \\d+ ${code}`))
    }
  })

  it('a preface that is none, and one without SETTINGS', () => {
    assert.equal(new Peer({}, '').send('GET / HTTP/1.1\r\n'), 'protocol-error')
    assert.equal(new Peer({}, '').send(`${clientStart.slice(0, 24)}${headers(1, request('/'))}`), 'protocol-error')
  })
})

describe('flow control', () => {
  const startWith = (window: number): string => clientStart.slice(0, 24) + settingsFrame([4, window])

  it('an answer waits for the windows of stream and connection', () => {
    const peer = new Peer({}, startWith(4))
    peer.send(headers(1, request('/')))
    peer.exchanges[0]?.respond('0123456789')
    assert.deepEqual(peer.frames(), ['headers 1 :status=200', 'data 1 0123'])
    assert.equal(peer.store.gauge('http2.pending_send_bytes').value, 6)
    peer.send(windowUpdateFrame(1, 3))
    peer.send(settingsFrame([4, 5]))
    assert.deepEqual(peer.frames(), ['data 1 456', 'data 1 7'])
    peer.send(windowUpdateFrame(1, 100))
    assert.deepEqual(peer.frames(), ['data 1 end 89'])
    assert.equal(peer.codec.activeStreams, 0)
    assert.equal(peer.store.gauge('http2.pending_send_bytes').value, 0)
  })

  it('a window that SETTINGS made negative', () => {
    const peer = new Peer({}, startWith(4))
    peer.send(headers(1, request('/')))
    peer.exchanges[0]?.respond('0123456789')
    peer.send(settingsFrame([4, 1]) + windowUpdateFrame(1, 3))
    assert.deepEqual(peer.frames(), ['headers 1 :status=200', 'data 1 0123'])
    peer.send(windowUpdateFrame(1, 2))
    assert.deepEqual(peer.frames(), ['data 1 45'])
  })

  it('an end without data needs no window, even where it is negative', () => {
    const peer = new Peer({}, startWith(4))
    peer.send(headers(1, request('/')))
    const { encoder } = peer.exchanges[0] as Exchange
    encoder.encodeHeaders(new HeaderMap([':status', '200']), false)
    encoder.encodeData('0123', false)
    peer.send(settingsFrame([4, 0]))
    encoder.encodeData('', true)
    assert.deepEqual(peer.frames(), ['headers 1 :status=200', 'data 1 0123', 'data 1 end '])
  })

  it('streams that wait take turns, trailers come last', () => {
    const peer = new Peer({}, clientStart.slice(0, 24) + settingsFrame([4, 2 ** 30]))
    peer.send(headers(1, request('/')) + headers(3, request('/')))
    const [first, second] = peer.exchanges
    const chunk = 'x'.repeat(40_000)
    first?.encoder.encodeHeaders(new HeaderMap([':status', '200']), false)
    second?.encoder.encodeHeaders(new HeaderMap([':status', '200']), false)
    for (let i = 0; i < 3; i++) first?.encoder.encodeData(chunk, false)
    first?.encoder.encodeTrailers(new HeaderMap(['t', '1']))
    second?.encoder.encodeData('second', true)
    const sent = peer.frames().filter(line => line.startsWith('data'))
    assert.equal(sent.map(line => line.slice(7)).join('').length, 65_535)
    peer.send(windowUpdateFrame(0, 2 ** 20))
    const rest = peer.frames().map(line => line.slice(0, 13).trim())
    assert.deepEqual(rest.slice(0, 2), ['data 1 xxxxxx', 'data 3 end se'])
    assert.equal(rest.at(-1), 'headers 1 end')
  })

  it('the producer of a slow stream is told to stop and to go on', () => {
    const peer = new Peer({}, startWith(1))
    peer.send(headers(1, request('/')))
    const { encoder, events } = peer.exchanges[0] as Exchange
    events.length = 0
    encoder.encodeHeaders(new HeaderMap([':status', '200']), false)
    for (let i = 0; i < 5; i++) encoder.encodeData('x'.repeat(64 * 1024), false)
    assert.deepEqual(events, ['high'])
    assert.equal(encoder.stream.bufferedBytes, 5 * 64 * 1024 - 1)
    peer.send(windowUpdateFrame(0, 2 ** 20) + windowUpdateFrame(1, 2 ** 20))
    assert.deepEqual(events, ['high', 'low'])
  })

  it('a user who does not read keeps the windows closed, and gets everything in order later', async () => {
    const peer = new Peer({ initialStreamWindowBytes: 65_535, initialConnectionWindowBytes: 65_535 })
    peer.send(headers(1, post(), 0))
    const { encoder, events } = peer.exchanges[0] as Exchange
    events.length = 0
    encoder.stream.readDisable(true)
    for (let i = 0; i < 3; i++) assert.equal(peer.send(data(1, String(i).repeat(16_000))), 'ok')
    peer.send(headers(1, ['t', '1']))
    assert.equal(events.length + peer.log.seen.length, 0)
    encoder.stream.readDisable(false)
    await Promise.resolve()
    assert.deepEqual(
      events.map(line => line.slice(0, 6)),
      ['data 0', 'data 1', 'data 2', 'traile'],
    )
    peer.log.push(peer.connection.take())
    assert.deepEqual(peer.log.seen, ['windowUpdate 0 +48000'])
    assert.equal(peer.send(data(1, 'x')), 'protocol-error')
  })

  it('a peer that ignores our windows', () => {
    const peer = new Peer({ initialStreamWindowBytes: 65_535 })
    peer.send(headers(1, post(), 0))
    peer.exchanges[0]?.encoder.stream.readDisable(true)
    let result = 'ok'
    for (let i = 0; i < 5 && result === 'ok'; i++) result = peer.send(data(1, 'x'.repeat(16_384)))
    assert.equal(result, 'protocol-error')
    assert.deepEqual(peer.frames(), ['goAway 1 flowControlError'])
  })

  it('what a reset stream held goes back to the connection', () => {
    const peer = new Peer({ initialStreamWindowBytes: 65_535, initialConnectionWindowBytes: 65_535 })
    for (let id = 1; id < 40; id += 2) {
      peer.send(headers(id, post(), 0))
      const exchange = peer.exchanges.at(-1)
      exchange?.encoder.stream.readDisable(true)
      peer.send(data(id, 'x'.repeat(16_000)))
      assert.equal(peer.send(rstStreamFrame(id, 8)), 'ok')
    }
  })
})

describe('floods', () => {
  it('are ended with a counter each', () => {
    const pings = pingFrame(Buffer.from('12345678'), false)
    for (const [bytes, counter] of [
      [windowUpdateFrame(0, 1).repeat(6), 'inbound_window_update_frames_flood'],
      [frame(FrameType.priority, 0, 1, '\0\0\0\0\x10').repeat(101), 'inbound_priority_frames_flood'],
      [headers(1, post(), 0) + data(1, '').repeat(2), 'inbound_empty_frames_flood'],
      [frame(FrameType.headers, end, 1, block(request('/'))) + frame(9, 0, 1).repeat(2), 'inbound_empty_frames_flood'],
      [frame(FrameType.headers, end, 1, 'x') + frame(9, 0, 1, 'x'.repeat(16_384)).repeat(4), 'header_overflow'],
    ] as const) {
      const peer = new Peer()
      assert.equal(peer.send(bytes), 'protocol-error', counter)
      assert.deepEqual(peer.frames(), [`goAway ${peer.exchanges.length} enhanceYourCalm`])
      assert.equal(peer.counter(counter), 1, counter)
    }
    for (const bytes of [pings.repeat(1100), settingsFrame([]).repeat(1100)]) {
      const peer = new Peer()
      // Nobody reads what is written.
      Object.defineProperty(peer.connection, 'bufferedBytes', { value: 1e6 })
      assert.equal(peer.send(bytes), 'protocol-error')
      assert.equal(peer.counter('outbound_control_flood'), 1)
    }
  })

  it('frames that do not leave: the connection closes though the peer sends nothing', async () => {
    const peer = new Peer({ maxOutboundFrames: 100 })
    Object.defineProperty(peer.connection, 'bufferedBytes', { value: 1e6 })
    peer.send(headers(1, request('/')))
    const { encoder } = peer.exchanges[0] as Exchange
    encoder.encodeHeaders(new HeaderMap([':status', '200']), false)
    for (let i = 0; i < 100; i++) encoder.encodeData('x', false)
    await Promise.resolve()
    assert.equal(peer.connection.closedAs, 'no-flush')
    assert.equal(peer.counter('outbound_flood'), 1)
  })

  it('a steady reader is no flood, however long it reads', () => {
    const peer = new Peer({ maxOutboundControlFrames: 50 })
    for (let i = 0; i < 300; i++) assert.equal(peer.send(pingFrame(Buffer.from('12345678'), false)), 'ok')
  })
})

describe('property', () => {
  /** Frames that make connections good and bad in interesting ways. */
  const piece = fc.constantFrom(
    headers(1, post(), 0),
    headers(1, request('/')),
    headers(3, post(['content-length', '3']), 0),
    frame(FrameType.headers, end, 5, block(request('/c')).slice(0, 10)) +
      frame(9, endHeaders, 5, block(request('/c')).slice(10)),
    data(1, 'abc'),
    data(3, 'abc', end),
    data(1, '', end),
    frame(FrameType.data, 0x8, 1, '\x04hello\0\0\0\0'),
    headers(1, ['x-t', '1']),
    headers(7, request('/', ['cookie', 'a', 'cookie', 'b'])),
    headers(9, request('/', ['Bad', '1'])),
    rstStreamFrame(1, 8),
    windowUpdateFrame(0, 100),
    windowUpdateFrame(1, 100),
    settingsFrame([4, 10]),
    settingsFrame([1, 0]),
    pingFrame(Buffer.from('abcdefgh'), false),
    frame(FrameType.priority, 0, 1, '\0\0\0\0\x10'),
    frame(99, 3, 0, 'unknown'),
    frame(metadataFrameType, endMetadata, 1, block(['m', '1'])),
    frame(metadataFrameType, 0, 1, block(['n', '2'])),
    frame(metadataFrameType, 0, 3, '\0\x05'),
    frame(metadataFrameType, endMetadata, 1, ''),
    frame(metadataFrameType, endMetadata, 3, '\xff\xff'),
  )

  function run(chunks: readonly string[]): unknown {
    const peer = new Peer({ streamErrorOnInvalidHttpMessage: true, allowMetadata: true }, '')
    let result = 'ok'
    for (const chunk of chunks) {
      result = peer.send(chunk)
      if (result !== 'ok') break
    }
    // Data may be delivered in any pieces.
    const merged: string[] = []
    for (const event of peer.events) {
      const last = merged.at(-1)
      if (event.startsWith('data ') && last?.startsWith('data ') === true) merged.push(merged.pop() + event.slice(5))
      else merged.push(event)
    }
    return { result, events: merged, frames: peer.frames() }
  }

  it('bytes mean the same however they are split', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.array(fc.nat(400), { maxLength: 6 }), (pieces, cuts) => {
        const whole = clientStart + pieces.join('')
        const at = [...new Set(cuts.map(cut => Math.min(cut, whole.length)))].sort((a, b) => a - b)
        const chunks = [...at, whole.length].map((stop, i) => whole.slice(i === 0 ? 0 : at[i - 1], stop))
        assert.deepEqual(run(chunks), run([whole]))
        assert.deepEqual(run(whole.split('')), run([whole]))
      }),
      { numRuns: 150 },
    )
  })

  it('no bytes break the codec', () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string({ unit: 'binary-ascii', maxLength: 30 }))), parts => {
        const peer = new Peer({ allowMetadata: true })
        const bytes = parts.join('')
        const result = peer.send(bytes)
        assert.ok(result === 'ok' || result === 'protocol-error')
        peer.codec.onConnectionClosed('connection-termination', '')
        assert.equal(peer.store.gauge('http2.streams_active').value, 0)
        assert.equal(peer.store.gauge('http2.pending_send_bytes').value, 0)
      }),
      { numRuns: 300 },
    )
  })
})
