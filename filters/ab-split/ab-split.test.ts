import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'

for (const { kind, skip } of proxies) {
  test(`ab-split on ${kind}: a visitor gets a variant and keeps it`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'ab-split', {
      variants: [
        { name: 'a', weight: 1 },
        { name: 'b', weight: 1 },
        { name: 'gone', weight: 0 },
      ],
    })
    try {
      const seen = new Map<string, number>()
      for (let i = 0; i < 60; i++) {
        const first = await proxy.request('/', { headers: { 'x-variant': 'forged' } })
        const variant: string = JSON.parse(first.body).headers['x-variant']
        seen.set(variant, (seen.get(variant) ?? 0) + 1)
        const cookie = String(first.headers['set-cookie'])
        assert.equal(cookie, `variant=${variant}; Path=/; Max-Age=2592000; HttpOnly; SameSite=Lax`)
        if (i > 5) continue
        const again = await proxy.request('/', { headers: { cookie: `x=y; variant=${variant}` } })
        assert.equal(JSON.parse(again.body).headers['x-variant'], variant)
        assert.equal(again.headers['set-cookie'], undefined)
      }
      assert.deepEqual([...seen.keys()].toSorted(), ['a', 'b'])
      const moved = await proxy.request('/', { headers: { cookie: 'variant=gone' } })
      assert.notEqual(JSON.parse(moved.body).headers['x-variant'], 'gone')
      assert.match(String(moved.headers['set-cookie']), /^variant=[ab];/)
    } finally {
      await proxy.stop()
    }
  })

  test(`ab-split on ${kind}: a variant can be asked for, and chooses the route`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'ab-split', {
      cookie: 'c',
      header: 'x-v',
      force_header: 'x-force',
      max_age_seconds: 0,
      same_site: 'None',
      variants: [{ name: 'main' }, { name: 'beta', weight: 0 }],
    })
    try {
      const forced = await proxy.request('/', { headers: { 'x-force': 'beta' } })
      assert.equal(JSON.parse(forced.body).headers['x-v'], 'beta')
      assert.equal(forced.headers['set-cookie'], undefined)
      const unknown = await proxy.request('/', { headers: { 'x-force': 'nope' } })
      assert.equal(JSON.parse(unknown.body).headers['x-v'], 'main')
      assert.equal(String(unknown.headers['set-cookie']), 'c=main; Path=/; HttpOnly; SameSite=None; Secure')
      await proxy.process.waitForStats(stats => stats.get('wasmcustom.variant.beta.ab_split') === 1, 'the counter')
    } finally {
      await proxy.stop()
    }
  })

  test(`ab-split on ${kind}: faults are told with their paths`, { skip }, async () => {
    await assert.rejects(FilterProxy.stock(kind, 'ab-split', {}), /variants must have one with a weight above 0/)
    const bad = { variants: [{ name: 'a b' }, { name: 'x' }, { name: 'x', weight: -1 }] }
    await assert.rejects(FilterProxy.stock(kind, 'ab-split', bad), (error: Error) => {
      assert.match(error.message, /variants\[0\]\.name may have letters, digits/)
      assert.match(error.message, /variants\[2\]\.name is there twice/)
      assert.match(error.message, /variants\[2\]\.weight must be a whole number/)
      return true
    })
  })
}
