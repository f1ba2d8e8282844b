/**
 * Where sluice answers otherwise than Envoy on purpose. Each entry is the expected outcome in place of the recorded one and
 * the reason, which docs/differences.md repeats.
 */
import type { Outcome, SeenMessage } from './run.ts'

export interface Difference {
  readonly reason: string
  /** What differs from the recording; the rest must still be equal. */
  readonly ours: Partial<Outcome>
}

const badRequest = {
  start: 'HTTP/1.1 400 Bad Request',
  headers: ['content-length: 11', 'content-type: text/plain', 'date: {time}', 'server: envoy', 'connection: close'],
  framing: 'length',
  body: 'Bad Request',
}

/** Answered 400 before there is a request, and closed. */
const refused = (reason: string, details = 'http1.codec_error'): Difference => ({
  reason,
  ours: {
    client: [badRequest],
    peer: 'closed',
    upstream: [],
    log: [`"- - HTTP/1.1" 400 DPE ${details} rx=0 tx=11 route=- cluster=- attempts=0 failure="-"`],
  },
})

/** Answered 400 in the middle of a body of which `body` was good. */
const refusedBody = (reason: string, body: string, upstream?: Outcome['upstream']): Difference => ({
  reason,
  ours: {
    client: [badRequest],
    peer: 'closed',
    upstream: upstream ?? [],
    log: [
      `"POST / HTTP/1.1" 400 DPE http1.codec_error rx=${body.length} tx=11 route=- cluster=a attempts=1 failure="-"`,
    ],
  },
})

const lineEnds = 'lines end in CRLF and nothing else: a lone LF or CR is how messages are smuggled past another parser'
const framing = 'chunk framing is read by the letter (RFC 9112 §7.1): lenience there is how messages are smuggled'
const startLine = 'the parts of a request line are separated by one space each (RFC 9112 §3)'
const oneHost = 'a request has one Host (RFC 9112 §3.2); Envoy joins several with a comma'
const chunkedHead = [
  'host: a.test',
  'x-forwarded-proto: http',
  'x-request-id: {uuid}',
  'x-envoy-expected-rq-timeout-ms: 15000',
  'transfer-encoding: chunked',
]

/** A request of the gRPC group as its upstream sees it. */
const grpcRequest = (body: string, more: Partial<SeenMessage> = {}, accept: readonly string[] = []): SeenMessage => ({
  start: 'POST /a.b.Service/Method HTTP/1.1',
  headers: [
    'host: a.test',
    'content-type: application/grpc',
    ...(accept.length > 0 ? [accept[0] as string] : []),
    'x-forwarded-proto: http',
    'x-request-id: {uuid}',
    ...accept.slice(1),
    'x-envoy-expected-rq-timeout-ms: 15000',
    'transfer-encoding: chunked',
  ],
  framing: 'chunked',
  body,
  ...more,
})
/** A response to the bridge's framed request that has no trailers. */
const unframed = (status: string, type: string, body: string): Difference => ({
  reason:
    'the length of the body is that of what is sent; Envoy leaves the client waiting for the five bytes it cut off',
  ours: {
    client: [
      {
        start: `HTTP/1.1 ${status}`,
        headers: [
          `content-type: ${type}`,
          `content-length: ${body.length}`,
          'x-envoy-upstream-service-time: {ms}',
          'date: {time}',
          'server: envoy',
        ],
        framing: 'length',
        body,
      },
    ],
    peer: 'open',
    upstream: [grpcRequest('\0\0\0\0\x05hello')],
    log: [
      `"POST /a.b.Service/Method HTTP/1.1" ${status.slice(0, 3)} - via_upstream rx=5 tx=${body.length} route=- cluster=grpc attempts=1 failure="-"`,
    ],
  },
})

/** A copy of a request as its mirror sees it. */
const copyOfRequest: SeenMessage = {
  start: 'GET /copy_retried HTTP/1.1',
  headers: [
    'host: a.test-shadow',
    'x-copy-to: dead',
    'x-gone: 1',
    'x-forwarded-proto: http',
    'x-request-id: {uuid}',
    'x-envoy-internal: true',
    'x-forwarded-for: {own}',
  ],
  framing: 'none',
  body: '',
}

