/** Random requests and answers, valid and broken, as steps of a raw client and acts of a scripted upstream. */
import {
  FrameType,
  goAwayFrame,
  rstStreamFrame,
  settingsFrame,
  windowUpdateFrame,
} from '../../../src/codec/http2/framing.ts'
import { block, clientStart, data, end, endHeaders, frame } from '../../support/http2-frames.ts'
import type { Random } from './random.ts'
import type { Act, Answer } from './upstream.ts'

export type ClientStep = string | { readonly waitMs: number } | { readonly do: 'end' | 'reset' }

export interface ExploredCase {
  readonly http2: boolean
  readonly steps: readonly ClientStep[]
  readonly answers: readonly Answer[]
  /** Human-readable request. */
  readonly text: string
  readonly answerText: string
}

const targets = [
  ...['/', '/a', '/a/b?x=1&y=2', '/a%2fb', '/A%2Fb', '/a//b', '/a/../b', '/a/./b', '/%61', '/a\\b', '/a;x=1', '/a#f'],
  ...['/?', '/?a', '/..', '/../a', '//', '//a', '/%2e%2e/a', '/a/%2E%2e/b', '/a%5cb', '/a?b=/../c', '/a?x=%2f', '/a%2'],
  ...[
    '/%zz',
    '/%00',
    '/a%0d%0ab',
    '/regex/12/x',
    '/template/one/two',
    '/redirect',
    '/redirect/x?y',
    '/direct',
    '/retry',
  ],
  ...['/internal', '/mirror', '/mutate', '/buffered', '/timeout', '/h2/a', '/h2/retry', '/h2/timeout', '/h2/mirror'],
  ...[
    '/ws',
    '/h2/ws',
    '/rewrite/a',
    '/rewrite',
    '/hedge',
    '/idle',
    '/max',
    '/weighted',
    '/grpc.Service/Call',
    '/file.txt',
  ],
  ...['/a?x=a%20b+c', '/a/b/', '/"<>', '/{a}', '/a|b', '/~', "/'", '/a,b', '/:a', '/a:b@c', `/${'l'.repeat(2000)}`],
  ...['/h2/internal', '/h2/buffered', '/h2/mutate', '/upgrade', '/h2/hedge', '/h2/idle', '/none', '/https-only'],
]
const targets1 = [
  ...[
    '*',
    'http://x.test/a',
    'http://x.test',
    'http://x.test:80/a?b',
    'HTTP://X.test/a',
    'https://x.test/a',
    'a.test:443',
  ],
  ...[
    'http://u:p@x.test/a',
    'ftp://x.test/a',
    'http://[::1]:80/a',
    'http://x.test?q',
    '?a',
    'a/b',
    'http:/x',
    '/\xe9',
    'http://x.test:99999/',
    'http://x.test#f',
    'http://',
  ],
]
const hosts = [
  'a.test',
  'a.test:80',
  'A.TEST',
  'a.test.',
  'a.test.:8080',
  '[::1]:80',
  'b.test',
  'b.test:99999',
  'a.test:',
  '127.0.0.1',
  'x_y.test',
  'www.wild.test',
  'a%2e.test',
  'a.test:0x50',
  '-',
  'a,b',
  'a.test:443',
]
const methods = ['GET', 'GET', 'GET', 'POST', 'POST', 'PUT', 'HEAD', 'OPTIONS', 'DELETE', 'PATCH', 'TRACE']

