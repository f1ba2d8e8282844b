/** Route tables by scope: keys of one and two headers, by position and by name. */
import { type Group, http, quietRouter, req, toA } from '../case.ts'
import type { JsonObject } from '../../support/proxy-process.ts'

const tableOf = (name: string, more: JsonObject = {}): JsonObject => ({
  name,
  virtual_hosts: [
    {
      name,
      domains: ['*'],
      routes: [
        toA({ prefix: '/up' }),
        { name, match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: name } } },
      ],
    },
  ],
  ...more,
})
const scope = (name: string, keys: readonly string[], more: JsonObject = {}): JsonObject => ({
  name,
  key: { fragments: keys.map(string_key => ({ string_key })) },
  route_configuration: tableOf(name, more),
})
const byElement = (name: string, element_separator: string, separator: string, key: string): JsonObject => ({
  header_value_extractor: { name, element_separator, element: { separator, key } },
})
const byIndex = (name: string, element_separator: string, index: number): JsonObject => ({
  header_value_extractor: { name, element_separator, index },
})
const scoped = (name: string, fragments: readonly JsonObject[], scopes: readonly JsonObject[]): JsonObject =>
  http({
    name,
    hcm: {
      route_config: undefined as never,
      scoped_routes: {
        name: 'scopes',
        scope_key_builder: { fragments },
        scoped_route_configurations_list: { scoped_route_configurations: scopes },
      },
      internal_address_config: { cidr_ranges: [{ address_prefix: '10.0.0.0', prefix_len: 8 }] },
      http_filters: [
        {
          name: 'envoy.filters.http.header_mutation',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.http.header_mutation.v3.HeaderMutation',
            mutations: {
              request_mutations: [
                {
                  append: {
                    header: { key: 'x-addr', value: '%REQ(x-late)%' },
                    append_action: 'OVERWRITE_IF_EXISTS_OR_ADD',
                  },
                },
              ],
            },
          },
        },
        {
          name: 'envoy.filters.http.set_filter_state',
          typed_config: {
            '@type': 'type.googleapis.com/envoy.extensions.filters.http.set_filter_state.v3.Config',
            clear_route_cache: true,
          },
        },
        quietRouter,
      ],
    },
  })

const on = (listener: string, headers: readonly string[], target = '/') => ({
  name: [listener, target, ...headers].join(' '),
  listener,
  send: req(`GET ${target}`, headers),
})

export const scopedRoutes: Group = {
  name: 'scoped-routes',
  listeners: [
    scoped(
      'element',
      [byElement('X-Addr', ';', '=', 'key')],
      [
        scope('foo', ['foo'], { internal_only_headers: ['x-secret'] }),
        scope('bar', ['bar']),
        scope('empty', ['']),
        scope('second foo', ['again']),
        scope('again', ['again']),
        scope('moved', ['first place']),
        scope('moved', ['second place']),
      ],
    ),
    scoped('index', [byIndex('x-addr', ',', 1)], [scope('one', ['1']), scope('spaced', [' 1'])]),
    scoped('whole', [byIndex('x-addr', '', 0)], [scope('one', ['1']), scope('list', ['1,2'])]),
    scoped(
      'two',
      [byElement('x-addr', ';', '=', 'a'), byIndex('x-b', '', 0)],
      [scope('both', ['1', '2']), scope('short', ['1'])],
    ),
    scoped('method', [byIndex(':method', '', 0)], [scope('get', ['GET'])]),
    scoped('host', [byIndex('host', '.', 0)], [scope('a', ['a'])]),
  ],
  cases: [
    ...[
      'key=foo',
      'a=b;key=foo',
      'key=foo;key=bar',
      'key=bar=x',
      'key',
      'key=',
      'KEY=foo',
      'key =foo',
      'key=other',
      'key=again',
      'key=first place',
      'key=second place',
    ].map(value => on('element', [`x-addr: ${value}`])),
    on('element', []),
    on('element', ['x-addr: key=bar', 'x-addr: key=foo']),
    on('element', ['x-addr: key=foo', 'x-late: key=bar']),
    on('element', ['x-addr: key=foo', 'x-secret: 1', 'x-keep: 1'], '/up'),
    on('element', ['x-addr: key=bar', 'x-secret: 1'], '/up'),
    ...['0,1', '0, 1', '0', '1,1,1'].map(value => on('index', [`x-addr: ${value}`])),
    ...['1', '1,2', '2'].map(value => on('whole', [`x-addr: ${value}`])),
    on('two', ['x-addr: a=1', 'x-b: 2']),
    on('two', ['x-addr: a=1']),
    on('two', ['x-b: 2']),
    on('method', []),
    on('host', []),
  ],
}
