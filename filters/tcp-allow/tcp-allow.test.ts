import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'
import { listenTcp, talk } from '../lib/tcp.ts'

for (const { kind, skip } of proxies) {
  for (const [name, configuration, passes] of [
    ['its example', undefined, true],
    ['not in the list', { allow: ['10.0.0.0/8', '::1'] }, false],
    ['an exception in the list', { allow: ['127.0.0.0/8'], deny: ['127.0.0.1'] }, false],
    ['only exceptions', { deny: ['10.0.0.0/8'], others: 'allow' }, true],
  ] as const)
    test(`tcp-allow on ${kind}: ${name}`, { skip }, async () => {
      const upstream = await listenTcp()
      const proxy = await FilterProxy.stock(kind, 'tcp-allow', configuration, { ports: { 10_001: upstream.port } })
      try {
        const port = proxy.process.ports.tcp as number
        assert.equal((await talk(port, ['hello'], text => text === 'hello')).toString(), passes ? 'hello' : '')
        assert.equal(upstream.connections, passes ? 1 : 0)
        const counter = passes ? 'wasmcustom.tcp_allow_allowed' : 'wasmcustom.tcp_allow_denied'
        await proxy.process.waitForStats(stats => stats.get(counter) === 1, counter)
        assert.equal(
          proxy.log.some(line => /^denied: 127\.0\.0\.1:\d+$/.test(line)),
          !passes,
        )
      } finally {
        await proxy.stop()
        upstream.close()
      }
    })

  test(`tcp-allow on ${kind}: faults are told with their paths`, { skip }, async () => {
    await assert.rejects(FilterProxy.stock(kind, 'tcp-allow', {}), /allow must have an address: nobody could connect/)
    const bad = { allow: ['127.0.0.1', '10.0.0.0/33'], others: 'maybe' }
    await assert.rejects(FilterProxy.stock(kind, 'tcp-allow', bad), (error: Error) => {
      assert.match(error.message, /allow\[1\] must be an address or a range/)
      assert.match(error.message, /others must be one of: deny, allow/)
      return true
    })
  })
}
