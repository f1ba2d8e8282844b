/** Random but valid connection managers and route tables, one a lane. */
import type { JsonObject } from '../../support/proxy-process.ts'
import { cluster, fileLog, http } from '../case.ts'
import type { Random } from './random.ts'

const type = 'type.googleapis.com/envoy.extensions'
const filter = (name: string, path: string, more: JsonObject = {}): JsonObject => ({
  name: `envoy.filters.http.${name}`,
  typed_config: { '@type': `${type}.filters.http.${path}`, ...more },
})
const maybe = (r: Random, probability: number, value: () => JsonObject): JsonObject =>
  r.chance(probability) ? value() : {}

export interface Lane {
  readonly name: string
  readonly listener: JsonObject
  readonly clusters: readonly JsonObject[]
}

const log =
  '%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %REQ(:AUTHORITY)% %PROTOCOL% %RESPONSE_CODE% %RESPONSE_FLAGS% %RESPONSE_CODE_DETAILS% ' +
  'rx=%BYTES_RECEIVED% tx=%BYTES_SENT% route=%ROUTE_NAME% %UPSTREAM_CLUSTER% %UPSTREAM_PROTOCOL% attempts=%UPSTREAM_REQUEST_ATTEMPT_COUNT% ' +
  'failure="%UPSTREAM_TRANSPORT_FAILURE_REASON%" term=%CONNECTION_TERMINATION_DETAILS% rh=%REQUEST_HEADERS_BYTES% st=%RESPONSE_TRAILERS_BYTES% ' +
  'grpc=%GRPC_STATUS% ip=%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% tr=%TRAILER(x-t)% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'

const http1Options = (r: Random): JsonObject => ({
  ...maybe(r, 0.4, () => ({ enable_trailers: true })),
  ...maybe(r, 0.2, () => ({
    accept_http_10: true,
    ...(r.chance(0.7) ? { default_host_for_http_10: 'ten.test' } : {}),
  })),
  ...maybe(r, 0.15, () => ({ header_key_format: { proper_case_words: {} } })),
  ...maybe(r, 0.1, () => ({ allow_absolute_url: false })),
  ...maybe(r, 0.1, () => ({ allow_custom_methods: true })),
  ...maybe(r, 0.2, () => ({ override_stream_error_on_invalid_http_message: true })),
  ...maybe(r, 0.1, () => ({ ignore_http_11_upgrade: [{ exact: 'foo' }, { prefix: 'h2' }] })),
})
const http2Options = (r: Random): JsonObject => ({
  ...maybe(r, 0.7, () => ({ allow_connect: true })),
  ...maybe(r, 0.2, () => ({ override_stream_error_on_invalid_http_message: true })),
  ...maybe(r, 0.2, () => ({ hpack_table_size: 0 })),
  ...maybe(r, 0.2, () => ({ max_concurrent_streams: 1 })),
})

