/** Paths with parameters, formats that make paths, hosts and bodies, and what a route with a path does without one. */
import { type Group, http, quietRouter, req, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const type = 'type.googleapis.com/envoy.extensions'
const named = (name: string, match: JsonObject): JsonObject => ({
  name,
  match,
  direct_response: { status: 200, body: { inline_string: name } },
})
const template = (path_template: string): JsonObject => ({
  path_match_policy: {
    name: 'template',
    typed_config: { '@type': `${type}.path.match.uri_template.v3.UriTemplateMatchConfig`, path_template },
  },
})
const withParameters: JsonObject[] = [
  named('path', { path: '/exact' }),
  named('prefix', { prefix: '/prefix/a' }),
  named('separated', { path_separated_prefix: '/sep' }),
  named('regex', { safe_regex: { regex: '/re/[0-9]+' } }),
  named('template', template('/tmpl/{x}')),
  named('semicolon', { path: '/with;p=1' }),
  named('any case', { path: '/CASE', case_sensitive: false }),
  toA({ path_separated_prefix: '/up' }, { prefix_rewrite: '/new' }),
  toA(
    { safe_regex: { regex: '/rewritten/.*' } },
    { regex_rewrite: { pattern: { regex: '/rewritten' }, substitution: '/r' } },
  ),
]
const targets = [
  '/exact',
  '/exact;a=1',
  '/exact;a=1?q=1',
  '/exact/;a=1',
  '/prefix/a;b',
  '/prefix;/a',
  '/sep;a/more',
  '/sep/x;a',
  '/separate',
  '/re/12;x',
  '/re/;12',
  '/tmpl/a;b',
  '/with;p=1',
  '/case;x',
  '/up;v=1/x',
  '/up/x;v=1?q',
  '/rewritten/x;v=1?q',
]
const format = (body_format: JsonObject, body = 'the body'): JsonObject => ({
  direct_response: { status: 200, body: { inline_string: body }, body_format },
})

const on = (target: string, listener = 'http', headers: readonly string[] = []) => ({
  name: [listener, target, ...headers].join(' '),
  listener,
  send: req(`GET ${target}`, headers),
})

export const paths: Group = {
  name: 'paths',
  listeners: [
    http({
      name: 'ignored',
      routes: withParameters,
      routeConfig: { ignore_path_parameters_in_path_matching: true },
      hcm: { http_filters: [quietRouter] },
    }),
    http({ name: 'kept', routes: withParameters, hcm: { http_filters: [quietRouter] } }),
    http({
      hcm: { http_filters: [quietRouter] },
      routes: [
        toA({ prefix: '/path' }, { path_rewrite: '/made/%REQ(x-part)%' }),
        toA({ prefix: '/host' }, { host_rewrite: '%REQ(x-part)%.made.test' }),
        toA(
          { prefix: '/both' },
          { path_rewrite: '/%REQ(:method)%', host_rewrite: 'made.test', append_x_forwarded_host: true },
        ),
        { match: { prefix: '/redirect' }, redirect: { path_rewrite: '/made/%REQ(x-part)%' } },
        {
          match: { path: '/text' },
          ...format({ text_format_source: { inline_string: '%LOCAL_REPLY_BODY% %REQ(x-part)% %RESPONSE_CODE%' } }),
        },
        {
          match: { path: '/json' },
          ...format({ json_format: { body: '%LOCAL_REPLY_BODY%', code: '%RESPONSE_CODE%', part: '%REQ(x-part)%' } }),
        },
        {
          match: { path: '/type' },
          ...format({
            text_format_source: { inline_string: '<b>%REQ(x-part)%</b>' },
            content_type: 'text/html; charset=UTF-8',
          }),
        },
      ],
    }),
  ],
  cases: [
    ...targets.map(target => on(target, 'ignored')),
    ...targets.map(target => on(target, 'kept')),
    ...['/path/x?q=1', '/host/x', '/both/x?q', '/redirect/x?q=1', '/text', '/json', '/type'].flatMap(target => [
      on(target, 'http', ['x-part: part']),
      on(target),
    ]),
  ],
}
