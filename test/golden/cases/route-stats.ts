/** Stats of virtual clusters and of routes with `stat_prefix`. */
import { fileLog, type Group, http, req, res, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const virtualCluster = (name: string, headers: readonly JsonObject[]): JsonObject => ({ name, headers })
const path = (prefix: string): JsonObject => ({ name: ':path', string_match: { prefix } })

export const routeStats: Group = {
  name: 'route-stats',
  listeners: [
    http({
      virtualHosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            toA(
              { prefix: '/retry' },
              { retry_policy: { retry_on: '5xx', retry_back_off: { base_interval: '0.001s' } } },
              { stat_prefix: 'retried' },
            ),
            toA({ prefix: '/timeout' }, { timeout: '0.05s' }, { stat_prefix: 'slow' }),
            { match: { prefix: '/direct' }, direct_response: { status: 200 }, stat_prefix: 'direct' },
            { match: { prefix: '/dead' }, route: { cluster: 'dead' }, stat_prefix: 'dead' },
            { match: { prefix: '/empty' }, route: { cluster: 'empty' }, stat_prefix: 'empty' },
            toA({ prefix: '/rewritten' }, { prefix_rewrite: '/users/of/another/kind' }),
            toA({ prefix: '/' }),
          ],
          virtual_clusters: [
            virtualCluster('retry', [path('/retry')]),
            virtualCluster('timeout', [path('/timeout')]),
            virtualCluster('get_users', [path('/users'), { name: ':method', string_match: { exact: 'GET' } }]),
            virtualCluster('users', [path('/users')]),
          ],
        },
        { name: 'plain', domains: ['plain.test'], routes: [toA({ prefix: '/' })] },
      ],
      hcm: {
        access_log: [
          fileLog('%REQ(:PATH)% %RESPONSE_CODE% %VIRTUAL_CLUSTER_NAME% @%DOWNSTREAM_DIRECT_REMOTE_ADDRESS%\n'),
        ],
      },
    }),
  ],
  cases: [
    { name: 'a virtual cluster', send: req('GET /users/1') },
    { name: 'the next one', send: req('POST /users/1', ['content-length: 0']), upstream: res('404 Not Found') },
    { name: 'none of them', send: req('GET /other') },
    { name: 'by the path of the client', send: req('GET /rewritten') },
    { name: 'a virtual host without', send: req('GET /users/1', ['host: plain.test']) },
    { name: 'retried', send: req('GET /retry'), upstream: [res('503 No'), res('200 OK')] },
    { name: 'retried in vain', send: req('GET /retry'), upstream: res('503 No') },
    { name: 'timeout', send: req('GET /timeout'), upstream: { when: 'complete' } },
    { name: 'direct', send: req('GET /direct') },
    { name: 'dead', send: req('GET /dead') },
    { name: 'empty', send: req('GET /empty') },
  ],
  stats: [/^vhost\./],
}
