import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeConnection } from '../../../test/support/fake-connection.ts'
import { data, end, frame, FrameLog, headers, request } from '../../../test/support/http2-frames.ts'
import type { RequestEncoder, ResponseDecoder, StreamCallbacks } from '../../core/codec.ts'
import { HeaderMap } from '../../core/header-map.ts'
import { StatsStore } from '../../stats/store.ts'
import { Http2ClientConnection } from './client.ts'
import { ErrorCode, FrameType, goAwayFrame, rstStreamFrame, settingsFrame, windowUpdateFrame } from './framing.ts'
import { defaultUpstreamHttp2Settings, type Http2Settings } from './settings.ts'
import { Http2Stats } from './stats.ts'

class Call implements ResponseDecoder, StreamCallbacks {
  readonly encoder: RequestEncoder
  readonly events: string[] = []
  constructor(codec: Http2ClientConnection) {
    this.encoder = codec.newStream(this)
    this.encoder.stream.setCallbacks(this)
  }
  decode1xxHeaders(map: HeaderMap): void {
    this.events.push(`interim ${map.status}`)
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
  onResetStream(reason: string): void {
    this.events.push(`reset ${reason} ${this.encoder.stream.codecDetails}`)
  }
  onAboveWriteBufferHighWatermark(): void {
    this.events.push('high')
  }
  onBelowWriteBufferLowWatermark(): void {
    this.events.push('low')
  }
}

class Peer {
  readonly connection = new FakeConnection()
  readonly codec: Http2ClientConnection
  readonly events: string[] = []
  readonly log = new FrameLog({ skipPreface: true })

  constructor(settings: Partial<Http2Settings> = {}) {
    this.codec = new Http2ClientConnection(
      this.connection,
      {
        onGoAway: () => this.events.push('goaway'),
        onMaxStreamsChanged: max => this.events.push(`max ${max}`),
        onStreamClosed: () => this.events.push('closed'),
      },
      { ...defaultUpstreamHttp2Settings, ...settings },
      new Http2Stats(new StatsStore().scope('cluster.c.http2')),
    )
    this.send(settingsFrame([]))
  }

  call(list: string[] = request('/'), endStream = true): Call {
    const call = new Call(this.codec)
    call.encoder.encodeHeaders(new HeaderMap(list), endStream)
    return call
  }

  send(bytes: string): string {
    return this.codec.dispatch(Buffer.from(bytes, 'latin1'), false)
  }