function managerOptions(r: Random): JsonObject {
  return {
    http_protocol_options: http1Options(r),
    http2_protocol_options: http2Options(r),
    ...maybe(r, 0.3, () => ({ use_remote_address: true })),
    ...maybe(r, 0.3, () => ({ normalize_path: r.chance(0.8) })),
    ...maybe(r, 0.3, () => ({ merge_slashes: true })),
    ...maybe(r, 0.4, () => ({
      path_with_escaped_slashes_action: r.of([
        'KEEP_UNCHANGED',
        'REJECT_REQUEST',
        'UNESCAPE_AND_REDIRECT',
        'UNESCAPE_AND_FORWARD',
      ]),
    })),
    ...maybe(r, 0.2, () => ({ xff_num_trusted_hops: 1 })),
    ...maybe(r, 0.15, () => ({ skip_xff_append: true })),
    ...maybe(r, 0.2, () => ({ via: 'sluice' })),
    ...maybe(r, 0.3, () => ({ server_header_transformation: r.of(['APPEND_IF_ABSENT', 'PASS_THROUGH', 'OVERWRITE']) })),
    ...maybe(r, 0.15, () => ({ server_name: 'mine' })),
    ...maybe(r, 0.2, () => ({ add_user_agent: true })),
    ...maybe(r, 0.2, () => ({ preserve_external_request_id: true })),
    ...maybe(r, 0.2, () => ({ always_set_request_id_in_response: true })),
    ...maybe(r, 0.15, () => ({ generate_request_id: false })),
    ...(r.chance(0.15) ? { strip_any_host_port: true } : maybe(r, 0.15, () => ({ strip_matching_host_port: true }))),
    ...maybe(r, 0.2, () => ({ strip_trailing_host_dot: true })),
    ...maybe(r, 0.25, () => ({ stream_error_on_invalid_http_message: true })),
    ...maybe(r, 0.2, () => ({ proxy_100_continue: true })),
    ...maybe(r, 0.15, () => ({ append_x_forwarded_port: true })),
    ...maybe(r, 0.15, () => ({ scheme_header_transformation: { scheme_to_overwrite: 'https' } })),
    ...maybe(r, 0.15, () => ({ max_request_headers_kb: 2 })),
    ...maybe(r, 0.3, () => ({
      forward_client_cert_details: r.of([
        'SANITIZE',
        'FORWARD_ONLY',
        'ALWAYS_FORWARD_ONLY',
        'APPEND_FORWARD',
        'SANITIZE_SET',
      ]),
    })),
    ...maybe(r, 0.2, () => ({
      proxy_status_config: { remove_details: r.chance(0.3), set_recommended_response_code: r.chance(0.3) },
    })),
    ...maybe(r, 0.1, () => ({ represent_ipv4_remote_address_as_ipv4_mapped_ipv6: true })),
    ...maybe(r, 0.15, () => ({
      local_reply_config: {
        mappers: [
          {
            filter: {
              status_code_filter: { comparison: { op: 'EQ', value: { default_value: 503, runtime_key: 'x' } } },
            },
            status_code: 599,
            headers_to_add: [{ header: { key: 'x-mapped', value: '%RESPONSE_CODE_DETAILS%' } }],
          },
        ],
        body_format: { json_format: { code: '%RESPONSE_CODE%', path: '%REQ(:PATH)%', message: '%LOCAL_REPLY_BODY%' } },
      },
    })),
    common_http_protocol_options: {
      ...maybe(r, 0.3, () => ({ headers_with_underscores_action: r.of(['ALLOW', 'DROP_HEADER', 'REJECT_REQUEST']) })),
      ...maybe(r, 0.1, () => ({ max_headers_count: 7 })),
      ...maybe(r, 0.15, () => ({ max_requests_per_connection: 1 + r.below(2) })),
      ...maybe(r, 0.1, () => ({ max_stream_duration: '0.3s' })),
    },
    ...maybe(r, 0.15, () => ({ request_timeout: '0.25s' })),
    ...maybe(r, 0.15, () => ({ request_headers_timeout: '0.25s' })),
    ...maybe(r, 0.15, () => ({ stream_idle_timeout: '0.3s' })),
    ...maybe(r, 0.7, () => ({
      upgrade_configs: [
        { upgrade_type: 'websocket' },
        ...(r.chance(0.5) ? [{ upgrade_type: 'CONNECT' }] : []),
        ...(r.chance(0.3) ? [{ upgrade_type: 'foo' }] : []),
      ],
    })),
    http_filters: [
      ...(r.chance(0.15) ? [filter('buffer', 'buffer.v3.Buffer', { max_request_bytes: 1000 })] : []),
      ...(r.chance(0.15) ? [filter('grpc_web', 'grpc_web.v3.GrpcWeb')] : []),
      ...(r.chance(0.1) ? [filter('grpc_http1_bridge', 'grpc_http1_bridge.v3.Config')] : []),
      ...(r.chance(0.15) ? [filter('grpc_stats', 'grpc_stats.v3.FilterConfig', { emit_filter_state: true })] : []),
      filter('router', 'router.v3.Router', {
        ...maybe(r, 0.2, () => ({ suppress_envoy_headers: true })),
        ...maybe(r, 0.2, () => ({ respect_expected_rq_timeout: true })),
        ...maybe(r, 0.15, () => ({
          strict_check_headers: ['x-envoy-upstream-rq-timeout-ms', 'x-envoy-max-retries', 'x-envoy-retry-on'],
        })),
      }),
    ],
  }
}

const backOff = { base_interval: '0.001s', max_interval: '0.002s' }

