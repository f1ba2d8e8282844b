import assert from 'node:assert/strict'
import { test } from 'node:test'
import { TagExtraction, type TagRule } from './tags.ts'

/** `name{tag=value,…}` */
function extract(name: string, more: readonly TagRule[] = [], useDefaults = true): string {
  const tagged = new TagExtraction(more, useDefaults).extract(name)
  return `${tagged.name}{${tagged.tags.map(tag => `${tag.name.replace('envoy.', '')}=${tag.value}`).join(',')}}`
}

const cases: readonly (readonly [name: string, expected: string])[] = [
  ['server.live', 'server.live{}'],
  ['cluster.a.upstream_rq_200', 'cluster.upstream_rq{response_code=200,cluster_name=a}'],
  ['cluster.a.upstream_rq_2xx', 'cluster.upstream_rq_xx{response_code_class=2,cluster_name=a}'],
  ['cluster.a.external.upstream_rq_503', 'cluster.external.upstream_rq{response_code=503,cluster_name=a}'],
  ['http.in.downstream_rq_2xx', 'http.downstream_rq_xx{response_code_class=2,http_conn_manager_prefix=in}'],
  ['listener.0.0.0.0_80.downstream_cx_total', 'listener.downstream_cx_total{listener_address=0.0.0.0_80}'],
  ['listener.[__1]_80.downstream_cx_total', 'listener.downstream_cx_total{listener_address=[__1]_80}'],
  ['listener.admin.downstream_cx_total', 'listener.admin.downstream_cx_total{}'],
  [
    'listener.0.0.0.0_80.worker_3.downstream_cx_total',
    'listener.worker_downstream_cx_total{worker_id=3,listener_address=0.0.0.0_80}',
  ],
  [
    'listener.[__1]_80.http.in.downstream_rq_5xx',
    'listener.http.downstream_rq_xx{response_code_class=5,http_conn_manager_prefix=in,listener_address=[__1]_80}',
  ],
  ['server.worker_1.watchdog_miss', 'server.worker_watchdog_miss{worker_id=1}'],
  ['tcp.t.downstream_cx_total', 'tcp.downstream_cx_total{tcp_prefix=t}'],
  ['vhost.v.vcluster.c.upstream_rq_time', 'vhost.vcluster.upstream_rq_time{virtual_cluster=c,virtual_host=v}'],
  [
    'http.x.rds.local.route.update_success',
    'http.rds.update_success{rds_route_config=local.route,http_conn_manager_prefix=x}',
  ],
  ['http.x.fault.delays_injected', 'http.fault.delays_injected{http_conn_manager_prefix=x}'],
  ['x.http_local_rate_limit.enabled', 'http_local_rate_limit.enabled{local_http_ratelimit_prefix=x}'],
  ['cluster.a.ssl.ciphers.ECDHE', 'cluster.ssl.ciphers{cipher_suite=ECDHE,cluster_name=a}'],
  ['mongo.m.collection.c.query.total', 'mongo.collection.query.total{mongo_collection=c,mongo_prefix=m}'],
  ['http_mixer.x', 'http_mixer.x{}'],
]

for (const [name, expected] of cases) test(`${name} is ${expected}`, () => assert.equal(extract(name), expected))

test('stats_tags come after the default ones, fixed values on every stat', () => {
  const more = [
    { tag: 'mine', regex: /^cluster\.((\w)\w*\.)/ },
    { tag: 'dc', value: 'east' },
  ]
  assert.equal(extract('cluster.abc.x_rq_200', more), 'cluster.x_rq{response_code=200,dc=east,cluster_name=abc,mine=a}')
  assert.equal(extract('server.live', more), 'server.live{dc=east}')
})

test('without a second group the first is the value; without the defaults nothing else is a tag', () => {
  assert.equal(extract('cluster.a.b_7', [{ tag: 'n', regex: /_(\d)$/ }], false), 'cluster.a.b_{n=7}')
})
