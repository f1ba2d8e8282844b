/**
 * Responses that our client connection and llhttp (Node's parser, in its strict mode) do not read alike must have a
 * reason in `reasons`.
 */
import assert from 'node:assert/strict'
import { request as httpRequest } from 'node:http'
import { duplexPair } from 'node:stream'
import { it } from 'node:test'
import * as fc from 'fast-check'
import { FakeConnection } from '../../../test/support/fake-connection.ts'
import { HeaderMap } from '../../core/header-map.ts'
import { Http1ClientConnection } from './client.ts'
import { defaultUpstreamHttp1Settings } from './settings.ts'

type Method = 'GET' | 'HEAD'

/** Status, values of `x` and body of the final response, or 'error'; the connection ends after `text`. */
function ours(text: string, method: Method): string {
  let status = ''
  let body = ''
  let complete = false
  const codec = new Http1ClientConnection(
    new FakeConnection(),
    { onGoAway: () => {}, onMaxStreamsChanged: () => {} },
    defaultUpstreamHttp1Settings,
  )
  const encoder = codec.newStream({
    decode1xxHeaders: () => {},
    decodeHeaders: (headers, endStream) => {
      status = `${headers.status} x=${headers.getAll('x').join('|')}`
      complete = endStream
    },
    decodeData: (data, endStream) => {
      body += Buffer.from(data).toString('latin1')
      complete = endStream
    },
    decodeTrailers: () => (complete = true),
  })
  encoder.encodeHeaders(HeaderMap.of({ ':authority': 'a', ':path': '/', ':method': method }), true)
  // Bytes behind the response cost the connection, not the response.
  if (codec.dispatch(Buffer.from(text, 'latin1'), false) === 'ok') codec.dispatch(new Uint8Array(0), true)
  return complete ? `${status} ${JSON.stringify(body)}` : 'error'
}

async function llhttp(text: string, method: Method): Promise<string> {
  const [near, far] = duplexPair()
  near.on('error', () => {})
  far.on('error', () => {})
  far.resume()
  let reading = 'error'
  const request = httpRequest({ method, createConnection: () => near })
  request.on('error', () => {})
  request.on('upgrade', response => (reading = `${response.statusCode} upgrade`))
  request.on('response', response => {
    let body = ''
    const values = response.rawHeaders.filter((_, i, all) => i % 2 === 1 && all[i - 1]?.toLowerCase() === 'x')
    response.setEncoding('latin1')
    response.on('error', () => {})
    response.on('data', (chunk: string) => (body += chunk))
    response.on('end', () => {
      reading = `${response.statusCode} x=${values.join('|')} ${JSON.stringify(body)}`
    })
  })
  request.end()
  await new Promise(resolve => setImmediate(resolve))
  far.end(Buffer.from(text, 'latin1'))
  for (let turn = 0; turn < 10; turn++) await new Promise(resolve => setImmediate(resolve))
  near.destroy()
  far.destroy()
  return reading
}

const startLine = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.constantFrom(
      'HTTP/1.1 200 OK\r\n',
      'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n',
      'HTTP/1.1 404 \r\n',
    ),
  },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      'HTTP/1.0 200 OK\r\n',
      'HTTP/1.1 204 No\r\n',
      'HTTP/1.1 304 No\r\n',
      'HTTP/1.1 101 Switching\r\n',
      'HTTP/1.1 200\r\n',
      'HTTP/1.1  200 OK\r\n',
      'HTTP/1.1 20 OK\r\n',
      'HTTP/1.1 2000 OK\r\n',
      'HTTP/1.1 2x0 OK\r\n',
      'HTTP/1.1 200 O\x01K\r\n',
      'HTTP/1.1 200 \xe9\r\n',
      'HTTP/1.1 200 OK\n',
      'HTTP/2.0 200 OK\r\n',
      'http/1.1 200 OK\r\n',
      '\r\nHTTP/1.1 200 OK\r\n',
      'ICY 200 OK\r\n',
    ),
  },
)
const fieldLine = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('Content-Length: 3\r\n', 'Transfer-Encoding: chunked\r\n', 'X: 1\r\n') },
  {
    weight: 2,
    arbitrary: fc.constantFrom(
      'Content-Length: 0\r\n',
      'Content-Length: +3\r\n',
      'Content-Length: 3,3\r\n',
      'Content-Length: 0x3\r\n',
      'Content-Length:\r\n',
      'Content-Length : 3\r\n',
      'Transfer-Encoding: Chunked\r\n',
      'Transfer-Encoding: gzip, chunked\r\n',
      'Transfer-Encoding: chunked, gzip\r\n',
      'Transfer-Encoding: identity\r\n',
      'Transfer-Encoding:\x0bchunked\r\n',
      'Connection: close\r\n',
      'Connection: keep-alive\r\n',
      'X:\t a b \t\r\n',
      'X: a\r\n b\r\n',
      ' folded\r\n',
      'X: a\n',
      'X: a\rb\r\n',
      'X: a\0b\r\n',
      'bad name: a\r\n',
      'nocolon\r\n',
    ),
  },
)
const body = fc.constantFrom(
  '',
  'abc',
  'abcdef',
  '3\r\nabc\r\n0\r\n\r\n',
  '03;a=b\r\nabc\r\n000\r\nX: t\r\n\r\n',
  '3\nabc\r\n0\r\n\r\n',
  '3\r\nabcd\r\n0\r\n\r\n',
  '3 \r\nabc\r\n0\r\n\r\n',
  '-3\r\nabc\r\n0\r\n\r\n',
  '3\r\nabc\r\n0\r\nbad trailer\r\n\r\n',
)
const response = fc
  .tuple(startLine, fc.array(fieldLine, { maxLength: 4 }), body)
  .map(([line, fields, rest]) => `${line}${fields.join('')}\r\n${rest}`)

const reasons: [why: string, test: RegExp][] = [
  ['only HTTP/1.0 and 1.1 are spoken', /^HTTP\/2/],
  ['a control character in the reason phrase is refused', /200 O[^K]/],
  ['nobody asked for 101', /^HTTP\/1\.1 101/],
  ['no line precedes a response', /^\r\n/],
  ['folded lines are joined with a space, as Envoy does', /\r\n [a-z]+\r\n/],
  [
    '204 has no body to tell the length of, as Envoy has it',
    /^HTTP\/1\.1 204[^]*(?:Content-Length: 3|Transfer-Encoding)/,
  ],
  [
    'only chunked is known as a coding, and only once',
    /Transfer-Encoding: (?:gzip|identity|chunked, gzip)|(?:Transfer-Encoding:[^]*){2}/,
  ],
  ['HTTP/1.0 has no codings', /^HTTP\/1\.0[^]*Transfer-Encoding/],
]

it('reads responses as llhttp does, or has a reason not to', async () => {
  const unexplained: string[] = []
  const cases = new Map(
    fc.sample(fc.tuple(response, fc.constantFrom<Method>('GET', 'GET', 'HEAD')), { seed: 20_261_125, numRuns: 6000 }),
  )
  for (const [text, method] of cases) {
    const own = ours(text, method)
    const theirs = await llhttp(text, method)
    if (own === theirs || reasons.some(([, test]) => test.test(text))) continue
    unexplained.push(`${method} ${JSON.stringify(text)}\n  ours ${own}\n  llhttp ${theirs}`)
  }
  assert.equal(unexplained.length, 0, unexplained.slice(0, 10).join('\n'))
})
