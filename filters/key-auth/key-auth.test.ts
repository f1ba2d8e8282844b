import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'

const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

for (const { kind, skip } of proxies) {
  test(`key-auth on ${kind}: keys and passwords get in, nothing else does`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'key-auth')
    try {
      const app = await proxy.echo('/', { headers: { 'x-api-key': '7f3a9c0d51e84b26' } })
      assert.equal(app.headers['x-client-id'], 'mobile-app')
      assert.equal(app.headers['x-api-key'], undefined, 'the upstream does not get the key')
      const user = await proxy.echo('/', { headers: { authorization: basic('jo:correct-horse') } })
      assert.equal(user.headers['x-client-id'], 'jo')
      assert.equal(user.headers.authorization, undefined)

      const refused: Record<string, string>[] = [
        {},
        { 'x-api-key': '7f3a9c0d51e84b2' },
        { 'x-api-key': '7f3a9c0d51e84b267' },
        { 'x-api-key': '' },
        { authorization: basic('jo:wrong') },
        { authorization: basic('jo:') },
        { authorization: 'Basic !!' },
        { authorization: 'Bearer correct-horse' },
        { 'x-client-id': 'jo' },
      ]
      for (const headers of refused) {
        const answer = await proxy.request('/', { headers })
        assert.equal(answer.status, 401, JSON.stringify(headers))
        assert.equal(answer.headers['www-authenticate'], 'Basic realm="restricted", charset="UTF-8"')
      }
    } finally {
      await proxy.stop()
    }
  })

  test(`key-auth on ${kind}: open paths need nothing, and nobody says who they are`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'key-auth')
    try {
      const open = await proxy.echo('/health/live?x', { headers: { 'x-client-id': 'jo' } })
      assert.equal(open.headers['x-client-id'], undefined)
      assert.equal((await proxy.request('/healthy')).status, 401)
    } finally {
      await proxy.stop()
    }
  })

  test(`key-auth on ${kind}: faults are told with their paths`, { skip }, async () => {
    await assert.rejects(FilterProxy.stock(kind, 'key-auth', {}), /the configuration must have keys or users/)
    await assert.rejects(
      FilterProxy.stock(kind, 'key-auth', { keys: { a: '' } }),
      /keys\.a must be a text that is not empty/,
    )
  })
}
