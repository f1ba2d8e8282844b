import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  factoryContext,
  fakeHost,
  logContext,
  messageOf,
  requestHeaders,
  streamInfo,
} from '../../test/support/routing.ts'
import type { HeaderValueOption, SubstitutionFormatString } from '../config/v3.ts'
import type { LogContext } from '../core/access-log.ts'
import { HeaderMap } from '../core/header-map.ts'
import { ResponseFlag } from '../core/stream-info.ts'
import { defaultAccessLogFormat, makeFormatter } from './formatter.ts'
import { headerContext, makeHeaderMutations } from './header-parser.ts'
import { makeTextFormatter } from './text-formatter.ts'
import { makeTimeFormatter } from './time-format.ts'

const context = factoryContext()

function text(format: string, parts: Partial<LogContext> = {}): string {
  return makeTextFormatter(format, context)(logContext(parts))
}

function json(yaml: string, parts: Partial<LogContext> = {}): string {
  const message = messageOf<SubstitutionFormatString>('envoy.config.core.v3.SubstitutionFormatString', yaml)
  return makeFormatter(message, context).format(logContext(parts))
}

/** A finished exchange with an upstream. */
function finished(): LogContext {
  const info = Object.assign(streamInfo(), {
    startTimeMs: Date.UTC(2026, 10, 25, 0, 35, 8, 192),
    responseCode: 200,
    responseCodeDetails: 'via_upstream',
    bytesReceived: 3,
    bytesSent: 285,
    durationMs: 12.7,
    firstUpstreamTxMs: 1,
    lastUpstreamTxMs: 1.5,
    firstUpstreamRxMs: 5.25,
    lastDownstreamTxMs: 9.5,
    upstreamHost: { ...fakeHost('a'), metadata: { m: { k: 1, s: 'é' } } },
    upstreamClusterName: 'up',
    upstreamRemoteAddress: { kind: 'ip', ip: '2001:db8:1234:5678:9abc:def0:1234:5678', port: 443, version: 6 } as const,
    upstreamRequestAttemptCount: 1,
    dynamicMetadata: new Map([['f', { list: [1, 2], name: 'n' }]]),
    filterState: new Map([['key', { serializeAsString: () => 'état' }]]),
  })
  return logContext({
    streamInfo: info,
    requestHeaders: requestHeaders('/new?a=b&c', {
      'x-envoy-original-path': '/old?a=%20b&c',
      'user-agent': 'ua',
      'x-u': 'Ã¼"',
    }),
    responseHeaders: HeaderMap.of({ ':status': '200', 'x-envoy-upstream-service-time': '4' }),
  })
}

test("Envoy's default line", () => {
  assert.equal(
    makeTextFormatter(defaultAccessLogFormat, context)(finished()),
    '[2026-11-25T00:35:08.192Z] "GET /old?a=%20b&c HTTP/1.1" 200 - 3 285 12 4 "-" "ua" "-" "example.com" "a:80"\n',
  )
})

test('commands of all kinds', () => {
  const cases: [string, string][] = [
    ['100%%', '100%'],
    ['%REQ(X-NONE?USER-AGENT)%', 'ua'],
    ['%REQ(USER-AGENT):1%', 'u'],
    ['%REQUEST_HEADER(host)%', 'example.com'],
    ['%TRAILER(x)%', '-'],
    ['%PATH%', '/old?a=%20b&c'],
    ['%PATH(NQ:PATH)%', '/new'],
    ['%PATH(WQ:ORIG):4%', '/old'],
    ['%QUERY_PARAM(a)%', ' b'],
    ['%QUERY_PARAM(c)%', ''],
    ['%QUERY_PARAMS(DECODED)%', 'a=%20b&c'],
    ['%RESPONSE_CODE% %RESPONSE_CODE_DETAILS% %RESPONSE_FLAGS%', '200 via_upstream -'],
    ['%DURATION% %REQUEST_DURATION% %RESPONSE_DURATION% %RESPONSE_TX_DURATION%', '12 - 5 4'],
    ['%COMMON_DURATION(DS_RX_BEG:US_RX_BEG:us)%', '5250'],
    ['%UPSTREAM_HOST% %UPSTREAM_HOST_NAME% %UPSTREAM_CLUSTER%', 'a:80 a up'],
    ['%UPSTREAM_METADATA(m)%', '{"k":1,"s":"Ã©"}'],
    ['%UPSTREAM_METADATA(m:s)%', 'Ã©'],
    ['%DYNAMIC_METADATA(f:list)%', '[1,2]'],
    ['%DYNAMIC_METADATA(f:list:x)%', '-'],
    ['%METADATA(DYNAMIC:f:name)%', 'n'],
    ['%DYNAMIC_METADATA(["f","name"])%', 'n'],
    ['%FILTER_STATE(key:PLAIN)% %FILTER_STATE(other)%', `${Buffer.from('état').toString('latin1')} -`],
    ['%DOWNSTREAM_REMOTE_ADDRESS% %DOWNSTREAM_REMOTE_PORT%', '10.1.10.23:4711 4711'],
    ['%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(16)%', '10.1.10.23 10.1.0.0/16'],
    ['%UPSTREAM_REMOTE_ADDRESS_WITHOUT_PORT(64)%', '2001:db8:1234:5678::/64'],
    ['%CONNECTION_ID% %UPSTREAM_CONNECTION_ID% %GRPC_STATUS%', '7 0 -'],
    ['%START_TIME(%s.%3f|%Y|%j|%e|%Z%z|%E3S|%Q|%k|%T)%', '1795566908.192|2026|329|25|UTC+0000|08.192|%Q| 0|00:35:08'],
  ]
  const log = finished()
  for (const [format, expected] of cases) assert.equal(makeTextFormatter(format, context)(log), expected, format)
})

