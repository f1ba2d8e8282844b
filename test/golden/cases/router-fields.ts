/** `suppress_grpc_request_failure_code_stats` and `reject_connect_request_early_data` of the router. */
import type { JsonObject } from '../../support/proxy-process.ts'
import type { Reply } from '../../support/upstream.ts'
import { type Case, cluster, type Group, http, req, res, router, toA } from '../case.ts'

const withRouter = (more: JsonObject): JsonObject => ({
  http_filters: [{ ...router, typed_config: { ...(router['typed_config'] as JsonObject), ...more } }],
})
const routes = (to: string): readonly JsonObject[] => [
  toA({ path: '/timeout' }, { cluster: to, timeout: '0.1s' }),
  toA(
    { path: '/retry' },
    { cluster: to, retry_policy: { retry_on: '5xx', retry_back_off: { base_interval: '0.001s' } } },
  ),
  toA({ path: '/dead' }, { cluster: 'dead' }),
  toA({ prefix: '/' }, { cluster: to }),
]
const failures = (listener: string): Case[] =>
  (
    [
      ['an answer of 503', '/', res('503 Busy')],
      ['a reset', '/', { after: 'reset' }],
      ['a timeout', '/timeout', { when: 'complete' }],
      ['a retried 503', '/retry', res('503 Busy')],
      ['a failed call', '/', res('200 OK', ['content-type: application/grpc', 'grpc-status: 13'])],
    ] as const
  ).flatMap(([name, path, upstream]: readonly [string, string, Reply]) =>
    ['application/grpc', 'text/plain'].map(type => ({
      name: `${listener}, ${type}: ${name}`,
      listener,
      send: req(`POST ${path}`, [`content-type: ${type}`, 'content-length: 0']),
      upstream,
    })),
  )
const connectRoutes: readonly JsonObject[] = [
  { match: { connect_matcher: {} }, route: { cluster: 'a', upgrade_configs: [{ upgrade_type: 'CONNECT' }] } },
  toA({ prefix: '/' }),
]
const connect = 'CONNECT a.test:80 HTTP/1.1\r\nhost: a.test:80\r\n\r\n'
const accepted: Reply = { write: 'HTTP/1.1 200 OK\r\n\r\nhello', when: 'head', after: 'close' }
const tunnels = (listener: string): Case[] => [
  {
    name: `${listener}: early data`,
    listener,
    send: [`${connect}early`, { closed: true }],
    responses: 0,
    upstream: accepted,
  },
  { name: `${listener}: no data`, listener, send: [connect, { closed: true }], responses: 0, upstream: accepted },
  { name: `${listener}: not CONNECT`, listener, send: req('POST /', ['content-length: 4'], 'body') },
]

export const routerFields: Group = {
  name: 'router-fields',
  clusters: [cluster('counted', ['$a']), cluster('uncounted', ['$a'])],
  listeners: [
    http({ routes: routes('counted') }),
    http({
      name: 'quiet',
      routes: routes('uncounted'),
      hcm: withRouter({ suppress_grpc_request_failure_code_stats: true }),
    }),
    http({ name: 'patient', routes: connectRoutes }),
    http({ name: 'strict', routes: connectRoutes, hcm: withRouter({ reject_connect_request_early_data: true }) }),
  ],
  cases: [...failures('http'), ...failures('quiet'), ...tunnels('patient'), ...tunnels('strict')],
  stats: [/^cluster\.(un)?counted\.(external\.|retry\.)?upstream_rq_(\d..|completed|retry\w*|timeout)$/],
}
