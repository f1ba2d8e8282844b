import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'

for (const { kind, skip } of proxies) {
  test(`header-rewrite on ${kind}: its example`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'header-rewrite')
    try {
      const answer = await proxy.request('/a?b=c', {
        headers: { host: 'shop.example', 'x-internal-token': 'forged', 'x-client': 'forged', 'x-request-id': 'r-1' },
      })
      const { headers } = JSON.parse(answer.body)
      assert.equal(headers['x-client'], '127.0.0.1')
      assert.equal(headers['x-original'], 'GET shop.example/a?b=c')
      assert.equal(headers['x-internal-token'], undefined)
      assert.ok(String(answer.headers['x-request-id']).length > 0, 'of the request, told in the answer')
      const kept = await proxy.echo('/', { headers: { 'x-original': 'mine' } })
      assert.equal(kept.headers['x-original'], 'mine', 'default leaves what is there')
    } finally {
      await proxy.stop()
    }
  })

  test(`header-rewrite on ${kind}: add, rename, literal braces, properties`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'header-rewrite', {
      request: [
        { name: 'X-List', add: 'one' },
        { name: 'x-list', add: 'two' },
        { name: 'x-old', rename: 'x-new' },
        { name: 'x-braces', set: '{{{method}}} {query}' },
        { name: 'x-plugin', set: '{property:plugin_name}' },
      ],
      response: [
        { name: 'x-path', set: '{url_path}-{header:x-list}-' },
        { name: 'x-upstream', rename: 'x-from' },
      ],
    })
    try {
      const answer = await proxy.request('/p?q', { headers: { 'x-old': 'v', 'x-new': 'forged' } })
      const { headers } = JSON.parse(answer.body)
      assert.equal(headers['x-list'], 'one, two')
      assert.deepEqual([headers['x-old'], headers['x-new']], [undefined, 'v'])
      assert.equal(headers['x-braces'], '{GET} q')
      assert.equal(headers['x-plugin'], 'header-rewrite')
      assert.equal(answer.headers['x-path'], '/p--', 'the request as it came')
      assert.deepEqual([answer.headers['x-upstream'], answer.headers['x-from']], [undefined, 'echo'])
    } finally {
      await proxy.stop()
    }
  })

  test(`header-rewrite on ${kind}: faults are told with their paths`, { skip }, async () => {
    const bad = {
      request: [
        { name: 'a', set: '{nope}' },
        { set: 'x' },
        { name: 'b', set: 'x', add: 'y' },
        { name: 'c', add: '{path' },
      ],
      responses: [],
    }
    await assert.rejects(FilterProxy.stock(kind, 'header-rewrite', bad), (error: Error) => {
      assert.match(error.message, /bad configuration: request\[0\]\.set there is no \{nope\}/)
      assert.match(error.message, /request\[1\]\.name is missing/)
      assert.match(error.message, /request\[2\] must have one of set, add, default, remove, rename/)
      assert.match(error.message, /request\[3\]\.add '\{' without '\}'/)
      assert.match(error.message, /responses is unknown; there is: request, response/)
      return true
    })
  })
}
