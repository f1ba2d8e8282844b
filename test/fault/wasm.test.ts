/** Wasm filters that trap, throw or recurse end their own stream; the worker and later streams go on. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { wasmFilter } from '../bench/proxies.ts'
import { cluster, http, req, router } from '../golden/case.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { RawClient } from '../support/raw-client.ts'
import { Upstream } from '../support/upstream.ts'

let upstream: Upstream
let proxy: ProxyProcess

before(async () => {
  upstream = await Upstream.listen()
  const hcm = { http_filters: [wasmFilter('as-faults', ''), router] }
  const config = { static_resources: { listeners: [http({ hcm })], clusters: [cluster('a', ['$a'])] } }
  proxy = await ProxyProcess.start(
    'sluice',
    JSON.parse(JSON.stringify(config).replaceAll('"$a"', String(upstream.port))),
  )
})

after(async () => {
  await proxy?.stop()
  upstream.close()
})

async function send(request: string): Promise<string> {
  const client = await RawClient.connect(proxy.ports.http as number)
  client.write(request)
  await client.waitFor(c => c.peer !== 'open', 'the connection to close')
  client.destroy()
  return client.text
}

for (const fault of ['trap', 'throw', 'recurse', 'body', 'response']) {
  test(`a filter that fails: ${fault}`, async () => {
    upstream.script([])
    for (let i = 0; i < 10; i += 1) {
      const failed = await send(req('POST /', [`x-fault: ${fault}`, 'connection: close', 'content-length: 2'], 'hi'))
      assert.match(failed, /^HTTP\/1\.1 50[03] /)
      const served = await send(req('GET /', ['connection: close']))
      assert.match(served, /^HTTP\/1\.1 200 OK\r\n/)
    }
    await proxy.waitForStats(
      stats => stats.get('http.http.downstream_cx_active') === 0 && stats.get('http.http.downstream_rq_active') === 0,
      'all connections to be closed',
    )
    assert.equal(proxy.exited, false)
  })
}

test('streams beside a failing one are not touched', async () => {
  upstream.script([{ when: 'complete' }, 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok'])
  const client = await RawClient.connect(proxy.ports.http as number)
  client.write(req('POST /', ['content-length: 4'], 'ab'))
  await new Promise<void>(resolve => {
    upstream.onHead = resolve
    if (upstream.heads === 1) resolve()
  })
  await send(req('GET /', ['x-fault: trap', 'connection: close']))
  assert.equal(client.peer, 'open')
  client.write('cd')
  await proxy.waitForStats(stats => stats.get('cluster.a.upstream_rq_active') === 1, 'the request to be whole')
  assert.equal(client.text, '')
  client.destroy()
})
