/** Retries: every word of `retry_on`, the headers that ask for them, back-off, predicates, priorities, budgets, buffers. */
import type { Json, JsonObject } from '../../support/proxy-process.ts'
import type { Reply } from '../../support/upstream.ts'
import { type Case, cluster, type Group, http, quietRouter, req, res, toA } from '../case.ts'

const fast = { base_interval: '0.001s', max_interval: '0.002s' }
const retry = (path: string, policy: JsonObject, route: JsonObject = {}, more: JsonObject = {}): JsonObject =>
  toA({ path }, { ...route, retry_policy: { retry_back_off: fast, ...policy } }, more)
const on = (words: string, more: JsonObject = {}): JsonObject => ({ retry_on: words, ...more })
const extension = (kind: string, name: string, type: string, more: JsonObject = {}): JsonObject => ({
  name: `envoy.retry_${kind}.${name}`,
  typed_config: { '@type': `type.googleapis.com/envoy.extensions.retry.${type}`, ...more },
})

const ok = res('200 OK', [], 'ok')
const gone: Reply = { after: 'reset' }
const closed: Reply = { after: 'close' }
const failed = res('503 Service Unavailable', [], 'no')
const grpc = (status: number): string =>
  res('200 OK', ['content-type: application/grpc', `grpc-status: ${status}`, 'content-length: 0'])
const limited = (...headers: string[]): string => res('429 Too Many Requests', headers, 'slow')

const words = [
  '5xx',
  'gateway-error',
  'reset',
  'reset-before-request',
  'connect-failure',
  'envoy-ratelimited',
  'retriable-4xx',
  'refused-stream',
  'retriable-status-codes',
  'retriable-headers',
  'http3-post-connect-failure',
  'cancelled',
  'deadline-exceeded',
  'internal',
  'resource-exhausted',
  'unavailable',
]
const answers: readonly (readonly [string, Reply])[] = [
  ['500', res('500 Oops')],
  ['503', failed],
  ['504', res('504 Late')],
  ['409', res('409 Conflict')],
  ['a reset', gone],
  ['a close', closed],
  ['half a head', { write: 'HTTP/1.1 200 OK\r\n', after: 'close' }],
  ['no HTTP', 'nonsense\r\n\r\n'],
  ['ratelimited', limited('x-envoy-ratelimited: true')],
  ['ratelimited 503', res('503 Busy', ['x-envoy-ratelimited: true'])],
]
const takes: Readonly<Record<string, readonly string[]>> = {
  cancelled: ['1'],
  'deadline-exceeded': ['4'],
  internal: ['13'],
  'resource-exhausted': ['8'],
  unavailable: ['14'],
}

/** What each word takes, and one more that it does not. */
const byWord: Case[] = words.flatMap(word => {
  const codes = takes[word]
  const path = `GET /on/${word}`
  if (codes !== undefined)
    return [...codes, '2'].map(code => ({
      name: `${word}: grpc-status ${code}`,
      send: req(path, ['content-type: application/grpc']),
      upstream: [grpc(Number(code)), grpc(0)],
    }))
  return answers.map(([name, reply]) => ({ name: `${word}: ${name}`, send: req(path), upstream: [reply, ok] }))
})

const asked = (name: string, headers: readonly string[], upstream: readonly Reply[], path = '/plain'): Case => ({
  name,
  // Only internal clients may ask.
  send: req(`GET ${path}`, headers.length === 0 ? [] : ['x-forwarded-for: 10.0.0.1', ...headers]),
  upstream,
})
const quiet = (test: Case): Case => ({ ...test, listener: 'quiet' })

const priorities = (name: string, levels: readonly (readonly string[])[], more: JsonObject = {}): JsonObject => ({
  ...cluster(name, []),
  load_assignment: {
    cluster_name: name,
    endpoints: levels.map((ports, priority) => ({
      priority,
      lb_endpoints: ports.map(port => ({
        endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: port } } },
        metadata: { filter_metadata: { 'envoy.lb': { canary: true, stage: ['dev', 'test'] } } },
      })),
    })),
  },
  ...more,
})
const budget = (name: string, thresholds: JsonObject): JsonObject =>
  cluster(name, ['$a'], { circuit_breakers: { thresholds: [thresholds] } })

const previousPriorities = extension(
  'priorities',
  'previous_priorities',
  'priority.previous_priorities.v3.PreviousPrioritiesConfig',
  { update_frequency: 1 },
)
const predicates: Readonly<Record<string, Json>> = {
  previous: extension('host_predicates', 'previous_hosts', 'host.previous_hosts.v3.PreviousHostsPredicate'),
  canary: extension('host_predicates', 'omit_canary_hosts', 'host.omit_canary_hosts.v3.OmitCanaryHostsPredicate'),
  metadata: extension('host_predicates', 'omit_host_metadata', 'host.omit_host_metadata.v3.OmitHostMetadataConfig', {
    metadata_match: { filter_metadata: { 'envoy.lb': { stage: 'dev' } } },
  }),
}
const resetHeaders = [
  { name: 'Retry-After', format: 'SECONDS' },
  { name: 'x-reset-at', format: 'UNIX_TIMESTAMP' },
]

