/** Messages give the same events however their bytes are split. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import * as fc from 'fast-check'
import { type BodyFraming, Http1Parser, type MessageHandler } from './parser.ts'
import { Http1ServerConnection } from './server.ts'
import { Http1ClientConnection } from './client.ts'
import { defaultHttp1Settings, defaultUpstreamHttp1Settings } from './settings.ts'
import { FakeConnection } from '../../../test/support/fake-connection.ts'
import type { HeaderKeyFormatterFactory } from '../../core/connection-manager-extensions.ts'
import { HeaderMap } from '../../core/header-map.ts'

/** Pieces that make messages good and bad in interesting ways. */
const fieldLine = fc.constantFrom(
  'Host: a\r\n',
  'host: b:80\r\n',
  'X-Foo: bar\r\n',
  'x-long-name-of-some-length:\t padded \r\n',
  'Empty:\r\n',
  'Content-Length: 3\r\n',
  'Content-Length: 0\r\n',
  'content-length: +1\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Connection: close\r\n',
  'Connection: x-foo, keep-alive\r\n',
  'Upgrade: websocket\r\nConnection: upgrade\r\n',
  ' folded\r\n',
  'bad name: x\r\n',
  'nocolon\r\n',
  'bare: lf\n',
  'bare: c\rr\r\n',
  'nul: \0\r\n',
  'caf\xe9: x\r\n',
  'high: caf\xe9\r\n',
)
const goodLine = fc.constantFrom(
  'Host: a\r\n',
  'X-Foo: bar\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Content-Length: 3\r\n',
)
const body = fc.constantFrom(
  '',
  'abc',
  '3\r\nabc\r\n0\r\n\r\n',
  '3;ext="x"\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nX-T: y\r\n\r\n',
  '03\r\nabc\r\n000\r\n\r\n',
  '3\r\nabcd\r\n',
  'g\r\n',
  '3\nabc\r\n',
  '0\r\nbad trailer\r\n\r\n',
)
function message(startLine: fc.Arbitrary<string>): fc.Arbitrary<string> {
  const lines = fc.oneof(
    { weight: 2, arbitrary: fc.array(goodLine, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(fieldLine, { maxLength: 6 }) },
  )
  return fc.tuple(startLine, lines, body).map(([start, fields, rest]) => `${start}${fields.join('')}\r\n${rest}`)
}
const request = message(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom('GET / HTTP/1.1\r\n', 'POST /p?q HTTP/1.1\r\n', '\r\nGET http://c/x HTTP/1.1\r\n'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'HEAD / HTTP/1.0\r\n',
        'GET  / HTTP/1.1\r\n',
        'get / HTTP/1.1\r\n',
        'GET /\n',
        '\x16\x03\r\n',
      ),
    },
  ),
)
const response = message(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.constantFrom('HTTP/1.1 200 OK\r\n', 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n'),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        'HTTP/1.1 204 No\r\n',
        'HTTP/1.0 200 OK\r\n',
        'HTTP/1.1 2000 X\r\n',
        'HTTP/1.1 304\r\n',
      ),
    },
  ),
)

type Pieces = (text: string) => string[]
const bytes: Pieces = text => text.split('')
const halves =
  (at: number): Pieces =>
  text => [text.slice(0, at), text.slice(at)]

/** Adjacent data events are one: where a body is cut is not promised. */
function join(events: string[], data: string): void {
  if (data === '') return
  if (events.at(-1)?.startsWith('data ')) events[events.length - 1] += data
  else events.push(`data ${data}`)
}

function serverEvents(pieces: string[], headerFormatter?: HeaderKeyFormatterFactory): string[] {
  const events: string[] = []
  const connection = new FakeConnection()
  const codec = new Http1ServerConnection(
    connection,
    {
      onGoAway: () => {},
      newStream: encoder => {
        events.push('stream')
        const end = (endStream: boolean) => {
          if (!endStream) return
          events.push('end')
          encoder.encodeHeaders(HeaderMap.of({ ':status': '200' }), true)
        }
        return {
          decodeHeaders: (headers, endStream) => {
            events.push(headers.list.join('|'))
            end(endStream)
          },
          decodeData: (data, endStream) => {
            join(events, Buffer.from(data).toString('latin1'))
            end(endStream)
          },
          decodeTrailers: trailers => {
            events.push(`trailers ${trailers.list.join('|')}`)
            end(true)
          },
          sendLocalReply: (status, _body, details) => events.push(`${status} ${details}`),
        }
      },
    },
    { ...defaultHttp1Settings, enableTrailers: true, headerFormatter },
  )
  for (const piece of pieces) {
    if (codec.dispatch(Buffer.from(piece, 'latin1'), false) === 'ok') continue
    events.push('protocol-error')
    break
  }
  events.push(connection.written, String(codec.closeAfterResponse))
  return events
}

