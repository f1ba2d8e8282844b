/** Commands of formats as text and JSON: in access logs of HTTP and TCP, in headers, and in local replies. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { cluster, fileLog, type Group, http, quietRouter, req, res, tcp, toA } from '../case.ts'

const type = 'type.googleapis.com/envoy.extensions'

/** Everything that does not change from run to run. */
const commands = [
  ...['RECEIVED', 'SENT'].flatMap(way =>
    ['DOWNSTREAM', 'UPSTREAM'].flatMap(side => [
      `${side}_WIRE_BYTES_${way}`,
      `${side}_HEADER_BYTES_${way}`,
      `${side}_DECOMPRESSED_HEADER_BYTES_${way}`,
    ]),
  ),
  ...['REQUEST_HEADERS_BYTES', 'RESPONSE_HEADERS_BYTES', 'RESPONSE_TRAILERS_BYTES', 'BYTES_RETRANSMITTED'],
  ...['DOWNSTREAM_DETECTED_CLOSE_TYPE', 'UPSTREAM_DETECTED_CLOSE_TYPE'],
  ...['DOWNSTREAM_LOCAL_CLOSE_REASON', 'UPSTREAM_LOCAL_CLOSE_REASON'],
  ...['UPSTREAM_HOSTS_ATTEMPTED', 'UPSTREAM_HOSTS_ATTEMPTED_WITHOUT_PORT'],
  ...['UPSTREAM_HOST_NAMES_ATTEMPTED', 'UPSTREAM_HOST_NAMES_ATTEMPTED_WITHOUT_PORT'],
  ...['UPSTREAM_HOST', 'UPSTREAM_HOST_NAME', 'UPSTREAM_HOST_NAME_WITHOUT_PORT'],
  ...['UPSTREAM_CLUSTER', 'UPSTREAM_CLUSTER_RAW', 'UPSTREAM_REQUEST_ATTEMPT_COUNT', 'UPSTREAM_FILTER_STATE(x)'],
  ...['UPSTREAM_REMOTE_ADDRESS', 'UPSTREAM_REMOTE_ADDRESS_ENDPOINT_ID', 'UPSTREAM_LOCAL_ADDRESS_WITHOUT_PORT(8)'],
  ...['DOWNSTREAM_LOCAL_ADDRESS_ENDPOINT_ID', 'DOWNSTREAM_DIRECT_LOCAL_ADDRESS_ENDPOINT_ID'],
  ...['ROUTE', 'VIRTUAL_HOST', 'CLUSTER', 'UPSTREAM_HOST'].map(kind => `METADATA(${kind}:m:k)`),
  ...['METADATA(LISTENER:m)', 'METADATA(LISTENER_FILTER_CHAIN:m:s)', 'METADATA(DYNAMIC:m)', 'METADATA(ROUTE:m):9'],
  'CEL(xds.virtual_host_name)',
  ...['CLUSTER_METADATA(m:k)', 'UPSTREAM_METADATA(m:s:a)', 'DYNAMIC_METADATA(m:k)'],
  ...['REQUESTED_SERVER_NAME', 'REQUESTED_SERVER_NAME(SNI_FIRST:HOST)', 'REQUESTED_SERVER_NAME(HOST_FIRST:ORIG)'],
  'COALESCE({"operators": ["ROUTE_NAME", {"command": "REQ", "param": "x-no"}, {"command": "REQ", "param": ":authority", "max_length": 4}]}):3',
  ...['TRACE_ID', 'SPAN_ID', 'STREAM_ID', 'UNIQUE_ID', 'CUSTOM_FLAGS', 'ROUNDTRIP_DURATION', 'FILTER_CHAIN_NAME'],
  ...['DOWNSTREAM_HANDSHAKE_DURATION', 'COMMON_DURATION(FOO:BAR:ns)', 'COMMON_DURATION(DS_TX_END:DS_RX_BEG)'],
  ...['ENVIRONMENT(NO_SUCH_VARIABLE)', 'PATH(NQ):3', 'QUERY_PARAM(q)', 'QUERY_PARAMS(DECODED)', 'ACCESS_LOG_TYPE'],
  ...['DOWNSTREAM_TLS_GROUP', 'DOWNSTREAM_TLS_SESSION_ID', 'UPSTREAM_TLS_GROUP', 'UPSTREAM_TLS_SESSION_ID'],
  ...['CEL(response.code)', 'CEL(request.path):3', 'TYPED_CEL(request.headers)', 'CEL(nothing.here)'],
  ...['GRPC_STATUS_NUMBER', 'PROTOCOL', 'RESPONSE_CODE_DETAILS'],
]
const text = `${commands.map(command => `${command}=%${command}%`).join(' ')} @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n`