const requestFields: readonly (readonly [string, string])[] = [
  ...[
    'te: trailers',
    'te: gzip',
    'te: trailers, deflate',
    'te: gzip;q=0.5, trailers',
    'expect: 100-continue',
    'expect: 200-ok',
    'Expect: 100-Continue',
  ],
  ...[
    'x-forwarded-for: 1.2.3.4',
    'x-forwarded-for: 10.0.0.1',
    'x-forwarded-for: 1.2.3.4, 10.0.0.1',
    'x-forwarded-for: junk',
    'x-forwarded-for: [::1]',
    'x-forwarded-for: 1.2.3.4,,5.6.7.8',
    'x-forwarded-for: ',
  ],
  ...[
    'x-forwarded-proto: https',
    'x-forwarded-proto: http',
    'x-forwarded-proto: HTTPS',
    'x-forwarded-proto: ws',
    'x-forwarded-proto: http,https',
    'x-forwarded-proto: ',
    'x-forwarded-host: f.test',
    'x-forwarded-port: 1234',
    'x-forwarded-port: x',
    'x-forwarded-client-cert: By=a',
  ],
  ...[
    'x-request-id: abc',
    'x-request-id: ',
    'x-client-trace-id: t1',
    'x-envoy-force-trace: true',
    'x-envoy-internal: true',
    'x-envoy-external-address: 9.9.9.9',
  ],
  ...[
    'x-envoy-retry-on: 5xx',
    'x-envoy-retry-on: reset, ,connect-failure',
    'x-envoy-retry-on: nonsense',
    'x-envoy-max-retries: 2',
    'x-envoy-max-retries: x',
    'x-envoy-max-retries: 0',
    'x-envoy-retriable-status-codes: 200,404',
    'x-envoy-retriable-header-names: x-again',
    'x-envoy-retry-grpc-on: cancelled,unavailable',
  ],
  ...[
    'x-envoy-upstream-rq-timeout-ms: 5000',
    'x-envoy-upstream-rq-timeout-ms: 0',
    'x-envoy-upstream-rq-timeout-ms: -1',
    'x-envoy-upstream-rq-timeout-ms: abc',
    'x-envoy-upstream-rq-per-try-timeout-ms: 4000',
    'x-envoy-upstream-rq-per-try-timeout-ms: 9000',
    'x-envoy-expected-rq-timeout-ms: 77',
    'x-envoy-expected-rq-timeout-ms: x',
    'x-envoy-upstream-rq-timeout-alt-response: 204',
    'x-envoy-upstream-stream-duration-ms: 4000',
    'x-envoy-hedge-on-per-try-timeout: true',
    'x-envoy-attempt-count: 4',
  ],
  ...[
    'x-envoy-decorator-operation: op',
    'x-envoy-upstream-alt-stat-name: alt',
    'x-envoy-downstream-service-cluster: svc',
    'x-envoy-downstream-service-node: node',
    'x-envoy-original-path: /o',
    'x-envoy-original-dst-host: 1.1.1.1:1',
    'x-envoy-ip-tags: t',
    'x-envoy-is-timeout-retry: true',
    'x-envoy-peer-metadata: m',
    'x-envoy-original-url: u',
    'x-envoy-original-host: h',
  ],
  ...[
    'cookie: a=1',
    'cookie: b=2; c=3',
    'cookie: ',
    'cookie: a=1;; b',
    'accept: */*',
    'accept: text/html',
    'x-a: 1',
    'x-a: 2',
    'x-a: ',
    'x-b: one',
    'X-MiXed: Case',
    'x_under: score',
    'user-agent: ua',
    'user-agent: ',
    'referer: /r',
    'via: 1.0 fred',
    'forwarded: for=1',
    'range: bytes=0-1',
    'trailer: x-t',
    'date: then',
    'server: s',
    'keep-alive: timeout=5',
    'proxy-connection: keep-alive',
    'proxy-authorization: b',
    'authorization: c',
    'content-type: application/grpc',
    'content-type: application/grpc-web',
    'content-type: application/grpc-web-text',
    'content-type: text/plain',
    'content-type: application/grpc+proto',
    'grpc-timeout: 5S',
    'grpc-timeout: 99999999H',
    'grpc-timeout: 0m',
    'accept-encoding: gzip',
    'accept-encoding: identity;q=0, *',
    'origin: http://o.test',
    'access-control-request-method: GET',
    'x-long: '.concat('v'.repeat(3000)),
    'x-tab: a\tb',
    'x-space:    padded   ',
    'x-high: \xe9\xff',
    'x-quote: "a, b"',
    'early-data: 1',
    'http2-settings: AAMAAABkAAQAAP__',
    'x-to: b',
    'x-cluster: h2',
    'priority: u=1',
    'content-encoding: gzip',
    'if-none-match: x',
    'max-forwards: 1',
    'alt-used: x',
    'grpc-accept-encoding: gzip',
    'x-b3-traceid: 1',
    'traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
  ],
].map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).replace(/^ /, '')] as const)
const connectionValues = [
  'close',
  'keep-alive',
  'te',
  'te, close',
  'x-a',
  'x-a, x-b',
  'upgrade',
  'Close',
  'keep-alive, x-b',
  '',
  'keep-alive, upgrade',
  'cookie',
  'TE, X-A',
  'close, close',
  'x-a,,',
  'content-type',
  'trailers, te',
]
const upgrades = ['websocket', 'WebSocket', 'h2c', 'foo', 'websocket, foo', 'TLS/1.0', 'connect-udp', '']

