import assert from 'node:assert/strict'
import { test } from 'node:test'
import { factoryContext, FakeCluster, messageOf, requestHeaders, streamInfo } from '../../test/support/routing.ts'
import type { RouteConfiguration } from '../config/v3.ts'
import { HeaderMap } from '../core/header-map.ts'
import type { Route, RouteTable } from '../core/route.ts'
import type { TlsInfo } from '../core/stream-info.ts'
import { shadowHost } from './shadow-policy.ts'
import { makeRouteTable } from './route-table.ts'

const clusters = new Map(['up', 'a', 'b'].map(name => [name, new FakeCluster(name)]))

function table(yaml: string): RouteTable {
  return makeRouteTable(
    messageOf<RouteConfiguration>('envoy.config.route.v3.RouteConfiguration', yaml),
    factoryContext(clusters),
  )
}

/** One virtual host for all domains. */
function routes(yaml: string, more = ''): RouteTable {
  const indented = yaml.trim().replace(/^/gm, '    ')
  return table(`${more}\nvirtual_hosts:\n- name: v\n  domains: ["*"]\n  routes:\n${indented}`)
}

function find(of: RouteTable, headers: HeaderMap, random = 0): Route | undefined {
  return of.route(headers, streamInfo(), random)
}

function nameFor(of: RouteTable, path: string, more: Readonly<Record<string, string>> = {}): string | undefined {
  return find(of, requestHeaders(path, more))?.routeName
}

function forwarded(of: RouteTable, path: string, more: Readonly<Record<string, string>> = {}): HeaderMap {
  const headers = requestHeaders(path, more)
  find(of, headers)?.entry?.finalizeRequestHeaders(headers, streamInfo(), true)
  return headers
}

test('the most specific domain wins: exact, suffix, prefix, star; longest wildcard first; any case', () => {
  const of = table(
    `virtual_hosts:\n${[
      ['star', '*'],
      ['suffix', '*.foo.com'],
      ['longer', '*.bar.foo.com'],
      ['dash', '*-bar.foo.com'],
      ['prefix', 'www.*'],
      ['exact', 'WWW.foo.com'],
    ]
      .map(
        ([name, domain]) =>
          `- {name: ${name}, domains: ["${domain}"], routes: [{match: {prefix: /}, route: {cluster: up}}]}`,
      )
      .join('\n')}`,
  )
  const host = (authority: string): string | undefined =>
    find(of, requestHeaders('/', { ':authority': authority }))?.virtualHostName
  assert.deepEqual(
    [
      'www.foo.com',
      'Www.Foo.Com',
      'x.foo.com',
      'x.bar.foo.com',
      'baz-bar.foo.com',
      'www.x',
      'www.',
      '.foo.com',
      'zz',
    ].map(host),
    ['exact', 'exact', 'suffix', 'longer', 'dash', 'prefix', 'star', 'star', 'star'],
  )
})

test('the port counts unless ignore_port_in_host_matching', () => {
  const hosts = 'virtual_hosts: [{name: v, domains: [a.com], routes: [{match: {prefix: /}, route: {cluster: up}}]}]'
  const at = { ':authority': 'a.com:8080' }
  assert.equal(find(table(hosts), requestHeaders('/', at)), undefined)
  assert.equal(
    find(table(`ignore_port_in_host_matching: true\n${hosts}`), requestHeaders('/', at))?.virtualHostName,
    'v',
  )
})

test('duplicate domains are refused by name and place', () => {
  const host = (name: string): string => `{name: ${name}, domains: [a.com, "*"], routes: []}`
  assert.throws(
    () => table(`name: rc\nvirtual_hosts: [${host('v')}, ${host('w')}]`),
    /virtual_hosts\[1\]\.domains\[0\].*duplicate entry of domain a\.com in route rc/,
  )
})

test('routes are tried in order by prefix, path, regex, and whole segments, without the query', () => {
  const of = routes(`
- {name: path, match: {path: /exact}, route: {cluster: up}}
- {name: segment, match: {path_separated_prefix: /seg}, route: {cluster: up}}
- {name: regex, match: {safe_regex: {regex: "/r/\\\\d+"}}, route: {cluster: up}}
- {name: case, match: {prefix: /Any, case_sensitive: false}, route: {cluster: up}}
- {name: prefix, match: {prefix: /p}, route: {cluster: up}}
`)
  const names = [
    '/exact?x',
    '/exact/',
    '/seg',
    '/seg/x',
    '/segx',
    '/r/12?a',
    '/r/12x',
    '/aNYthing',
    '/Px',
    '/p/x',
    '/pq',
  ].map(path => nameFor(of, path))
  assert.deepEqual(names, [
    'path',
    undefined,
    'segment',
    'segment',
    undefined,
    'regex',
    undefined,
    'case',
    undefined,
    'prefix',
    'prefix',
  ])
})

