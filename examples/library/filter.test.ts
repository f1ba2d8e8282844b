/** A filter tested as its users meet it: between a real client and a real upstream, all in this process. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { Sluice } from '../../src/index.ts'

test('the filter adds its header to the answer of an upstream', async t => {
  const paths: (string | undefined)[] = []
  const upstream = createServer((request, response) => {
    paths.push(request.url)
    response.end('ok')
  })
  t.after(() => upstream.close())
  upstream.listen(0, '127.0.0.1')
  await once(upstream, 'listening')
  const { port } = upstream.address() as AddressInfo

  const configYaml = readFileSync(new URL('envoy.yaml', import.meta.url), 'utf8').replace('10001', String(port))
  await using proxy = await Sluice.start({ configYaml })
  const response = await fetch(`http://127.0.0.1:${proxy.address('ingress').port}/hello`)
  assert.equal(await response.text(), 'ok')
  assert.equal(response.headers.get('x-greeting'), 'hello')
  assert.deepEqual(paths, ['/hello'])
  assert.equal(proxy.stat('cluster.upstream.upstream_rq_200'), 1)
})
