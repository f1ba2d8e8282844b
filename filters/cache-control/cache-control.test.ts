import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'

/** Answers with the headers that the query names, as JSON. */
async function listenHeaders(): Promise<{ port: number; close: () => void }> {
  const server = createServer((message, response) => {
    const url = new URL(message.url ?? '/', 'http://x')
    response.writeHead(
      Number(url.searchParams.get('status') ?? 200),
      JSON.parse(url.searchParams.get('headers') ?? '{}'),
    )
    response.end()
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() }
}

const path = (start: string, headers: Record<string, string> = {}, status = 200): string =>
  `${start}?status=${status}&headers=${encodeURIComponent(JSON.stringify(headers))}`

for (const { kind, skip } of proxies) {
  test(`cache-control on ${kind}: the first rule that fits`, { skip }, async () => {
    const upstream = await listenHeaders()
    const proxy = await FilterProxy.stock(kind, 'cache-control', undefined, { ports: { 10_001: upstream.port } })
    const get = async (url: string, options = {}) => (await proxy.request(url, options)).headers
    try {
      const asset = 'public, immutable, max-age=31536000'
      const old = { 'cache-control': 'no-cache', expires: '0', pragma: 'no-cache' }
      const changed = await get(path('/assets/app.js', old))
      assert.deepEqual([changed['cache-control'], changed.expires, changed.pragma], [asset, undefined, undefined])
      assert.equal((await get(path('/a/font.woff2')))['cache-control'], asset)
      assert.equal((await get(path('/assetsx')))['cache-control'], 'no-store')
      const image = await get(path('/i', { 'content-type': 'image/png; x=y' }))
      assert.deepEqual(
        [image['cache-control'], image.vary],
        ['public, max-age=3600, stale-while-revalidate=60', 'Accept'],
      )
      assert.equal(
        (await get(path('/i', { 'content-type': 'image/png', 'cache-control': 'private' })))['cache-control'],
        'private',
      )
      assert.equal((await get(path('/other', {}, 404)))['cache-control'], undefined, 'errors are not told to be kept')
      assert.equal((await get(path('/assets/x'), { method: 'POST' }))['cache-control'], undefined)
    } finally {
      await proxy.stop()
      upstream.close()
    }
  })

  test(`cache-control on ${kind}: what is for one visitor is not shared`, { skip }, async () => {
    const upstream = await listenHeaders()
    const configuration = { rules: [{ s_maxage_seconds: 60, statuses: [200, 404] }] }
    const proxy = await FilterProxy.stock(kind, 'cache-control', configuration, { ports: { 10_001: upstream.port } })
    const get = async (url: string, options = {}) => (await proxy.request(url, options)).headers['cache-control']
    try {
      assert.equal(await get(path('/', {}, 404)), 's-maxage=60')
      assert.equal(await get(path('/', { 'set-cookie': 'a=b' })), 'private, no-cache')
      assert.equal(await get(path('/'), { headers: { authorization: 'Bearer x' } }), 'private, no-cache')
      assert.equal(await get(path('/', {}, 500)), undefined)
    } finally {
      await proxy.stop()
      upstream.close()
    }
  })

  test(`cache-control on ${kind}: faults are told with their paths`, { skip }, async () => {
    const bad = {
      rules: [
        {},
        { extensions: ['css'], max_age_seconds: -1, statuses: ['x'] },
        { no_store: true, max_age_seconds: 1 },
        { visibility: 'private', s_maxage_seconds: 1 },
      ],
    }
    await assert.rejects(FilterProxy.stock(kind, 'cache-control', bad), (error: Error) => {
      assert.match(error.message, /rules\[0\] must have a directive, such as max_age_seconds/)
      assert.match(error.message, /rules\[1\]\.extensions\[0\] must begin with a dot/)
      assert.match(error.message, /rules\[1\]\.max_age_seconds must be a whole number from 0 to 31536000/)
      assert.match(error.message, /rules\[1\]\.statuses\[0\] must be a status such as 404/)
      assert.match(error.message, /rules\[2\]\.no_store goes alone/)
      assert.match(error.message, /rules\[3\]\.s_maxage_seconds is for shared caches/)
      return true
    })
  })
}
