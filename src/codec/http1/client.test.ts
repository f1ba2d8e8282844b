import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeConnection } from '../../../test/support/fake-connection.ts'
import type { RequestEncoder } from '../../core/codec.ts'
import { HeaderMap } from '../../core/header-map.ts'
import { Http1ClientConnection } from './client.ts'
import { defaultUpstreamHttp1Settings, type Http1Settings } from './settings.ts'

class Harness {
  readonly connection = new FakeConnection()
  readonly events: string[] = []
  readonly codec: Http1ClientConnection
  onEnd: (() => void) | undefined

  constructor(settings: Partial<Http1Settings> = {}) {
    this.codec = new Http1ClientConnection(
      this.connection,
      { onGoAway: () => {}, onMaxStreamsChanged: () => {} },
      { ...defaultUpstreamHttp1Settings, ...settings },
    )
  }

  newStream(): RequestEncoder {
    const ended = (endStream: boolean) => {
      if (!endStream) return
      this.events.push('end')
      this.onEnd?.()
    }
    const encoder = this.codec.newStream({
      decode1xxHeaders: headers => this.events.push(`interim ${headers.status}`),
      decodeHeaders: (headers, endStream) => {
        this.events.push([...headers].map(([name, value]) => `${name}=${value}`).join('|'))
        ended(endStream)
      },
      decodeData: (data, endStream) => {
        if (data.length > 0) this.events.push(`data ${Buffer.from(data).toString('latin1')}`)
        ended(endStream)
      },
      decodeTrailers: trailers => {
        this.events.push(`trailers ${[...trailers].join('|')}`)
        ended(true)
      },
    })
    encoder.stream.setCallbacks({
      onResetStream: reason => this.events.push(`reset ${reason}`),
      onAboveWriteBufferHighWatermark: () => this.events.push('above'),
      onBelowWriteBufferLowWatermark: () => this.events.push('below'),
    })
    return encoder
  }

  request(method = 'GET', more: Record<string, string> = {}): RequestEncoder {
    const encoder = this.newStream()
    encoder.encodeHeaders(HeaderMap.of({ ':authority': 'a', ':path': '/p', ':method': method, ...more }), true)
    return encoder
  }

  send(text: string, endStream = false): string {
    return this.codec.dispatch(Buffer.from(text, 'latin1'), endStream)
  }
}

/** The events of one response, and whether another request may follow. */
function response(text: string, settings: Partial<Http1Settings> = {}, method = 'GET', fin = false): unknown[] {
  const h = new Harness(settings)
  h.request(method)
  const result = h.send(text, fin)
  return result === 'ok' ? [...h.events, h.codec.reusable] : [...h.events, h.codec.errorDetails, h.codec.reusable]
}

describe('HTTP/1 client connection: requests', () => {
  const written = (headers: Record<string, string>, body?: string, settings: Partial<Http1Settings> = {}): string => {
    const h = new Harness(settings)
    const encoder = h.newStream()
    encoder.encodeHeaders(HeaderMap.of({ ':authority': 'a', ':path': '/p', ...headers }), body === undefined)
    if (body !== undefined) encoder.encodeData(body, true)
    return h.connection.written
  }

  it('writes heads as Envoy does', () => {
    assert.equal(
      written({ ':method': 'GET', ':scheme': 'http', 'x-b': 'c' }),
      'GET /p HTTP/1.1\r\nhost: a\r\nx-b: c\r\n\r\n',
    )
    assert.equal(written({ ':method': 'POST' }), 'POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 0\r\n\r\n')
    assert.equal(
      written({ ':method': 'POST', 'content-length': '2' }, 'ab'),
      'POST /p HTTP/1.1\r\nhost: a\r\ncontent-length: 2\r\n\r\nab',
    )
    assert.equal(
      written({ ':method': 'POST' }, 'ab'),
      'POST /p HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n0\r\n\r\n',
    )
    assert.equal(
      written({ ':method': 'GET', ':scheme': 'https' }, undefined, { sendFullyQualifiedUrl: true }),
      'GET https://a/p HTTP/1.1\r\nhost: a\r\n\r\n',
    )
    assert.equal(written({ ':method': 'CONNECT', ':authority': 'a:1' }), 'CONNECT a:1 HTTP/1.1\r\nhost: a:1\r\n\r\n')
  })

  it('does not let a path or a method end the request line', () => {
    assert.match(written({ ':method': 'A /\r\nB' }), /^AB \/p HTTP\/1.1\r\n/)
    assert.match(
      written({ ':method': 'GET', ':path': '/a b\r\nX: y\u010a' }),
      /^GET \/a%20b%0D%0AX:%20y%0A HTTP\/1.1\r\n/,
    )
  })

  it('sends trailers when they are enabled', () => {
    const h = new Harness({ enableTrailers: true })
    const encoder = h.newStream()
    encoder.encodeHeaders(HeaderMap.of({ ':authority': 'a', ':path': '/', ':method': 'PUT' }), false)
    encoder.encodeTrailers(HeaderMap.of({ 'x-t': 'y' }))
    assert.match(h.connection.written, /\r\n\r\n0\r\nx-t: y\r\n\r\n$/)
  })
})