/** Keyed by `group/case`. */
export const knownDifferences: Readonly<Record<string, Difference>> = {
  'cluster-options/copy_retried': {
    reason: 'a copy without a body has none when it is sent again; Envoy then sends it chunked, with no chunk',
    ours: { upstream: [copyOfRequest, copyOfRequest] },
  },
  'bad-requests/bare LF line ends': refused(lineEnds),
  'bad-requests/bare CR in a value': refused(lineEnds, 'http1.invalid_characters'),
  'bad-requests/obs-fold': refused('folded field lines of requests are refused (RFC 9112 §5.2)'),
  'bad-requests/two hosts': refused(oneHost),
  'bad-requests/two equal hosts': refused(oneHost),
  'bad-requests/two spaces after the method': refused(startLine),
  'bad-requests/a space after the version': refused(startLine),
  'bad-requests/chunk size followed by space': refusedBody(framing, ''),
  'bad-requests/chunk ended by bare LF': refusedBody(framing, 'abc'),
  'bad-requests/chunk longer than its size': refusedBody(framing, 'ab', [
    { start: 'POST / HTTP/1.1', headers: chunkedHead, framing: 'chunked', body: 'ab', cut: true },
  ]),
  'bad-requests/content-length and transfer-encoding allowed': {
    reason: 'the connection is closed after such a request (RFC 9112 §6.1)',
    ours: {
      client: [
        {
          start: 'HTTP/1.1 200 OK',
          headers: [
            'content-length: 2',
            'x-envoy-upstream-service-time: {ms}',
            'date: {time}',
            'server: envoy',
            'connection: close',
          ],
          framing: 'length',
          body: 'ok',
        },
      ],
      peer: 'closed',
    },
  },
  'upgrades/websocket answered 200 with upgrade': {
    reason: 'a WebSocket that failed is over: the connection closes, and says so',
    ours: {
      client: [
        {
          start: 'HTTP/1.1 200 OK',
          headers: ['connection: close', 'upgrade: websocket', 'date: {time}', 'server: envoy', 'content-length: 0'],
          framing: 'length',
          body: '',
        },
      ],
      peer: 'closed',
    },
  },
  'bad-requests/upstream: unasked 101': {
    reason:
      'an upstream that switches protocols unasked is a protocol error: both sides would disagree on what follows',
    ours: {
      client: [
        {
          start: 'HTTP/1.1 502 Bad Gateway',
          headers: ['content-length: 87', 'content-type: text/plain', 'date: {time}', 'server: envoy'],
          framing: 'length',
          body: 'upstream connect error or disconnect/reset before headers. reset reason: protocol error',
        },
      ],
      log: [
        '"GET / HTTP/1.1" 502 UPE upstream_reset_before_response_started{protocol_error} rx=0 tx=87 route=- cluster=a attempts=1 failure="-"',
      ],
    },
  },
  'grpc/web: text, bad length': {
    reason: 'the end of an HTTP/1 body comes with its last bytes where they were read together',
    ours: {
      upstream: [
        grpcRequest('', { cut: true }, [
          'accept: application/grpc-web-text',
          'te: trailers',
          'grpc-accept-encoding: identity',
        ]),
      ],
    },
  },
  'grpc/framing: protobuf with trailers': {
    reason: 'the message gets its frame also when trailers follow it',
    ours: { upstream: [grpcRequest('\0\0\0\0\x05hello', { trailers: ['x: y'] })] },
  },
  'grpc/framing: no trailers': unframed('200 OK', 'application/grpc', 'answer'),
  'grpc/framing: 500': unframed('500 Internal Server Error', 'text/plain', 'body of an error'),
}

/** Stats that are not compared, with the reason. */
export const otherStats: readonly { readonly name: RegExp; readonly reason: string }[] = [
  {
    name: /^http\.\w+\.downstream_cx_(delayed_close_timeout|destroy_local|destroy_remote)$/,
    reason:
      'to close with a delay sluice sends FIN at once and Envoy only when the delay is over; so with sluice it is the client ' +
      'that ends the connection',
  },
  {
    name: /^http1\.(metadata_not_supported_error|response_flood)$/,
    reason: 'HTTP/1 has no metadata; pipelined requests wait instead of flooding the connection with responses',
  },
  {
    name: /^listener\..*\.(downstream_listener_filter_(error|remote_close)|(network_)?extension_config_missing)$/,
    reason: 'no listener filters and no dynamic filter configuration so far',
  },
  {
    name: /^cluster\.\w+\.lb_subsets_(active|created)$/,
    reason: "Envoy's main thread has load balancers too, and counts their subsets; sluice's workers alone have them",
  },
]