const statuses = [
  '200 OK',
  '200 OK',
  '200 OK',
  '200 OK',
  '200',
  '200 ',
  '201 Created',
  '204 No Content',
  '205 Reset',
  '206 Part',
  '301 Moved',
  '302 Found',
  '303 See',
  '304 Not Modified',
  '307 Temp',
  '308 Perm',
  '400 Bad',
  '401 No',
  '404 Not Found',
  '408 Timeout',
  '409 Conflict',
  '413 Big',
  '421 Mis',
  '425 Early',
  '429 Many',
  '500 Oops',
  '502 Bad',
  '503 Gone',
  '504 Late',
  '599 Odd',
  '600 Odd',
  '999 Max',
  '100 Continue',
  '103 Early Hints',
]
const answerFields: readonly (readonly [string, string])[] = [
  ...[
    'server: up',
    'date: then',
    'via: 1.1 up',
    'x-envoy-ratelimited: true',
    'x-envoy-overloaded: true',
    'x-envoy-degraded: true',
    'x-envoy-upstream-canary: true',
    'x-envoy-upstream-service-time: 5',
    'x-envoy-immediate-health-check-fail: true',
    'x-envoy-decorator-operation: up',
    'x-envoy-attempt-count: 9',
    'x-envoy-internal: 1',
    'x-envoy-local-overloaded: true',
    'x-envoy-is-canary: 1',
  ],
  ...[
    'grpc-status: 0',
    'grpc-status: 14',
    'grpc-status: x',
    'grpc-message: bad%20thing',
    'location: /b',
    'location: http://a.test/b',
    'location: http://b.test:80/h2/a',
    'location: ',
    'location: junk',
    'location: https://a.test/',
    'set-cookie: a=1',
    'set-cookie: b=2; path=/',
    'content-type: text/plain',
    'content-type: application/grpc',
    'content-type: application/json',
    'trailer: x-t',
    'te: trailers',
    'keep-alive: 5',
    'proxy-connection: close',
    'upgrade: h2c',
    'upgrade: websocket',
    'x-again: 1',
    'retry-after: 1',
    'x-a: 1',
    'x-a: 2',
    'x-a: ',
    'X-UP: Case',
    'x_under: s',
    'x-long: '.concat('v'.repeat(3000)),
    'x-high: \xe9',
    'x-space:   p  ',
    'content-encoding: gzip',
    'vary: accept',
    'etag: "x"',
    'cache-control: no-transform',
    'alt-svc: h3=":443"',
    'x-request-id: theirs',
    'x-forwarded-for: 1',
    'strict-transport-security: m',
    'proxy-status: p; error=x',
    'x-strip: me',
    'http2-settings: x',
    'accept-ranges: bytes',
    'host: odd',
  ],
].map(line => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).replace(/^ /, '')] as const)

