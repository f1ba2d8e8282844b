/** Which route a request takes: domains, path matchers, header and query matchers, clusters. */
import { type Group, http, req, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

/** A route that answers with its name, so that the client sees which one was taken. */
const named = (name: string, match: JsonObject): JsonObject => ({
  name,
  match,
  direct_response: { status: 200, body: { inline_string: name } },
})
const host = (name: string, domains: readonly string[]) => ({ name, domains, routes: [named(name, { prefix: '/' })] })
const header = (path: string, matchers: readonly JsonObject[]) => named(path, { path, headers: matchers })
const query = (path: string, matchers: readonly JsonObject[]) => named(path, { path, query_parameters: matchers })

const pathRoutes: JsonObject[] = [
  named('exact', { path: '/exact' }),
  named('exact any case', { path: '/Any/Case', case_sensitive: false }),
  named('regex', { safe_regex: { regex: '/re/[0-9]+' } }),
  named('separated', { path_separated_prefix: '/sep' }),
  named('prefix any case', { prefix: '/PREFIX', case_sensitive: false }),
  named('prefix', { prefix: '/pre' }),
  named('never', { prefix: '/fraction', runtime_fraction: { default_value: { numerator: 0 } } }),
  named('always', { prefix: '/fraction', runtime_fraction: { default_value: { numerator: 100 } } }),
  named('grpc', { prefix: '/g', grpc: {} }),
  named('not grpc', { prefix: '/g' }),
]

const matcherRoutes: JsonObject[] = [
  header('/h/exact', [{ name: 'x-a', string_match: { exact: 'v' } }]),
  header('/h/exact-case', [{ name: 'x-a', string_match: { exact: 'V', ignore_case: true } }]),
  header('/h/prefix', [{ name: 'x-a', string_match: { prefix: 'pre' } }]),
  header('/h/suffix', [{ name: 'x-a', string_match: { suffix: 'fix' } }]),
  header('/h/contains', [{ name: 'x-a', string_match: { contains: 'mid' } }]),
  header('/h/regex', [{ name: 'x-a', string_match: { safe_regex: { regex: '[a-c]+' } } }]),
  header('/h/range', [{ name: 'x-a', range_match: { start: '-10', end: '10' } }]),
  header('/h/present', [{ name: 'x-a', present_match: true }]),
  header('/h/absent', [{ name: 'x-a', present_match: false }]),
  header('/h/invert', [{ name: 'x-a', string_match: { exact: 'v' }, invert_match: true }]),
  header('/h/missing-empty', [
    { name: 'x-a', string_match: { exact: 'v' }, invert_match: true, treat_missing_header_as_empty: true },
  ]),
  header('/h/two', [
    { name: 'x-a', string_match: { exact: '1' } },
    { name: 'x-b', string_match: { exact: '2' } },
  ]),
  header('/h/method', [{ name: ':method', string_match: { exact: 'POST' } }]),
  header('/h/authority', [{ name: ':authority', string_match: { prefix: 'a.' } }]),
  header('/h/legacy', [{ name: 'x-a', exact_match: 'v' }]),
  header('/h/list', [{ name: 'x-a', string_match: { exact: '1,2' } }]),
  query('/q/exact', [{ name: 'k', string_match: { exact: 'v' } }]),
  query('/q/present', [{ name: 'k', present_match: true }]),
  query('/q/prefix', [{ name: 'k', string_match: { prefix: 'p' } }]),
  query('/q/regex', [{ name: 'k', string_match: { safe_regex: { regex: '\\d+' } } }]),
  query('/q/bare', [{ name: 'k' }]),
  toA(
    { prefix: '/w/all-a' },
    {
      cluster: undefined as never,
      weighted_clusters: {
        clusters: [
          { name: 'a', weight: 100 },
          { name: 'b', weight: 0 },
        ],
      },
    },
  ),
  toA(
    { prefix: '/w/all-b' },
    {
      cluster: undefined as never,
      weighted_clusters: {
        clusters: [
          { name: 'a', weight: 0 },
          { name: 'b', weight: 5 },
        ],
      },
    },
  ),
  { match: { prefix: '/c' }, route: { cluster_header: 'x-cluster' } },
]

const path = (target: string) => ({ name: `path ${target}`, send: req(`GET ${target}`) })
const h = (name: string, target: string, headers: readonly string[] = []) => ({
  name: `${name} ${target}`,
  listener: 'matchers',
  send: req(`GET ${target}`, headers),
})

export const routing: Group = {
  name: 'routing',
  listeners: [
    http({ routes: pathRoutes }),
    http({ name: 'matchers', routes: matcherRoutes }),
    http({
      name: 'domains',
      virtualHosts: [
        host('any', ['*']),
        host('suffix', ['*.test']),
        host('longer suffix', ['*.b.test', '*-c.test']),
        host('prefix', ['www.*']),
        host('longer prefix', ['www.shop.*']),
        host('exact', ['www.b.test', 'Mixed.Test', '[::1]']),
        host('with port', ['www.b.test:8080']),
      ],
    }),
    http({
      name: 'ignore_port',
      virtualHosts: [host('exact', ['a.test']), host('any', ['*'])],
      routeConfig: { ignore_port_in_host_matching: true },
    }),
    http({ name: 'no_any', virtualHosts: [host('one', ['one.test'])] }),
  ],
  cases: [
    ...[
      'www.b.test',
      'WWW.B.TEST',
      'x.b.test',
      'b.test',
      'x.test',
      'test',
      '.test',
      'a-c.test',
      'www.org',
      'www.shop.org',
      'www.',
      'www.b.test:8080',
      'www.b.test:81',
      'mixed.test',
      '[::1]',
      '1.2.3.4',
      'x.y.b.test',
      'www.other.test',
    ].map(name => ({
      name: `domain ${name}`,
      listener: 'domains',
      send: req('GET /', [`host: ${name}`]),
    })),
    { name: 'port ignored', listener: 'ignore_port', send: req('GET /', ['host: a.test:99']) },
    { name: 'no domain', listener: 'no_any', send: req('GET /', ['host: two.test']) },
    ...[
      '/exact',
      '/exact?q=1',
      '/exact/',
      '/Exact',
      '/any/case',
      '/re/12',
      '/re/12?x=y',
      '/re/12/x',
      '/x/re/12',
      '/sep',
      '/sep/',
      '/sep/x',
      '/sep?x',
      '/separate',
      '/prefixed',
      '/pre',
      '/PRE',
      '/preX',
      '/fraction',
      '/',
      '/g',
    ].map(path),
    { name: 'path /g as gRPC', send: req('POST /g', ['content-type: application/grpc', 'content-length: 0']) },
    h('match', '/h/exact', ['x-a: v']),
    h('other value', '/h/exact', ['x-a: w']),
    h('no header', '/h/exact'),
    h('match', '/h/exact-case', ['x-a: v']),
    h('match', '/h/prefix', ['x-a: prefab']),
    h('match', '/h/suffix', ['x-a: a fix']),
    h('match', '/h/contains', ['x-a: a mid b']),
    h('match', '/h/regex', ['x-a: abc']),
    h('partial', '/h/regex', ['x-a: abcd']),
    h('lowest', '/h/range', ['x-a: -10']),
    h('end is outside', '/h/range', ['x-a: 10']),
    h('not a number', '/h/range', ['x-a: 1x']),
    h('empty value', '/h/present', ['x-a:']),
    h('no header', '/h/present'),
    h('header', '/h/absent', ['x-a: 1']),
    h('no header', '/h/absent'),
    h('other', '/h/invert', ['x-a: w']),
    h('equal', '/h/invert', ['x-a: v']),
    h('no header', '/h/invert'),
    h('no header', '/h/missing-empty'),
    h('both', '/h/two', ['x-a: 1', 'x-b: 2']),
    h('one', '/h/two', ['x-a: 1']),
    h('GET', '/h/method'),
    { name: 'POST /h/method', listener: 'matchers', send: req('POST /h/method', ['content-length: 0']) },
    h('match', '/h/authority'),
    h('match', '/h/legacy', ['x-a: v']),
    h('two headers', '/h/list', ['x-a: 1', 'x-a: 2']),
    ...[
      '/q/exact?k=v',
      '/q/exact?a=b&k=v',
      '/q/exact?k=w',
      '/q/exact',
      '/q/exact?k=x&k=v',
      '/q/exact?k=%76',
      '/q/present?k',
      '/q/present?k=',
      '/q/present?j',
      '/q/prefix?k=pq',
      '/q/regex?k=12',
      '/q/regex?k=1a',
      '/q/bare?k',
      '/q/bare?x',
    ].map(target => h('query', target)),
    h('weighted', '/w/all-a'),
    h('weighted', '/w/all-b'),
    h('cluster_header b', '/c', ['x-cluster: b']),
    h('cluster_header unknown', '/c', ['x-cluster: zzz']),
  ],
}
