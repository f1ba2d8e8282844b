/** Wasm filters that trap, throw or recurse: the worker goes on, streams without the filter notice nothing, a new VM serves. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { wasmFilter } from '../bench/proxies.ts'
import { cluster, http, req, router } from '../golden/case.ts'
import { type JsonObject, ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'

let upstream: Upstream
let proxy: ProxyProcess

/** A listener with the faulty filter in a VM of its own. */
function faulty(name: string, policy: JsonObject): JsonObject {
  const filter = wasmFilter('as-faults', '')
  const { config, ...rest } = filter.typed_config as { config: JsonObject }
  const vm = { ...(config.vm_config as JsonObject), vm_id: name }
  const typed_config = { ...rest, config: { ...config, name, ...policy, vm_config: vm } }
  return http({ name, hcm: { http_filters: [{ name: 'faults', typed_config }, router] } })
}

before(async () => {
  upstream = await Upstream.listen()
  const listeners = [
    faulty('default', {}),
    faulty('reload', {
      failure_policy: 'FAIL_RELOAD',
      reload_config: { backoff: { base_interval: '0.001s', max_interval: '0.001s' } },
    }),
    faulty('closed', { failure_policy: 'FAIL_CLOSED' }),
    faulty('open', { failure_policy: 'FAIL_OPEN' }),
    http({ name: 'none' }),
  ]
  const text = JSON.stringify({ static_resources: { listeners, clusters: [cluster('a', ['$a'])] } })
  proxy = await ProxyProcess.start('sluice', JSON.parse(text.replaceAll('"$a"', String(upstream.port))))
})

after(async () => {
  await proxy?.stop()
  upstream.close()
})

async function send(listener: string, request: string): Promise<string> {
  const client = await RawClient.connect(proxy.ports[listener] as number)
  client.write(request)
  await client.waitFor(c => c.peer !== 'open', 'the connection to close')
  client.destroy()
  return client.text
}

const good = req('GET /', ['connection: close'])
const bad = (fault: string) => req('POST /', [`x-fault: ${fault}`, 'connection: close', 'content-length: 2'], 'hi')

test('the stream after a trap has a new VM', async () => {
  assert.match(await send('default', bad('trap')), /^HTTP\/1\.1 503 /)
  assert.match(await send('default', good), /^HTTP\/1\.1 200 /)
})

for (const fault of ['trap', 'throw', 'recurse', 'body', 'response']) {
  test(`again and again: ${fault}`, async () => {
    upstream.script([])
    for (let i = 0; i < 20; i += 1) {
      assert.match(await send('reload', bad(fault)), /^HTTP\/1\.1 503 /)
      // Within the back-off of 1 ms streams are still refused.
      let answer = ''
      for (let tries = 0; tries < 100 && !answer.startsWith('HTTP/1.1 200'); tries += 1)
        answer = await send('reload', good)
      assert.match(answer, /^HTTP\/1\.1 200 /)
      assert.match(await send('none', good), /^HTTP\/1\.1 200 /)
    }
    await proxy.waitForStats(
      stats => ['cx', 'rq'].every(what => stats.get(`http.reload.downstream_${what}_active`) === 0),
      'all connections to be closed',
    )
    assert.equal(proxy.exited, false)
  })
}

test('FAIL_CLOSED: 503 from then on; FAIL_OPEN: without the filter from then on', async () => {
  for (const listener of ['closed', 'open']) {
    assert.match(await send(listener, good), /^HTTP\/1\.1 200 /)
    assert.match(await send(listener, bad('trap')), /^HTTP\/1\.1 503 /)
    for (let i = 0; i < 3; i += 1)
      assert.match(await send(listener, good), listener === 'open' ? /^HTTP\/1\.1 200 / : /^HTTP\/1\.1 503 /)
  }
})

test('a stream without the filter is not touched by a trap beside it', async () => {
  upstream.script([])
  const client = await RawClient.connect(proxy.ports.none as number)
  client.write(req('POST /', ['content-length: 4'], 'ab'))
  await upstream.sawHeads(1)
  await send('reload', bad('trap'))
  assert.equal(client.peer, 'open')
  client.write('cd')
  await client.waitFor(c => c.text.endsWith('ok'), 'the answer')
  assert.match(client.text, /^HTTP\/1\.1 200 /)
  client.destroy()
})
