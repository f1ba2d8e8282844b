import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FilterProxy, variants } from '../../sdk/test/support/proxy.ts'
import type { JsonObject } from '../../test/support/proxy-process.ts'

for (const { kind, language, skip } of variants('AssemblyScript', 'Rust')) {
  const start = (configuration?: JsonObject, trustForwardedFor = false) =>
    FilterProxy.stock(kind, 'ip-block', configuration, { language, trustForwardedFor })

  test(`ip-block in ${language} on ${kind}: its example denies a country and lets others in`, { skip }, async () => {
    const proxy = await start()
    try {
      const from = async (country: string): Promise<number> =>
        (await proxy.request('/', { headers: { 'x-country': country } })).status
      assert.deepEqual([await from('xx'), await from('DE'), (await proxy.request('/')).status], [403, 200, 200])
    } finally {
      await proxy.stop()
    }
  })

  test(`ip-block in ${language} on ${kind}: by the connection's address`, { skip }, async () => {
    const proxy = await start({ deny: ['127.0.0.0/8'], status: 451, body: 'no' })
    try {
      const answer = await proxy.request('/', { headers: { 'x-forwarded-for': '10.0.0.1' } })
      assert.deepEqual(
        [answer.status, answer.body],
        [451, 'no'],
        'x-forwarded-for counts for nothing with use_remote_address',
      )
      await proxy.process.waitForStats(stats => stats.get('wasmcustom.ip_block_denied') === 1, 'the counter')
    } finally {
      await proxy.stop()
    }
  })

  test(`ip-block in ${language} on ${kind}: allowed before denied, the others as configured`, {
    skip,
  }, async () => {
    const configuration = {
      deny: ['203.0.113.0/24', '2001:db8::/32'],
      allow: ['203.0.113.7', '10.0.0.0/8'],
      others: 'deny',
    }
    const proxy = await start(configuration, true)
    try {
      for (const [client, status] of [
        ['203.0.113.9', 403],
        ['203.0.113.7', 200],
        ['2001:db8::5', 403],
        ['10.9.9.9', 200],
        ['198.51.100.1', 403],
      ] as const)
        assert.equal((await proxy.request('/', { headers: { 'x-forwarded-for': client } })).status, status, client)
    } finally {
      await proxy.stop()
    }
  })

  test(`ip-block in ${language} on ${kind}: faults are told with their paths`, { skip }, async () => {
    const bad = { deny: ['10.0.0'], deny_countries: ['Germany'] }
    await assert.rejects(start(bad), (error: Error) => {
      assert.match(error.message, /deny\[0\] must be an address or a range/)
      assert.match(error.message, /deny_countries\[0\] must be a country's two letters/)
      assert.match(error.message, /country_header is missing/)
      return true
    })
  })
}
