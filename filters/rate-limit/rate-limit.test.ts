import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'

for (const { kind, skip } of proxies) {
  test(`rate-limit on ${kind}: a burst passes, then 429 with when to come back`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'rate-limit', { requests: 3, per_seconds: 3600, burst: 5 })
    try {
      for (let left = 4; left >= 0; left--) {
        const answer = await proxy.request('/')
        assert.equal(answer.status, 200)
        assert.equal(answer.headers['x-ratelimit-limit'], '5')
        assert.equal(answer.headers['x-ratelimit-remaining'], String(left))
      }
      const limited = await proxy.request('/')
      assert.deepEqual([limited.status, limited.body], [429, 'too many requests\n'])
      const seconds = Number(limited.headers['retry-after'])
      assert.ok(seconds > 1000 && seconds <= 1200, 'a token comes every 1200 s')
      await proxy.process.waitForStats(stats => stats.get('wasmcustom.rate_limit_limited') === 1, 'the counter')
    } finally {
      await proxy.stop()
    }
  })

  test(`rate-limit on ${kind}: each header value has its own bucket, which fills again`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'rate-limit', {
      key: 'header:x-user',
      requests: 1,
      per_seconds: 0.2,
      status: 503,
      body: 'slow down',
      headers: false,
    })
    try {
      const as = (user: string) => proxy.request('/', { headers: { 'x-user': user } })
      assert.equal((await as('a')).status, 200)
      const limited = await as('a')
      assert.deepEqual(
        [limited.status, limited.body, limited.headers['x-ratelimit-limit']],
        [503, 'slow down', undefined],
      )
      assert.equal((await as('b')).status, 200)
      const begin = performance.now()
      while ((await as('a')).status !== 200) assert.ok(performance.now() - begin < 5000, 'the bucket fills')
    } finally {
      await proxy.stop()
    }
  })

  test(`rate-limit on ${kind}: faults are told with their paths`, { skip }, async () => {
    await assert.rejects(FilterProxy.stock(kind, 'rate-limit', { key: 'ip' }), (error: Error) => {
      assert.match(error.message, /key must be client_ip, path, all, or header: and a name/)
      assert.match(error.message, /requests is missing/)
      return true
    })
  })
}