const routes: readonly JsonObject[] = [
  ...words.map(word =>
    retry(`/on/${word}`, on(word, { retriable_status_codes: [504], retriable_headers: [{ name: 'x-again' }] })),
  ),
  retry('/codes', on('retriable-status-codes', { retriable_status_codes: [418, 429] })),
  retry('/headers', {
    ...on('retriable-headers'),
    retriable_headers: [
      { name: 'x-again', string_match: { exact: 'yes' } },
      { name: ':status', string_match: { prefix: '41' } },
    ],
  }),
  retry('/request_headers', {
    ...on('5xx'),
    retriable_request_headers: [{ name: ':method', string_match: { exact: 'GET' } }, { name: 'x-idempotent' }],
  }),
  retry('/three', on('5xx', { num_retries: 3 })),
  retry('/zero', on('5xx', { num_retries: 0 })),
  retry('/no_words', { num_retries: 3 }),
  retry('/unknown_words', on('5XX,nothing, , gateway-error')),
  retry('/limited', {
    ...on('retriable-status-codes'),
    retriable_status_codes: [429],
    rate_limited_retry_back_off: { reset_headers: resetHeaders, max_interval: '2s' },
  }),
  retry('/levels', on('5xx', { retry_priority: previousPriorities, num_retries: 3 }), { cluster: 'levels' }),
  retry('/one_level', on('5xx', { retry_priority: previousPriorities, num_retries: 2 }), {
    cluster: 'one_level',
  }),
  retry('/dead_first', on('connect-failure', { retry_priority: previousPriorities }), {
    cluster: 'dead_first',
  }),
  ...Object.entries(predicates).map(([name, predicate]) =>
    retry(`/omit/${name}`, on('5xx', { retry_host_predicate: [predicate], host_selection_retry_max_attempts: '3' }), {
      cluster: 'one_level',
    }),
  ),
  ...['no_retries', 'no_budget', 'least_budget', 'no_requests', 'no_pending', 'no_connections'].map(name =>
    retry(`/${name}`, on('5xx'), { cluster: name }),
  ),
  retry('/high', on('5xx'), { cluster: 'no_retries', priority: 'HIGH' }),
  retry('/small', on('5xx'), {}, { per_request_buffer_limit_bytes: 8 }),
  retry('/small64', on('5xx'), {}, { request_body_buffer_limit: '8' }),
  retry('/no_buffer', on('5xx'), {}, { per_request_buffer_limit_bytes: 0 }),
  retry('/dead', on('connect-failure,refused-stream', { num_retries: 2 }), { cluster: 'dead' }),
  retry('/empty', on('5xx'), { cluster: 'empty' }),
  retry('/hedged', on('5xx', { num_retries: 2, per_try_timeout: '0.1s' }), {
    hedge_policy: { hedge_on_per_try_timeout: true },
    timeout: '15s',
  }),
  retry('/hedged_once', on('5xx', { num_retries: 1, per_try_timeout: '0.1s' }), {
    hedge_policy: { hedge_on_per_try_timeout: true },
    timeout: '0.4s',
  }),
  retry('/per_try', on('5xx', { per_try_timeout: '0.1s' })),
  retry('/per_try_words', on('gateway-error', { per_try_timeout: '0.1s', num_retries: 0 })),
  retry('/per_try_reset', on('reset', { per_try_timeout: '0.1s' })),
  retry('/per_try_connect', on('connect-failure', { per_try_timeout: '0.1s' })),
  retry('/per_try_idle', on('5xx', { per_try_idle_timeout: '0.1s' })),
  retry('/global', on('5xx', { num_retries: 5 }), { timeout: '0.15s' }),
  toA({ path: '/plain' }),
  { match: { path: '/of_host' }, route: { cluster: 'a' } },
]

const internal = { internal_address_config: { cidr_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] } }