function clientEvents(pieces: string[]): string[] {
  const events: string[] = []
  const codec = new Http1ClientConnection(
    new FakeConnection(),
    { onGoAway: () => {}, onMaxStreamsChanged: () => {} },
    { ...defaultUpstreamHttp1Settings, enableTrailers: true },
  )
  const encoder = codec.newStream({
    decode1xxHeaders: headers => events.push(`interim ${headers.list.join('|')}`),
    decodeHeaders: (headers, endStream) => events.push(headers.list.join('|'), ...(endStream ? ['end'] : [])),
    decodeData: (data, endStream) => {
      join(events, Buffer.from(data).toString('latin1'))
      if (endStream) events.push('end')
    },
    decodeTrailers: trailers => events.push(`trailers ${trailers.list.join('|')}`),
  })
  encoder.encodeHeaders(HeaderMap.of({ ':authority': 'a', ':path': '/', ':method': 'GET' }), true)
  let result = 'ok'
  for (const [i, piece] of [...pieces, ''].entries()) {
    result = codec.dispatch(Buffer.from(piece, 'latin1'), i === pieces.length)
    if (result !== 'ok') break
  }
  events.push(result, codec.errorDetails)
  return events
}

const options = { seed: 20_261_125, numRuns: 400 }

describe('HTTP/1 messages in pieces', () => {
  for (const [name, arbitrary, run] of [
    ['requests', request, serverEvents],
    ['responses', response, clientEvents],
  ] as const) {
    it(`${name}: byte by byte, and in two pieces at every place`, () => {
      fc.assert(
        fc.property(arbitrary, text => {
          const whole = run([text])
          assert.deepEqual(run(bytes(text)), whole)
          for (let at = 1; at < text.length; at++) assert.deepEqual(run(halves(at)(text)), whole)
        }),
        { ...options, numRuns: 250 },
      )
    })
  }

  it('a header key format gets every name as it was written, and changes nothing else', () => {
    fc.assert(
      fc.property(request, text => {
        const keys: string[] = []
        const formatter = {
          onKey: (key: string) => void keys.push(key),
          onReasonPhrase: () => {},
          format: (name: string) => name,
          reasonPhrase: '',
        }
        const run = (pieces: string[]): string[] => {
          keys.length = 0
          return serverEvents(pieces, () => formatter)
        }
        assert.deepEqual(run([text]), serverEvents([text]))
        const whole = keys.slice()
        for (const key of whole) assert.ok(text.includes(`${key}:`), key)
        assert.deepEqual(run(bytes(text)), serverEvents([text]))
        assert.deepEqual(keys, whole)
      }),
      { ...options, numRuns: 200 },
    )
  })

  it('pipelined requests in pieces of any size', () => {
    const pieces = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1, maxLength: 30 })
    fc.assert(
      fc.property(fc.array(request, { minLength: 1, maxLength: 4 }), pieces, (requests, sizes) => {
        const text = requests.join('')
        const parts: string[] = []
        for (let at = 0, i = 0; at < text.length; i++) {
          const size = sizes[i % sizes.length] as number
          parts.push(text.slice(at, at + size))
          at += size
        }
        assert.deepEqual(serverEvents(parts), serverEvents([text]))
      }),
      options,
    )
  })

  it('the short way through a head gives what the long way gives', () => {
    const line = fc.oneof(
      fieldLine,
      fc
        .tuple(fc.string({ maxLength: 12 }), fc.string({ maxLength: 20 }))
        .map(([name, value]) => `${name}:${value}\r\n`),
    )
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), lines => {
        const text = `S\r\n${lines.join('')}\r\n`
        // The long way is taken for lines that come in pieces.
        assert.deepEqual(
          parsed([text]),
          parsed(text.split(/(?<=\n)/).flatMap(part => [part.slice(0, 1), part.slice(1)])),
        )
      }),
      { ...options, numRuns: 3000 },
    )
  })
})

function parsed(pieces: string[]): unknown {
  const done: string[][] = []
  const handler: MessageHandler = {
    mayStart: () => true,
    onStartLine: () => undefined,
    onHead: (): BodyFraming => {
      done.push([...parser.fields])
      return 'until-close'
    },
    onBody: () => {},
    onTrailers: () => {},
    onComplete: () => {},
  }
  const parser = new Http1Parser('responses', handler, { headBytes: 200, fieldCount: 6 })
  for (const piece of pieces) parser.execute(Buffer.from(piece, 'latin1'), 0)
  return { done, error: parser.error, length: parser.contentLength, connection: parser.connection }
}
