/** Methods, message framing both ways, interim responses, HTTP/1.0, keep-alive and pipelining. */
import { cluster, type Group, http, req, res, toA } from '../case.ts'

const chunked = ['transfer-encoding: chunked']

export const basic: Group = {
  name: 'basic',
  stats: [/^http\.http\.downstream_(rq|cx)_(total|[1-5]xx|completed|http1_total|protocol_error)$/],
  clusters: [
    cluster('trailers', ['$a'], {
      typed_extension_protocol_options: {
        'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
          '@type': 'type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions',
          explicit_http_config: { http_protocol_options: { enable_trailers: true } },
        },
      },
    }),
  ],
  listeners: [
    http({}),
    http({
      name: 'http10',
      hcm: { http_protocol_options: { accept_http_10: true, default_host_for_http_10: 'ten.test' } },
    }),
    http({
      name: 'trailers',
      routes: [toA({ prefix: '/' }, { cluster: 'trailers' })],
      hcm: { http_protocol_options: { enable_trailers: true } },
    }),
    http({ name: 'no_absolute', hcm: { http_protocol_options: { allow_absolute_url: false } } }),
    http({ name: 'proxy_100', hcm: { proxy_100_continue: true } }),
    http({ name: 'max_requests', hcm: { common_http_protocol_options: { max_requests_per_connection: 2 } } }),
  ],
  cases: [
    { name: 'GET', send: req('GET /') },
    { name: 'GET with query and fragmentless target', send: req('GET /a/b?x=1&y=%20&z') },
    {
      name: 'HEAD with content-length',
      send: req('HEAD /'),
      upstream: 'HTTP/1.1 200 OK\r\ncontent-length: 12\r\n\r\n',
    },
    { name: 'HEAD with chunked', send: req('HEAD /'), upstream: res('200 OK', chunked) },
    { name: 'HEAD without framing', send: req('HEAD /'), upstream: 'HTTP/1.1 200 OK\r\nx-a: b\r\n\r\n' },
    { name: 'POST with content-length', send: req('POST /', ['content-length: 3'], 'abc') },
    { name: 'POST with content-length 0', send: req('POST /', ['content-length: 0']) },
    { name: 'POST without framing', send: req('POST /') },
    { name: 'PUT in two writes', send: [req('PUT /', ['content-length: 6'], 'abc'), 'def'] },
    { name: 'DELETE with body', send: req('DELETE /x', ['content-length: 2'], 'hi') },
    { name: 'OPTIONS *', send: req('OPTIONS *') },
    { name: 'PATCH', send: req('PATCH /', ['content-length: 2'], 'hi') },
    { name: 'TRACE', send: req('TRACE /') },
    { name: 'GET with body', send: req('GET /', ['content-length: 2'], 'hi') },
    { name: 'POST chunked', send: req('POST /', chunked, '3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n') },
    { name: 'POST chunked with extension', send: req('POST /', chunked, '3;a=b;c="d"\r\nabc\r\n0\r\n\r\n') },
    {
      name: 'POST chunked with upper-case hex and zeros',
      send: req('POST /', chunked, '000A\r\n0123456789\r\n0\r\n\r\n'),
    },
    { name: 'POST chunked empty', send: req('POST /', chunked, '0\r\n\r\n') },
    {
      name: 'POST chunked, name and coding in capitals',
      send: req('POST /', ['Transfer-Encoding: Chunked'], '1\r\na\r\n0\r\n\r\n'),
    },
    { name: 'POST chunked trailers dropped', send: req('POST /', chunked, '1\r\na\r\n0\r\nx-t: 1\r\n\r\n') },
    {
      name: 'trailers both ways',
      listener: 'trailers',
      send: req('POST /', [...chunked, 'te: trailers'], '1\r\na\r\n0\r\nX-T: 1\r\nx-u: 2\r\n\r\n'),
      upstream: res('200 OK', chunked, '2\r\nok\r\n0\r\nX-R: 9\r\n\r\n'),
    },
    {
      name: 'response chunked',
      send: req('GET /'),
      upstream: res('200 OK', chunked, '4\r\nabcd\r\n3\r\nefg\r\n0\r\n\r\n'),
    },
    {
      name: 'response chunked trailers dropped',
      send: req('GET /'),
      upstream: res('200 OK', chunked, '1\r\na\r\n0\r\nx-t: 1\r\n\r\n'),
    },
    {
      name: 'response until close',
      send: req('GET /'),
      upstream: { write: 'HTTP/1.1 200 OK\r\nx-a: b\r\n\r\nuntil the end', after: 'close' },
    },
    {
      name: 'response HTTP/1.0 until close',
      send: req('GET /'),
      upstream: { write: 'HTTP/1.0 200 OK\r\n\r\nold', after: 'close' },
    },
    {
      name: 'response connection close',
      send: req('GET /'),
      upstream: { write: res('200 OK', ['connection: close'], 'x'), after: 'close' },
    },
    { name: 'response content-length 0', send: req('GET /'), upstream: res('200 OK') },
    { name: 'response without reason', send: req('GET /'), upstream: 'HTTP/1.1 200\r\ncontent-length: 0\r\n\r\n' },
    { name: 'response with own reason', send: req('GET /'), upstream: res('200 Fine And Dandy', [], 'x') },
    { name: 'response unusual status', send: req('GET /'), upstream: res('299 Odd', [], 'x') },
    { name: 'response status 599', send: req('GET /'), upstream: res('599 Odd', [], 'x') },
    { name: 'response 204', send: req('GET /'), upstream: 'HTTP/1.1 204 No Content\r\n\r\n' },
    {
      name: 'response 204 with content-length 0',
      send: req('GET /'),
      upstream: 'HTTP/1.1 204 No Content\r\ncontent-length: 0\r\n\r\n',
    },
    {
      name: 'response 304 with content-length',
      send: req('GET /'),
      upstream: 'HTTP/1.1 304 Not Modified\r\ncontent-length: 7\r\netag: "x"\r\n\r\n',
    },
    { name: 'response 304 bare', send: req('GET /'), upstream: 'HTTP/1.1 304 Not Modified\r\n\r\n' },
    { name: 'response large', send: req('GET /'), upstream: res('200 OK', [], 'x'.repeat(300_000)) },
    { name: 'request large', send: req('POST /', ['content-length: 300000'], 'y'.repeat(300_000)) },
    {
      name: 'request large chunked',
      send: req('POST /', chunked, `${`8000\r\n${'z'.repeat(32768)}\r\n`.repeat(8)}0\r\n\r\n`),
    },
    {
      name: '100-continue answered by the proxy',
      send: [req('POST /', ['expect: 100-continue', 'content-length: 3']), { text: '100 Continue\r\n\r\n' }, 'abc'],
    },
    {
      name: '100-continue with the body at once',
      send: req('POST /', ['expect: 100-continue', 'content-length: 3'], 'abc'),
    },
    {
      name: '100-continue from upstream',
      listener: 'proxy_100',
      send: [req('POST /', ['expect: 100-continue', 'content-length: 3']), { text: '100 Continue\r\n\r\n' }, 'abc'],
      upstream: { when: 'head', write: `HTTP/1.1 100 Continue\r\n\r\n${res('200 OK', [], 'ok')}` },
    },
    {
      name: 'unasked 100 from upstream',
      send: req('GET /'),
      upstream: `HTTP/1.1 100 Continue\r\n\r\n${res('200 OK', [], 'ok')}`,
    },
    {
      name: '102 from upstream',
      send: req('GET /'),
      upstream: `HTTP/1.1 102 Processing\r\n\r\n${res('200 OK', [], 'ok')}`,
    },
    {
      name: '103 from upstream',
      send: req('GET /'),
      upstream: `HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n${res('200 OK', [], 'ok')}`,
    },
    {
      name: '103 from upstream with proxy_100_continue',
      listener: 'proxy_100',
      send: req('GET /'),
      upstream: `HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\n${res('200 OK', [], 'ok')}`,
    },
    { name: 'HTTP/1.0 refused', send: 'GET / HTTP/1.0\r\nhost: a.test\r\n\r\n' },
    { name: 'HTTP/1.0 accepted', listener: 'http10', send: 'GET / HTTP/1.0\r\nhost: a.test\r\n\r\n' },
    { name: 'HTTP/1.0 accepted without host', listener: 'http10', send: 'GET / HTTP/1.0\r\n\r\n' },
    {
      name: 'HTTP/1.0 keep-alive',
      listener: 'http10',
      send: 'GET / HTTP/1.0\r\nhost: a.test\r\nconnection: keep-alive\r\n\r\n',
    },
    {
      name: 'HTTP/1.0 chunked response',
      listener: 'http10',
      send: 'GET / HTTP/1.0\r\nhost: a.test\r\n\r\n',
      upstream: res('200 OK', chunked, '3\r\nabc\r\n0\r\n\r\n'),
    },
    { name: 'connection close', send: req('GET /', ['connection: close']) },
    { name: 'connection keep-alive', send: req('GET /', ['connection: keep-alive']) },
    { name: 'two requests in turn', send: [req('GET /1'), { responses: 1 }, req('GET /2')], responses: 2 },
    {
      name: 'three pipelined',
      send: req('GET /1') + req('POST /2', ['content-length: 1'], 'x') + req('GET /3'),
      responses: 3,
    },
    {
      name: 'pipelined, the second closes',
      send: req('GET /1') + req('GET /2', ['connection: close']) + req('GET /3'),
      responses: 2,
    },
    {
      name: 'max_requests_per_connection',
      listener: 'max_requests',
      send: [req('GET /1'), { responses: 1 }, req('GET /2')],
      responses: 2,
    },
    { name: 'empty lines before the request', send: `\r\n\r\n${req('GET /')}` },
    { name: 'absolute-form', send: req('GET http://b.test:81/p?q=1') },
    { name: 'absolute-form without path', send: req('GET http://b.test') },
    { name: 'absolute-form https', send: req('GET https://b.test/x') },
    { name: 'absolute-form not allowed', listener: 'no_absolute', send: req('GET http://b.test/p') },
    {
      name: 'early response, the body never comes',
      send: req('POST /', ['content-length: 10'], 'abc'),
      upstream: { when: 'head', write: res('413 Payload Too Large', [], 'no') },
    },
    {
      name: 'client half-closes after the request',
      send: [req('GET /'), { upstreamHeads: 1 }, { do: 'end' }],
      upstream: { when: 'complete' },
    },
    {
      name: 'request split at every byte',
      send: req('POST /split?x=1', ['x-a: b', 'content-length: 3'], 'abc').split(''),
    },
  ],
}