test('flags, short and long, the refused retry before the failure', () => {
  const info = streamInfo()
  info.responseFlags = ResponseFlag.upstreamRetryLimitExceeded | ResponseFlag.upstreamConnectionFailure
  assert.equal(text('%RESPONSE_FLAGS%', { streamInfo: info }), 'URX,UF')
  assert.equal(
    text('%RESPONSE_FLAGS_LONG%', { streamInfo: info }),
    'UpstreamRetryLimitExceeded,UpstreamConnectionFailure',
  )
  info.protocol = undefined
  assert.equal(text('%RESPONSE_FLAGS%', { streamInfo: info }), 'UF,URX', 'of a TCP connection')
})

test('the gRPC status of a gRPC request, from trailers, headers or the HTTP status', () => {
  const requestHeaders = HeaderMap.of({ 'content-type': 'application/grpc' })
  const status = (parts: Partial<LogContext>): string =>
    text('%GRPC_STATUS% %GRPC_STATUS(SNAKE_STRING)% %GRPC_STATUS_NUMBER%', { requestHeaders, ...parts })
  assert.equal(
    status({ responseTrailers: HeaderMap.of({ 'grpc-status': '4' }) }),
    'DeadlineExceeded DEADLINE_EXCEEDED 4',
  )
  assert.equal(status({ responseHeaders: HeaderMap.of({ 'grpc-status': '1' }) }), 'Canceled CANCELLED 1')
  const info = Object.assign(streamInfo(), { responseCode: 503 })
  assert.equal(status({ responseHeaders: new HeaderMap(), streamInfo: info }), 'Unavailable UNAVAILABLE 14')
})

test('JSON keeps types, sorts keys, and ends with a newline', () => {
  const format =
    '{z: "%RESPONSE_CODE%", a: "%PROTOCOL% x %REQ(no)%", b: "%REQ(no)%", c: {d: "%REQ(no)%", n: 1, t: true}, l: ["%PROTOCOL%", "%REQ(no)%"], u: "%REQ(x-u)%", m: "%UPSTREAM_METADATA(m:k)%", q: "é%%\\"", f: "%RESPONSE_FLAGS%"}'
  assert.equal(
    json(`json_format: ${format}`, finished()),
    '{"a":"HTTP/1.1 x -","b":null,"c":{"d":null,"n":1,"t":true},"f":"-","l":["HTTP/1.1",null],"m":1,"q":"Ã©%\\"","u":"Ã¼\\"","z":200}\n',
  )
  assert.equal(
    json(
      '{omit_empty_values: true, json_format: {z: "%RESPONSE_CODE%", a: "%PROTOCOL% x %REQ(no)%", b: "%REQ(no)%", c: {d: "%REQ(no)%"}, l: ["%PROTOCOL%", "%REQ(no)%"]}}',
      finished(),
    ),
    '{"a":"HTTP/1.1 x ","l":["HTTP/1.1"],"z":200}\n',
  )
})

test('text from a source, with its content type', () => {
  const make = (yaml: string): ReturnType<typeof makeFormatter> =>
    makeFormatter(messageOf<SubstitutionFormatString>('envoy.config.core.v3.SubstitutionFormatString', yaml), context)
  const formatter = make(
    '{text_format_source: {inline_string: "<%REQ(no)%>"}, omit_empty_values: true, content_type: text/html}',
  )
  assert.equal(formatter.format(logContext()), '<>')
  assert.equal(formatter.contentType, 'text/html')
  assert.equal(make('json_format: {}').contentType, 'application/json')
  assert.throws(() => make('{text_format: "%NOPE%"}'), /test\.yaml:1:1.*%NOPE% is no command/)
  assert.throws(
    () => make('{text_format_source: {filename: /does/not/exist}}'),
    /text_format_source\.filename: cannot read/,
  )
})

