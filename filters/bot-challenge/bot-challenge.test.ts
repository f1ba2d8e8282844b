import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { createContext, runInContext } from 'node:vm'
import fc from 'fast-check'
import { type Answer, FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'
import { FilterHost, localReply } from '../lib/filter-host.ts'

const browser = { accept: 'text/html,*/*', 'user-agent': 'Browser/1' }

/** Runs the page's script as a browser would. @returns the cookie that it sets */
function solve(html: string): Promise<string> {
  const attribute = (name: string): string =>
    String(new RegExp(`data-${name}="([^"]*)"`).exec(html)?.[1])
      .replaceAll('&quot;', '"')
      .replaceAll('&lt;', '<')
      .replaceAll('&amp;', '&')
  const script = String(/<script>(.*)<\/script>/s.exec(html)?.[1])
  return new Promise((resolve, reject) => {
    const document = {
      body: { dataset: { challenge: attribute('challenge'), bits: attribute('bits'), cookie: attribute('cookie') } },
      cookie: '',
      getElementById: () => reject(new Error('the cookie was not set')),
    }
    const location = { reload: () => resolve(document.cookie) }
    runInContext(script, createContext({ document, location, setTimeout }))
  })
}

for (const { kind, skip } of proxies) {
  test(`bot-challenge on ${kind}: its example lets in who solved it`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'bot-challenge')
    const get = (headers: Record<string, string>, path = '/shop'): Promise<Answer> => proxy.request(path, { headers })
    try {
      const page = await get(browser)
      assert.deepEqual([page.status, page.headers['cache-control']], [403, 'no-store'])
      assert.equal(page.headers['content-type'], 'text/html; charset=utf-8')
      const script = String(/<script>(.*)<\/script>/s.exec(page.body)?.[1])
      const hash = createHash('sha256').update(script).digest('base64')
      assert.ok(String(page.headers['content-security-policy']).includes(`script-src 'sha256-${hash}'`))
      const set = await solve(page.body)
      assert.match(set, /^challenge=\d+\.[0-9a-z]+\.[\w-]{43}\.\d+; Path=\/; Max-Age=3600; SameSite=Lax$/)
      const cookie = `a=b; ${String(set.split(';')[0])}`
      assert.equal((await get({ ...browser, cookie })).status, 200)
      assert.equal((await get({ ...browser, cookie, 'user-agent': 'Browser/2' })).status, 403, 'another browser')
      assert.equal((await get({ ...browser, cookie: cookie.replace(/\d+$/, 'x') })).status, 403, 'no work')
      assert.equal((await get({ ...browser, cookie: cookie.replace('challenge=1', 'challenge=2') })).status, 403)
      const script2 = await get({ accept: 'application/json' })
      assert.deepEqual([script2.status, script2.body], [403, 'a browser must load a page here first\n'])
      assert.equal((await get({}, '/health')).status, 200)
    } finally {
      await proxy.stop()
    }
  })

  test(`bot-challenge on ${kind}: addresses that need none, paths that are guarded, old secrets`, {
    skip,
  }, async () => {
    const secrets = ['a secret that was used before']
    const old = await FilterProxy.stock(kind, 'bot-challenge', {
      secrets,
      bind_to: 'nothing',
      secure: true,
      title: '<"&',
    })
    let cookie: string
    try {
      const page = await old.request('/', { headers: browser })
      assert.ok(page.body.includes('<title>&lt;&quot;&amp;</title>'))
      cookie = await solve(page.body)
      assert.match(cookie, /; Secure$/)
    } finally {
      await old.stop()
    }
    const proxy = await FilterProxy.stock(kind, 'bot-challenge', {
      secrets: ['a new secret, put in front', ...secrets],
      bind_to: 'nothing',
      paths: ['/shop'],
      status: 503,
    })
    try {
      assert.equal((await proxy.request('/shop', { headers: { cookie: String(cookie.split(';')[0]) } })).status, 200)
      assert.equal((await proxy.request('/shop')).status, 503)
      assert.equal((await proxy.request('/other')).status, 200)
    } finally {
      await proxy.stop()
    }
    const local = await FilterProxy.stock(kind, 'bot-challenge', { secrets, allow_addresses: ['127.0.0.1'] })
    try {
      assert.equal((await local.request('/')).status, 200)
    } finally {
      await local.stop()
    }
  })

  test(`bot-challenge on ${kind}: faults are told with their paths`, { skip }, async () => {
    await assert.rejects(FilterProxy.stock(kind, 'bot-challenge', {}), /secrets must have one/)
    const bad = { secrets: ['short'], work_bits: 40, cookie: 'a b', bind_to: 'me', allow_addresses: ['x'] }
    await assert.rejects(FilterProxy.stock(kind, 'bot-challenge', bad), (error: Error) => {
      assert.match(error.message, /secrets\[0\] must have 16 characters or more/)
      assert.match(error.message, /work_bits must be a whole number from 0 to 24/)
      assert.match(error.message, /cookie may have letters/)
      assert.match(error.message, /bind_to must be one of: address_and_agent, address, agent, nothing/)
      assert.match(error.message, /allow_addresses\[0\] must be an address/)
      return true
    })
  })
}

test('bot-challenge: answers hold for their time, and none that is changed or made up', async () => {
  const host = new FilterHost('bot-challenge', { secrets: ['0123456789abcdef'], work_bits: 8, lifetime_seconds: 60 })
  host.properties.set('source.address', '10.0.0.1:5')
  const reply = (cookie: string) =>
    localReply(
      host.request([
        [':path', '/'],
        [':method', 'GET'],
        ['accept', 'text/html'],
        ['cookie', `challenge=${cookie}`],
      ]),
    )
  const answer = String(/=([^;]*)/.exec(await solve(String(reply('')?.body)))?.[1])
  assert.equal(reply(answer), undefined)
  host.nowMs += 60_000
  assert.equal(reply(answer), undefined)
  host.nowMs += 1000
  assert.equal(reply(answer)?.status, 403)
  host.nowMs -= 61_000 + 61_000
  assert.equal(reply(answer)?.status, 403, 'from the future')
  host.nowMs += 61_000
  host.properties.set('source.address', '10.0.0.2:5')
  assert.equal(reply(answer)?.status, 403, 'from another address')
  host.properties.set('source.address', '10.0.0.1:6')
  // Time, nonce and the signature but for the bits of its last character that count for nothing.
  const length = answer.lastIndexOf('.') - 1
  fc.assert(
    fc.property(fc.nat(length - 1), fc.constantFrom(...Array.from('0a9Z-_.;= \u00e9')), (at, letter) => {
      const changed = answer.slice(0, at) + letter + answer.slice(at + 1)
      if (changed !== answer) assert.equal(reply(changed)?.status, 403)
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.string(), text => assert.equal(reply(text)?.status, 403)),
    { numRuns: 1000 },
  )
})