const bodies = [
  '',
  'x',
  'hello',
  'a'.repeat(100),
  'b'.repeat(1500),
  'c'.repeat(16_000),
  '\0\0\0\0\x05hello',
  '\r\n',
  '0\r\n\r\n',
]
const trailerFields: readonly (readonly [string, string])[] = [
  ['x-t', '1'],
  ['x-u', ''],
  ['x-t', '2'],
  ['grpc-status', '0'],
  ['grpc-status', '13'],
  ['grpc-message', 'm'],
  ['X-Mixed', 'Case'],
  ['x_under', '1'],
  ['x-envoy-x', '1'],
  ['x-long', 'v'.repeat(2000)],
]

const closed: Act = { end: 'close' }
const reset: Act = { end: 'reset' }

const odd = (r: Random, name: string): string =>
  r.chance(0.15) ? (r.chance(0.5) ? name.toUpperCase() : name.replace(/(^|-)[a-z]/g, c => c.toUpperCase())) : name

function chunks(r: Random, body: string, trailers: readonly (readonly [string, string])[]): string {
  let text = ''
  for (const piece of body === '' ? [] : r.split(body, 4)) {
    const size = piece.length.toString(16)
    const shown = r.chance(0.2) ? size.toUpperCase() : r.chance(0.1) ? `000${size}` : size
    const extension = r.chance(0.1) ? r.of([';a', ';a=b', ';a="b;c"', ';', ';a=b;c=d', ';a = b']) : ''
    text += `${shown}${extension}\r\n${piece}\r\n`
  }
  return `${text}${r.chance(0.1) ? '000' : '0'}\r\n${trailers.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n`
}

function request1(r: Random): { text: string; whole: boolean; head: boolean } {
  const method = r.chance(0.03) ? r.of(['FOO', 'get', 'CONNECT', 'PRI', 'PROPFIND', 'M-SEARCH']) : r.of(methods)
  const target = r.chance(0.08) ? r.of(targets1) : r.of(targets)
  const version = r.chance(0.06) ? 'HTTP/1.0' : 'HTTP/1.1'
  let fields = r.some(requestFields, 4).map(([n, v]) => `${odd(r, n)}:${r.chance(0.1) ? '' : ' '}${v}`)
  if (!r.chance(version === 'HTTP/1.0' ? 0.5 : 0.02))
    fields.push(`${odd(r, 'host')}: ${r.chance(0.7) ? 'a.test' : r.of(hosts)}`)
  if (r.chance(0.15)) fields.push(`${odd(r, 'connection')}: ${r.of(connectionValues)}`)
  if (r.chance(0.06) || target.endsWith('ws'))
    fields.push(`connection: ${r.chance(0.8) ? 'upgrade' : 'Upgrade, keep-alive'}`, `upgrade: ${r.of(upgrades)}`)
  fields = r.shuffle(fields)
  let body = ''
  let whole = true
  const withBody = r.chance(/^(POST|PUT|PATCH)$/.test(method) ? 0.85 : 0.1)
  if (withBody) {
    const content = r.of(bodies)
    const kind = r.below(20)
    if (kind < 8) {
      fields.push(`${odd(r, 'content-length')}: ${content.length}`)
      body = content
    } else if (kind < 16 && version === 'HTTP/1.1') {
      fields.push(`${odd(r, 'transfer-encoding')}: ${r.chance(0.15) ? 'Chunked' : 'chunked'}`)
      body = chunks(r, content, r.chance(0.4) ? r.some(trailerFields, 3) : [])
    } else if (kind === 16) {
      fields.push(`content-length: ${content.length + 5}`)
      body = content
      whole = false
    } else if (kind === 17) {
      fields.push('transfer-encoding: chunked')
      body = chunks(r, content, []).slice(0, -(1 + r.below(4)))
      whole = false
    } else if (kind === 18) {
      fields.push('transfer-encoding: chunked')
      body = `${chunks(r, content, []).slice(0, -5)}${r.of(['zz\r\n', '5;\r\nab', 'ffffffffffffffffff\r\n', '-1\r\n', '5\r\nhel'])}`
      whole = false
    }
  }
  return {
    text: `${[`${method} ${target} ${version}`, ...fields].join('\r\n')}\r\n\r\n${body}`,
    whole,
    head: method === 'HEAD',
  }
}

