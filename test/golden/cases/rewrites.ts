/** Rewrites of path and host on the way to the upstream. */
import { cluster, type Group, http, req, toA } from '../case.ts'

export const rewrites: Group = {
  name: 'rewrites',
  clusters: [
    {
      ...cluster('hostname', ['$a']),
      type: 'STRICT_DNS',
      load_assignment: {
        cluster_name: 'hostname',
        endpoints: [
          { lb_endpoints: [{ endpoint: { address: { socket_address: { address: 'localhost', port_value: '$a' } } } }] },
        ],
      },
      dns_lookup_family: 'V4_ONLY',
    },
    {
      ...cluster('named', ['$a']),
      load_assignment: {
        cluster_name: 'named',
        endpoints: [
          {
            lb_endpoints: [
              {
                endpoint: {
                  hostname: 'endpoint.test',
                  address: { socket_address: { address: '127.0.0.1', port_value: '$a' } },
                },
              },
            ],
          },
        ],
      },
    },
  ],
  listeners: [
    http({
      routes: [
        toA({ prefix: '/pre/' }, { prefix_rewrite: '/' }),
        toA({ prefix: '/swap' }, { prefix_rewrite: '/other' }),
        toA({ path: '/exact' }, { prefix_rewrite: '/whole' }),
        toA({ safe_regex: { regex: '/re/.*' } }, { prefix_rewrite: '/fixed' }),
        toA({ path_separated_prefix: '/sep' }, { prefix_rewrite: '/s' }),
        toA({ prefix: '/CASE', case_sensitive: false }, { prefix_rewrite: '/lower' }),
        toA(
          { prefix: '/x/' },
          { regex_rewrite: { pattern: { regex: '^/x/([^/]+)/(.*)$' }, substitution: '/\\2/\\1' } },
        ),
        toA({ prefix: '/all' }, { regex_rewrite: { pattern: { regex: 'a' }, substitution: 'bb' } }),
        toA({ prefix: '/whole-match' }, { regex_rewrite: { pattern: { regex: 'match' }, substitution: '<\\0>' } }),
        toA({ prefix: '/no-match' }, { regex_rewrite: { pattern: { regex: 'zzz' }, substitution: 'y' } }),
        toA({ prefix: '/host/literal' }, { host_rewrite_literal: 'new.test:81' }),
        toA({ prefix: '/host/header' }, { host_rewrite_header: 'x-new-host' }),
        toA(
          { prefix: '/host/path' },
          { host_rewrite_path_regex: { pattern: { regex: '^/host/path/(.+)$' }, substitution: '\\1.test' } },
        ),
        toA({ prefix: '/host/auto' }, { cluster: 'hostname', auto_host_rewrite: true }),
        toA({ prefix: '/host/endpoint' }, { cluster: 'named', auto_host_rewrite: true }),
        toA({ prefix: '/host/static' }, { auto_host_rewrite: true }),
        toA({ prefix: '/host/xfh' }, { host_rewrite_literal: 'new.test', append_x_forwarded_host: true }),
        toA({ prefix: '/both' }, { prefix_rewrite: '/b', host_rewrite_literal: 'new.test' }),
        toA({ prefix: '/' }),
      ],
    }),
  ],
  cases: [
    ...[
      '/pre/a?b=c',
      '/pre/',
      '/swap',
      '/swapped?x',
      '/exact?q',
      '/re/1?x=y',
      '/sep',
      '/sep/more',
      '/case/More',
      '/x/one/two?q=1',
      '/x/one',
      '/all/banana?a=a',
      '/whole-match?match',
      '/no-match',
      '/host/literal',
      '/host/path/abc?q',
      '/host/auto',
      '/host/endpoint',
      '/host/static',
      '/both/x',
    ].map(target => ({
      name: `rewrite ${target}`,
      send: req(`GET ${target}`),
    })),
    { name: 'host from header', send: req('GET /host/header', ['x-new-host: from.header']) },
    { name: 'host from absent header', send: req('GET /host/header') },
    { name: 'x-forwarded-host made', send: req('GET /host/xfh') },
    { name: 'x-forwarded-host appended', send: req('GET /host/xfh', ['x-forwarded-host: first.test']) },
    { name: 'no rewrite', send: req('GET /plain', ['host: A.Test:80']) },
  ],
}
