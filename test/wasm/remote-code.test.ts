/** Remote wasm code. What is expected here was seen of Envoy 1.40 with the same configurations. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test, type TestContext } from 'node:test'
import { cluster, http, req, router } from '../golden/case.ts'
import { fixture } from '../support/fake-wasm.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { type Reply, Upstream } from '../support/upstream.ts'

const code = Buffer.from(fixture('as-headers'))
const sha256 = createHash('sha256').update(code).digest('hex')
const found: Reply = `HTTP/1.1 200 OK\r\ncontent-length: ${code.length}\r\n\r\n${code.toString('latin1')}`
const missing: Reply = 'HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n'

interface Options {
  readonly plugin?: JsonObject
  readonly vm?: JsonObject
  readonly hash?: string
}

/** A proxy with a filter whose code comes from an upstream that gives these answers, the last again and again. */
async function start(t: TestContext, answers: readonly Reply[], { plugin, vm, hash = sha256 }: Options = {}) {
  const upstream = await Upstream.listen()
  upstream.script([...answers])
  t.after(() => upstream.close())
  const http_uri = { uri: 'http://code.example/dir/a.wasm?x=1', cluster: 'code', timeout: '1s' }
  const retry_policy = { num_retries: 2, retry_back_off: { base_interval: '0.001s' } }
  const configuration = { '@type': 'type.googleapis.com/google.protobuf.StringValue', value: 'x-wasm: 1' }
  const remote = { http_uri, sha256: hash, retry_policy }
  const config = { name: 'p', configuration, ...plugin, vm_config: { ...vm, code: { remote } } }
  const type = 'type.googleapis.com/envoy.extensions.filters.http.wasm.v3.Wasm'
  const http_filters = [{ name: 'wasm', typed_config: { '@type': type, config } }, router]
  const routes = [{ match: { prefix: '/' }, direct_response: { status: 200 } }]
  const resources = { listeners: [http({ routes, hcm: { http_filters } })], clusters: [cluster('code', ['$port'])] }
  const text = JSON.stringify({ static_resources: resources }).replaceAll('"$port"', String(upstream.port))
  return { upstream, proxy: ProxyProcess.start('sluice', JSON.parse(text), { concurrency: 2 }) }
}

async function ask(proxy: ProxyProcess): Promise<string> {
  const client = await RawClient.connect(proxy.ports.http as number)
  client.write(req('GET /', ['connection: close']))
  await client.waitFor(c => c.peer !== 'open', 'an answer')
  return client.text
}

const fetches = async (proxy: ProxyProcess): Promise<number[]> => {
  const stats = await proxy.stats('wasm.remote_load')
  return ['cache_entries', 'cache_misses', 'fetch_successes', 'fetch_failures'].map(
    name => stats.get(`wasm.remote_load_${name}`) as number,
  )
}

test('code is fetched once, by its URI, before anything listens, and runs on every worker', async t => {
  const { upstream, proxy: starting } = await start(t, [found])
  const proxy = await starting
  t.after(() => proxy.stop())
  for (let i = 0; i < 4; i++) assert.match(await ask(proxy), /^HTTP\/1.1 200 OK\r\n(.*\r\n)*x-wasm: 1\r\n/)
  const lines = upstream.requests.map(
    ({ message }) => `${message.start}, ${message.headers.find(each => each.startsWith('host'))}`,
  )
  assert.deepEqual(lines, ['GET /dir/a.wasm?x=1 HTTP/1.1, host: code.example'])
  assert.deepEqual(await fetches(proxy), [1, 1, 1, 0])
  const { body } = await proxy.admin('/wasm')
  assert.match(body, /"source": ?"remote http:\/\/code.example\/dir\/a.wasm\?x=1"/)
})

test('a fetch that fails is tried again', async t => {
  const { upstream, proxy: starting } = await start(t, [missing, missing, found])
  const proxy = await starting
  t.after(() => proxy.stop())
  assert.match(await ask(proxy), /x-wasm: 1/)
  assert.equal(upstream.requests.length, 3)
  assert.deepEqual(await fetches(proxy), [1, 1, 1, 0])
})

for (const [what, answers, options, expected] of [
  ['cannot be had: 503', [missing], {}, /^HTTP\/1.1 503 /],
  ['has another hash: 503', [found], { hash: 'ab'.repeat(32) }, /^HTTP\/1.1 503 /],
  ['cannot be had, with FAIL_OPEN: without the filter', [missing], { plugin: { failure_policy: 'FAIL_OPEN' } }, /^HTTP\/1.1 200 OK\r\n(?!.*x-wasm)/],
  ['cannot be had, with FAIL_RELOAD: 503', [missing], { plugin: { failure_policy: 'FAIL_RELOAD' } }, /^HTTP\/1.1 503 /],
] as const) // biome-ignore format: one case a line
  test(`code that ${what}, after the retries`, async t => {
    const { upstream, proxy: starting } = await start(t, answers, options)
    const proxy = await starting
    t.after(() => proxy.stop())
    assert.match(await ask(proxy), expected)
    assert.equal(upstream.requests.length, 3)
    assert.deepEqual(await fetches(proxy), [1, 1, 0, 1])
  })

test('nack_on_code_cache_miss refuses a configuration whose code is not there', async t => {
  const { proxy } = await start(t, [found], { vm: { nack_on_code_cache_miss: true } })
  await assert.rejects(proxy, /Unable to create Wasm plugin p: its code has not been fetched yet/)
})
