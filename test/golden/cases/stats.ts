/** Names and values of counters and gauges after a known piece of traffic. */
import { type Group, http, quietRouter, req, res, toA } from '../case.ts'

export const stats: Group = {
  name: 'stats',
  stats: [/^http\.http\./, /^cluster\.(a|dead|empty)\./, /^listener\.127\.0\.0\.1_0\./, /^http1\./],
  listeners: [
    http({
      routes: [
        { match: { prefix: '/direct' }, direct_response: { status: 200 } },
        { match: { prefix: '/dead' }, route: { cluster: 'dead' } },
        { match: { prefix: '/empty' }, route: { cluster: 'empty' } },
        { match: { prefix: '/redirect' }, redirect: { path_redirect: '/' } },
        toA({ prefix: '/retry' }, { retry_policy: { retry_on: '5xx', retry_back_off: { base_interval: '0.001s' } } }),
        toA({ prefix: '/timeout' }, { timeout: '0.05s' }),
        toA({ prefix: '/a' }),
      ],
      hcm: { http_filters: [quietRouter] },
    }),
  ],
  cases: [
    { name: '1', send: req('GET /a') },
    {
      name: '2',
      send: [req('POST /a', ['content-length: 3'], 'abc'), { responses: 1 }, req('GET /a', ['connection: close'])],
      responses: 2,
    },
    { name: '3', send: req('GET /a'), upstream: res('404 Not Found', [], 'x') },
    { name: '4', send: req('GET /a'), upstream: res('500 Bad', [], 'x') },
    { name: '5', send: req('GET /direct') },
    { name: '6', send: req('GET /dead') },
    { name: '7', send: req('GET /empty') },
    { name: '8', send: req('GET /redirect') },
    { name: '9', send: req('GET /nothing') },
    { name: '10', send: req('GET /retry'), upstream: [res('503 No'), res('200 OK', [], 'x')] },
    { name: '11', send: req('GET /timeout'), upstream: { when: 'complete' } },
    { name: '12', send: 'GET / HTTP/1.1\r\nbad header\r\n\r\n' },
    { name: '13', send: req('GET /a'), upstream: { after: 'close' } },
    {
      name: '14',
      send: [req('GET /a'), { upstreamHeads: 1 }, { do: 'reset' }],
      responses: 0,
      upstream: { when: 'complete' },
    },
  ],
}