test('headers, query parameters, gRPC and a share of traffic restrict a route', () => {
  const of = routes(`
- {name: grpc, match: {prefix: /, grpc: {}}, route: {cluster: up}}
- {name: header, match: {prefix: /, headers: [{name: X-A, string_match: {prefix: v}}, {name: x-b, present_match: true, invert_match: true}]}, route: {cluster: up}}
- {name: query, match: {prefix: /, query_parameters: [{name: q, string_match: {exact: "1"}}]}, route: {cluster: up}}
- {name: share, match: {prefix: /, runtime_fraction: {default_value: {numerator: 30, denominator: HUNDRED}}}, route: {cluster: up}}
`)
  assert.equal(nameFor(of, '/', { 'content-type': 'application/grpc+proto' }), 'grpc')
  assert.equal(nameFor(of, '/', { 'x-a': 'v1' }), 'header')
  assert.equal(nameFor(of, '/?a=2&q=1', { 'x-a': 'v1', 'x-b': '' }), 'query')
  assert.equal(find(of, requestHeaders('/?q=2'), 29)?.routeName, 'share')
  assert.equal(find(of, requestHeaders('/?q=2'), 30), undefined)
})

test('weights choose the cluster by the random number, or by a header', () => {
  const of = (more: string): RouteTable =>
    routes(
      `- {match: {prefix: /}, route: {weighted_clusters: {${more} clusters: [{name: a, weight: 25}, {name: b, weight: 75, host_rewrite_literal: hw}]}}}`,
    )
  const chosen = [0, 24, 25, 99, 100, 2 ** 53 - 1].map(
    random => find(of(''), requestHeaders('/'), random)?.entry?.clusterName,
  )
  assert.deepEqual(chosen, ['a', 'a', 'b', 'b', 'a', 'b'])
  assert.equal(find(of('header_name: X-R,'), requestHeaders('/', { 'x-r': '30' }), 0)?.entry?.clusterName, 'b')
})

test('cluster_header names the cluster of the request, or none', () => {
  const of = routes(
    '- {match: {prefix: /}, route: {cluster_header: X-Cluster, cluster_not_found_response_code: NOT_FOUND}}',
  )
  const entry = find(of, requestHeaders('/', { 'x-cluster': 'zz' }))?.entry
  assert.equal(entry?.clusterName, 'zz')
  assert.equal(entry?.clusterNotFoundStatus, 404)
  assert.equal(find(of, requestHeaders('/'))?.entry?.clusterName, '')
})

test('an unknown cluster is refused where it is named, unless validate_clusters is off', () => {
  const route = '- {match: {prefix: /}, route: {cluster: nope}}'
  assert.throws(
    () => routes(route),
    /test\.yaml:6:\d+ virtual_hosts\[0\]\.routes\[0\]\.route\.cluster: unknown cluster 'nope'/,
  )
  assert.equal(find(routes(route, 'validate_clusters: false'), requestHeaders('/'))?.entry?.clusterName, 'nope')
})

test('prefix, regex and format rewrites keep the query and remember the original path', () => {
  const of = routes(`
- {match: {prefix: /a/}, route: {cluster: up, prefix_rewrite: /}}
- {match: {path: /p}, route: {cluster: up, prefix_rewrite: /new}}
- {match: {prefix: /rx}, route: {cluster: up, regex_rewrite: {pattern: {regex: "^/rx/([^/]+)(/.*)$"}, substitution: "\\\\2/instance/\\\\1"}}}
- {match: {prefix: /f}, route: {cluster: up, path_rewrite: "/n%PATH(NQ)%"}}
- {match: {prefix: /}, route: {cluster: up}}
`)
  const paths = ['/a/b?x=/a/', '/p?q', '/rx/abc/def?q=1', '/f/x?y', '/zz'].map(path => forwarded(of, path))
  assert.deepEqual(
    paths.map(headers => headers.path),
    ['/b?x=/a/', '/new?q', '/def/instance/abc?q=1', '/n/f/x?y', '/zz'],
  )
  assert.deepEqual(
    paths.map(headers => headers.get('x-envoy-original-path')),
    ['/a/b?x=/a/', '/p?q', '/rx/abc/def?q=1', '/f/x?y', undefined],
  )
})

