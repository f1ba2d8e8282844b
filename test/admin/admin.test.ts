/** The admin endpoints as a client sees them; bodies are those of Envoy 1.40 where it has the same to say. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { adminAccessLog } from '../../src/admin/admin-access-log.ts'
import type { ClusterStatus, HostStatus } from '../../src/core/cluster.ts'
import { AdminServer } from '../../src/admin/admin-server.ts'
import { makeTextFormatter } from '../../src/format/text-formatter.ts'
import { defaultAccessLogFormat } from '../../src/format/formatter.ts'
import { StatsStore } from '../../src/stats/store.ts'
import { factoryContext } from '../support/routing.ts'
import { startAdmin, TestContext } from './context.ts'

test('headers are Envoy’s', async () => {
  await using admin = await startAdmin(new TestContext())
  const response = await fetch(`${admin.url}/ready`)
  const { date, ...headers } = Object.fromEntries(response.headers)
  assert.ok(Math.abs(Date.parse(date ?? '') - Date.now()) < 10_000)
  assert.deepEqual(headers, {
    'content-type': 'text/plain; charset=UTF-8',
    'cache-control': 'no-cache, max-age=0',
    'x-content-type-options': 'nosniff',
    server: 'envoy',
    'transfer-encoding': 'chunked',
  })
  assert.equal(await response.text(), 'LIVE\n')
})

test('/ready is 503 unless live', async () => {
  const context = new TestContext()
  await using admin = await startAdmin(context)
  context.serverState = 'DRAINING'
  const response = await fetch(`${admin.url}/ready`)
  assert.deepEqual([response.status, await response.text()], [503, 'DRAINING\n'])
})

test('HEAD has no body', async () => {
  await using admin = await startAdmin(new TestContext())
  const response = await fetch(`${admin.url}/ready`, { method: 'HEAD' })
  assert.deepEqual([response.status, await response.text()], [200, ''])
})

test('an unknown path is 404 with the list of commands', async () => {
  await using admin = await startAdmin(new TestContext())
  const response = await fetch(`${admin.url}/ready/`)
  assert.equal(response.status, 404)
  assert.equal(await response.text(), `invalid path. ${await admin.get('/help')}`)
})

test('/help and the home page list every endpoint', async () => {
  await using admin = await startAdmin(new TestContext())
  const help = await admin.get('/help')
  assert.match(help, /^admin commands are:\n {2}\/: Admin home page\n {2}\/certs: print certs on machine\n/)
  assert.match(help, / {2}\/logging \(POST\): query\/change logging levels\n {6}paths: /)
  assert.match(help, / {6}format: File format to use; One of \(text, json\)\n/)
  const home = await admin.get('/')
  for (const [, path = ''] of help.matchAll(/^ {2}\/(\S+)/gm))
    assert.ok(home.includes(`>${path.replace(':', '')}<`), path)
})

const commands = [
  '/logging',
  '/healthcheck/fail',
  '/healthcheck/ok',
  '/drain_listeners',
  '/quitquitquit',
  '/reset_counters',
  '/reopen_logs',
]
for (const path of commands)
  test(`GET ${path} is refused and changes nothing`, async () => {
    const context = new TestContext()
    await using admin = await startAdmin(context)
    const response = await fetch(`${admin.url}${path}`)
    assert.deepEqual([response.status, await response.text()], [405, 'Method GET not allowed, POST required.'])
    assert.deepEqual(context.calls, [])
  })

test('commands reach the server', async () => {
  const context = new TestContext()
  await using admin = await startAdmin(context)
  for (const path of [
    '/healthcheck/fail',
    '/healthcheck/ok',
    '/drain_listeners?graceful&inboundonly',
    '/drain_listeners?skip_exit',
    '/reopen_logs',
    '/quitquitquit',
  ])
    assert.equal(await admin.post(path), 'OK\n')
  assert.deepEqual(context.calls, [
    'healthcheck fail',
    'healthcheck ok',
    'drain {"graceful":true,"skipExit":false,"inboundOnly":true}',
    'drain {"graceful":false,"skipExit":true,"inboundOnly":false}',
    'reopen',
    'quit',
  ])
})

test('/reset_counters', async () => {
  const context = new TestContext()
  context.store.counter('a.b').add(3)
  await using admin = await startAdmin(context)
  assert.equal(await admin.post('/reset_counters'), 'OK\n')
  assert.equal(await admin.get('/stats'), 'a.b: 0\n')
})

test('/logging shows and sets levels', async () => {
  const context = new TestContext()
  await using admin = await startAdmin(context)
  assert.equal(await admin.post('/logging'), 'active loggers:\n  http: debug\n  main: info\n\n')
  assert.equal(await admin.post('/logging?main=warn'), 'active loggers:\n  http: debug\n  main: warning\n\n')
  assert.equal(
    await admin.post('/logging?paths=main:trace,http:off'),
    'active loggers:\n  http: off\n  main: trace\n\n',
  )
  assert.equal(await admin.post('/logging?level=error'), 'active loggers:\n  http: error\n  main: error\n\n')
})

for (const [query, error] of [
  ['level=loud', 'unknown logger level'],
  ['nope=trace', 'unknown logger name'],
  ['paths=main:trace,nope:trace', 'unknown logger name'],
  ['a=1&b=2', 'invalid number of parameters'],
] as const)
  test(`/logging?${query}: ${error}`, async () => {
    const context = new TestContext()
    await using admin = await startAdmin(context)
    const response = await fetch(`${admin.url}/logging?${query}`, { method: 'POST' })
    assert.equal(response.status, 400)
    assert.match(await response.text(), new RegExp(`^error: ${error}\n\nusage: /logging\\?<name>=<level>`))
    assert.equal(context.levels.get('main'), 'info')
  })

for (const [query, body] of [
  ['format=xml', 'usage: /stats?format=(json|prometheus|text)\n\n'],
  ['type=Foo', 'invalid &type= param'],
  ['histogram_buckets=x', 'usage: /stats?histogram_buckets=(cumulative|disjoint|detailed|summary)\n'],
  ['filter=(', 'Invalid re2 regex: missing ): ('],
  ['format=prometheus&histogram_buckets=detailed', 'unsupported prometheus histogram bucket mode'],
] as const)
  test(`/stats?${query} is refused`, async () => {
    await using admin = await startAdmin(new TestContext())
    const response = await fetch(`${admin.url}/stats?${query}`)
    assert.deepEqual([response.status, await response.text()], [400, body])
  })

test('/stats picks by filter, use and type', async () => {
  const context = new TestContext()
  const { store } = context
  store.counter('cluster.b.rq').add(2)
  store.counter('cluster.a.rq')
  store.gauge('cluster.a.cx').set(0)
  store.histogram('cluster.a.ms')
  store.text('server.text', 'it "is"')
  await using admin = await startAdmin(context)
  assert.equal(
    await admin.get('/stats'),
    'server.text: "it \\"is\\""\ncluster.a.cx: 0\ncluster.a.rq: 0\ncluster.b.rq: 2\ncluster.a.ms: No recorded values\n',
  )
  assert.equal(await admin.get('/stats?usedonly&type=Counters'), 'cluster.b.rq: 2\n')
  assert.equal(await admin.get('/stats?usedonly&type=Gauges'), 'cluster.a.cx: 0\n')
  assert.equal(await admin.get('/stats?filter=a%5C.rq$'), 'cluster.a.rq: 0\n')
  assert.equal(await admin.get('/stats?filter=a%5C.|text&invert_filter'), 'cluster.b.rq: 2\n')
  assert.equal(
    await admin.get('/stats?format=json&filter=text|b'),
    '{"stats":[{"name":"server.text","value":"it \\"is\\""},{"name":"cluster.b.rq","value":2}]}',
  )
  assert.equal(await admin.get('/stats?format=json&filter=none'), '{"stats":[]}')
})

test('with stats_flush_on_admin each query ends an interval', async () => {
  const context = new TestContext()
  context.bootstrap = { ...context.bootstrap, statsFlushOnAdmin: true }
  context.store.histogram('ms').record(7)
  await using admin = await startAdmin(context)
  const query = '/stats?histogram_buckets=detailed'
  assert.match(await admin.get(query), /totals=7,0\.1:1\n {2}intervals=7,0\.1:1\n/)
  assert.match(await admin.get(query), /totals=7,0\.1:1\n {2}intervals=\n/)
})

test('/stats/prometheus escapes labels and keeps the names of wasm metrics', async () => {
  const context = new TestContext([{ tag: 'a-b', value: 'x"\\\n' }])
  context.store.counter('wasmcustom.my.metric').inc()
  context.store.counter('wasmcustom.7up').inc()
  context.store.text('control_plane.identifier', 'me')
  await using admin = await startAdmin(context)
  assert.equal(
    await admin.get('/stats/prometheus?text_readouts'),
    '# TYPE my_metric counter\nmy_metric{a_b="x\\"\\\\\\n"} 1\n' +
      '# TYPE envoy_control_plane_identifier gauge\n' +
      'envoy_control_plane_identifier{a_b="x\\"\\\\\\n",text_value="me"} 0\n',
  )
})

test('a large answer comes in pieces', async () => {
  const context = new TestContext()
  for (let i = 0; i < 5000; i++) context.store.counter(`some.counter.with.a.long.name.number_${i}`)
  await using admin = await startAdmin(context)
  assert.equal((await admin.get('/stats')).split('\n').length, 5001)
})

const limits = { maxConnections: 5, maxPendingRequests: 1024, maxRequests: 1024, maxRetries: 3 }

function host(part: Partial<HostStatus>): HostStatus {
  return {
    address: { kind: 'ip', ip: '127.0.0.1', port: 80, version: 4 },
    hostname: '',
    healthFlags: 'healthy',
    edsHealthStatus: 'HEALTHY',
    weight: 1,
    priority: 0,
    locality: { region: '', zone: '', subZone: '' },
    stats: {
      cxTotal: 8,
      cxActive: 1,
      cxConnectFail: 0,
      rqTotal: 19,
      rqActive: 0,
      rqPendingActive: 0,
      rqSuccess: 13,
      rqError: 5,
      rqTimeout: 2,
    },
    ...part,
  }
}

function cluster(part: Partial<ClusterStatus>): ClusterStatus {
  return {
    name: 'c0',
    observabilityName: 'alt',
    addedViaApi: false,
    defaultPriority: limits,
    highPriority: { ...limits, maxConnections: 1024 },
    hosts: [host({})],
    ...part,
  }
}

test('/clusters adds up the workers', async () => {
  const context = new TestContext()
  context.clusterStatuses = [[cluster({})], [cluster({})]]
  await using admin = await startAdmin(context)
  assert.equal(
    await admin.get('/clusters'),
    `c0::observability_name::alt
c0::default_priority::max_connections::5
c0::default_priority::max_pending_requests::1024
c0::default_priority::max_requests::1024
c0::default_priority::max_retries::3
c0::high_priority::max_connections::1024
c0::high_priority::max_pending_requests::1024
c0::high_priority::max_requests::1024
c0::high_priority::max_retries::3
c0::added_via_api::false
c0::127.0.0.1:80::cx_active::2
c0::127.0.0.1:80::cx_connect_fail::0
c0::127.0.0.1:80::cx_total::16
c0::127.0.0.1:80::rq_active::0
c0::127.0.0.1:80::rq_error::10
c0::127.0.0.1:80::rq_pending_active::0
c0::127.0.0.1:80::rq_success::26
c0::127.0.0.1:80::rq_timeout::4
c0::127.0.0.1:80::rq_total::38
c0::127.0.0.1:80::hostname::
c0::127.0.0.1:80::health_flags::healthy
c0::127.0.0.1:80::weight::1
c0::127.0.0.1:80::region::
c0::127.0.0.1:80::zone::
c0::127.0.0.1:80::sub_zone::
c0::127.0.0.1:80::canary::false
c0::127.0.0.1:80::priority::0
c0::127.0.0.1:80::success_rate::-1
c0::127.0.0.1:80::local_origin_success_rate::-1
`,
  )
})

test('/clusters?format=json', async () => {
  const context = new TestContext()
  const full = host({
    address: { kind: 'pipe', path: '/tmp/x.sock' },
    hostname: 'foo',
    healthFlags: '/failed_active_hc',
    edsHealthStatus: 'DRAINING',
    weight: 3,
    priority: 1,
    locality: { region: 'r', zone: 'z', subZone: 's' },
  })
  context.clusterStatuses = [[cluster({ hosts: [full] }), cluster({ name: 'empty', hosts: [] })]]
  await using admin = await startAdmin(context)
  const { cluster_statuses: statuses } = JSON.parse(await admin.get('/clusters?format=json&filter=c0'))
  assert.deepEqual(statuses, [
    {
      name: 'c0',
      host_statuses: [
        {
          address: { pipe: { path: '/tmp/x.sock' } },
          stats: [
            { name: 'cx_connect_fail' },
            { value: '8', name: 'cx_total' },
            { value: '5', name: 'rq_error' },
            { value: '13', name: 'rq_success' },
            { value: '2', name: 'rq_timeout' },
            { value: '19', name: 'rq_total' },
            { type: 'GAUGE', value: '1', name: 'cx_active' },
            { type: 'GAUGE', name: 'rq_active' },
            { type: 'GAUGE', name: 'rq_pending_active' },
          ],
          health_status: { failed_active_health_check: true, eds_health_status: 'DRAINING' },
          weight: 3,
          hostname: 'foo',
          priority: 1,
          locality: { region: 'r', zone: 'z', sub_zone: 's' },
        },
      ],
      circuit_breakers: {
        thresholds: [
          { max_connections: 5, max_pending_requests: 1024, max_requests: 1024, max_retries: 3 },
          { priority: 'HIGH', max_connections: 1024, max_pending_requests: 1024, max_requests: 1024, max_retries: 3 },
        ],
      },
      observability_name: 'alt',
    },
  ])
})

test('/listeners', async () => {
  const context = new TestContext()
  context.listenerStatuses = [
    {
      name: 'l0',
      addresses: [
        { kind: 'ip', ip: '::1', port: 45_683, version: 6 },
        { kind: 'ip', ip: '127.0.0.1', port: 34_952, version: 4 },
      ],
    },
    { name: 'l1', addresses: [{ kind: 'pipe', path: '/tmp/l.sock' }] },
  ]
  await using admin = await startAdmin(context)
  assert.equal(await admin.get('/listeners'), 'l0::[::1]:45683\nl0::127.0.0.1:34952\nl1::/tmp/l.sock\n')
  assert.equal(
    await admin.get('/listeners?format=json'),
    `{
 "listener_statuses": [
  {
   "name": "l0",
   "local_address": {
    "socket_address": {
     "address": "::1",
     "port_value": 45683
    }
   },
   "additional_local_addresses": [
    {
     "socket_address": {
      "address": "127.0.0.1",
      "port_value": 34952
     }
    }
   ]
  },
  {
   "name": "l1",
   "local_address": {
    "pipe": {
     "path": "/tmp/l.sock"
    }
   }
  }
 ]
}
`,
  )
})

test('/server_info', async () => {
  const context = new TestContext()
  context.startTimeMs = Date.now() - 61_500
  await using admin = await startAdmin(context)
  const info = JSON.parse(await admin.get('/server_info'))
  assert.equal(info.version, context.version)
  assert.equal(info.state, 'LIVE')
  assert.equal(info.uptime_current_epoch, '61s')
  assert.deepEqual(info.node, { id: 'n', cluster: 'c', user_agent_name: 'envoy' })
  const { config_path, component_log_level, drain_time, file_flush_interval, drain_strategy } =
    info.command_line_options
  assert.deepEqual(
    { config_path, component_log_level, drain_time, file_flush_interval, drain_strategy },
    {
      config_path: 'a.yaml',
      component_log_level: 'http:debug',
      drain_time: '600s',
      file_flush_interval: '10s',
      drain_strategy: 'Gradual',
    },
  )
})

test('/runtime shows every layer and what counts', async () => {
  const context = new TestContext()
  context.layers = [
    {
      name: 'base',
      values: new Map([
        ['a', '1'],
        ['b', 'x'],
      ]),
    },
    { name: 'over', values: new Map([['a', '2']]) },
  ]
  await using admin = await startAdmin(context)
  assert.deepEqual(JSON.parse(await admin.get('/runtime')), {
    entries: {
      a: { layer_values: ['1', '2'], final_value: '2' },
      b: { layer_values: ['x', ''], final_value: 'x' },
    },
    layers: ['base', 'over'],
  })
})

test('/runtime_modify takes a query or a form', async () => {
  const context = new TestContext()
  await using admin = await startAdmin(context)
  const post = async (query: string, form?: string): Promise<[number, string]> => {
    const headers = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }
    const response = await fetch(`${admin.url}/runtime_modify${query}`, { method: 'POST', headers, body: form ?? null })
    return [response.status, await response.text()]
  }
  assert.deepEqual(await post('?a=1'), [503, 'No admin layer specified'])
  context.layers = [{ name: 'admin', values: new Map() }]
  assert.deepEqual(await post('?a.b=1%202&c='), [200, 'OK\n'])
  assert.deepEqual(await post('', 'd=3'), [200, 'OK\n'])
  assert.deepEqual(context.calls, ['runtime [["a.b","1 2"],["c",""]]', 'runtime [["d","3"]]'])
  const [status, usage] = await post('')
  assert.equal(status, 400)
  assert.match(usage, /^usage: \/runtime_modify\?key1=value1/)
  assert.equal((await post('', 'a'.repeat(70_000)))[0], 413)
})

for (const [path, body] of [
  ['/certs', '{\n "certificates": []\n}\n'],
  ['/init_dump', '{}\n'],
  ['/hot_restart_version', 'disabled'],
  ['/contention', 'Mutex contention tracing is not enabled. To enable, run Envoy with flag --enable-mutex-tracing.'],
] as const)
  test(path, async () => {
    await using admin = await startAdmin(new TestContext())
    assert.equal(await admin.get(path), body)
  })

test('/memory', async () => {
  await using admin = await startAdmin(new TestContext())
  const memory = JSON.parse(await admin.get('/memory'))
  assert.ok(Number(memory.allocated) > 0 && Number(memory.total_physical_bytes) > Number(memory.allocated) / 10)
})

test('allow_paths refuses the rest', async () => {
  await using admin = await startAdmin(new TestContext(), { allowPaths: [path => path.startsWith('/stats')] })
  const response = await fetch(`${admin.url}/ready?x`)
  assert.deepEqual([response.status, await response.text()], [403, 'request to path /ready not allowed'])
  assert.equal((await fetch(`${admin.url}/stats`)).status, 200)
})

test('a pipe is a socket file; the address goes to the address file', async t => {
  const folder = mkdtempSync(join(tmpdir(), 'admin-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 'admin.sock')
  await using _ = await startAdmin(new TestContext(), {
    address: { kind: 'pipe', path },
    addressPath: join(folder, 'address'),
  })
  assert.equal(readFileSync(join(folder, 'address'), 'utf8'), path)
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  request({ socketPath: path, path: '/ready' }, response => resolve(response.resume().statusCode)).end()
  assert.equal(await promise, 200)
  assert.ok(existsSync(path))
})

test('an address that is taken is told in one line', async () => {
  await using admin = await startAdmin(new TestContext())
  const port = Number(new URL(admin.url).port)
  const second = new AdminServer(new TestContext(), {
    address: { kind: 'ip', ip: '127.0.0.1', port, version: 4 },
    allowPaths: [],
    stats: new StatsStore(),
  })
  await assert.rejects(second.listen(), { message: `cannot bind '127.0.0.1:${port}': Address already in use` })
})

test('a handler that throws is a 500, and the server goes on', async () => {
  const context = new TestContext()
  context.clusters = () => Promise.reject(new Error('no worker answers'))
  await using admin = await startAdmin(context)
  const response = await fetch(`${admin.url}/clusters`)
  assert.deepEqual([response.status, await response.text()], [500, 'no worker answers\n'])
  assert.equal(await admin.get('/ready'), 'LIVE\n')
})

test('the admin listener counts and logs its requests', async () => {
  const context = new TestContext()
  const lines: string[] = []
  const format = makeTextFormatter(defaultAccessLogFormat, factoryContext())
  await using admin = await startAdmin(context, {
    stats: context.store,
    onRequest: adminAccessLog([{ log: logContext => lines.push(format(logContext)) }]),
  })
  await fetch(`${admin.url}/ready`, { headers: { 'user-agent': 'me' } }).then(response => response.text())
  await fetch(`${admin.url}/nope`).then(response => response.text())
  const stats = await admin.get('/stats?filter=downstream_rq_(total|completed|2xx|4xx)')
  assert.match(stats, /http\.admin\.downstream_rq_2xx: 1\n/)
  assert.match(stats, /http\.admin\.downstream_rq_4xx: 1\n/)
  assert.match(stats, /http\.admin\.downstream_rq_total: 3\n/)
  assert.match(stats, /listener\.admin\.http\.admin\.downstream_rq_completed: 2\n/)
  assert.match(
    lines[0] ?? '',
    /^\[.+Z\] "GET \/ready HTTP\/1\.1" 200 - 0 5 \d+ - "127\.0\.0\.1" "me" "-" "127\.0\.0\.1:\d+" "-"\n$/,
  )
})
