import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterProxy, variants } from '../../sdk/test/support/proxy.ts'
import type { JsonObject } from '../../test/support/proxy-process.ts'

for (const { kind, language, skip } of variants('AssemblyScript', 'Rust', 'Go')) {
  const start = (configuration?: JsonObject) => FilterProxy.stock(kind, 'cors', configuration, { language })

  test(`cors in ${language} on ${kind}: preflight requests are answered`, { skip }, async () => {
    const proxy = await start()
    try {
      const preflight = (origin: string) =>
        proxy.request('/', { method: 'OPTIONS', headers: { origin, 'access-control-request-method': 'PUT' } })
      const allowed = await preflight('https://app.example.com')
      assert.equal(allowed.status, 204)
      assert.equal(allowed.headers['access-control-allow-origin'], 'https://app.example.com')
      assert.equal(allowed.headers['access-control-allow-methods'], 'GET, POST, PUT, DELETE')
      assert.equal(allowed.headers['access-control-allow-headers'], 'content-type, authorization')
      assert.equal(allowed.headers['access-control-allow-credentials'], 'true')
      assert.equal(allowed.headers['access-control-max-age'], '600')
      for (const origin of ['https://evil.example', 'https://app.example.com.evil.example', 'http://app.example.com']) {
        const refused = await preflight(origin)
        assert.equal(refused.status, 200, 'the upstream answers')
        assert.equal(refused.headers['access-control-allow-origin'], undefined)
      }
    } finally {
      await proxy.stop()
    }
  })

  test(`cors in ${language} on ${kind}: answers are marked for allowed origins only`, { skip }, async () => {
    const proxy = await start()
    try {
      const get = (origin: string) => proxy.request('/', { headers: { origin } })
      for (const origin of ['https://a.example.org', 'https://A.B.example.org']) {
        const answer = await get(origin)
        assert.equal(answer.headers['access-control-allow-origin'], origin)
        assert.equal(answer.headers['access-control-expose-headers'], 'x-request-id')
        assert.equal(answer.headers.vary, 'Origin')
      }
      for (const origin of ['https://example.org', 'https://.example.org', 'https://evilexample.org', 'null'])
        assert.equal((await get(origin)).headers['access-control-allow-origin'], undefined, origin)
      assert.equal((await proxy.request('/')).headers.vary, 'Origin')
      const options = await proxy.request('/', { method: 'OPTIONS', headers: { origin: 'https://a.example.org' } })
      assert.equal(options.status, 200, 'no preflight request')
    } finally {
      await proxy.stop()
    }
  })

  test(`cors in ${language} on ${kind}: any origin, and faults`, { skip }, async () => {
    const proxy = await start({ allow_origins: ['*'] })
    try {
      const answer = await proxy.request('/', { headers: { origin: 'https://x.example' } })
      assert.deepEqual([answer.headers['access-control-allow-origin'], answer.headers.vary], ['*', undefined])
    } finally {
      await proxy.stop()
    }
    const bad = { allow_origins: ['*', 'example.com', 'https://a*.example.com'], allow_credentials: true }
    await assert.rejects(start(bad), (error: Error) => {
      assert.match(error.message, /allow_origins\[1\] must be \*, scheme:\/\/host/)
      assert.match(error.message, /allow_origins\[2\] must be/)
      assert.match(error.message, /allow_credentials may not be with the origin \*/)
      return true
    })
  })
}
