/** Routes from a file: what Envoy 1.40 did with each of these files is written beside it. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { ProxyProcess } from '../support/proxy-process.ts'
import { listener, ReplacedFile, routeType } from './conversation.ts'

const node = { id: 'node', cluster: 'test' }

const routesJson = (name: string, body: string, domains = ['*']) => ({
  '@type': routeType,
  name,
  virtual_hosts: [
    {
      name: 'v',
      domains,
      routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: body } } }],
    },
  ],
})
const response = (version: string, ...resources: unknown[]) => ({ version_info: version, resources })

async function start(t: TestContext, first: unknown, concurrency = 1) {
  const file = new ReplacedFile(first)
  const source = { path_config_source: { path: file.path } }
  const rds = { rds: { route_config_name: 'r', config_source: source } }
  const proxy = await ProxyProcess.start(
    'sluice',
    { node, static_resources: { listeners: [listener('in', rds)] } },
    { concurrency },
  )
  t.after(async () => {
    await proxy.stop()
    file.remove()
  })
  const get = async (): Promise<string> => {
    const answer = await fetch(`http://127.0.0.1:${proxy.ports['in']}/`, { headers: { connection: 'close' } })
    return `${answer.status} ${await answer.text()}`.trim()
  }
  /** Writes, and waits until the stat has counted it. */
  const replace = async (contents: unknown, stat: string, count: number): Promise<void> => {
    file.write(contents)
    await proxy.waitForStats(stats => stats.get(`http.in.rds.r.${stat}`) === count, `${stat} of ${count}`)
  }
  return { proxy, get, replace }
}

test('a file that is moved to its place is served by every worker, and what is wrong is refused', async t => {
  const { proxy, get, replace } = await start(t, response('v1', routesJson('r', 'one')), 2)
  assert.equal(await get(), '200 one')
  await replace(response('v2', routesJson('r', 'two')), 'update_success', 2)
  await Promise.all(Array.from({ length: 20 }, async () => assert.equal(await get(), '200 two')))

  await replace(response('v3', routesJson('r', 'three', ['*', '*'])), 'update_rejected', 1)
  assert.match(proxy.output, /update rejected: .*resources\.json:1:\d+ .*domains\[1\]: only a single wildcard domain/)
  await replace(response('v4', routesJson('other', 'four')), 'update_rejected', 2)
  assert.match(proxy.output, /Unexpected RDS configuration \(expecting r\): other/)
  await replace(response('v5', routesJson('r', 'a'), routesJson('r', 'b')), 'update_rejected', 3)
  assert.match(proxy.output, /Unexpected RDS resource length: 2/)
  await replace('{', 'update_failure', 1)
  await replace(response('v6'), 'update_empty', 1)
  assert.equal(await get(), '200 two')

  const unsupported = { ...routesJson('r', 'x'), vhds: { config_source: { ads: {} } } }
  await replace(response('v7', unsupported), 'update_rejected', 4)
  assert.match(proxy.output, /vhds is not supported by sluice/)
  await replace(response('v8', routesJson('r', 'two')), 'update_success', 4)
  const stats = await proxy.stats('rds')
  assert.equal(stats.get('http.in.rds.r.config_reload'), 2, 'the same routes of another version are no reload')
  assert.equal(stats.get('http.in.rds.r.update_attempt'), 9)

  const { body } = await proxy.admin('/config_dump?resource=dynamic_route_configs')
  const [dumped] = (JSON.parse(body) as { configs: { version_info: string; route_config: { name: string } }[] }).configs
  assert.equal(dumped?.version_info, 'v2')
  assert.equal(dumped?.route_config.name, 'r')
})

test('a first file that is refused leaves requests without routes until a better one comes', async t => {
  const { get, replace } = await start(t, response('v1', routesJson('other', 'one')))
  assert.equal(await get(), '404')
  await replace(response('v2', routesJson('r', 'two')), 'update_success', 1)
  assert.equal(await get(), '200 two')
})

for (const [name, config, message] of [
  [
    'a file that does not exist',
    { node },
    /paths must refer to an existing path in the system: '\/no\/such\/file' does not exist/,
  ],
  ['no node', {}, /needs node\.id and node\.cluster/],
] as const)
  test(`refused at start: ${name}`, async () => {
    const path = name === 'no node' ? import.meta.filename : '/no/such/file'
    const rds = { rds: { route_config_name: 'r', config_source: { path_config_source: { path } } } }
    const starting = ProxyProcess.start('sluice', { ...config, static_resources: { listeners: [listener('in', rds)] } })
    await assert.rejects(starting, message)
  })