const json: JsonObject = {
  z: '%RESPONSE_CODE%',
  name: '%REQ(user-agent)%',
  nested: { z: '%PROTOCOL%', b: 'literal', empty: { x: '%REQ(x-no)%' } },
  none: '%REQ(x-no)%',
  both: '%PROTOCOL% %REQ(x-no)%',
  literals: [5, true, null, '%RESPONSE_CODE%', '%REQ(x-no)%', { x: '%REQ(x-no)%' }],
  cut: '%METADATA(ROUTE:m:k):2%',
  structs_are_not_cut: '%METADATA(ROUTE:m):5%',
  number: '%METADATA(ROUTE:m:n)%',
  coalesced: '%COALESCE({"operators": ["RESPONSE_CODE"]})%',
  coalesced_struct: '%COALESCE({"operators": [{"command": "METADATA", "param": "ROUTE:m"}]}):4%',
  flags: '%CUSTOM_FLAGS%',
  bytes: '%DOWNSTREAM_HEADER_BYTES_SENT%',
  cel: '%CEL(response.code)%',
  typed_cel: '%TYPED_CEL(response.code)%',
  typed_cel_cut: '%TYPED_CEL(request.path):2%',
  typed_cel_number_cut: '%TYPED_CEL(response.code + 1):1%',
  typed_cel_bool: '%TYPED_CEL(response.code == 200)%',
  typed_cel_error: '%TYPED_CEL(request.headers["nope"])%',
  not_utf8: '%REQ(x-q)%',
  quotes: '%PATH(NQ)%',
  year: '%EMIT_TIME(%q)%',
}

const metadata = (k: string): JsonObject => ({ filter_metadata: { m: { k, n: 1.5, s: { z: 1, a: 'x' } } } })
const jsonLog = (more: JsonObject): JsonObject => ({
  name: 'envoy.access_loggers.file',
  typed_config: {
    '@type': `${type}.access_loggers.file.v3.FileAccessLog`,
    path: '$DIR/access.log',
    log_format: { json_format: json, ...more },
  },
})
/** Writes the name of the filter that let the request through. */
const filteredLog = (name: string, filter: JsonObject): JsonObject => ({
  ...fileLog(`${name} @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n`),
  filter,
})
const virtualHosts: readonly JsonObject[] = [
  {
    name: 'vh',
    domains: ['a.test'],
    metadata: metadata('virtual host'),
    routes: [
      { match: { path: '/direct' }, direct_response: { status: 200 }, metadata: metadata('direct') },
      { match: { prefix: '/full' }, route: { cluster: 'with-metadata' }, metadata: metadata('full') },
      { match: { prefix: '/dead' }, route: { cluster: 'dead' } },
      toA({ prefix: '/timeout' }, { timeout: '0.05s' }),
      toA(
        { prefix: '/' },
        {},
        {
          name: 'to-a',
          metadata: metadata('route'),
          response_headers_to_add: [
            'METADATA(ROUTE:m:s)',
            'REQUESTED_SERVER_NAME(HOST_FIRST)',
            'COALESCE({"operators": ["TRACE_ID", "ROUTE_NAME"]})',
            'CEL(request.method)',
            'UPSTREAM_HOSTS_ATTEMPTED',
            'UPSTREAM_HEADER_BYTES_SENT',
            'QUERY_PARAM(q):2',
          ].map((command, i) => ({ header: { key: `x-${i}`, value: `%${command}%` } })),
        },
      ),
    ],
  },
  {
    name: 'narrow',
    domains: ['narrow.test'],
    metadata: metadata('narrow'),
    routes: [{ match: { path: '/only' }, direct_response: { status: 200 } }],
  },
]
const withMetadata = cluster('with-metadata', ['$a'], { metadata: metadata('cluster') })
const endpoints = (withMetadata['load_assignment'] as { endpoints: readonly [{ lb_endpoints: readonly [JsonObject] }] })
  .endpoints[0].lb_endpoints
const hcm = { http_filters: [quietRouter] }
const extension = (name: string, message: string): JsonObject => ({
  name,
  typed_config: { '@type': `${type}.formatter.${name}.v3.${message}` },
})

