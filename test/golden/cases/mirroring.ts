/** Requests mirrored to another cluster. Upstream `a` is the mirror, `b` answers. */
import { cluster, type Group, http, req } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const toB = (
  path: string,
  policies: readonly JsonObject[],
  more: JsonObject = {},
  route: JsonObject = {},
): JsonObject => ({
  match: { prefix: path },
  route: { cluster: 'b', request_mirror_policies: policies, ...more },
  ...route,
})
const always = { default_value: { numerator: 100 } }
const never = { default_value: { numerator: 0 } }

const mirrored = (path: string, heads = 1, headers: readonly string[] = [], name = `GET ${path}`) => ({
  name,
  send: [req(`GET ${path}`, headers), { upstreamHeads: heads }],
})

export const mirroring: Group = {
  name: 'mirroring',
  listeners: [
    http({
      virtualHosts: [
        {
          name: 'all',
          domains: ['*'],
          routes: [
            toB('/plain', [{ cluster: 'a' }]),
            toB('/two', [{ cluster: 'a' }, { cluster: 'mirror' }]),
            toB('/always', [{ cluster: 'a', runtime_fraction: always }]),
            toB('/never', [{ cluster: 'a', runtime_fraction: never }]),
            toB('/mixed', [
              { cluster: 'a', runtime_fraction: never },
              { cluster: 'mirror', runtime_fraction: always },
            ]),
            toB('/no-suffix', [{ cluster: 'a', disable_shadow_host_suffix_append: true }]),
            toB('/host', [{ cluster: 'a', host_rewrite_literal: 'mirror.test' }]),
            toB('/host-no-suffix', [
              { cluster: 'a', host_rewrite_literal: 'mirror.test', disable_shadow_host_suffix_append: true },
            ]),
            toB('/by-header', [{ cluster_header: 'x-mirror' }]),
            toB('/mutations', [
              {
                cluster: 'a',
                request_headers_mutations: [
                  { append: { header: { key: 'x-mirrored', value: 'yes' } } },
                  { remove: 'x-secret' },
                  {
                    append: {
                      header: { key: 'x-path', value: '%REQ(:PATH)%' },
                      append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
                    },
                  },
                ],
              },
            ]),
            toB(
              '/rewritten',
              [{ cluster: 'a' }],
              { prefix_rewrite: '/new', host_rewrite_literal: 'new.test', timeout: '5s' },
              {
                request_headers_to_add: [{ header: { key: 'x-added', value: '1' } }],
              },
            ),
            toB('/retried', [{ cluster: 'a' }], { retry_policy: { retry_on: '5xx' } }),
            { match: { prefix: '/dead' }, route: { cluster: 'dead', request_mirror_policies: [{ cluster: 'a' }] } },
            { match: { prefix: '/empty' }, route: { cluster: 'empty', request_mirror_policies: [{ cluster: 'a' }] } },
            { match: { prefix: '/direct' }, direct_response: { status: 200 } },
            toB('/to-dead', [{ cluster: 'dead' }]),
            toB('/to-empty', [{ cluster: 'empty' }]),
            toB('/', []),
          ],
          request_mirror_policies: [{ cluster: 'mirror' }],
          include_request_attempt_count: true,
        },
      ],
      routeConfig: { request_mirror_policies: [{ cluster: 'a' }] },
    }),
    http({
      name: 'table',
      virtualHosts: [{ name: 'all', domains: ['*'], routes: [{ match: { prefix: '/' }, route: { cluster: 'b' } }] }],
      routeConfig: { request_mirror_policies: [{ cluster: 'a' }] },
    }),
  ],
  clusters: [cluster('mirror', ['$a'])],
  cases: [
    mirrored('/plain?q=1', 1, ['x-a: 1', 'x-b: 2']),
    mirrored('/plain', 1, ['host: a.test:81'], 'a host with port'),
    mirrored('/plain', 1, ['host: [::1]'], 'an IPv6 host'),
    mirrored('/plain', 1, ['x-forwarded-for: 1.2.3.4'], 'x-forwarded-for'),
    mirrored('/two', 2),
    mirrored('/always'),
    { name: 'GET /never', send: req('GET /never') },
    mirrored('/mixed'),
    mirrored('/no-suffix'),
    mirrored('/host'),
    mirrored('/host-no-suffix'),
    mirrored('/by-header', 1, ['x-mirror: a']),
    { name: 'an unknown cluster by header', send: req('GET /by-header', ['x-mirror: none']) },
    { name: 'no cluster by header', send: req('GET /by-header') },
    mirrored('/mutations', 1, ['x-secret: 1', 'x-path: 2']),
    mirrored('/rewritten/x'),
    {
      ...mirrored('/retried'),
      name: 'a mirror that fails is not tried again',
      upstream: 'HTTP/1.1 503 No\r\ncontent-length: 0\r\n\r\n',
    },
    mirrored('/other'),
    { ...mirrored('/other', 1, [], 'by route table'), listener: 'table' },
    mirrored('/dead'),
    { name: 'GET /empty', send: req('GET /empty') },
    { name: 'GET /direct', send: req('GET /direct') },
    { name: 'GET /to-dead', send: req('GET /to-dead') },
    { name: 'GET /to-empty', send: req('GET /to-empty') },
    { name: 'a body', send: [req('POST /plain', ['content-length: 5'], 'hello'), { upstreamHeads: 1 }] },
    {
      name: 'a body in pieces',
      send: [
        `${req('POST /plain', ['transfer-encoding: chunked'])}3\r\nabc\r\n`,
        { upstreamHeads: 1 },
        '2\r\nde\r\n0\r\n\r\n',
      ],
    },
    {
      name: 'a client that goes before its body is complete',
      send: [`${req('POST /plain', ['content-length: 5'])}abc`, { upstreamHeads: 1 }, { do: 'reset' }],
      responses: 0,
    },
  ],
  stats: [
    /^cluster\.(a|mirror|dead|empty)\.(internal\.|external\.)?upstream_rq_(total|completed|\d.*|timeout|retry.*|cancelled)$/,
    /^http\.http\.rq_total/,
    /^cluster\.b\.upstream_rq_(total|completed)/,
  ],
}