export const retries: Group = {
  name: 'retries',
  clusters: [
    priorities('levels', [['$a'], ['$b']]),
    priorities('one_level', [['$a']]),
    priorities('dead_first', [['$dead'], ['$a']]),
    budget('no_retries', { max_retries: 0 }),
    budget('no_budget', { retry_budget: { budget_percent: { value: 0 }, min_retry_concurrency: 0 } }),
    budget('least_budget', { retry_budget: { budget_percent: { value: 0 }, min_retry_concurrency: 1 } }),
    budget('no_requests', { max_requests: 0 }),
    budget('no_pending', { max_pending_requests: 0 }),
    budget('no_connections', { max_connections: 0 }),
  ],
  listeners: [
    http({
      virtualHosts: [
        {
          name: 'all',
          domains: ['*'],
          include_request_attempt_count: true,
          include_attempt_count_in_response: true,
          include_is_timeout_retry_header: true,
          routes,
        },
        {
          name: 'host',
          domains: ['host.test'],
          retry_policy: { ...on('retriable-4xx'), retry_back_off: fast },
          per_request_buffer_limit_bytes: 8,
          hedge_policy: { hedge_on_per_try_timeout: true },
          routes: [retry('/own', on('5xx')), toA({ prefix: '/' })],
        },
      ],
      hcm: internal,
    }),
    // Times that are left would differ from run to run.
    http({ name: 'quiet', routes, hcm: { ...internal, http_filters: [quietRouter] } }),
  ],
  cases: [
    ...byWord,
    asked('codes: 418', [], [res('418 Teapot'), ok], '/codes'),
    asked('codes: 429, then 418', [], [limited(), res('418 Teapot'), ok], '/codes'),
    asked('codes: 503', [], [failed, ok], '/codes'),
    asked('headers: x-again yes', [], [res('200 OK', ['x-again: yes']), ok], '/headers'),
    asked('headers: x-again no', [], [res('200 OK', ['x-again: no']), ok], '/headers'),
    asked('headers: status', [], [res('410 Gone'), ok], '/headers'),
    asked('request headers: GET', [], [failed, ok], '/request_headers'),
    { name: 'request headers: PUT', send: req('PUT /request_headers', ['content-length: 0']), upstream: [failed, ok] },
    {
      name: 'request headers: PUT, idempotent',
      send: req('PUT /request_headers', ['content-length: 0', 'x-idempotent: 1']),
      upstream: [failed, ok],
    },
    asked('request headers: asked in the request', ['x-envoy-retry-on: 5xx'], [failed, ok], '/request_headers'),
    asked('three of four', [], [failed, failed, failed, ok], '/three'),
    asked('four of three', [], [failed, failed, failed, failed, ok], '/three'),
    asked('zero', [], [failed, ok], '/zero'),
    asked('no words', [], [failed, ok], '/no_words'),
    asked('unknown words', [], [failed, ok], '/unknown_words'),
    asked('unknown words, 500', [], [res('500 Oops'), ok], '/unknown_words'),
    asked('x-envoy-retry-on', ['x-envoy-retry-on: 5xx'], [failed, ok]),
    asked('x-envoy-retry-on, spaces', ['x-envoy-retry-on: reset , 5xx'], [failed, ok]),
    asked('x-envoy-retry-on, gRPC word', ['x-envoy-retry-on: cancelled'], [grpc(1), ok]),
    asked('x-envoy-retry-grpc-on', ['x-envoy-retry-grpc-on: cancelled'], [grpc(1), ok]),
    asked('x-envoy-retry-grpc-on, other word', ['x-envoy-retry-grpc-on: 5xx'], [failed, ok]),
    asked('x-envoy-max-retries', ['x-envoy-retry-on: 5xx', 'x-envoy-max-retries: 2'], [failed, failed, ok]),
    asked('x-envoy-max-retries 0', ['x-envoy-max-retries: 0'], [failed, ok], '/three'),
    asked('x-envoy-max-retries, no number', ['x-envoy-max-retries: many'], [failed, failed, failed, ok], '/three'),
    asked(
      'x-envoy-retriable-status-codes',
      ['x-envoy-retry-on: retriable-status-codes', 'x-envoy-retriable-status-codes: 418, 429,x'],
      [limited(), ok],
    ),
    asked('x-envoy-retriable-status-codes alone', ['x-envoy-retriable-status-codes: 429'], [limited(), ok]),
    asked(
      'x-envoy-retriable-header-names',
      ['x-envoy-retry-on: retriable-headers', 'x-envoy-retriable-header-names: X-One, x-two'],
      [res('200 OK', ['x-two: 1']), ok],
    ),
    asked('the virtual host asks', ['host: host.test'], [res('409 Conflict'), ok]),
    asked('the route asks otherwise', ['host: host.test'], [res('409 Conflict'), ok], '/own'),
    quiet(asked('reset after: seconds', [], [limited('retry-after: 1'), ok], '/limited')),
    asked('reset after: too long', [], [limited('retry-after: 100'), ok], '/limited'),
    asked('reset after: no number', [], [limited('retry-after: soon'), ok], '/limited'),
    asked('reset after: zero', [], [limited('retry-after: 0'), ok], '/limited'),
    asked('reset at: past', [], [limited('x-reset-at: 1000'), ok], '/limited'),
    asked('reset at: far', [], [limited('x-reset-at: 99999999999'), ok], '/limited'),
    asked('levels', [], [failed], '/levels'),
    asked('one level', [], [failed, failed, ok], '/one_level'),
    asked('a dead level', [], [ok], '/dead_first'),
    ...Object.keys(predicates).map(name =>
      asked(`the only host is omitted: ${name}`, [], [failed, ok], `/omit/${name}`),
    ),
    ...['no_retries', 'no_budget', 'least_budget', 'no_requests', 'no_pending', 'no_connections', 'high'].map(name =>
      asked(name, [], [failed, ok], `/${name}`),
    ),
    {
      name: 'a body within the limit',
      send: req('POST /small', ['content-length: 8'], '12345678'),
      upstream: [failed, ok],
    },
    {
      name: 'a body over the limit',
      send: req('POST /small', ['content-length: 9'], '123456789'),
      upstream: [failed, ok],
    },
    {
      name: 'a body over the limit of 64 bits',
      send: req('POST /small64', ['content-length: 9'], '123456789'),
      upstream: [failed, ok],
    },
    { name: 'no buffer', send: req('POST /no_buffer', ['content-length: 4'], 'body'), upstream: [failed, ok] },
    { name: 'no buffer, no body', send: req('GET /no_buffer'), upstream: [failed, ok] },
    {
      name: 'a body over the limit of the virtual host',
      send: req('POST /', ['host: host.test', 'content-length: 9'], '123456789'),
      upstream: [res('409 Conflict'), ok],
    },
    {
      name: 'a chunked body with trailers',
      send: req('POST /three', ['transfer-encoding: chunked'], '4\r\nbody\r\n0\r\nx-t: 1\r\n\r\n'),
      upstream: [failed, ok],
    },
    {
      name: 'an answer before the body is complete',
      send: [req('POST /three', ['content-length: 8'], 'half'), { upstreamHeads: 2 }, 'rest'],
      upstream: [{ write: failed, when: 'head' }, ok],
    },
    asked('dead', [], [ok], '/dead'),
    asked('empty', [], [ok], '/empty'),
    asked('per try timeout', [], [{ when: 'complete' }, ok], '/per_try'),
    asked('per try timeout twice', [], [{ when: 'complete' }], '/per_try'),
    asked('per try timeout, no retries', [], [{ when: 'complete' }, ok], '/per_try_words'),
    asked('per try timeout on reset', [], [{ when: 'complete' }, ok], '/per_try_reset'),
    asked('per try timeout on connect-failure', [], [{ when: 'complete' }, ok], '/per_try_connect'),
    asked('per try idle timeout', [], [{ when: 'complete' }, ok], '/per_try_idle'),
    asked(
      'per try timeout of the request',
      ['x-envoy-upstream-rq-per-try-timeout-ms: 100'],
      [{ when: 'complete' }, ok],
      '/three',
    ),
    quiet(asked('the whole timeout', [], [{ when: 'complete' }], '/global')),
    quiet(
      asked(
        'the whole timeout, alternative',
        ['x-envoy-upstream-rq-timeout-alt-response: 1'],
        [{ when: 'complete' }],
        '/global',
      ),
    ),
    quiet(asked('the whole timeout in a retry', [], [failed, { when: 'complete' }], '/global')),
    asked('hedged: the second answers', [], [{ when: 'complete' }, ok], '/hedged'),
    asked('hedged: the second fails, the third answers', [], [{ when: 'complete' }, failed, ok], '/hedged'),
    quiet(asked('hedged: none answers', [], [{ when: 'complete' }], '/hedged_once')),
    quiet(asked('hedged: the last one fails', [], [{ when: 'complete' }, failed], '/hedged_once')),
    quiet(asked('hedged: the last one is reset', [], [{ when: 'complete' }, gone], '/hedged_once')),
    {
      name: 'hedged: a body',
      send: req('POST /hedged', ['content-length: 4'], 'body'),
      upstream: [{ when: 'complete' }, ok],
    },
    asked(
      'hedged: not, says the request',
      ['x-envoy-hedge-on-per-try-timeout: false'],
      [{ when: 'complete' }, ok],
      '/hedged',
    ),
    asked(
      'hedged: says the request',
      ['x-envoy-hedge-on-per-try-timeout: true'],
      [{ when: 'complete' }, ok],
      '/per_try',
    ),
  ],
  stats: [
    /^cluster\.\w+\.(retry\..*|retry_or_shadow_abandoned|upstream_rq_(retry.*|total|timeout|per_try.*|\dxx|pending_overflow|max_duration_reached|tx_reset|rx_reset|cancelled|completed))$/,
    /^cluster\.\w+\.circuit_breakers\.default\.rq_retry_open$/,
    /^http\.http\.(rq_.*|no_cluster|downstream_rq_(total|completed|\dxx))$/,
  ],
}