export const formats: Group = {
  name: 'formats',
  clusters: [
    {
      ...withMetadata,
      load_assignment: {
        cluster_name: 'with-metadata',
        endpoints: [{ lb_endpoints: [{ ...endpoints[0], metadata: metadata('host') }] }],
      },
    },
  ],
  listeners: [
    http({ virtualHosts, log: text, hcm, listener: { metadata: metadata('listener') } }),
    tcp('tcp', { cluster: 'tcp', access_log: [fileLog(`tcp ${text}`)], idle_timeout: '0.2s' }),
    tcp('tcp-dead', { cluster: 'dead', access_log: [fileLog(`tcp ${text}`)], max_connect_attempts: 2 }),
    tcp('tcp-old', {
      cluster: 'tcp',
      flush_access_log_on_connected: true,
      access_log: [fileLog('tcp %ACCESS_LOG_TYPE% tx=%BYTES_SENT% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n')],
    }),
    tcp('tcp-all', {
      cluster: 'tcp',
      access_log_options: { flush_access_log_on_connected: true, flush_access_log_on_start: true },
      access_log: [
        fileLog('tcp %ACCESS_LOG_TYPE% %UPSTREAM_HOST% tx=%BYTES_SENT% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'),
      ],
    }),
    http({ name: 'json', virtualHosts, hcm: { ...hcm, access_log: [jsonLog({})] } }),
    http({ name: 'json-omit', virtualHosts, hcm: { ...hcm, access_log: [jsonLog({ omit_empty_values: true })] } }),
    http({
      name: 'extensions',
      virtualHosts,
      hcm: {
        ...hcm,
        local_reply_config: {
          body_format: {
            text_format_source: {
              inline_string: '%LOCAL_REPLY_BODY% %REQ_WITHOUT_QUERY(:path):6% %CEL(response.code)%',
            },
            formatters: [
              extension('req_without_query', 'ReqWithoutQuery'),
              extension('metadata', 'Metadata'),
              extension('cel', 'Cel'),
            ],
          },
        },
      },
    }),
    http({
      name: 'filtered',
      virtualHosts,
      hcm: {
        ...hcm,
        access_log: [
          [
            'cel',
            {
              extension_filter: {
                name: 'cel',
                typed_config: {
                  '@type': `${type}.access_loggers.filters.cel.v3.ExpressionFilter`,
                  expression: 'request.headers["x-log"] == "yes"',
                },
              },
            },
          ],
          [
            'metadata',
            {
              metadata_filter: {
                matcher: { filter: 'm', path: [{ key: 'k' }], value: { string_match: { exact: 'v' } } },
              },
            },
          ],
          [
            'metadata-found',
            {
              metadata_filter: {
                matcher: { filter: 'm', path: [{ key: 'k' }], value: { string_match: { exact: 'v' } } },
                match_if_key_not_found: false,
              },
            },
          ],
          ['traceable', { traceable_filter: {} }],
        ].map(([name, filter]) => filteredLog(name as string, filter as JsonObject)),
      },
    }),
  ],
  cases: [
    { name: 'GET', send: req('GET /x?q=a%20b') },
    {
      name: 'POST',
      send: req('POST /x', ['content-length: 3'], 'abc'),
      upstream: res('200 OK', ['transfer-encoding: chunked', 'x-r:   padded  '], '3\r\nabc\r\n0\r\n\r\n'),
    },
    { name: 'direct', send: req('GET /direct') },
    { name: 'metadata everywhere', send: req('GET /full') },
    { name: 'no route', send: req('GET /', ['host: other.test']) },
    { name: 'no route of the virtual host', send: req('GET /', ['host: narrow.test']) },
    { name: 'timeout', send: req('GET /timeout'), upstream: { when: 'complete' } },
    { name: 'upstream closes', send: req('GET /x'), upstream: { after: 'close' } },
    {
      name: 'client leaves',
      send: [req('GET /x'), { upstreamHeads: 1 }, { do: 'end' }],
      responses: 0,
      upstream: { when: 'complete' },
    },
    {
      name: 'TCP: client ends',
      listener: 'tcp',
      tcp: true,
      send: ['echo\n', { text: 'echo\n' }, { do: 'end' }, { closed: true }],
    },
    { name: 'TCP: upstream ends', listener: 'tcp', tcp: true, send: ['bye\n', { closed: true }] },
    { name: 'TCP: upstream resets', listener: 'tcp', tcp: true, send: ['reset\n', { closed: true }] },
    { name: 'TCP: client resets', listener: 'tcp', tcp: true, send: ['echo\n', { text: 'echo\n' }, { do: 'reset' }] },
    { name: 'TCP: idle', listener: 'tcp', tcp: true, send: ['echo\n', { text: 'echo\n' }, { closed: true }] },
    { name: 'TCP: refused twice', listener: 'tcp-dead', tcp: true, send: [{ closed: true }] },
    { name: 'TCP: logged when connected', listener: 'tcp-old', tcp: true, send: ['bye\n', { closed: true }] },
    { name: 'TCP: logged at start too', listener: 'tcp-all', tcp: true, send: ['bye\n', { closed: true }] },
    ...['json', 'json-omit'].map(listener => ({
      name: listener,
      listener,
      send: req('GET /p/"q"?a=1', [`user-agent: case ${listener}`, 'x-q: \xe9"\\']),
    })),
    { name: 'formatter extensions', listener: 'extensions', send: req('GET /dead/1?a=b') },
    { name: 'filters', listener: 'filtered', send: req('GET /direct') },
    { name: 'filters: CEL', listener: 'filtered', send: req('GET /direct', ['x-log: yes']) },
  ],
}