test('host rewrites keep the old host where asked', () => {
  const of = routes(`
- {match: {prefix: /l}, route: {cluster: up, host_rewrite_literal: lit.com, append_x_forwarded_host: true}}
- {match: {prefix: /h}, route: {cluster: up, host_rewrite_header: X-H}}
- {match: {prefix: /p}, route: {cluster: up, host_rewrite_path_regex: {pattern: {regex: "^/p/(.+)/.*"}, substitution: "\\\\1.com"}}}
`)
  const literal = forwarded(of, '/l', { 'x-forwarded-host': 'zz' })
  assert.equal(literal.authority, 'lit.com')
  assert.equal(literal.get('x-forwarded-host'), 'zz,example.com')
  assert.equal(literal.get('x-envoy-original-host'), 'example.com')
  assert.equal(forwarded(of, '/h', { 'x-h': 'hh' }).authority, 'hh')
  assert.equal(forwarded(of, '/h').authority, 'example.com')
  assert.equal(forwarded(of, '/p/sub/x?y').authority, 'sub.com')
})

const levels = (more: string): string => `${more}
request_headers_to_add: [{header: {key: x-ow, value: config}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}, {header: {key: x-add, value: config}}]
request_headers_to_remove: [x-gone]
virtual_hosts:
- name: v
  domains: ["*"]
  request_headers_to_add: [{header: {key: x-ow, value: vhost}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}, {header: {key: x-add, value: vhost}}]
  routes:
  - match: {prefix: /}
    route: {cluster: up}
    request_headers_to_add: [{header: {key: x-ow, value: route}, append_action: OVERWRITE_IF_EXISTS_OR_ADD}, {header: {key: x-add, value: "%REQ(:path)%"}}]
    response_headers_to_add: [{header: {key: x-res, value: "%REQ(:path)% %RESP(x-up)%"}}]
`

test('headers are changed from the route up, so that the configuration wins; the other way round on request', () => {
  const headers = forwarded(table(levels('')), '/p', { 'x-gone': '1' })
  assert.deepEqual(headers.list.slice(-8), ['x-add', '/p', 'x-add', 'vhost', 'x-ow', 'config', 'x-add', 'config'])
  assert.equal(headers.has('x-gone'), false)
  const reversed = forwarded(table(levels('most_specific_header_mutations_wins: true')), '/p')
  assert.equal(reversed.get('x-ow'), 'route')
  assert.deepEqual(reversed.getAll('x-add'), ['config', 'vhost', '/p'])
})

test('response headers may refer to request and response', () => {
  const response = HeaderMap.of({ ':status': '200', 'x-up': 'u' })
  find(table(levels('')), requestHeaders('/q'))?.finalizeResponseHeaders(response, streamInfo(), requestHeaders('/q'))
  assert.equal(response.get('x-res'), '/q u')
})

test('redirects: scheme, host, port, path, prefix, regex, query', () => {
  const of = routes(`
- {match: {prefix: /s}, redirect: {https_redirect: true}}
- {match: {prefix: /h}, redirect: {host_redirect: h.com, port_redirect: 81, path_redirect: "/p?x=1", response_code: FOUND}}
- {match: {prefix: /p}, redirect: {path_redirect: /new, strip_query: true}}
- {match: {prefix: /k}, redirect: {path_redirect: /new}}
- {match: {prefix: /x}, redirect: {prefix_rewrite: /y, response_code: PERMANENT_REDIRECT}}
- {match: {path: /fq}, redirect: {path_rewrite: "/n?y=%REQ(x-a)%"}}
- {match: {prefix: /f}, redirect: {path_rewrite: "/n%REQ(x-a)%"}}
- {match: {prefix: /r}, redirect: {regex_rewrite: {pattern: {regex: "\\\\d"}, substitution: "n"}}}
`)
  const location = (path: string, more = {}): string => {
    const headers = requestHeaders(path, more)
    const direct = find(of, headers)?.directResponse
    direct?.rewritePathHeader(headers, streamInfo(), true)
    return `${direct?.status} ${direct?.location(headers, streamInfo())}`
  }
  assert.equal(location('/s?a', { ':authority': 'a.com:80' }), '301 https://a.com/s?a')
  assert.equal(location('/s', { ':authority': 'a.com:81' }), '301 https://a.com:81/s')
  assert.equal(location('/s', { ':authority': '[::1]:80' }), '301 https://[::1]/s')
  assert.equal(location('/h?q'), '302 http://h.com:81/p?x=1')
  assert.equal(location('/p?q'), '301 http://example.com/new')
  assert.equal(location('/k?q'), '301 http://example.com/new?q')
  assert.equal(location('/xa?q'), '308 http://example.com/ya?q')
  assert.equal(location('/f?q', { 'x-a': 'v' }), '301 http://example.com/nv?q')
  assert.equal(location('/fq?q', { 'x-a': 'v' }), '301 http://example.com/n?y=v')
  assert.equal(location('/r1/2?3'), '301 http://example.com/rn/n?3')
})

