/**
 * What the probe filter (test/fixtures/wasm/as-probe) is told to do, one HTTP request a case. What came of it in real Envoy
 * is in probe-golden.json; `differs` says why sluice is meant to answer otherwise.
 */
import type { Reply } from '../support/upstream.ts'

export interface ProbeCase {
  readonly name: string
  /** Commands of the `x-probe` header. */
  readonly probe: readonly string[]
  readonly listener?: 'plain' | 'stop-iteration' | 'upstream'
  readonly method?: string
  readonly headers?: string
  /** Sent one after the other, each after the probe has logged that the one before arrived. */
  readonly body?: readonly string[]
  readonly upstream?: Reply
  readonly differs?: string
  /** The stream ends in the callback of a body: whether it is the last depends on how the body came. */
  readonly anyEnd?: true
  /** Envoy crashes: not recorded. Here the stream ends in order. */
  readonly endsEnvoy?: true
  /** What the upstream sees depends on how the body came. */
  readonly anyUpstream?: true
}

const chunked = { headers: 'transfer-encoding: chunked\r\n', method: 'POST' } as const
const chunkedReply =
  'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ntrailer: x-t\r\n\r\n5\r\nhello\r\n6\r\n world\r\n0\r\nx-t: 1\r\n\r\n'

export const probeCases: readonly ProbeCase[] = [
  { name: 'life cycle', probe: [] },
  { name: 'life cycle: HEAD', probe: [], method: 'HEAD', upstream: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n' },
  {
    name: 'headers: read',
    probe: [
      'rqh get 0 :path', 'rqh get 0 HOST', 'rqh get 0 :authority', 'rqh get 0 x-none', 'rqh get 0 x-empty', 'rqh get 0 x-two',
      'rqh get 1 a', 'rqh get 2 :status', 'rqh get 3 a', 'rqh get 4 a', 'rqh get 6 a', 'rqh get 8 a', 'rqh mapsize 0',
      'rqh mapsize 2', 'rqh mapsize 6', 'rqh pairs 2', 'rqh pairs 7', 'rqh pairs 8', 'rqh pairs 0',
    ],
    headers: 'x-empty:\r\nx-two: 1\r\nx-two: 2\r\n',
  },
  {
    name: 'headers: write',
    probe: [
      'rqh add 0 x-A one', 'rqh add 0 x-a two', 'rqh set 0 x-two only', 'rqh del 0 x-empty', 'rqh del 0 x-none',
      'rqh set 0 host other.example', 'rqh set 0 :path /changed', 'rqh add 2 x a', 'rqh set 4 x a', 'rqh add 0 x-void _',
      'rqh get 0 x-void', 'rqh pairs 0', 'rsh get 0 :path', 'rsh set 2 x-b three', 'rsh get 2 :status', 'rsh set 2 :status 202',
      'rsh del 2 content-length',
    ],
    headers: 'x-empty:\r\nx-two: 1\r\nx-two: 2\r\n',
  },
  {
    name: 'headers: replace all',
    probe: ['rqh setpairs 0 :authority=a|:path=/p|:method=PUT|:scheme=http|x-forwarded-proto=http|x-n=1|x-n=2', 'rqh pairs 0', 'rsh setpairs 2 :status=201|x-r=1'],
  },
  {
    name: 'headers: windows',
    probe: [
      'rqb get 0 :path', 'rqb add 0 a b', 'rqb pairs 0', 'rqe get 1 a', 'rqe add 1 a b', 'rqe get 1 a', 'rsh get 0 :path', 'rsh get 2 :status', 'rsb get 2 :status',
      'log get 0 :path', 'log get 2 :status', 'log get 3 a', 'log get 1 a', 'log get 0 x-none', 'log set 2 x y', 'log pairs 2',
      'log mapsize 0', 'done get 2 :status',
    ],
    ...chunked,
    body: ['2\r\nab\r\n0\r\n\r\n'],
    upstream: 'HTTP/1.1 200 OK\r\nx-u: 1\r\ncontent-length: 2\r\n\r\nok',
  },
  {
    name: 'trailers: pass and change',
    probe: ['rqt get 1 x-rt', 'rqt add 1 x-added 1', 'rst get 3 x-t', 'rst set 3 x-t 2', 'rst get 2 :status', 'log get 3 x-t'],
    ...chunked,
    body: ['2\r\nab\r\n0\r\nx-rt: 1\r\n\r\n'],
    upstream: chunkedReply,
  },
  {
    name: 'body: sizes while passing',
    probe: ['rqb buf 0 0 100', 'rsb bufsize 1', 'rsh bufsize 1', 'rsb buf 1 1 2', 'rsb buf 1 100 2', 'rsb buf 9 0 2', 'rsb buf 4 0 2', 'rsb buf 7 0 5', 'rsb buf 6 0 5'],
    method: 'POST',
    headers: 'content-length: 4\r\n',
    body: ['abcd'],
    upstream: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
  },
  {
    name: 'body: buffered over chunks',
    probe: ['rqb ret 1', 'rqb buf 0 0 100', 'rqe bufset 0 0 3 X', 'rqe buf 0 0 100'],
    ...chunked,
    body: ['2\r\nab\r\n', '2\r\ncd\r\n', '0\r\n\r\n'],
  },
  {
    name: 'body: prepend',
    probe: ['rqb bufset 0 0 0 XY', 'rqb buf 0 0 100'],
    ...chunked,
    body: ['2\r\nab\r\n0\r\n\r\n'],
  },
  { name: 'body: replace', probe: ['rqb bufset 0 0 100 XY', 'rqb buf 0 0 100'], ...chunked, body: ['2\r\nab\r\n0\r\n\r\n'] },
  { name: 'body: drain one', probe: ['rqb bufset 0 0 1 XY', 'rqb buf 0 0 100'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  { name: 'body: append', probe: ['rqb bufset 0 3 0 XY', 'rqb buf 0 0 100'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  { name: 'body: middle', probe: ['rqb bufset 0 1 1 XY', 'rqb buf 0 0 100', 'rqh bufset 0 0 0 X', 'rqb bufset 1 0 0 X', 'rqb bufset 7 0 0 X', 'rqb bufset 9 0 0 X'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  {
    name: 'body: replace the response',
    probe: ['rsh del 2 content-length', 'rsb bufset 1 0 100 new'],
    upstream: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello',
  },
  {
    name: 'body: chunk dropped',
    probe: ['rsb ret 3'],
    upstream: chunkedReply,
  },
  { name: 'reply: in request headers', probe: ['rqh reply 403 some_details denied x-h=1|content-type=text/x', 'rqh reply 500 again b', 'rsh get 2 :status'] },
  { name: 'reply: empty body', probe: ['rqh reply 401 d _ _'] },
  { name: 'reply: grpc', probe: ['rqh reply 403 d denied _ 7'], method: 'POST', headers: 'content-type: application/grpc\r\ncontent-length: 0\r\n' },
  { name: 'reply: in response headers', probe: ['rsh reply 418 d teapot', 'rsh get 2 :status'] },
  { name: 'reply: in request body', anyUpstream: true, probe: ['rqe reply 413 d big'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  { name: 'reply: after response headers', anyEnd: true, anyUpstream: true, probe: ['rsb reply 500 d late'], upstream: 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello' },
  { name: 'close: request', probe: ['rqh close 0'] },
  { name: 'close: response', probe: ['rsh close 1'] },
  {
    name: 'call: pause and continue',
    probe: ['rqh ret 1', 'rqh call a :path=/call|:method=GET|:authority=a body 1000', 'call buf 4 0 100', 'call get 6 :status', 'call get 6 x-u', 'call pairs 7', 'call get 0 :path', 'call add 0 x-called 1', 'call status', 'call continue 0', 'call get 0 :path'],
    upstream: 'HTTP/1.1 200 OK\r\nx-u: 1\r\ncontent-length: 2\r\n\r\nok',
  },
  {
    name: 'call: refused',
    probe: ['rqh ret 1', 'rqh call dead :path=/call|:method=GET|:authority=a _ 1000', 'call get 6 :status', 'call reply 503 d dead'],
  },
  {
    name: 'call: bad arguments',
    probe: ['rqh call none :path=/|:method=GET|:authority=a _ 1000', 'rqh call a :path=/|:method=GET _ 1000', 'rqh call a :method=GET|:authority=a _ 1000', 'rqh call a :path=/|:authority=a _ 1000', 'rqh call a :path=/|:method=GET|:authority=a _ -1', 'rqh status'],
  },
  {
    name: 'properties: request',
    probe: [
      'request.path', 'request.url_path', 'request.query', 'request.host', 'request.scheme', 'request.method', 'request.referer', 'request.useragent',
      'request.protocol', 'request.size', 'request.headers.x-two', 'request.headers.none', 'request', 'request.nothing', 'plugin_name', 'plugin_root_id',
      'plugin_vm_id', 'nothing', 'node', 'route_name', 'xds.route_name', 'xds.virtual_host_name', 'xds.cluster_name', 'xds', 'xds.node.id', 'xds.node.cluster', 'xds.listener_direction',
      'xds.filter_chain_name', 'connection.mtls', 'connection.requested_server_name', 'connection', 'source', 'destination.nothing', 'filter_state', 'filter_state.x', 'response.code',
      'upstream.address', 'xds.route_metadata.filter_metadata.m.k', 'xds.route_metadata.filter_metadata.m.n', 'xds.route_metadata.filter_metadata.m.b', 'xds.route_metadata.filter_metadata.m.s', 'xds.route_metadata.filter_metadata.m.none',
    ].map(name => `rqh prop ${name}`),
    headers: 'x-two: 1\r\nx-two: 2\r\nreferer: http://r/\r\nuser-agent: u\r\n',
  },
  {
    name: 'properties: sizes of what differs from run to run',
    probe: ['rqh hasprop request.time', 'rqh hasprop request.id', 'rqh hasprop connection.id', 'rqh hasprop connection_id', 'rqh hasprop source.port', 'rqh hasprop destination.port', 'log hasprop request.duration', 'log hasprop upstream.port', 'log hasprop response.backend_latency', 'log hasprop request.total_size', 'log hasprop response.total_size'],
  },
  {
    name: 'properties: response and log',
    probe: ['rsh prop request.path', 'rsh prop response.code', 'rsh prop response.headers.x-u', 'rsh prop xds.cluster_name', 'log prop request.path', 'log prop response.code', 'log prop response.code_details', 'log prop response.flags', 'log prop response.size', 'log prop response.grpc_status', 'log prop xds.cluster_name', 'log prop upstream.request_attempt_count', 'log prop response.headers.x-u', 'log prop upstream.transport_failure_reason', 'log prop connection.termination_details'],
    upstream: 'HTTP/1.1 200 OK\r\nx-u: 1\r\ncontent-length: 2\r\n\r\nok',
  },
  { name: 'properties: set', probe: ['rqh setprop foo bar', 'rqh prop foo', 'rqh prop filter_state.wasm.foo', 'rqh prop filter_state.foo', 'rqh setprop a.b c', 'rqh prop a.b', 'log prop foo', 'rqh setprop request.path x', 'rqh prop request.path'] },
  {
    name: 'shared data',
    probe: ['rqh shared nothing', 'rqh share k1 v1 0', 'rqh share k1 v2 999', 'rqh share k1 v3 0', 'rqh share k2 _ 7', 'rqh shared k2', 'rqh hasprop nothing'],
  },
  {
    name: 'queues',
    probe: ['rqh resolve _ q', 'rqh queue q', 'rqh queue q', 'rqh resolve _ q', 'rqh resolve probe-vm q', 'rqh resolve other q', 'rqh pop 1', 'rqh push 1 item', 'rqh pop 1', 'rqh pop 1', 'rqh push 99 x', 'rqh pop 99'],
  },
  {
    name: 'metrics',
    probe: ['rqh define 0 c1', 'rqh define 1 g1', 'rqh define 2 h1', 'rqh define 0 c1', 'rqh define 3 x', 'rqh increment 4 5', 'rqh increment 4 0', 'rqh increment 4 -1', 'rqh record 4 2', 'rqh metric 4', 'rqh increment 5 -3', 'rqh record 5 7', 'rqh metric 5', 'rqh increment 6 1', 'rqh record 6 3', 'rqh metric 6', 'rqh metric 400', 'rqh metric 8'],
  },
  { name: 'foreign functions', probe: ['rqh foreign none x', 'rqh foreign clear_route_cache _', 'rqh foreign uncompress garbage'] },
  { name: 'contexts', probe: ['rqh context 99999', 'rqh context 1', 'rqh get 0 :path', 'rqh done', 'rqh level'] },
  { name: 'bad pointers', probe: ['rqh badpointers'] },
  { name: 'stop: all by default, body too', probe: ['rqh ret 1', 'rqh call a :path=/call|:method=GET|:authority=a _ 1000', 'call continue 0'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  { name: 'stop: iteration only', listener: 'stop-iteration', probe: ['rqh ret 1', 'rqb add 0 x-late 1', 'rqb get 0 :path', 'rqb ret 0'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  { name: 'stop: response until called', probe: ['rsh ret 1', 'rsh call a :path=/call|:method=GET|:authority=a _ 1000', 'call set 2 x-late 1', 'call continue 1'], upstream: 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok' },
  { name: 'stop: iteration only, the maps later', listener: 'stop-iteration', probe: ['rqh ret 1', 'rqb get 0 :path', 'rqt get 0 :path', 'rqt add 0 x-later 1', 'rsh get 0 :path', 'rsb get 0 :path', 'log get 1 x-rt', 'log mapsize 0', 'log add 0 a b'], ...chunked, body: ['3\r\nabc\r\n0\r\nx-rt: 1\r\n\r\n'], upstream: chunkedReply },
  { name: 'stop: iteration only of the response, the maps later', listener: 'stop-iteration', probe: ['rsh ret 1', 'rsb get 2 :status', 'rsb ret 0', 'rst get 2 :status', 'rst add 2 x-later 1', 'log mapsize 2', 'log add 2 a b', 'done get 2 :status'], upstream: chunkedReply },
  { name: 'reply: in request trailers', anyUpstream: true, probe: ['rqt reply 403 d no x-h=1', 'rsh get 2 :status', 'rsb buf 1 0 10'], ...chunked, body: ['3\r\nabc\r\n0\r\nx-rt: 1\r\n\r\n'] },
  { name: 'reply: in request body, buffered', anyUpstream: true, probe: ['rqb ret 1', 'rqe reply 403 d no x-h=1'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  { name: 'reply: in response trailers', anyUpstream: true, probe: ['rst reply 403 d no'], upstream: chunkedReply },
  { name: 'reply: in the answer of a call', probe: ['rqh ret 1', 'rqh call a :path=/call|:method=GET|:authority=a _ 1000', 'call reply 418 d from_call x-h=1', 'call continue 0'] },
  { name: 'reply: in a stream that waits for its response', probe: ['rsh ret 1', 'rsh call a :path=/call|:method=GET|:authority=a _ 1000', 'call reply 418 d from_call x-h=1', 'log get 2 :status'] },
  { name: 'reply: in log', endsEnvoy: true, probe: ['log reply 403 d no'] },
  { name: 'reply: in done', endsEnvoy: true, probe: ['done reply 403 d no', 'done continue 0', 'done close 0', 'done get 0 :path'] },
  { name: 'close: in log', endsEnvoy: true, probe: ['log close 0', 'log close 1'] },
  { name: 'reply: status without meaning', differs: 'Envoy writes any number, here it is BAD_ARGUMENT', probe: ['rqh reply 99 d no'] },
  { name: 'reply: a number and a body that is no text', probe: ['rqh reply 299 d 0x00ff80 x-h=1'] },
  { name: 'close: request body', anyEnd: true, anyUpstream: true, probe: ['rqb close 0'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  { name: 'close: response body', anyUpstream: true, probe: ['rsb close 1'], upstream: chunkedReply },
  { name: 'close: response trailers', endsEnvoy: true, anyUpstream: true, probe: ['rst close 0'], upstream: chunkedReply },
  { name: 'close: in the answer of a call', probe: ['rqh ret 1', 'rqh call a :path=/call|:method=GET|:authority=a _ 1000', 'call close 0', 'call continue 0'] },
  { name: 'close: other streams', probe: ['rqh close 2', 'rqh close 3', 'rqh close 4'], anyUpstream: true },
  { name: 'route: cleared by a changed path', probe: ['rqh set 0 :path /other', 'log prop xds.route_name', 'log prop xds.cluster_name'] },
  { name: 'route: cleared by hand', probe: ['rqh prop xds.route_name', 'rqh foreign clear_route_cache _', 'rqh prop xds.route_name', 'log prop xds.route_name'] },
  { name: 'actions: end of stream and others', probe: ['rqh ret 2', 'rsh ret 2'] },
  { name: 'actions: stop all and buffer', probe: ['rqh ret 3', 'rqh call a :path=/call|:method=GET|:authority=a _ 1000', 'call continue 0'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  { name: 'actions: stop all and watermark', probe: ['rqh ret 4', 'rqh call a :path=/call|:method=GET|:authority=a _ 1000', 'call continue 0'], ...chunked, body: ['3\r\nabc\r\n0\r\n\r\n'] },
  { name: 'actions: an unknown one', probe: ['rqh ret 9', 'rqh call a :path=/call|:method=GET|:authority=a _ 1000', 'call continue 0'] },
  { name: 'actions: body watermark', anyUpstream: true, probe: ['rqb ret 2'], ...chunked, body: ['2\r\nab\r\n', '2\r\ncd\r\n', '0\r\n\r\n'] },
  { name: 'actions: an unknown one of a body', anyUpstream: true, probe: ['rqb ret 7'], ...chunked, body: ['2\r\nab\r\n0\r\n\r\n'] },
  { name: 'call: the answer has trailers', probe: ['rqh ret 1', 'rqh call a :path=/call|:method=GET|:authority=a _ 1000', 'call get 7 x-t', 'call buf 4 3 4', 'call buf 4 50 4', 'call bufsize 4', 'call mapsize 6', 'call add 6 a b', 'call bufset 4 0 0 x', 'call continue 0'], upstream: chunkedReply },
  { name: 'call: with a body, headers and no timeout', probe: ['rqh ret 1', 'rqh call a :path=/call|:method=POST|:authority=a|x-h=1|content-length=9 body 0', 'call continue 0'] },
  { name: 'effective context: of another stream', probe: ['rqh context 1', 'rqh add 0 x-lost 1', 'rqh setprop a b', 'rqh prop plugin_name', 'rqh shared none', 'rqh context 0', 'rqh get 0 :path', 'rqh prop plugin_name', 'rqh buf 6 0 100', 'rqh tick 0'] },
  { name: 'upstream filter: life cycle', listener: 'upstream', probe: [] },
  { name: 'upstream filter: headers', listener: 'upstream', probe: ['rqh get 0 :path', 'rqh set 0 :path /changed', 'rqh add 0 x-up 1', 'rqh pairs 2', 'rsh get 2 :status', 'rsh set 2 x-up 2', 'rsh get 0 :path', 'log get 0 :path', 'log get 2 x-up', 'done get 0 :path'] },
  { name: 'upstream filter: bodies and trailers', listener: 'upstream', probe: ['rqb bufset 0 0 100 new', 'rqt get 1 x-rt', 'rqt add 1 x-more 1', 'rsb ret 3', 'rst set 3 x-t 2'], ...chunked, body: ['3\r\nabc\r\n0\r\nx-rt: 1\r\n\r\n'], upstream: chunkedReply },
  { name: 'upstream filter: body held back', listener: 'upstream', anyUpstream: true, probe: ['rqb ret 1', 'rqe buf 0 0 100', 'rqe bufset 0 0 1 X'], ...chunked, body: ['2\r\nab\r\n', '2\r\ncd\r\n', '0\r\n\r\n'] },
  { name: 'upstream filter: waits for a call', listener: 'upstream', probe: ['rqh ret 1', 'rqh call a :path=/call|:method=GET|:authority=a _ 1000', 'call add 0 x-called 1', 'call continue 0'] },
  { name: 'upstream filter: the response waits for a call', listener: 'upstream', probe: ['rsh ret 1', 'rsh call a :path=/call|:method=GET|:authority=a _ 1000', 'call set 2 x-late 1', 'call continue 1'] },
  { name: 'upstream filter: reply to the request', listener: 'upstream', probe: ['rqh reply 403 d denied x-h=1', 'rsh get 2 :status', 'log prop response.code_details'] },
  { name: 'upstream filter: reply instead of the response', listener: 'upstream', probe: ['rsh reply 418 d teapot x-h=1'] },
  { name: 'upstream filter: closes', listener: 'upstream', anyUpstream: true, probe: ['rqh close 0'] },
  { name: 'upstream filter: properties', listener: 'upstream', probe: ['rqh prop plugin_name', 'rqh prop request.path', 'rqh prop xds.route_name', 'rqh prop xds.cluster_name', 'rqh prop xds.filter_chain_name', 'rqh prop upstream.request_attempt_count', 'rqh prop connection.mtls', 'rqh setprop a b', 'rqh prop a', 'rsh prop response.code', 'rsh prop a', 'log prop response.code', 'log prop a'] },
  { name: 'continue: upstream',
    differs: 'Envoy sends the request twice when the guest continues what is not paused',
    probe: ['rqh continue 3', 'rqh continue 4', 'rqh continue 0'] },
] // biome-ignore format: one case reads best as one line