  frames(): string[] {
    this.log.push(this.connection.take())
    return this.log.take()
  }
}

const ok = [':status', '200']

describe('calls', () => {
  it('many at once, each with its own answer', () => {
    const peer = new Peer()
    const first = peer.call()
    const second = peer.call(request('/b', [], 'POST'), false)
    second.encoder.encodeData('body', false)
    second.encoder.encodeTrailers(new HeaderMap(['t', '1']))
    assert.deepEqual(peer.frames(), [
      'headers 1 end :method=GET :path=/ :scheme=http :authority=a.test',
      'headers 3 :method=POST :path=/b :scheme=http :authority=a.test',
      'data 3 body',
      'headers 3 end t=1',
    ])
    peer.send(headers(3, [':status', '103'], 0) + headers(3, ok, 0) + data(3, 'x') + headers(3, ['grpc-status', '0']))
    peer.send(headers(1, ok))
    assert.deepEqual(second.events, ['interim 103', 'headers :status=200', 'data x', 'trailers grpc-status=0'])
    assert.deepEqual(first.events, ['headers :status=200 end'])
    assert.deepEqual(peer.events, ['closed', 'closed'])
    assert.equal(peer.codec.activeStreams, 0)
  })

  it('an upgrade is an extended CONNECT on the wire', () => {
    const peer = new Peer()
    const call = peer.call(request('/w', ['connection', 'upgrade', 'upgrade', 'websocket']), false)
    assert.deepEqual(peer.frames(), [
      'headers 1 :method=CONNECT :path=/w :scheme=http :authority=a.test :protocol=websocket',
    ])
    peer.send(headers(1, ok, 0))
    assert.deepEqual(call.events, ['headers :status=101 upgrade=websocket connection=upgrade'])
  })

  it('answers without a body: HEAD, 204, 304', () => {
    const peer = new Peer()
    const head = peer.call(request('/', [], 'HEAD'))
    peer.send(headers(1, [':status', '200', 'content-length', '10']))
    const unmodified = peer.call()
    peer.send(headers(3, [':status', '304', 'content-length', '10']))
    assert.match(head.events[0] ?? '', /end$/)
    assert.match(unmodified.events[0] ?? '', /end$/)
    const wrong = peer.call(request('/', [], 'HEAD'))
    peer.send(headers(5, ok, 0) + data(5, 'x'))
    assert.equal(wrong.events.at(-1), 'reset protocol-error http2.remote_reset')
  })

  it('resets from the peer, and ours', () => {
    const peer = new Peer()
    const calls = [1, 2, 3, 4].map(() => peer.call(request('/'), false))
    for (const [i, code] of [ErrorCode.refusedStream, ErrorCode.cancel, ErrorCode.connectError].entries())
      peer.send(rstStreamFrame(1 + i * 2, code))
    assert.deepEqual(
      calls.map(call => call.events[0]),
      [
        'reset remote-refused-stream-reset http2.remote_refuse',
        'reset remote-reset http2.remote_reset',
        'reset connect-error http2.remote_reset',
        undefined,
      ],
    )
    peer.frames()
    calls[3]?.encoder.stream.resetStream('local-reset')
    assert.deepEqual(peer.frames(), ['rstStream 7 internalError'])
    assert.equal(peer.events.filter(each => each === 'closed').length, 4)
    // Late frames of a stream that we gave up.
    assert.equal(peer.send(headers(7, ok, 0) + data(7, 'late', end)), 'ok')
  })

  it('GOAWAY: what the peer will not answer is refused, the rest goes on', () => {
    const peer = new Peer()
    const first = peer.call()
    const second = peer.call()
    peer.send(goAwayFrame(1, 0, '') + headers(1, ok))
    assert.deepEqual(second.events, ['reset remote-refused-stream-reset http2.remote_refuse'])
    assert.deepEqual(first.events, ['headers :status=200 end'])
    assert.deepEqual(peer.events, ['closed', 'goaway', 'closed'])
    assert.equal(peer.codec.reusable, false)
  })

  it('bad answers end the connection', () => {
    for (const bytes of [
      headers(1, [':status', '101'], 0),
      headers(1, ['a', 'b']),
      headers(1, [':status', '200', 'connection', 'close']),
      headers(1, [':status', '200', 'content-length', '2']),
      headers(1, ok, 0) + headers(1, ['x', 'y'], 0),
      headers(3, ok),
      frame(FrameType.pushPromise, 4, 1, '\0\0\0\x02'),
      settingsFrame([2, 1]),
    ]) {
      const peer = new Peer()
      peer.call()
      assert.equal(peer.send(bytes), 'protocol-error')
      assert.match(peer.frames().at(-1) ?? '', /^goAway 0 /)
    }
  })

  it('follows the limit on streams of the peer, up to its own', () => {
    const peer = new Peer({ maxConcurrentStreams: 50 })
    peer.send(settingsFrame([3, 7]) + settingsFrame([3, 100]))
    assert.deepEqual(peer.events, ['max 7', 'max 50'])
  })

  it('a request body waits for the window and its producer is told', () => {
    const peer = new Peer()
    peer.send(settingsFrame([4, 10]))
    const call = peer.call(request('/', [], 'POST'), false)
    call.encoder.encodeData('x'.repeat(300_000), false)
    call.encoder.encodeData('', true)
    assert.deepEqual(call.events, ['high'])
    peer.send(windowUpdateFrame(0, 2 ** 20) + windowUpdateFrame(1, 2 ** 20))
    assert.deepEqual(call.events, ['high', 'low'])
    assert.match(peer.frames().at(-1) ?? '', /^data 1 end x/)
  })

  it('a request that was given up before it was sent', () => {
    const peer = new Peer()
    new Call(peer.codec).encoder.stream.resetStream('local-reset')
    assert.deepEqual(peer.frames(), [])
    assert.deepEqual(peer.events, ['closed'])
  })

  it('the end of the connection resets all', () => {
    const peer = new Peer()
    const calls = [peer.call(), peer.call()]
    peer.codec.onConnectionClosed('connection-termination', 'broken')
    assert.deepEqual(
      calls.map(call => call.events.at(-1)),
      ['reset connection-termination ', 'reset connection-termination '],
    )
    assert.equal(peer.codec.activeStreams, 0)
  })
})

describe('keepalive', () => {
  it('pings, and closes a connection whose peer is silent', t => {
    t.mock.timers.enable({ apis: ['setTimeout'] })
    const peer = new Peer({
      keepalive: { intervalMs: 1000, timeoutMs: 300, jitterPercent: 0, idleIntervalMs: 0 },
    })
    peer.frames()
    t.mock.timers.tick(1000)
    const [ping = ''] = peer.frames()
    assert.match(ping, /^ping 0 0 /)
    peer.send(frame(FrameType.ping, 1, 0, '12345678'))
    t.mock.timers.tick(999)
    assert.deepEqual(peer.frames(), [])
    t.mock.timers.tick(1)
    assert.equal(peer.frames().length, 1)
    t.mock.timers.tick(300)
    assert.equal(peer.connection.closedAs, 'no-flush')
  })
})

describe('HTTP/2 client: content in the wrong place', () => {
  it('DATA before HEADERS ends the connection', () => {
    const peer = new Peer()
    peer.call()
    assert.equal(peer.send(data(1, 'early')), 'protocol-error')
  })

  it('or the stream, where messages that are wrong cost the stream only', () => {
    const peer = new Peer({ streamErrorOnInvalidHttpMessage: true })
    const call = peer.call()
    assert.equal(peer.send(data(1, 'early')), 'ok')
    assert.deepEqual(call.events, ['reset protocol-error http2.violation.of.messaging.rule'])
  })

  it('DATA after interim headers ends the stream', () => {
    const peer = new Peer()
    const call = peer.call()
    assert.equal(peer.send(headers(1, [':status', '103'], 0) + data(1, 'early', end)), 'ok')
    assert.deepEqual(call.events, ['interim 103', 'reset protocol-error http2.remote_reset'])
  })

  it('RST_STREAM with PROTOCOL_ERROR is a protocol error', () => {
    const peer = new Peer()
    const call = peer.call()
    peer.send(rstStreamFrame(1, ErrorCode.protocolError))
    assert.deepEqual(call.events, ['reset protocol-error http2.remote_reset'])
  })
})