test('direct responses: inline body, format, size limit', () => {
  const of = routes(`
- {match: {prefix: /d}, direct_response: {status: 201, body: {inline_string: "h\\u00e9"}}}
- {match: {prefix: /f}, direct_response: {status: 200, body: {inline_string: hi}, body_format: {json_format: {p: "%REQ(:path)%", b: "%LOCAL_REPLY_BODY%"}}}}
`)
  const body = (path: string): string => {
    const headers = requestHeaders(path)
    return Buffer.from(find(of, headers)?.directResponse?.body(headers, streamInfo()) ?? '').toString()
  }
  assert.equal(body('/d'), 'hé')
  assert.equal(body('/f'), '{"b":"hi","p":"/f"}\n')
  assert.equal(find(of, requestHeaders('/f'))?.directResponse?.contentType, 'application/json')
  const big = `- {match: {prefix: /d}, direct_response: {status: 200, body: {inline_string: "12345"}}}`
  assert.throws(() => routes(big, 'max_direct_response_body_size_bytes: 4'), /5 bytes; maximum is 4/)
})

test('require_tls redirects to https; inside the mesh only with ALL', () => {
  const of = (kind: string): RouteTable =>
    table(
      `virtual_hosts: [{name: v, domains: ["*"], require_tls: ${kind}, routes: [{match: {prefix: /}, route: {cluster: up}}]}]`,
    )
  const location = (kind: string, more: Readonly<Record<string, string>>): string | undefined =>
    find(of(kind), requestHeaders('/x?y', more))?.directResponse?.location(requestHeaders('/x?y'), streamInfo())
  assert.equal(location('ALL', { 'x-envoy-internal': 'true' }), 'https://example.com/x?y')
  assert.equal(location('EXTERNAL_ONLY', {}), 'https://example.com/x?y')
  assert.equal(location('EXTERNAL_ONLY', { 'x-envoy-internal': 'true' }), undefined)
  assert.equal(location('ALL', { 'x-forwarded-proto': 'https' }), undefined)
})

test('per-filter configuration: the most specific, all of them, and disabled', () => {
  const any = (value: string): string => `{"@type": type.googleapis.com/google.protobuf.Struct, value: {v: ${value}}}`
  const off = '{"@type": type.googleapis.com/envoy.config.route.v3.FilterConfig, disabled: true}'
  const of = table(`
typed_per_filter_config: {f: ${any('1')}, g: ${any('9')}}
virtual_hosts:
- name: v
  domains: ["*"]
  typed_per_filter_config: {f: ${any('2')}}
  routes:
  - {name: without, match: {prefix: /off}, route: {cluster: up}, typed_per_filter_config: {f: ${off}}}
  - {match: {prefix: /}, route: {cluster: up}, typed_per_filter_config: {f: ${any('3')}}}
`)
  const struct = { typeUrl: 'type.googleapis.com/google.protobuf.Struct' }
  const route = find(of, requestHeaders('/'))
  assert.equal(route?.perFilterConfig('f', { typeUrl: 'another' }), undefined)
  assert.deepEqual(route?.allPerFilterConfigs('f', { typeUrl: 'another' }), [])
  assert.deepEqual(route?.perFilterConfig('f', struct), { v: 3 })
  assert.deepEqual(route?.allPerFilterConfigs('f', struct), [{ v: 1 }, { v: 2 }, { v: 3 }])
  assert.deepEqual(route?.perFilterConfig('g', struct), { v: 9 })
  assert.equal(route?.perFilterConfig('h', struct), undefined)
  assert.equal(route?.filterDisabled('f'), false)
  assert.equal(route?.filterDisabled('h'), undefined)
  const disabled = find(of, requestHeaders('/off'))
  assert.equal(disabled?.filterDisabled('f'), true)
  assert.deepEqual(disabled?.perFilterConfig('f', struct), { v: 2 })
})

