import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterProxy, variants } from '../../sdk/test/support/proxy.ts'
import type { JsonObject } from '../../test/support/proxy-process.ts'

for (const { kind, language, skip } of variants('AssemblyScript', 'Rust', 'Go')) {
  const start = (configuration?: JsonObject) => FilterProxy.stock(kind, 'maintenance', configuration, { language })

  test(`maintenance in ${language} on ${kind}: a page for all but the open paths`, { skip }, async () => {
    const proxy = await start()
    try {
      const answer = await proxy.request('/shop')
      assert.deepEqual([answer.status, answer.body], [503, '<h1>Back at noon</h1>'])
      assert.equal(answer.headers['content-type'], 'text/html; charset=utf-8')
      assert.equal(answer.headers['retry-after'], '1800')
      assert.equal(answer.headers['cache-control'], 'no-store')
      assert.equal((await proxy.request('/health')).status, 200)
    } finally {
      await proxy.stop()
    }
  })

  test(`maintenance in ${language} on ${kind}: open to addresses`, { skip }, async () => {
    const proxy = await start({ open_addresses: ['127.0.0.0/8'] })
    try {
      assert.equal((await proxy.request('/')).status, 200)
    } finally {
      await proxy.stop()
    }
  })

  test(`maintenance in ${language} on ${kind}: open to who knows the secret, which goes no further`, {
    skip,
  }, async () => {
    const proxy = await start({
      status: 200,
      message: '{}',
      content_type: 'application/json',
      bypass: { header: 'x-let-me', value: 'open-sesame' },
    })
    try {
      const refused = await proxy.request('/', { headers: { 'x-let-me': 'please' } })
      assert.deepEqual([refused.status, refused.body, refused.headers['content-type']], [200, '{}', 'application/json'])
      const echo = await proxy.echo('/', { headers: { 'x-let-me': 'open-sesame' } })
      assert.deepEqual([echo.path, echo.headers['x-let-me']], ['/', undefined])
    } finally {
      await proxy.stop()
    }
  })

  test(`maintenance in ${language} on ${kind}: switched off, and faults`, { skip }, async () => {
    const proxy = await start({ enabled: false })
    try {
      assert.equal((await proxy.request('/')).status, 200)
    } finally {
      await proxy.stop()
    }
    const bad = { open_addresses: ['10.0.0.0/99'], bypass: { header: 'x' } }
    await assert.rejects(start(bad), (error: Error) => {
      assert.match(error.message, /open_addresses\[0\] must be an address or a range/)
      assert.match(error.message, /bypass\.value is missing/)
      return true
    })
  })
}