describe('HTTP/1 client connection: responses', () => {
  it('reads bodies by length, in chunks, until close', () => {
    assert.deepEqual(response('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Foo: Bar\r\n\r\nhello'), [
      ':status=200|content-length=5|x-foo=Bar',
      'data hello',
      'end',
      true,
    ])
    const chunked = 'HTTP/1.1 200\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-T: a\r\n\r\n'
    assert.deepEqual(response(chunked), [':status=200|transfer-encoding=chunked', 'data hello', 'end', true])
    assert.deepEqual(response(chunked, { enableTrailers: true }).slice(1), [
      'data hello',
      'trailers x-t,a',
      'end',
      true,
    ])
    assert.deepEqual(response('HTTP/1.1 200 OK\r\n\r\nhello', {}, 'GET', true), [
      ':status=200',
      'data hello',
      'end',
      false,
    ])
  })

  it('knows which responses have no body', () => {
    const length = 'Content-Length: 5\r\n\r\n'
    assert.deepEqual(response(`HTTP/1.1 200 OK\r\n${length}`, {}, 'HEAD'), [
      ':status=200|content-length=5',
      'end',
      true,
    ])
    assert.deepEqual(response(`HTTP/1.1 304 No\r\n${length}`), [':status=304|content-length=5', 'end', true])
    assert.deepEqual(response('HTTP/1.1 204 No\r\nContent-Length: 0\r\n\r\n'), [':status=204', 'end', true])
    assert.deepEqual(response('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n').slice(1), ['end', true])
  })

  it('reads interim responses before the final one', () => {
    const events = response(
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 204 No\r\n\r\n',
    )
    assert.deepEqual(events, ['interim 100', 'interim 103', ':status=204', 'end', true])
  })

  it('joins folded lines', () => {
    assert.deepEqual(response('HTTP/1.1 204 No\r\nX: a\r\n \tb\r\n\r\n'), [':status=204|x=a b', 'end', true])
  })

  it('does not reuse a connection that closes', () => {
    const body = 'Content-Length: 0\r\n\r\n'
    assert.equal(response(`HTTP/1.1 200 OK\r\nConnection: Close\r\n${body}`).at(-1), false)
    assert.equal(response(`HTTP/1.1 200 OK\r\nProxy-Connection: close\r\n${body}`).at(-1), false)
    assert.equal(response(`HTTP/1.0 200 OK\r\n${body}`).at(-1), false)
    assert.equal(response(`HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n${body}`).at(-1), true)
  })

  const wrong: [name: string, text: string, details: string][] = [
    ['garbage', 'garbage\r\n\r\n', 'http1.codec_error'],
    ['two-digit status', 'HTTP/1.1 99 X\r\n\r\n', 'http1.codec_error'],
    ['four-digit status', 'HTTP/1.1 1000 X\r\n\r\n', 'http1.codec_error'],
    ['HTTP/2.0', 'HTTP/2.0 200 OK\r\n\r\n', 'http1.codec_error'],
    [
      'length and chunked',
      'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      'http1.content_length_and_chunked_not_allowed',
    ],
    ['length twice', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n', 'http1.codec_error'],
    ['gzip', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n', 'http1.invalid_transfer_encoding'],
    ['204 with a body', 'HTTP/1.1 204 No\r\nContent-Length: 1\r\n\r\na', 'http1.content_length_not_allowed'],
    ['204 in chunks', 'HTTP/1.1 204 No\r\nTransfer-Encoding: chunked\r\n\r\n', 'http1.transfer_encoding_not_allowed'],
    ['101 unasked', 'HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n', 'http1.codec_error'],
    ['folded list', 'HTTP/1.1 200 OK\r\nAge: 1\r\nX: a\r\nAge: 1\r\n 2\r\n\r\n', 'http1.codec_error'],
    ['folded length', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\n 2\r\n\r\n', 'http1.codec_error'],
    ['space before colon', 'HTTP/1.1 200 OK\r\nX : a\r\n\r\n', 'http1.codec_error'],
    ['too many fields', `HTTP/1.1 200 OK\r\n${'X: a\r\n'.repeat(101)}\r\n`, 'http1.too_many_headers'],
  ]
  for (const [name, text, details] of wrong) {
    it(`refuses ${name}`, () => assert.deepEqual(response(text), [details, false]))
  }

  it('fails a body that ends early, and says nothing of a connection that never answered', () => {
    const length = response('HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nhello', {}, 'GET', true)
    assert.deepEqual(length, [':status=200|content-length=50', 'data hello', 'http1.codec_error', false])
    assert.deepEqual(response('', {}, 'GET', true), [false])
  })

  it('delivers a response that has bytes behind it, then gives the connection up', () => {
    const events = response('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokEXTRA')
    assert.deepEqual(events.slice(1), ['data ok', 'end', 'http1.codec_error', false])
    const idle = new Harness()
    assert.equal(idle.send('x'), 'protocol-error')
  })
})

describe('HTTP/1 client connection: streams', () => {
  it('takes the next request when the response ends, even from inside its last event', () => {
    const h = new Harness()
    h.request()
    h.onEnd = () => {
      h.onEnd = undefined
      assert.equal(h.codec.reusable, true)
      h.request()
    }
    h.send('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na')
    h.send('HTTP/1.1 201 OK\r\nContent-Length: 1\r\n\r\nb')
    assert.deepEqual(h.events.slice(3), [':status=201|content-length=1', 'data b', 'end'])
  })

  it('is used up by a response that came before the end of the request', () => {
    const h = new Harness()
    const encoder = h.newStream()
    encoder.encodeHeaders(HeaderMap.of({ ':authority': 'a', ':path': '/', ':method': 'PUT' }), false)
    h.send('HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n')
    assert.equal(h.codec.reusable, false)
    h.connection.take()
    encoder.encodeData('late', true)
    assert.equal(h.connection.written, '')
  })

  it('closes when the stream is reset, and tells a stream of the end of its connection', () => {
    const reset = new Harness()
    reset.request().stream.resetStream('local-reset')
    assert.equal(reset.connection.closedAs, 'no-flush')
    const h = new Harness()
    h.request()
    h.codec.onUnderlyingConnectionAboveWriteBufferHighWatermark()
    h.codec.onUnderlyingConnectionBelowWriteBufferLowWatermark()
    h.codec.onConnectionClosed('connection-termination', '')
    assert.deepEqual(h.events, ['above', 'below', 'reset connection-termination'])
  })

  it('gives back the reads that a stream stopped', () => {
    const h = new Harness()
    const encoder = h.request()
    encoder.stream.readDisable(true)
    h.send('HTTP/1.1 204 No\r\n\r\n')
    assert.equal(h.connection.readDisables, 0)
  })

  it('passes bytes both ways after an upgrade and after CONNECT', () => {
    const h = new Harness()
    const encoder = h.newStream()
    const upgrade = { upgrade: 'websocket', connection: 'upgrade' }
    encoder.encodeHeaders(HeaderMap.of({ ':authority': 'a', ':path': '/', ':method': 'GET', ...upgrade }), false)
    encoder.encodeData('early', false)
    assert.match(
      h.connection.written,
      /^GET \/ HTTP\/1.1\r\nhost: a\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nearly$/,
    )
    h.send('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\nraw', true)
    assert.deepEqual(h.events.slice(1), ['data raw'], 'the end of the connection is no end of the tunnel')
    const connect = new Harness()
    connect.request('CONNECT')
    connect.send('HTTP/1.1 200 OK\r\n\r\nraw')
    assert.deepEqual(connect.events, [':status=200', 'data raw'])
    assert.equal(connect.codec.reusable, false)
  })
})
