/** Good and bad requests as frames on a connection of their own. What Envoy 1.40 did with them is in golden.json. */
import {
  frameHead,
  FrameType,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from '../../src/codec/http2/framing.ts'
import { block, data, end, endHeaders, frame, headers, request } from '../support/http2-frames.ts'

export interface Case {
  readonly name: string
  /** After the preface and SETTINGS. */
  readonly send: string
  /** Why sluice answers otherwise on purpose. */
  readonly differs?: string
}

const get = (more: readonly string[] = []): string => headers(1, request('/direct', more))
const post = (more: readonly string[] = []): string => headers(1, request('/wait', more, 'POST'), 0)
const pseudo = (...list: string[]): string => headers(1, list)
const many = (count: number): string[] => Array.from({ length: count }, (_, i) => [`h${i}`, 'v']).flat()
const whole = 'a request exists, and is logged, when its header block is whole; with Envoy when it begins'
const strict = 'stricter: RFC 9113 calls it a connection error, Envoy lets it pass'

function longBlock(list: readonly string[]): string {
  const bytes = block(list)
  let frames = frame(FrameType.headers, end, 1, bytes.slice(0, 16_384))
  for (let at = 16_384; at < bytes.length; at += 16_384) {
    const last = at + 16_384 >= bytes.length
    frames += frame(FrameType.continuation, last ? endHeaders : 0, 1, bytes.slice(at, at + 16_384))
  }
  return frames
}

export const cases: readonly Case[] = [
  { name: 'GET', send: get() },
  { name: 'HEAD', send: headers(1, request('/direct', [], 'HEAD')) },
  { name: 'POST with a body', send: headers(1, request('/direct', [], 'POST'), 0) + data(1, 'abc', end) },
  { name: 'POST answered before its end', send: headers(1, request('/direct', [], 'POST'), 0) },
  { name: 'method that nobody knows', send: headers(1, request('/direct', [], 'FOO')) },
  { name: 'method in lower case', send: headers(1, request('/direct', [], 'get')) },
  { name: 'method with a space', send: headers(1, request('/direct', [], 'G T')) },
  { name: 'no route', send: headers(1, request('/nowhere')) },
  { name: 'CONNECT without a route', send: headers(1, [':method', 'CONNECT', ':authority', 'a:80'], 0) },
  {
    name: 'CONNECT with a path',
    send: pseudo(':method', 'CONNECT', ':authority', 'a:80', ':path', '/', ':scheme', 'http'),
  },
  {
    name: ':protocol without allow_connect',
    send: pseudo(':method', 'CONNECT', ':protocol', 'x', ':path', '/', ':scheme', 'http', ':authority', 'a'),
  },
  { name: 'no :authority', send: pseudo(':method', 'GET', ':path', '/direct', ':scheme', 'http') },
  { name: 'host only', send: pseudo(':method', 'GET', ':path', '/direct', ':scheme', 'http', 'host', 'b') },
  { name: 'host beside :authority', send: get(['host', 'b.test']) },
  {
    name: 'host before :authority',
    send: pseudo(':method', 'GET', ':path', '/direct', ':scheme', 'http', 'host', 'b', ':authority', 'a'),
  },
  {
    name: ':authority with a space',
    send: pseudo(':method', 'GET', ':path', '/direct', ':scheme', 'http', ':authority', 'a b'),
  },
  {
    name: ':authority with a user',
    send: pseudo(':method', 'GET', ':path', '/direct', ':scheme', 'http', ':authority', 'u@a'),
  },
  { name: 'no :path', send: pseudo(':method', 'GET', ':scheme', 'http', ':authority', 'a') },
  { name: 'empty :path', send: headers(1, request('')) },
  { name: 'relative :path', send: headers(1, request('direct')) },
  { name: ':path *', send: headers(1, request('*')) },
  { name: 'OPTIONS *', send: headers(1, request('*', [], 'OPTIONS')) },
  { name: ':path with a space', send: headers(1, request('/direct a')) },
  { name: ':path with a fragment', send: headers(1, request('/direct#a')) },
  { name: ':path with a high byte', send: headers(1, request('/direct\xe9')) },
  { name: 'no :scheme', send: pseudo(':method', 'GET', ':path', '/direct', ':authority', 'a') },
  { name: ':scheme ftp', send: pseudo(':method', 'GET', ':path', '/direct', ':scheme', 'ftp', ':authority', 'a') },
  { name: ':scheme HTTP', send: pseudo(':method', 'GET', ':path', '/direct', ':scheme', 'HTTP', ':authority', 'a') },
  {
    name: ':scheme with a space',
    send: pseudo(':method', 'GET', ':path', '/direct', ':scheme', 'h t', ':authority', 'a'),
  },
  { name: 'no :method', send: pseudo(':path', '/direct', ':scheme', 'http', ':authority', 'a') },
  { name: 'two :method', send: get([':method', 'GET']) },
  { name: 'unknown pseudo-header', send: headers(1, [':foo', '1', ...request('/direct')]) },
  { name: 'pseudo-header after a field', send: headers(1, ['a', 'b', ...request('/direct')]) },
  { name: ':status in a request', send: headers(1, [':status', '200', ...request('/direct')]) },
  { name: 'name in upper case', send: get(['X-A', '1']) },
  { name: 'empty name', send: get(['', '1']) },
  { name: 'name with a space', send: get(['a b', '1']) },
  { name: 'name with a colon', send: get(['a:b', '1']) },
  { name: 'connection', send: get(['connection', 'close']) },
  { name: 'keep-alive', send: get(['keep-alive', '1']) },
  { name: 'proxy-connection', send: get(['proxy-connection', '1']) },
  { name: 'transfer-encoding', send: get(['transfer-encoding', 'chunked']) },
  { name: 'upgrade', send: get(['upgrade', 'foo']) },
  { name: 'te: gzip', send: get(['te', 'gzip']) },
  { name: 'te: trailers', send: get(['te', 'trailers']) },
  { name: 'NUL in a value', send: get(['a', 'x\0y']) },
  { name: 'CR in a value', send: get(['a', 'x\ry']) },
  { name: 'LF in a value', send: get(['a', 'x\ny']) },
  { name: 'control character in a value', send: get(['a', 'x\x01y']) },
  { name: 'DEL in a value', send: get(['a', 'x\x7fy']) },
  { name: 'tab in a value', send: get(['a', 'x\ty']) },
  { name: 'high byte in a value', send: get(['a', 'x\xe9y']) },
  { name: 'spaces around a value', send: get(['a', ' x ']) },
  { name: 'content-length without a body', send: get(['content-length', '2']) },
  { name: 'two equal content-length', send: get(['content-length', '0', 'content-length', '0']) },
  { name: 'content-length that is no number', send: get(['content-length', 'x']) },
  { name: 'less than content-length', send: post(['content-length', '5']) + data(1, 'abc', end) },
  { name: 'more than content-length', send: post(['content-length', '2']) + data(1, 'abc', end) },
  {
    name: 'less than content-length, with trailers',
    send: post(['content-length', '5']) + data(1, 'abc') + headers(1, ['x', 'y']),
  },
  { name: '101 fields, of which a list is one', send: get([...many(95), 'accept', 'a', 'accept', 'b']) },
  { name: '101 fields with crumbs of a cookie', send: get([...many(95), 'cookie', 'a', 'cookie', 'b']) },
  { name: 'underscore in trailers', send: post() + headers(1, ['x_y', '1']) },
  {
    name: ':scheme ftp to an upstream',
    send: headers(1, [':method', 'GET', ':path', '/wait', ':scheme', 'ftp', ':authority', 'a']) + rstStreamFrame(1, 8),
  },
  { name: '100 fields', send: get(many(96)) },
  { name: '101 fields', send: get(many(97)) },
  {
    name: '140 KiB of fields',
    send: longBlock(request('/direct', Array.from({ length: 160 }, (_, i) => [`h${i}`, 'v'.repeat(900)]).flat())),
    differs: 'a header block is kept up to its limit and decoded when it is whole; more of it ends the connection',
  },
  { name: 'trailers without END_STREAM', send: post() + headers(1, ['x', 'y'], 0) },
  { name: 'pseudo-header in trailers', send: post() + headers(1, [':path', '/']) },
  { name: 'even stream', send: headers(2, request('/direct')) },
  {
    name: 'stream lower than another',
    send: headers(5, request('/direct')) + headers(3, request('/direct')),
    differs: strict,
  },
  { name: 'DATA on an idle stream', send: data(1, 'abc') },
  { name: 'RST_STREAM on an idle stream', send: rstStreamFrame(1, 8) },
  { name: 'WINDOW_UPDATE on an idle stream', send: windowUpdateFrame(1, 8) },
  { name: 'DATA after the end', send: headers(1, request('/wait')) + data(1, 'abc') },
  { name: 'HEADERS after the end', send: headers(1, request('/wait')) + headers(1, request('/wait')) },
  { name: 'WINDOW_UPDATE of 0', send: windowUpdateFrame(0, 0) },
  { name: 'WINDOW_UPDATE of 0 for a stream', send: post() + windowUpdateFrame(1, 0) },
  { name: 'too large a window', send: windowUpdateFrame(0, 2 ** 31 - 1) },
  {
    name: "too large a stream's window",
    send: post() + windowUpdateFrame(1, 2 ** 31 - 1),
    differs: 'an error of the stream (RFC 9113 §6.9.1); Envoy ends the connection',
  },
  { name: 'PUSH_PROMISE', send: frame(FrameType.pushPromise, 4, 1, '\0\0\0\x02') },
  { name: 'too large a frame', send: frameHead(16_385, FrameType.data, 0, 1) + 'x'.repeat(16_385) },
  { name: 'bad header block', send: frame(FrameType.headers, 5, 1, '\xff\xff\xff\xff\xff'), differs: whole },
  { name: 'SETTINGS: window of 2^31', send: settingsFrame([4, 2 ** 31]) },
  { name: 'SETTINGS: frame size of 100', send: settingsFrame([5, 100]) },
  { name: 'SETTINGS: push 3', send: settingsFrame([2, 3]) },
  { name: 'stream that depends on itself', send: frame(FrameType.priority, 0, 1, '\0\0\0\x01\x10'), differs: strict },
  { name: 'one empty DATA', send: post() + data(1, '') },
  { name: 'two empty DATA', send: post() + data(1, '').repeat(2) },
  {
    name: 'two empty CONTINUATION',
    send: frame(1, end, 1, block(request('/direct'))) + frame(9, 0, 1) + frame(9, 4, 1),
    differs: whole,
  },
  { name: '5 WINDOW_UPDATE', send: windowUpdateFrame(0, 1).repeat(5) },
  { name: '6 WINDOW_UPDATE', send: windowUpdateFrame(0, 1).repeat(6) },
  { name: '100 PRIORITY', send: frame(FrameType.priority, 0, 1, '\0\0\0\0\x10').repeat(100) },
  { name: '101 PRIORITY', send: frame(FrameType.priority, 0, 1, '\0\0\0\0\x10').repeat(101) },
  { name: 'unknown frame', send: frame(77, 0, 0, 'abc') + get() },
  { name: 'RST_STREAM of a request', send: post() + rstStreamFrame(1, 8) },
  {
    name: 'more streams than allowed',
    send: Array.from({ length: 1026 }, (_, i) => headers(i * 2 + 1, request('/wait'))).join(''),
  },
  { name: 'gRPC without a route', send: headers(1, request('/nowhere', ['content-type', 'application/grpc'], 'POST')) },
  { name: 'expect: 100-continue', send: post(['expect', '100-continue']) },
]