function case1(r: Random): ExploredCase {
  const first = request1(r)
  let text = first.text
  if (r.chance(0.15)) text += request1(r).text
  const pieces = r.chance(0.4) ? r.split(text, 5) : [text]
  const steps: ClientStep[] = pieces.flatMap((piece, i) => (i === 0 ? [piece] : [{ waitMs: 8 }, piece]))
  const after = r.below(12)
  if (after < 2) steps.push({ waitMs: 30 }, { do: 'end' })
  if (after === 2) steps.push({ waitMs: 40 }, { do: 'reset' })
  if (after === 3) steps.push({ waitMs: 40 }, 'late bytes\r\n\r\n')
  if (!first.whole && after > 8) steps.push({ waitMs: 30 }, r.chance(0.6) ? { do: 'end' } : { do: 'reset' })
  const answers = answersOf(r)
  return { http2: false, steps, answers: answers.list, text, answerText: answers.text }
}

function answersOf(r: Random): { list: Answer[]; text: string } {
  const made = Array.from({ length: 1 + r.below(3) }, () => answer(r))
  return { list: made.map(([one]) => one), text: made.map(([, text]) => text).join('\n   then ') }
}

/** One answer in both protocols, alike as far as they go. */
function answer(r: Random): [Answer, string] {
  const kind = r.below(24)
  const when = r.chance(0.25) ? ('head' as const) : ('complete' as const)
  const nothing = (http1: readonly Act[], http2: (id: number) => readonly Act[], text: string): [Answer, string] => [
    { when, http1, http2 },
    `${when}: ${text}`,
  ]
  if (kind === 0) {
    const error = r.of([0, 1, 2, 5, 7, 8, 11, 13])
    return nothing([reset], id => [rstStreamFrame(id, error)], `reset (${error})`)
  }
  if (kind === 1) return nothing([closed], () => [closed], 'close')
  if (kind === 2 && r.chance(0.4)) return nothing([], () => [], 'nothing')
  if (kind === 3 && r.chance(0.2))
    return nothing(['HTTP/1.1 200 OK\r\nx-half: 1\r\n', r.chance(0.5) ? closed : reset], () => [reset], 'half a head')
  if (kind === 4 && r.chance(0.5)) return nothing(['nonsense\r\n\r\n'], id => [data(id, 'too early')], 'nonsense')
  const status = r.of(statuses)
  const code = status.split(' ')[0] as string
  const fields = r.some(answerFields, 4).map(([n, v]) => [odd(r, n), v] as const)
  if (/^30[12378]/.test(status) && r.chance(0.7))
    fields.push(['location', r.of(['/b', 'http://a.test/a', 'http://a.test/h2/a', '/h2/retry?x'])])
  const body = r.of(bodies)
  const trailers = r.chance(0.3) ? r.some(trailerFields, 3) : []
  const head = [...fields]
  const framing = r.below(14)
  let text1 = body
  let ending: Act[] = []
  if (framing < 6) head.push([odd(r, 'content-length'), `${body.length}`])
  else if (framing < 10) {
    head.push(['transfer-encoding', 'chunked'])
    text1 = chunks(r, body, trailers)
  } else if (framing === 10) ending = [closed]
  else if (framing === 11) {
    head.push(['content-length', `${body.length + 5}`])
    ending = [r.chance(0.5) ? closed : reset]
  } else if (framing === 12) {
    head.push(['transfer-encoding', 'chunked'])
    text1 = chunks(r, body, trailers).slice(0, -(1 + r.below(5)))
    ending = [closed]
  } else {
    head.push(['content-length', `${Math.max(0, body.length - 1)}`])
  }
  const http10 = r.chance(0.05)
  if (r.chance(0.15)) head.push(['connection', r.of(['close', 'keep-alive', 'Close', 'x-a', 'upgrade', 'close, x-a'])])
  const interim = r.chance(0.08)
    ? r.of([
        'HTTP/1.1 100 Continue\r\n\r\n',
        'HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\n',
        'HTTP/1.1 102 Processing\r\n\r\n',
      ])
    : ''
  const http1 = `${interim}HTTP/1.${http10 ? 0 : 1} ${status}\r\n${head.map(([n, v]) => `${n}: ${v}\r\n`).join('')}\r\n${text1}`
  const acts: Act[] = r.chance(0.3)
    ? r.split(http1, 4).flatMap((p, i) => (i === 0 ? [p] : [{ waitMs: 6 }, p]))
    : [http1]
  acts.push(...ending)

  const seed = r.below(1000)
  const http2 = (id: number): readonly Act[] => {
    const list = [':status', code, ...fields.flatMap(([n, v]) => [n.toLowerCase(), v.trim()])]
    if (framing < 4) list.push('content-length', `${body.length}`)
    if (framing === 11) list.push('content-length', `${body.length + 5}`)
    if (framing === 13) list.push('content-length', `${Math.max(0, body.length - 1)}`)
    const early =
      interim === ''
        ? ''
        : frame(FrameType.headers, endHeaders, id, block([':status', interim.slice(9, 12), 'link', 'a']))
    const last = trailers.length === 0
    let out = early + frame(FrameType.headers, endHeaders | (body === '' && last ? end : 0), id, block(list))
    for (let at = 0; at < body.length; at += 10_000) {
      const piece = body.slice(at, at + 10_000)
      out += data(id, piece, last && at + 10_000 >= body.length && framing !== 12 ? end : 0)
    }
    if (!last)
      out += frame(FrameType.headers, endHeaders | end, id, block(trailers.flatMap(([n, v]) => [n.toLowerCase(), v])))
    if (seed < 60) out += rstStreamFrame(id, [0, 2, 8, 7][seed % 4] as number)
    if (seed >= 60 && seed < 100) out += goAwayFrame(seed % 2 === 0 ? id : 0, seed % 3, '')
    if (framing === 12) return [out, seed % 2 === 0 ? closed : rstStreamFrame(id, 2)]
    return [out]
  }
  return [
    { when, http1: acts, http2 },
    `${when}: ${JSON.stringify(acts.map(a => (typeof a === 'string' ? a.replace(/(.)\1{30,}/g, (run, c: string) => `${c}{${run.length}}`) : a)))} (seed ${seed} framing ${framing})`,
  ]
}

