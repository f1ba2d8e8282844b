/** Access log lines in Envoy's default format and with the operators people use most. */
import { type Group, http, quietRouter, req, res } from '../case.ts'

const routes = [
  { match: { path: '/direct' }, direct_response: { status: 200, body: { inline_string: 'x' } } },
  { match: { prefix: '/dead' }, route: { cluster: 'dead' } },
  { name: 'to-a', match: { prefix: '/' }, route: { cluster: 'a', prefix_rewrite: '/r/' } },
]

const operators =
  '%REQ(user-agent)% %RESPONSE_CODE% [%RESPONSE_CODE_DETAILS%] [%CONNECTION_TERMINATION_DETAILS%] %RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG% ' +
  '%ROUTE_NAME% %UPSTREAM_CLUSTER% %UPSTREAM_HOST% %UPSTREAM_PROTOCOL% %UPSTREAM_REQUEST_ATTEMPT_COUNT% %REQ(X-A?x-b):3% %RESP(X-R)% %TRAILER(x-t)% ' +
  '%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %DOWNSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT% ' +
  '%REQUESTED_SERVER_NAME% %FILTER_CHAIN_NAME% %DYNAMIC_METADATA(a:b)% %FILTER_STATE(x)% %LOCAL_REPLY_BODY% %UPSTREAM_TRANSPORT_FAILURE_REASON% ' +
  '%ACCESS_LOG_TYPE% %REQUEST_HEADERS_BYTES% %RESPONSE_HEADERS_BYTES% %DOWNSTREAM_WIRE_BYTES_RECEIVED% %DOWNSTREAM_WIRE_BYTES_SENT% %UPSTREAM_WIRE_BYTES_SENT% %UPSTREAM_WIRE_BYTES_RECEIVED% ' +
  '%VIRTUAL_CLUSTER_NAME% 100%%\n'

const names = ['GET', 'POST', 'direct', 'dead', 'not found', 'quotes', 'chunked', 'HEAD']

const send = (name: string, listener: string) => {
  const headers = [`user-agent: "case ${listener} ${name}"`]
  if (name === 'POST')
    return req('POST /p?q=1', [...headers, 'content-length: 3', 'x-a: abcdef', 'x-forwarded-for: 9.8.7.6'], 'abc')
  if (name === 'direct') return req('GET /direct', headers)
  if (name === 'dead') return req('GET /dead', headers)
  if (name === 'not found') return req('GET /', ['host: nowhere.test', ...headers])
  if (name === 'quotes') return req('GET /"q"?\\x', [...headers, 'x-b: a"b\\c'])
  if (name === 'HEAD') return req('HEAD /', headers)
  return req('GET /', headers)
}
const upstream = (name: string) =>
  name === 'chunked'
    ? res('200 OK', ['transfer-encoding: chunked', 'x-r: r'], '3\r\nabc\r\n0\r\n\r\n')
    : res('200 OK', ['x-r: r'], name === 'HEAD' ? '' : 'body')

const virtualHosts = [{ name: 'vh', domains: ['a.test'], routes }]

export const accessLog: Group = {
  name: 'access-log',
  listeners: [
    http({ name: 'default', virtualHosts, log: '' }),
    // Without x-envoy-upstream-service-time, whose digits would count among the wire bytes.
    http({
      name: 'operators',
      virtualHosts,
      log: operators,
      hcm: {
        http_filters: [quietRouter],
      },
    }),
  ],
  cases: ['default', 'operators'].flatMap(listener =>
    names.map(name => ({
      name: `${listener} ${name}`,
      listener,
      send: send(name, listener),
      upstream: upstream(name),
    })),
  ),
}