test('bad formats say what is wrong', () => {
  const bad = (format: string, reason: RegExp): void => assert.throws(() => text(format), reason)
  bad('100%', /no valid command at position 3/)
  bad('%REQ(X)', /no valid command at position 0/)
  bad('%NOPE%', /%NOPE% is no command$/)
  bad('%DOWNSTREAM_CX_RTT%', /is not supported by sluice: Node does not tell/)
  bad('%REQ%', /REQ% requires parameters/)
  bad('%PROTOCOL(x)%', /takes no parameters/)
  bad('%PROTOCOL:3%', /takes no length/)
  bad('%START_TIME(%n)%', /newline/)
  bad('%GRPC_STATUS(X)%', /CAMEL_STRING/)
  bad('%PATH(X)%', /WQ or NQ/)
  bad('%COMMON_DURATION(A)%', /DS_RX_BEG/)
  bad('%REQ(a?b?c)%', /one alternative/)
  bad('%FILTER_STATE(a:X)%', /PLAIN, TYPED or FIELD/)
})

test('local time carries its offset', () => {
  assert.match(makeTimeFormatter('', true)(0), /^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000[+-]\d{4}$/)
  assert.equal(makeTimeFormatter('%a, %d %b %Y %I %p %D')(0), 'Thu, 01 Jan 1970 12 AM 01/01/70')
})

test('header changes: removals first, values of the headers before, overwritten ones go to the end', () => {
  const option = (yaml: string): HeaderValueOption =>
    messageOf<HeaderValueOption>('envoy.config.core.v3.HeaderValueOption', yaml)
  const mutations = makeHeaderMutations(
    [
      option('{header: {key: X-Add, value: "%REQ(old)%"}}'),
      option('{header: {key: old, value: new}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}'),
      option('{header: {key: none, value: x}, append_action: OVERWRITE_IF_EXISTS}'),
      option('{header: {key: old, value: again}, append_action: ADD_IF_ABSENT}'),
      option('{header: {key: absent, value: é}, append_action: ADD_IF_ABSENT}'),
      option('{header: {key: empty, value: "%REQ(no)%"}}'),
      option('{header: {key: kept, value: "%REQ(no)%"}, keep_empty_value: true}'),
      option('{header: {key: replaced, value: r}, append: false}'),
    ],
    ['Gone'],
    context,
    {},
    'requestHeadersToRemove',
  )
  const headers = new HeaderMap(['old', '1', 'gone', '', 'replaced', 'a', 'z', ''])
  mutations?.apply(headers, headerContext(headers, undefined, streamInfo()))
  assert.deepEqual(headers.list, ['z', '', 'old', 'new', 'replaced', 'r', 'x-add', '1', 'absent', 'Ã©', 'kept', ''])
  assert.equal(makeHeaderMutations([], [], context, {}, ''), undefined)
})

test('the hosts and connections of all attempts, in order', () => {
  const info = Object.assign(streamInfo(), {
    earlierUpstreamHosts: [fakeHost('a'), fakeHost('b')],
    earlierUpstreamConnectionIds: [3],
    upstreamHost: fakeHost('c'),
    upstreamConnectionId: 5,
  })
  assert.equal(
    text(
      '%UPSTREAM_HOSTS_ATTEMPTED% %UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT% %UPSTREAM_CONNECTION_IDS_ATTEMPTED%',
      {
        streamInfo: info,
      },
    ),
    'a:80,b:80,c:80 a,b,c 3,5',
  )
})

test('time points of connections and bodies; a duration is never negative', () => {
  const info = Object.assign(streamInfo(), { downstreamHeadersMs: 1, firstUpstreamRxMs: 4, firstUpstreamBodyMs: 6.5 })
  const at = info.startMonotonicMs
  info.upstreamTiming = {
    ...{ beginMs: at + 1, connectedMs: at + 2, handshakeBeginMs: at + 2, handshakeEndMs: at + 3.5, endMs: undefined },
  }
  const duration = (points: string): string => text(`%COMMON_DURATION(${points}:us)%`, { streamInfo: info })
  assert.equal(duration('DS_RX_HDR_END:US_CX_END'), '1000')
  assert.equal(duration('US_CX_END:US_HS_END'), '1500')
  assert.equal(duration('US_RX_BEG:US_RX_BODY_BEG'), '2500')
  assert.equal(duration('US_RX_BODY_BEG:US_RX_BEG'), '-')
  assert.equal(duration('MINE:US_RX_BEG'), '-')
})
