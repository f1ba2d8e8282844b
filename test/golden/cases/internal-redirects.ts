/** Redirects of the upstream that the proxy follows itself. */
import { type Group, http, req, res, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const predicate = (name: string, settings: JsonObject = {}): JsonObject => ({
  name,
  typed_config: { '@type': `type.googleapis.com/envoy.extensions.internal_redirect.${name}`, ...settings },
})
const follow = (path: string, policy: JsonObject, more: JsonObject = {}, ofRoute: JsonObject = {}): JsonObject => ({
  ...toA({ prefix: path }, { internal_redirect_policy: policy, ...more }),
  name: path.slice(1),
  ...ofRoute,
})
const to = (location: string, status = '302 Found', headers: readonly string[] = [], body = '') =>
  res(status, [`location: ${location}`, ...headers], body)
const moved = to('http://a.test/next?x=1')
const ok = res('200 OK', [], 'ok')
const get = (name: string, path: string, upstream: readonly string[], headers: readonly string[] = []) => ({
  name,
  send: req(`GET ${path}`, headers),
  upstream,
})

export const internalRedirects: Group = {
  name: 'internal-redirects',
  listeners: [
    http({
      routes: [
        follow('/follow', {}),
        follow('/three', { max_internal_redirects: 3 }),
        follow('/codes', { redirect_response_codes: [301, 303, 307, 200], max_internal_redirects: 2 }),
        follow('/cross', { allow_cross_scheme_redirect: true }),
        follow('/safe', {
          allow_cross_scheme_redirect: true,
          predicates: [predicate('safe_cross_scheme.v3.SafeCrossSchemeConfig')],
        }),
        follow('/listed', {
          predicates: [predicate('allow_listed_routes.v3.AllowListedRoutesConfig', { allowed_route_names: ['next'] })],
        }),
        follow('/previous', {
          max_internal_redirects: 5,
          predicates: [predicate('previous_routes.v3.PreviousRoutesConfig')],
        }),
        follow('/copy', { response_headers_to_copy: ['x-copied', 'x-gone'] }),
        follow('/rewrite', {}, { prefix_rewrite: '/rewritten', host_rewrite_literal: 'new.test' }),
        follow('/retry', {}, { retry_policy: { retry_on: '5xx' } }),
        follow('/small', { redirect_response_codes: [307] }, {}, { per_request_buffer_limit_bytes: 4 }),
        follow(
          '/small_retry',
          { redirect_response_codes: [307] },
          { retry_policy: { retry_on: '5xx' } },
          { per_request_buffer_limit_bytes: 4 },
        ),
        follow('/all', {
          allow_cross_scheme_redirect: true,
          max_internal_redirects: 5,
          predicates: [
            predicate('previous_routes.v3.PreviousRoutesConfig'),
            predicate('allow_listed_routes.v3.AllowListedRoutesConfig', { allowed_route_names: ['next', 'all'] }),
            predicate('safe_cross_scheme.v3.SafeCrossSchemeConfig'),
          ],
        }),
        follow('/none', { max_internal_redirects: 0 }),
        { ...toA({ prefix: '/next' }), name: 'next' },
        {
          name: 'direct',
          match: { prefix: '/direct' },
          direct_response: { status: 200, body: { inline_string: 'direct' } },
        },
        { name: 'b', match: { prefix: '/b' }, route: { cluster: 'b' } },
        toA({ prefix: '/plain' }),
      ],
      hcm: { add_user_agent: true },
    }),
  ],
  cases: [
    get('followed', '/follow', [moved, ok]),
    get('followed to another cluster', '/follow', [to('http://a.test/b')]),
    get('followed to a direct response', '/follow', [to('http://a.test/direct')]),
    get('a redirect with a body', '/follow', [to('http://a.test/next', '302 Found', [], 'body'), ok]),
    get('a redirect with a fragment', '/follow', [to('http://a.test/next#frag'), ok]),
    get('to another host', '/follow', [to('http://b.test:81/next'), ok]),
    get('to no path', '/three', [to('http://b.test'), ok]),
    get('relative', '/follow', [to('/next')]),
    get('relative without slash', '/follow', [to('next')]),
    get('empty location', '/follow', [to('')]),
    get('no location', '/follow', [res('302 Found')]),
    get('no URL', '/follow', [to('http://')]),
    get('another scheme', '/follow', [to('https://a.test/next')]),
    get('another scheme, allowed', '/cross', [to('https://a.test/next'), ok]),
    get('another scheme, not safe', '/safe', [to('https://a.test/next')]),
    get('the same scheme, safe', '/safe', [to('http://a.test/next'), ok]),
    get('unknown scheme', '/cross', [to('ftp://a.test/next')]),
    get('no route', '/follow', [to('http://a.test/nowhere')]),
    get('one redirect too many', '/follow', [to('http://a.test/follow/2'), to('http://a.test/follow/3')]),
    get('three redirects', '/three', [
      to('http://a.test/three/1'),
      to('http://a.test/three/2'),
      to('http://a.test/three/3'),
      ok,
    ]),
    get('a status that is not followed', '/follow', [to('http://a.test/next', '301 Moved')]),
    get('301 followed', '/codes', [to('http://a.test/next', '301 Moved'), ok]),
    get('302 not followed', '/codes', [moved]),
    get('200 is never followed', '/codes', [to('http://a.test/next', '200 OK')]),
    get('HEAD is kept', '/codes', [to('http://a.test/next', '303 See Other'), ok]),
    {
      name: 'POST becomes GET by 303',
      send: req('POST /codes', ['content-length: 4'], 'body'),
      upstream: [to('http://a.test/next', '303 See Other'), ok],
    },
    {
      name: 'POST stays by 307',
      send: req('POST /codes', ['content-length: 4'], 'body'),
      upstream: [to('http://a.test/next', '307 Temporary Redirect'), ok],
    },
    {
      name: 'a chunked body is sent again',
      send: req('POST /codes', ['transfer-encoding: chunked'], '4\r\nbody\r\n0\r\n\r\n'),
      upstream: [to('http://a.test/next', '307 Temporary Redirect'), ok],
    },
    {
      name: 'a redirect before the request is complete',
      send: [`${req('POST /codes', ['content-length: 4'])}bo`, { responses: 1 }],
      upstream: { write: to('http://a.test/next', '307 Temporary Redirect'), when: 'head' as const },
    },
    ...['302 Found', '303 See Other', '307 Temporary Redirect', '308 Permanent Redirect'].map(status => ({
      name: `trailers, ${status}`,
      send: req('POST /codes', ['transfer-encoding: chunked', 'trailer: x-t'], '4\r\nbody\r\n0\r\nx-t: 1\r\n\r\n'),
      upstream: [to('http://a.test/next', status), ok],
    })),
    {
      name: 'HEAD stays by 303',
      send: req('HEAD /codes'),
      upstream: [to('http://a.test/next', '303 See Other'), res('200 OK')],
    },
    {
      name: 'PUT becomes GET by 303',
      send: req('PUT /codes', ['content-length: 4', 'content-type: text/plain'], 'body'),
      upstream: [to('http://a.test/next', '303 See Other'), ok],
    },
    {
      name: 'a body within the limit',
      send: req('POST /small', ['content-length: 4'], 'body'),
      upstream: [to('http://a.test/next', '307 Temporary Redirect'), ok],
    },
    {
      name: 'a body over the limit',
      send: req('POST /small', ['content-length: 5'], 'body5'),
      upstream: [to('http://a.test/next', '307 Temporary Redirect'), ok],
    },
    {
      name: 'a body over the limit, retries',
      send: req('POST /small_retry', ['content-length: 5'], 'body5'),
      upstream: [to('http://a.test/next', '307 Temporary Redirect'), ok],
    },
    {
      name: 'a body, then the target is retried',
      send: req('POST /codes', ['content-length: 4'], 'body'),
      upstream: [to('http://a.test/retry', '307 Temporary Redirect'), res('503 Busy'), ok],
    },
    get('all predicates', '/all', [to('http://a.test/next'), ok]),
    get('all predicates, the route again', '/all', [to('http://a.test/all/1'), to('http://a.test/all/2'), ok]),
    get('all predicates, not listed', '/all', [to('http://a.test/plain')]),
    get('none', '/none', [moved]),
    get('user info in the location', '/follow', [to('http://me:pw@a.test/next'), ok]),
    get('a port that is the default', '/follow', [to('http://a.test:80/next'), ok]),
    get('upper case scheme and host', '/follow', [to('HTTP://A.TEST/next'), ok]),
    get('two locations', '/follow', [to('http://a.test/next', '302 Found', ['location: http://a.test/b']), ok]),
    get('a space in the location', '/follow', [to('http://a.test/ne xt'), ok]),
    get('only a query', '/follow', [to('http://a.test?x=1'), ok]),
    get('listed', '/listed', [to('http://a.test/next'), ok]),
    get('not listed', '/listed', [to('http://a.test/plain')]),
    get('a route for the second time', '/previous', [to('http://a.test/previous/1'), to('http://a.test/previous/2')]),
    get(
      'headers copied',
      '/copy',
      [to('http://a.test/next', '302 Found', ['x-copied: new', 'x-copied: two']), ok],
      ['x-copied: old', 'x-gone: 1', 'x-kept: 1'],
    ),
    get('from a rewritten route', '/rewrite/x', [moved, ok]),
    get('after a retry', '/retry', [res('500 Oops'), moved, ok]),
    get('no policy', '/plain', [moved]),
  ],
  stats: [
    /^http\.http\.(rq_total|passthrough_.*|no_route|downstream_rq_(total|completed|\dxx|active))$/,
    /^cluster\.a\.(upstream_internal_redirect.*|upstream_rq_(total|completed|\dxx|302)|external\.upstream_rq_(\dxx))$/,
  ],
}