function case2(r: Random): ExploredCase {
  const steps: ClientStep[] = []
  const text: string[] = []
  const streams = r.chance(0.2) ? 2 : 1
  let out = clientStart
  for (let i = 0; i < streams; i++) {
    if (i > 0) {
      steps.push(out, { waitMs: 10 })
      out = ''
    }
    const id = i * 2 + 1
    const method = r.chance(0.03) ? r.of(['FOO', 'CONNECT', 'get']) : r.of(methods)
    const target = r.of(targets).replace('\\', '/')
    let list: string[][] = [
      [':method', method],
      [':path', target],
      [':scheme', r.chance(0.9) ? 'http' : r.of(['https', 'ftp', 'HTTP', ''])],
      [':authority', r.chance(0.7) ? 'a.test' : r.of(hosts)],
    ]
    if (r.chance(0.2)) list = r.shuffle(list)
    if (target.endsWith('ws') && r.chance(0.7)) {
      list = list.filter(([n]) => n !== ':method')
      list.push([':method', 'CONNECT'], [':protocol', r.of(['websocket', 'foo', 'connect-udp'])])
    } else if (r.chance(0.02)) list.splice(r.below(list.length), 1)
    const fields = r.some(requestFields, 5).map(([n, v]) => [n.toLowerCase(), v.trim()])
    if (r.chance(0.15)) for (const c of r.some(['a=1', 'b=2', 'c', '', 'd=4; e=5'], 4)) fields.push(['cookie', c])
    if (r.chance(0.05)) fields.push(['host', r.of(hosts)])
    if (r.chance(0.02))
      fields.push([
        r.of(['connection', 'upgrade', 'transfer-encoding', 'proxy-connection', 'keep-alive', 'X-Upper']),
        'x',
      ])
    const withBody = r.chance(/^(POST|PUT|PATCH)$/.test(method) ? 0.8 : 0.15)
    const body = withBody ? r.of(bodies) : ''
    const trailers = withBody && r.chance(0.3) ? r.some(trailerFields, 3) : []
    if (r.chance(0.3)) fields.push(['content-length', `${r.chance(0.9) ? body.length : body.length + 1}`])
    list.push(...r.shuffle(fields))
    const endNow = body === '' && trailers.length === 0 && !r.chance(0.08)
    const payload = block(list.flat())
    text.push(list.map(([n, v]) => `${n}: ${v}`).join('\n'))
    if (r.chance(0.1) && payload.length > 4) {
      const cut = 1 + r.below(payload.length - 1)
      out += frame(FrameType.headers, endNow ? end : 0, id, payload.slice(0, cut))
      out += frame(FrameType.continuation, endHeaders, id, payload.slice(cut))
    } else if (r.chance(0.1)) {
      out += frame(FrameType.headers, endHeaders | 0x28 | (endNow ? end : 0), id, `\x03\0\0\0\0\x10${payload}\0\0\0`)
    } else out += frame(FrameType.headers, endHeaders | (endNow ? end : 0), id, payload)
    const pieces = body === '' ? [] : r.split(body, 3)
    pieces.forEach((piece, at) => {
      const last = at === pieces.length - 1 && trailers.length === 0 && !r.chance(0.05)
      if (r.chance(0.2)) {
        steps.push(out, { waitMs: 8 })
        out = ''
      }
      out += r.chance(0.1)
        ? frame(FrameType.data, 8 | (last ? end : 0), id, `\x02${piece}\0\0`)
        : data(id, piece, last ? end : 0)
    })
    if (trailers.length > 0)
      out += frame(FrameType.headers, endHeaders | end, id, block(trailers.flatMap(([n, v]) => [n.toLowerCase(), v])))
    text.push(
      `end=${endNow} body=${body.length} trailers=${JSON.stringify(trailers.map(([n, v]) => [n, v.slice(0, 20)]))}`,
    )
    const after = r.below(30)
    if (after === 0) out += rstStreamFrame(id, 8)
    if (after === 1) {
      steps.push(out, { waitMs: 30 })
      out = rstStreamFrame(id, r.of([0, 2, 8]))
    }
    if (after === 2) out += windowUpdateFrame(id, 100)
    if (after === 3 && i === streams - 1) out += goAwayFrame(0, 0, 'bye')
    if (after === 4) out += settingsFrame([4, 100_000])
    text.push(`after=${after}`)
  }
  steps.push(out)
  const after = r.below(15)
  if (after === 0) steps.push({ waitMs: 30 }, { do: 'end' })
  if (after === 1) steps.push({ waitMs: 40 }, { do: 'reset' })
  const answers = answersOf(r)
  return { http2: true, steps, answers: answers.list, text: text.join('\n'), answerText: answers.text }
}

export const makeCase = (r: Random): ExploredCase => (r.chance(0.62) ? case1(r) : case2(r))