test('bad routes are refused with the place', () => {
  const bad = (route: string, reason: RegExp): void => assert.throws(() => routes(route), reason)
  bad(
    '- {match: {safe_regex: {regex: "("}}, route: {cluster: up}}',
    /routes\[0\]\.match\.safe_regex\.regex: "\(" is no RE2/,
  )
  bad(
    '- {match: {prefix: /}, route: {cluster: up}, request_headers_to_add: [{header: {key: a, value: "%NOPE%"}}]}',
    /header\.value: %NOPE% is no command/,
  )
  bad(
    '- {match: {prefix: /}, route: {cluster: up}, request_headers_to_add: [{header: {key: ":path", value: x}}]}',
    /may not be modified/,
  )
  bad(
    '- {match: {prefix: /}, route: {cluster: up}, response_headers_to_remove: [host]}',
    /response_headers_to_remove\[0\].*may not be removed/,
  )
  bad('- {match: {prefix: /}, route: {cluster: up, prefix_rewrite: /a, path_rewrite: /b}}', /only one of/)
  bad('- {match: {prefix: /}, route: {weighted_clusters: {clusters: [{name: a, weight: 0}]}}}', /sum of the weights/)
})

test('ignore_path_parameters_in_path_matching leaves out what follows a semicolon', () => {
  const route = '- {name: p, match: {path: /a}, route: {cluster: up}}'
  assert.equal(nameFor(routes(route), '/a;v=1'), undefined)
  assert.equal(nameFor(routes(route, 'ignore_path_parameters_in_path_matching: true'), '/a;v=1?q'), 'p')
})

test('hosts of mirrors', () => {
  const hosts = ['a.test', 'a.test:80', '[::1]', '[::1]:80', 'a']
  assert.deepEqual(hosts.map(shadowHost), [
    'a.test-shadow',
    'a.test-shadow:80',
    '[::1]-shadow',
    '[::1]-shadow:80',
    'a-shadow',
  ])
})

test('tls_context asks for the client certificate as presented and as validated', () => {
  const of = routes(`
- {name: good, match: {prefix: /, tls_context: {presented: true, validated: true}}, direct_response: {status: 200}}
- {name: bad, match: {prefix: /, tls_context: {presented: true}}, direct_response: {status: 200}}
- {name: none, match: {prefix: /, tls_context: {presented: false}}, direct_response: {status: 200}}`)
  const name = (peer: { peerPresented: boolean; peerValidated: boolean } | undefined): string | undefined => {
    const info = streamInfo()
    const tls = peer as TlsInfo | undefined
    Object.assign(info, { downstream: { ...info.downstream, tls } })
    return of.route(requestHeaders('/'), info, 0)?.routeName
  }
  assert.equal(name({ peerPresented: true, peerValidated: true }), 'good')
  assert.equal(name({ peerPresented: true, peerValidated: false }), 'bad')
  assert.equal(name({ peerPresented: false, peerValidated: false }), 'none')
  assert.equal(name(undefined), 'none')
})

test('path templates: what does not go together is refused', () => {
  const type = 'type.googleapis.com/envoy.extensions.path'
  const match = (template: string): string =>
    `path_match_policy: {name: m, typed_config: {"@type": ${type}.match.uri_template.v3.UriTemplateMatchConfig, path_template: "${template}"}}`
  const rewrite = (template: string): string =>
    `path_rewrite_policy: {name: r, typed_config: {"@type": ${type}.rewrite.uri_template.v3.UriTemplateRewriteConfig, path_template_rewrite: "${template}"}}`
  const route = (matcher: string, action: string) => () =>
    routes(`- {match: {${matcher}}, route: {cluster: up, ${action}}}`)
  assert.throws(route(match('/{x'), ''), /path_template: a "\{" is never closed/)
  assert.throws(route(match('/{x}'), rewrite('/{y}')), /path_template_rewrite: .*no variable "y"/)
  assert.throws(route('prefix: /', rewrite('/x')), /needs a path_match_policy/)
  assert.throws(route(match('/{x}'), 'prefix_rewrite: /a'), /cannot be used with path_match_policy/)
  assert.throws(route(match('/{x}'), `${rewrite('/x')}, prefix_rewrite: /a`), /only one of/)
})

test('an early_data_policy other than the default one is refused', () => {
  const route = (type: string): string =>
    `- {match: {prefix: /}, route: {cluster: a, early_data_policy: {name: x, typed_config: {"@type": type.googleapis.com/envoy.extensions.${type}}}}}`
  routes(route('early_data.v3.DefaultEarlyDataPolicy'))
  assert.throws(() => routes(route('filters.http.router.v3.Router')), /early_data_policy: must be/)
})
