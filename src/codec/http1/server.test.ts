import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { FakeConnection } from '../../../test/support/fake-connection.ts'
import type { RequestDecoder, ResponseEncoder, StreamResetReason } from '../../core/codec.ts'
import { HeaderMap } from '../../core/header-map.ts'
import { Http1ServerConnection } from './server.ts'
import { defaultHttp1Settings, type Http1Settings } from './settings.ts'

/** Notes every event; answers when told to, or at the end of each request. */
class Harness {
  readonly connection = new FakeConnection()
  readonly events: string[] = []
  readonly encoders: ResponseEncoder[] = []
  readonly codec: Http1ServerConnection
  answer: ((encoder: ResponseEncoder) => void) | undefined

  constructor(settings: Partial<Http1Settings> = {}, answer?: (encoder: ResponseEncoder) => void) {
    this.answer = answer
    this.codec = new Http1ServerConnection(
      this.connection,
      { newStream: encoder => this.#newStream(encoder), onGoAway: () => {} },
      { ...defaultHttp1Settings, ...settings },
    )
  }

  #newStream(encoder: ResponseEncoder): RequestDecoder {
    this.encoders.push(encoder)
    encoder.stream.setCallbacks({
      onResetStream: (reason: StreamResetReason) => this.events.push(`reset ${reason}`),
      onAboveWriteBufferHighWatermark: () => this.events.push('above'),
      onBelowWriteBufferLowWatermark: () => this.events.push('below'),
    })
    const ended = (endStream: boolean) => {
      if (!endStream) return
      this.events.push('end')
      this.answer?.(encoder)
    }
    return {
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
      sendLocalReply: (status, body, details) => {
        this.events.push(`reply ${status} ${details}`)
        const headers = HeaderMap.of({ ':status': String(status), 'content-length': String(body.length) })
        encoder.encodeHeaders(headers, false)
        encoder.encodeData(body, true)
      },
    }
  }

  send(text: string, endStream = false): string {
    return this.codec.dispatch(Buffer.from(text, 'latin1'), endStream)
  }
}

const ok = (encoder: ResponseEncoder) => encoder.encodeHeaders(HeaderMap.of({ ':status': '200' }), true)
const get = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'
const post = 'POST / HTTP/1.1\r\nHost: a\r\n'