export function makeLane(
  r: Random,
  name: string,
  ports: { readonly http1: number; readonly http2: number; readonly mirror: number },
): Lane {
  const a = `${name}_a`
  const h2 = `${name}_h2`
  const mirror = `${name}_mirror`
  const both = (path: string, action: (prefix: string) => JsonObject, more: JsonObject = {}): JsonObject[] => [
    { match: { prefix: path }, route: { cluster: a, ...action('') }, name: `r${path}`, ...more },
    { match: { prefix: `/h2${path}` }, route: { cluster: h2, ...action('/h2') }, name: `r/h2${path}`, ...more },
  ]
  const retryOn = r.of([
    '5xx',
    'gateway-error',
    '5xx,reset,connect-failure,retriable-4xx',
    'reset,refused-stream',
    '5xx,envoy-ratelimited,retriable-headers',
    'unavailable,cancelled,internal',
  ])
  const policy: JsonObject = {
    retry_on: retryOn,
    num_retries: 1 + r.below(2),
    retry_back_off: backOff,
    ...maybe(r, 0.3, () => ({ retriable_headers: [{ name: 'x-again' }] })),
    ...maybe(r, 0.3, () => ({ retriable_request_headers: [{ name: ':method', string_match: { exact: 'GET' } }] })),
    ...maybe(r, 0.3, () => ({ per_try_timeout: '0.12s' })),
    ...maybe(r, 0.2, () => ({ per_try_idle_timeout: '0.1s' })),
  }
  const limit = maybe(r, 0.4, () => ({ per_request_buffer_limit_bytes: r.of([0, 10, 1000]) }))
  const redirects: JsonObject = {
    max_internal_redirects: 1 + r.below(2),
    redirect_response_codes: r.of([[302], [301, 302, 303, 307, 308]]),
    ...maybe(r, 0.4, () => ({ allow_cross_scheme_redirect: true })),
    ...maybe(r, 0.3, () => ({ response_headers_to_copy: ['x-a', 'set-cookie'] })),
  }
  const append = (key: string, value: string, action = 'APPEND_IF_EXISTS_OR_ADD'): JsonObject => ({
    header: { key, value },
    append_action: action,
  })
  const routes: JsonObject[] = [
    ...(r.chance(0.5)
      ? [
          {
            match: { connect_matcher: {} },
            name: 'connect',
            route: {
              cluster: r.of([a, h2]),
              ...(r.chance(0.5) ? { upgrade_configs: [{ upgrade_type: 'CONNECT', connect_config: {} }] } : {}),
            },
          },
        ]
      : []),
    {
      match: { path: '/direct' },
      direct_response: { status: r.of([200, 404, 503]), body: { inline_string: 'direct' } },
    },
    {
      match: { prefix: '/redirect/' },
      redirect: { prefix_rewrite: '/moved/', ...(r.chance(0.5) ? { strip_query: true } : {}) },
    },
    {
      match: { path: '/redirect' },
      redirect: {
        ...(r.chance(0.5) ? { https_redirect: true } : { path_redirect: '/p?q' }),
        ...maybe(r, 0.5, () => ({ host_redirect: 'other.test' })),
        ...maybe(r, 0.3, () => ({ port_redirect: 8443 })),
      },
    },
    {
      match: { safe_regex: { regex: '/regex/\\d+/.*' } },
      route: { cluster: a, regex_rewrite: { pattern: { regex: '^/regex/(\\d+)' }, substitution: '/n\\1' } },
    },
    {
      match: {
        path_match_policy: {
          name: 't',
          typed_config: {
            '@type': `${type}.path.match.uri_template.v3.UriTemplateMatchConfig`,
            path_template: '/template/{one}/{two=**}',
          },
        },
      },
      route: {
        cluster: h2,
        path_rewrite_policy: {
          name: 'r',
          typed_config: {
            '@type': `${type}.path.rewrite.uri_template.v3.UriTemplateRewriteConfig`,
            path_template_rewrite: '/{two}/{one}',
          },
        },
      },
    },
    {
      match: { path_separated_prefix: '/rewrite' },
      route: {
        cluster: a,
        prefix_rewrite: r.of(['/', '/new', '/new/']),
        ...maybe(r, 0.5, () =>
          r.of<JsonObject>([
            { host_rewrite_literal: 'lit.test' },
            { host_rewrite_header: 'x-a' },
            { host_rewrite_path_regex: { pattern: { regex: '^/rewrite/(.+)$' }, substitution: '\\1.test' } },
          ]),
        ),
        ...maybe(r, 0.5, () => ({ append_x_forwarded_host: true })),
      },
    },
    ...both('/retry', () => ({ retry_policy: policy, timeout: '1s' }), limit),
    ...both(
      '/hedge',
      () => ({
        retry_policy: { ...policy, per_try_timeout: '0.06s' },
        hedge_policy: { hedge_on_per_try_timeout: true },
        timeout: '1s',
      }),
      limit,
    ),
    ...both(
      '/internal',
      () => ({ internal_redirect_policy: redirects, ...maybe(r, 0.4, () => ({ retry_policy: policy })) }),
      limit,
    ),
    ...both(
      '/mirror',
      () => ({ request_mirror_policies: [{ cluster: mirror }], ...maybe(r, 0.4, () => ({ retry_policy: policy })) }),
      limit,
    ),
    ...both('/timeout', () => ({ timeout: '0.15s' })),
    ...both('/idle', () => ({ idle_timeout: '0.15s' })),
    ...both('/max', () => ({ max_stream_duration: { max_stream_duration: '0.2s', grpc_timeout_header_max: '0.15s' } })),
    ...both('/buffered', () => ({ retry_policy: policy }), { per_request_buffer_limit_bytes: 200 }),
    ...both('/ws', () => ({ upgrade_configs: [{ upgrade_type: 'websocket', enabled: r.chance(0.85) }] })),
    ...both('/upgrade', () => ({ upgrade_configs: [{ upgrade_type: 'foo' }, { upgrade_type: 'h2c' }] })),
    ...both('/mutate', () => ({}), {
      request_headers_to_add: [
        append('x-a', 'added'),
        append('x-path', '%REQ(:path)%'),
        append('x-b', 'over', 'OVERWRITE_IF_EXISTS_OR_ADD'),
        append('x-new', 'n', 'ADD_IF_ABSENT'),
      ],
      request_headers_to_remove: ['cookie', 'accept'],
      response_headers_to_add: [
        append('x-a', '%RESP(x-a)%'),
        append('x-code', '%RESPONSE_CODE%'),
        append('server', 'r', 'OVERWRITE_IF_EXISTS'),
      ],
      response_headers_to_remove: ['x-strip', 'date'],
    }),
    {
      match: { prefix: '/weighted', headers: [{ name: 'x-a', present_match: true }] },
      route: {
        weighted_clusters: {
          clusters: [{ name: a, weight: 1, request_headers_to_add: [append('x-weighted', 'yes')] }],
        },
      },
    },
    {
      match: { prefix: '/weighted', query_parameters: [{ name: 'x', present_match: true }] },
      route: { cluster_header: 'x-cluster' },
    },
    { match: { prefix: '/grpc.', grpc: {} }, route: { cluster: h2, timeout: '0.5s' } },
    {
      match: { prefix: '/none' },
      route: { cluster_header: 'x-cluster', cluster_not_found_response_code: 'NOT_FOUND' },
    },
    ...(r.chance(0.5)
      ? [
          {
            match: { prefix: '/', headers: [{ name: 'x-to', string_match: { exact: 'b' } }] },
            route: { cluster: 'dead' },
          },
        ]
      : []),
    { match: { prefix: '/h2' }, route: { cluster: h2, ...maybe(r, 0.3, () => ({ retry_policy: policy })) }, ...limit },
    ...(r.chance(0.9)
      ? [
          {
            match: { prefix: '/' },
            route: { cluster: r.chance(0.75) ? a : h2, ...maybe(r, 0.3, () => ({ timeout: '0.3s' })) },
          },
        ]
      : []),
  ]
  const virtualHosts = [
    {
      name: 'wild',
      domains: ['*.wild.test'],
      routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'wild' } } }],
    },
    {
      name: 'tls',
      domains: ['b.test'],
      require_tls: r.of(['ALL', 'EXTERNAL_ONLY', 'NONE']),
      routes: [{ match: { prefix: '/' }, route: { cluster: a } }],
    },
    {
      name: 'all',
      domains: ['*'],
      routes,
      ...maybe(r, 0.3, () => ({ include_request_attempt_count: true })),
      ...maybe(r, 0.3, () => ({ include_attempt_count_in_response: true })),
      ...maybe(r, 0.2, () => ({ include_is_timeout_retry_header: true })),
      ...maybe(r, 0.2, () => ({
        request_headers_to_add: [append('x-vhost', 'v')],
        response_headers_to_add: [append('x-vhost', 'v')],
      })),
    },
  ]
  const options = 'envoy.extensions.upstreams.http.v3.HttpProtocolOptions'
  const common = maybe(r, 0.2, () => ({ common_http_protocol_options: { max_requests_per_connection: 1 } }))
  const upstream = (explicit: JsonObject): JsonObject => ({
    typed_extension_protocol_options: {
      [options]: { '@type': `type.googleapis.com/${options}`, explicit_http_config: explicit, ...common },
    },
  })
  return {
    name,
    listener: http({
      name,
      virtualHosts,
      routeConfig: {
        ...maybe(r, 0.3, () => ({ most_specific_header_mutations_wins: true })),
        ...maybe(r, 0.3, () => ({ ignore_port_in_host_matching: true })),
        ...maybe(r, 0.2, () => ({ internal_only_headers: ['x-b'] })),
        ...maybe(r, 0.2, () => ({
          response_headers_to_add: [append('x-table', 't')],
          request_headers_to_remove: ['x-space'],
        })),
      },
      hcm: { ...managerOptions(r), access_log: [fileLog(`${name} ${log}`)] },
    }),
    clusters: [
      cluster(
        a,
        [String(ports.http1)],
        upstream({
          http_protocol_options: {
            ...maybe(r, 0.4, () => ({ enable_trailers: true })),
            ...maybe(r, 0.1, () => ({ header_key_format: { proper_case_words: {} } })),
          },
        }),
      ),
      cluster(
        h2,
        [String(ports.http2)],
        upstream({
          http2_protocol_options: {
            ...maybe(r, 0.3, () => ({ allow_connect: true })),
            ...maybe(r, 0.3, () => ({ override_stream_error_on_invalid_http_message: true })),
          },
        }),
      ),
      cluster(mirror, [String(ports.mirror)]),
    ],
  }
}