describe('HTTP/1 server connection: requests', () => {
  it('gives pseudo-headers first, names in lower case, values trimmed', () => {
    const h = new Harness()
    h.send(
      'GET /a?b HTTP/1.1\r\nX-Foo: \t a b \t\r\nHost: h:1\r\nEmpty:\r\nx-caf\xe9: no\r\n'.replace(
        'x-caf\xe9: no\r\n',
        '',
      ) + '\r\n',
    )
    assert.deepEqual(h.events, [':authority=h:1|:path=/a?b|:method=GET|:scheme=|x-foo=a b|empty=', 'end'])
  })

  it('reads bodies by length and in chunks', () => {
    const h = new Harness({}, ok)
    h.send(`${post}Content-Length: 5\r\n\r\nhe`)
    h.send('llo')
    h.send(`${post}Transfer-Encoding: Chunked\r\n\r\n5;a="b"\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`)
    assert.deepEqual(h.events.slice(1, 4), ['data he', 'data llo', 'end'])
    assert.deepEqual(h.events.slice(5), ['data hello!', 'end'])
  })

  it('makes one event of small chunks that come together', () => {
    const h = new Harness()
    h.send(`${post}Transfer-Encoding: chunked\r\n\r\n${'1\r\na\r\n'.repeat(100)}2\r\nb`)
    h.send('c\r\n0\r\n\r\n')
    assert.deepEqual(h.events.slice(1), [`data ${'a'.repeat(100)}b`, 'data c', 'end'])
  })

  it('drops trailers unless they are enabled, and never passes framing fields in them', () => {
    const request = `${post}Transfer-Encoding: chunked\r\n\r\n0\r\nX-T: y\r\nContent-Length: 5\r\n\r\n`
    const off = new Harness()
    off.send(request)
    assert.deepEqual(off.events.slice(1), ['end'])
    const on = new Harness({ enableTrailers: true })
    on.send(request)
    assert.deepEqual(on.events.slice(1), ['trailers x-t,y', 'end'])
  })

  it('makes one list of fields that Envoy joins, and leaves others apart', () => {
    const h = new Harness()
    h.send('GET / HTTP/1.1\r\nX-Forwarded-For: 1\r\nx-a: 1\r\nAccept: a\r\nx-forwarded-for: 2\r\nX-A: 2\r\n\r\n')
    assert.equal(h.events[0], ':path=/|:method=GET|:scheme=|x-forwarded-for=1,2|x-a=1|accept=a|x-a=2')
  })

  it('takes absolute targets apart', () => {
    const h = new Harness()
    h.send('GET HTTPS://u:p@B.com:81?q HTTP/1.1\r\nHost: other\r\n\r\n')
    assert.equal(h.events[0], ':authority=B.com:81|:path=?q|:method=GET|:scheme=https')
    const off = new Harness({ allowAbsoluteUrl: false })
    off.send('GET http://b/x HTTP/1.1\r\nHost: a\r\n\r\n')
    assert.equal(off.events[0], ':authority=a|:path=http://b/x|:method=GET|:scheme=')
  })

  it('takes other methods only when told to', () => {
    const h = new Harness({ allowCustomMethods: true })
    h.send('M-x / HTTP/1.1\r\n\r\n')
    assert.equal(h.events[0], ':path=/|:method=M-x|:scheme=')
    const off = new Harness()
    off.send('M-x / HTTP/1.1\r\n\r\n')
    assert.deepEqual(off.events, ['reply 400 http1.codec_error'])
  })

  it('has neither authority nor host when the request has none', () => {
    const h = new Harness()
    h.send('GET / HTTP/1.1\r\n\r\n')
    assert.equal(h.events[0], ':path=/|:method=GET|:scheme=')
  })

  it('removes what connection nominates, and refuses to remove what a proxy added', () => {
    const h = new Harness()
    h.send('GET / HTTP/1.1\r\nHost: a\r\nX-Foo: b\r\nTE: gzip, trailers\r\nConnection: x-foo, TE, close\r\n\r\n')
    assert.equal(h.events[0], ':authority=a|:path=/|:method=GET|:scheme=|te=trailers|connection=close')
    assert.equal(h.codec.closeAfterResponse, true)
    const refused = new Harness()
    refused.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: x-forwarded-for\r\n\r\n')
    assert.deepEqual(refused.events, ['reply 400 http1.connection_header_rejected'])
  })

  it('accepts HTTP/1.0 when told to, and keeps it alive only when asked', () => {
    const h = new Harness({ acceptHttp10: true, defaultHostForHttp10: 'd' }, ok)
    h.send('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n')
    assert.equal(h.events[0], ':authority=d|:path=/|:method=GET|:scheme=|connection=keep-alive')
    assert.equal(h.codec.protocol, 'HTTP/1.0')
    assert.equal(h.connection.take(), 'HTTP/1.0 200 OK\r\ncontent-length: 0\r\n\r\n')
    h.send('GET / HTTP/1.0\r\n\r\n')
    assert.equal(h.connection.take(), 'HTTP/1.0 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  })
})

describe('HTTP/1 server connection: refusals', () => {
  const big = 'a'.repeat(62_000)
  const host = 'Host: a\r\n'
  const cases: [name: string, request: string, status: number, details: string][] = [
    [
      'content-length and chunked',
      `${post}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      400,
      'http1.content_length_and_chunked_not_allowed',
    ],
    ['content-length twice', `${post}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`, 400, 'http1.codec_error'],
    ['content-length list', `${post}Content-Length: 3, 3\r\n\r\nabc`, 400, 'http1.codec_error'],
    ['signed length', `${post}Content-Length: +3\r\n\r\nabc`, 400, 'http1.codec_error'],
    ['negative length', `${post}Content-Length: -3\r\n\r\nabc`, 400, 'http1.codec_error'],
    ['hexadecimal length', `${post}Content-Length: 0x3\r\n\r\nabc`, 400, 'http1.codec_error'],
    ['empty length', `${post}Content-Length: \r\n\r\nabc`, 400, 'http1.codec_error'],
    ['space in length', `${post}Content-Length: 3 4\r\n\r\nabc`, 400, 'http1.codec_error'],
    ['huge length', `${post}Content-Length: 99999999999999999999\r\n\r\nabc`, 400, 'http1.codec_error'],
    ['bare LF', 'GET / HTTP/1.1\nHost: a\n\n', 400, 'http1.codec_error'],
    ['bare LF in the fields', `GET / HTTP/1.1\r\n${host}X: a\nY: b\r\n\r\n`, 400, 'http1.codec_error'],
    ['bare CR', `GET / HTTP/1.1\r\n${host}X: a\rb\r\n\r\n`, 400, 'http1.invalid_characters'],
    ['NUL', `GET / HTTP/1.1\r\n${host}X: a\0b\r\n\r\n`, 400, 'http1.invalid_characters'],
    ['folded line', `GET / HTTP/1.1\r\n${host}X: a\r\n b\r\n\r\n`, 400, 'http1.codec_error'],
    ['space before colon', `GET / HTTP/1.1\r\n${host}X : a\r\n\r\n`, 400, 'http1.codec_error'],
    ['no colon', `GET / HTTP/1.1\r\n${host}Xfoo\r\n\r\n`, 400, 'http1.codec_error'],
    ['no name', `GET / HTTP/1.1\r\n${host}: a\r\n\r\n`, 400, 'http1.codec_error'],
    ['two hosts', `GET / HTTP/1.1\r\n${host}${host}\r\n`, 400, 'http1.codec_error'],
    ['host with a slash', 'GET / HTTP/1.1\r\nHost: a/b\r\n\r\n', 400, 'http.invalid_authority'],
    ['gzip, chunked', `${post}Transfer-Encoding: gzip, chunked\r\n\r\n`, 501, 'http1.invalid_transfer_encoding'],
    [
      'chunked twice',
      `${post}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n`,
      501,
      'http1.invalid_transfer_encoding',
    ],
    ['identity', `${post}Transfer-Encoding: identity\r\n\r\n`, 501, 'http1.invalid_transfer_encoding'],
    ['empty coding', `${post}Transfer-Encoding:\r\n\r\n`, 501, 'http1.invalid_transfer_encoding'],
    ['xchunked', `${post}Transfer-Encoding: xchunked\r\n\r\n`, 501, 'http1.invalid_transfer_encoding'],
    ['unknown method', `FOO / HTTP/1.1\r\n${host}\r\n`, 400, 'http1.codec_error'],
    ['lower-case method', `get / HTTP/1.1\r\n${host}\r\n`, 400, 'http1.codec_error'],
    ['TLS hello', '\x16\x03\x01\x02\x00\x01', 400, 'http1.codec_error'],
    ['two spaces', `GET  / HTTP/1.1\r\n${host}\r\n`, 400, 'http1.codec_error'],
    ['tab', `GET\t/ HTTP/1.1\r\n${host}\r\n`, 400, 'http1.codec_error'],
    ['space in target', `GET /a b HTTP/1.1\r\n${host}\r\n`, 400, 'http1.codec_error'],
    ['control in target', `GET /a\x01 HTTP/1.1\r\n${host}\r\n`, 400, 'http1.invalid_characters'],
    ['no slash', `GET a HTTP/1.1\r\n${host}\r\n`, 400, 'http1.codec_error'],
    ['star', `GET * HTTP/1.1\r\n${host}\r\n`, 400, 'http1.invalid_url'],
    ['absolute without host', `GET http:///x HTTP/1.1\r\n${host}\r\n`, 400, 'http1.invalid_url'],
    ['port too big', `GET http://b:99999/ HTTP/1.1\r\n${host}\r\n`, 400, 'http1.invalid_url'],
    ['ftp', `GET ftp://b/ HTTP/1.1\r\n${host}\r\n`, 400, 'http1.invalid_scheme'],
    ['CONNECT to a path', `CONNECT /a HTTP/1.1\r\n${host}\r\n`, 400, 'http1.invalid_url'],
    ['CONNECT without port', `CONNECT a HTTP/1.1\r\n${host}\r\n`, 400, 'http1.invalid_url'],
    ['HTTP/1.0', `GET / HTTP/1.0\r\n${host}\r\n`, 426, 'low_version'],
    ['HTTP/0.9', 'GET /\r\n\r\n', 426, 'low_version'],
    ['HTTP/2.0', `GET / HTTP/2.0\r\n${host}\r\n`, 426, 'low_version'],
    ['http/1.1', `GET / http/1.1\r\n${host}\r\n`, 400, 'http1.codec_error'],
    ['long field', `GET / HTTP/1.1\r\n${host}X: ${big}\r\n\r\n`, 431, 'http1.headers_too_large'],
    ['long target', `GET /${big} HTTP/1.1\r\n${host}\r\n`, 431, 'http1.headers_too_large'],
    ['101 fields', `GET / HTTP/1.1\r\n${host}${'X: a\r\n'.repeat(100)}\r\n`, 431, 'http1.too_many_headers'],
  ]
  for (const [name, request, status, details] of cases) {
    it(`${name}: ${status} ${details}`, () => {
      const h = new Harness()
      assert.equal(h.send(request), 'protocol-error')
      assert.deepEqual(h.events, [`reply ${status} ${details}`])
      assert.match(h.connection.written, new RegExp(`^HTTP/1.1 ${status} [^]*\r\nconnection: close\r\n`))
      assert.equal(h.codec.errorDetails, details)
      assert.equal(h.send(get), 'protocol-error')
      assert.equal(h.encoders.length, 1)
    })
  }

  const chunks: [name: string, body: string][] = [
    ['no size', '\r\nabc\r\n0\r\n\r\n'],
    ['sign', '-3\r\nabc\r\n0\r\n\r\n'],
    ['0x', '0x3\r\nabc\r\n0\r\n\r\n'],
    ['too big', 'fffffffffffff\r\nabc'],
    ['too many digits', '00000000000000003\r\nabc\r\n'],
    ['bare LF', '3\nabc\r\n0\r\n\r\n'],
    ['space after the size', '3 \r\nabc\r\n0\r\n\r\n'],
    ['control in the extension', '3;a=\x01\r\nabc\r\n0\r\n\r\n'],
    ['LF in the extension', '3;a\n\r\nabc\r\n0\r\n\r\n'],
    ['long extension', `3;${'a'.repeat(2000)}\r\nabc\r\n0\r\n\r\n`],
    ['longer than said', '3\r\nabcd\r\n0\r\n\r\n'],
    ['bad trailer', '0\r\nX T: y\r\n\r\n'],
    ['bare LF after trailer', '0\r\nX: y\n\r\n'],
  ]
  for (const [name, body] of chunks) {
    it(`chunk with ${name}: 400 after the headers`, () => {
      const h = new Harness()
      assert.equal(h.send(`${post}Transfer-Encoding: chunked\r\n\r\n${body}`), 'protocol-error')
      assert.equal(h.events.at(-1), 'reply 400 http1.codec_error')
    })
  }

  it('does not answer a bad body twice', () => {
    const h = new Harness()
    h.send(`${post}Transfer-Encoding: chunked\r\n\r\n`)
    h.encoders[0]?.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
    assert.equal(h.send('zz\r\n'), 'protocol-error')
    assert.equal(h.events.length, 1)
  })

  it('refuses trailers over the limits', () => {
    const head = `${post}Transfer-Encoding: chunked\r\n\r\n0\r\n`
    const many = new Harness()
    many.send(head + 'X: a\r\n'.repeat(101))
    assert.equal(many.events.at(-1), 'reply 431 http1.too_many_trailers')
    const long = new Harness()
    long.send(`${head}X: ${big}`)
    assert.equal(long.events.at(-1), 'reply 431 http1.trailers_too_large')
  })
})

describe('HTTP/1 server connection: responses', () => {
  const response = (headers: Record<string, string>, body?: string, request = get): string => {
    const h = new Harness({}, encoder => {
      encoder.encodeHeaders(HeaderMap.of(headers), body === undefined)
      if (body !== undefined) encoder.encodeData(body, true)
    })
    h.send(request)
    return h.connection.written
  }

  it('writes heads as Envoy does', () => {
    assert.equal(
      response({ ':status': '200', server: 'x' }),
      'HTTP/1.1 200 OK\r\nserver: x\r\ncontent-length: 0\r\n\r\n',
    )
    assert.equal(response({ ':status': '204' }), 'HTTP/1.1 204 No Content\r\n\r\n')
    assert.equal(
      response({ ':status': '304', 'content-length': '9' }),
      'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n',
    )
    assert.equal(
      response({ ':status': '999', 'content-length': '1' }, 'a'),
      'HTTP/1.1 999 Unknown\r\ncontent-length: 1\r\n\r\na',
    )
    assert.equal(
      response({ ':status': '200' }, 'hello'),
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    )
    const connection = response({ ':status': '200', connection: 'close' })
    assert.equal(connection, 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n')
  })

  it('sends no body to HEAD', () => {
    const head = get.replace('GET', 'HEAD')
    assert.equal(
      response({ ':status': '200', 'content-length': '5' }, 'hello', head),
      'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n',
    )
    assert.equal(
      response({ ':status': '200' }, undefined, head),
      'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n',
    )
    assert.equal(response({ ':status': '200' }, 'hello', head), 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
  })

  it('writes interim responses and trailers', () => {
    const h = new Harness({ enableTrailers: true }, encoder => {
      encoder.encode1xxHeaders(HeaderMap.of({ ':status': '100' }))
      encoder.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
      encoder.encodeData('a', false)
      encoder.encodeTrailers(HeaderMap.of({ 'x-t': 'y' }))
    })
    h.send(get)
    assert.equal(
      h.connection.written,
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-t: y\r\n\r\n',
    )
  })

  it('writes proper-case names when told to', () => {
    const h = new Harness({ properCaseHeaders: true }, ok)
    h.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
    assert.match(h.connection.written, /^HTTP\/1.1 200 OK\r\nConnection: close\r\n/)
  })

  it('lets nothing that a filter made end a line early', () => {
    const headers = { ':status': '200', 'x-a': 'a\r\nb: c\0\u010a', 'x\r\ny': 'd', 'content-length': '0' }
    assert.equal(response(headers), 'HTTP/1.1 200 OK\r\nx-a: a  b: c  \r\ncontent-length: 0\r\n\r\n')
    assert.match(response({ ':status': '200 OK\r\nx: y' }), /^HTTP\/1.1 500 Internal Server Error\r\ncontent-length/)
  })

  it('never writes more than content-length says, and closes when it is wrong', () => {
    for (const [body, written] of [
      ['toolong', ''],
      ['ab', 'ab'],
    ] as const) {
      const h = new Harness({}, encoder => {
        encoder.encodeHeaders(HeaderMap.of({ ':status': '200', 'content-length': '5' }), false)
        encoder.encodeData(body, true)
      })
      h.send(get)
      assert.equal(h.connection.written, `HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n${written}`)
      assert.equal(h.codec.closeAfterResponse, true)
    }
  })

  it('closes after a response that came before the end of the request', () => {
    const h = new Harness()
    h.send(`${post}Content-Length: 10\r\n\r\nabc`)
    h.encoders[0]?.encodeHeaders(HeaderMap.of({ ':status': '200' }), true)
    assert.match(h.connection.written, /\r\nconnection: close\r\n/)
    assert.equal(h.codec.closeAfterResponse, true)
    h.send('defghij')
    assert.equal(h.events.includes('data defghij'), false)
  })
})

describe('HTTP/1 server connection: order and flow', () => {
  it('answers pipelined requests in order; of many it reads no more while one is pending', async () => {
    const h = new Harness()
    h.send(get + get.replace('/', '/2') + get.replace('/', '/3'))
    assert.equal(h.encoders.length, 1)
    assert.equal(h.connection.readDisables, 0)
    h.send(get.replace('/', `/${'4'.repeat(20_000)}`))
    assert.equal(h.connection.readDisables, 1)
    h.encoders[0]?.encodeHeaders(HeaderMap.of({ ':status': '200' }), true)
    assert.equal(h.encoders.length, 1)
    await Promise.resolve()
    assert.equal(h.encoders.length, 2)
    h.answer = ok
    h.encoders[1]?.encodeHeaders(HeaderMap.of({ ':status': '201' }), true)
    await Promise.resolve()
    assert.equal(h.encoders.length, 4)
    assert.equal(h.connection.readDisables, 0)
    assert.deepEqual(h.connection.written.match(/20\d /g), ['200 ', '201 ', '200 ', '200 '])
  })

  it('answers pipelined requests at once when the answers come at once', () => {
    const h = new Harness({}, ok)
    h.send(get.repeat(3))
    assert.equal(h.encoders.length, 3)
  })

  it('closes for a bad request that waited', async () => {
    const h = new Harness()
    h.send(`${get}bad\r\n\r\n`)
    h.encoders[0]?.encodeHeaders(HeaderMap.of({ ':status': '200' }), true)
    await Promise.resolve()
    assert.equal(h.events.at(-1), 'reply 400 http1.codec_error')
    assert.equal(h.connection.closedAs, 'flush-write-and-delay')
  })

  it('reads nothing after a request that closes', () => {
    const h = new Harness({}, ok)
    h.send(`GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n${get}`)
    assert.equal(h.encoders.length, 1)
    assert.match(h.connection.written, /\r\nconnection: close\r\n/)
  })

  it('tells watermarks and the end of the connection to the stream', () => {
    const h = new Harness()
    h.send(`${post}Content-Length: 10\r\n\r\n`)
    h.codec.onUnderlyingConnectionAboveWriteBufferHighWatermark()
    h.codec.onUnderlyingConnectionBelowWriteBufferLowWatermark()
    h.codec.onConnectionClosed('connection-termination', '')
    assert.deepEqual(h.events.slice(1), ['above', 'below', 'reset connection-termination'])
    assert.equal(h.codec.activeStreams, 0)
  })

  it('gives back the reads that a stream stopped', () => {
    const h = new Harness()
    h.send(get)
    h.encoders[0]?.stream.readDisable(true)
    h.encoders[0]?.stream.readDisable(true)
    assert.equal(h.connection.readDisables, 2)
    h.encoders[0]?.encodeHeaders(HeaderMap.of({ ':status': '200' }), true)
    assert.equal(h.connection.readDisables, 0)
  })

  it('closes the connection when the stream is reset', () => {
    const h = new Harness()
    h.send(get)
    h.encoders[0]?.stream.resetStream('local-reset')
    assert.equal(h.connection.closedAs, 'flush-write-and-delay')
    assert.deepEqual(h.events.slice(2), [])
  })

  it('passes bytes both ways after an upgrade', () => {
    const h = new Harness()
    h.send('GET /ws HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\nearly')
    assert.deepEqual(h.events, [
      ':authority=a|:path=/ws|:method=GET|:scheme=|upgrade=websocket|connection=Upgrade',
      'data early',
    ])
    const encoder = h.encoders[0] as ResponseEncoder
    encoder.encodeHeaders(HeaderMap.of({ ':status': '101', upgrade: 'websocket', connection: 'upgrade' }), false)
    encoder.encodeData('raw', false)
    h.send('more', true)
    assert.deepEqual(h.events.slice(2), ['data more', 'end'])
    assert.equal(
      h.connection.written,
      'HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\nraw',
    )
  })

  it('ignores an h2c upgrade', () => {
    const h = new Harness()
    h.send(
      'GET / HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\nHTTP2-Settings: A\r\nConnection: upgrade, http2-settings\r\n\r\n',
    )
    assert.deepEqual(h.events, [':authority=a|:path=/|:method=GET|:scheme=', 'end'])
  })

  it('passes bytes both ways after CONNECT', () => {
    const h = new Harness()
    h.send('CONNECT a:80 HTTP/1.1\r\nHost: b\r\n\r\nx')
    assert.deepEqual(h.events, [':authority=a:80|:method=CONNECT|:scheme=', 'data x'])
    h.encoders[0]?.encodeHeaders(HeaderMap.of({ ':status': '200' }), false)
    h.encoders[0]?.encodeData('raw', false)
    assert.equal(h.connection.written, 'HTTP/1.1 200 OK\r\n\r\nraw')
  })
})
