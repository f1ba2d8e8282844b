import assert from 'node:assert/strict'
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { test } from 'node:test'
import fc from 'fast-check'
import { FilterProxy, proxies } from '../../sdk/test/support/proxy.ts'
import { FilterHost, localReply } from '../lib/filter-host.ts'

const secret = Buffer.from('a secret of the example, 32 bytes')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
const seconds = (): number => Math.floor(Date.now() / 1000)

function hs256(claims: unknown, header: object = { alg: 'HS256', typ: 'JWT' }, key: Buffer = secret): string {
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${createHmac('sha256', key).update(text).digest('base64url')}`
}

function rs(claims: unknown, bits = 256, kid = 'r1'): string {
  const text = `${encode({ alg: `RS${bits}`, kid })}.${encode(claims)}`
  return `${text}.${sign(`sha${bits}`, Buffer.from(text), rsa.privateKey).toString('base64url')}`
}

const bearer = (token: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${token}` },
})
const oct = { kty: 'oct', k: secret.toString('base64url') }

for (const { kind, skip } of proxies) {
  test(`jwt-auth on ${kind}: its example takes good tokens and no others`, { skip }, async () => {
    const proxy = await FilterProxy.stock(kind, 'jwt-auth')
    try {
      const now = seconds()
      const good = {
        iss: 'https://login.example',
        aud: ['shop', 'x'],
        exp: now + 60,
        sub: 'jo',
        realm: { roles: ['a', 'b'] },
      }
      const echo = await proxy.echo('/', bearer(hs256(good)))
      assert.deepEqual([echo.headers['x-user'], echo.headers['x-roles']], ['jo', 'a,b'])
      assert.equal(echo.headers.authorization, undefined)
      assert.equal(
        (await proxy.request('/', bearer(hs256({ ...good, exp: now - 30 })))).status,
        200,
        'within the leeway',
      )
      assert.equal((await proxy.request('/', bearer(hs256({ ...good, aud: 'shop', nbf: now + 30 })))).status, 200)
      const open = await proxy.echo('/health', { headers: { 'x-user': 'forged' } })
      assert.equal(open.headers['x-user'], undefined)

      const [head, body, signature] = hs256(good).split('.') as [string, string, string]
      const refused: [string, RegExp][] = [
        [hs256({ ...good, exp: now - 120 }), /has expired/],
        [hs256({ ...good, nbf: now + 120 }), /does not hold yet/],
        [hs256({ ...good, exp: undefined }), /has no end/],
        [hs256({ ...good, exp: '9999999999' }), /malformed/],
        [hs256({ ...good, aud: 'other' }), /for somebody else/],
        [hs256({ ...good, aud: undefined }), /for somebody else/],
        [hs256({ ...good, iss: 'https://evil.example' }), /issuer is not known/],
        [hs256(good, { alg: 'HS256' }, Buffer.from('another secret of some length')), /signature is wrong/],
        [hs256(good, { alg: 'none' }), /signature is wrong/],
        [hs256(good, { alg: 'RS256' }), /signature is wrong/],
        [hs256(good, { alg: 'HS256', crit: ['b64'], b64: false }), /not known here/],
        [`${head}.${body}.`, /malformed/],
        [`${head}.${encode({ ...good, sub: 'root' })}.${signature}`, /signature is wrong/],
        [`${head}.${body}.${signature}=`, /malformed/],
        [`${head}.${body}`, /malformed/],
        ['x', /malformed/],
      ]
      for (const [token, reason] of refused) {
        const answer = await proxy.request('/', bearer(token))
        assert.equal(answer.status, 401, token)
        assert.match(answer.body, reason)
        assert.match(String(answer.headers['www-authenticate']), /^Bearer realm="api", error="invalid_token"/)
      }
      const none = await proxy.request('/')
      assert.deepEqual([none.status, none.headers['www-authenticate']], [401, 'Bearer realm="api"'])
      await proxy.process.waitForStats(
        stats => stats.get('wasmcustom.jwt_auth_denied') === refused.length + 1,
        'denied',
      )
    } finally {
      await proxy.stop()
    }
  })

  test(`jwt-auth on ${kind}: RSA by the proxy, several providers, claims that must be there`, { skip }, async () => {
    const { n, e } = rsa.publicKey.export({ format: 'jwk' })
    const proxy = await FilterProxy.stock(kind, 'jwt-auth', {
      providers: [
        { issuer: 'hs', jwks: { keys: [oct] } },
        {
          issuer: 'rs',
          require_expiry: false,
          jwks: { keys: [{ kty: 'RSA', kid: 'r1', use: 'sig', n: String(n), e: String(e) }] },
        },
      ],
      cookie: 'session',
      parameter: 'access_token',
      forward_token: true,
      allow_missing: true,
      payload_header: 'x-claims',
      require_claims: [{ claim: 'scope', values: ['write', 'admin'] }],
    })
    try {
      const claims = { iss: 'rs', scope: 'read write' }
      for (const bits of [256, 384, 512]) {
        const echo = await proxy.echo('/', bearer(rs(claims, bits)))
        assert.equal(echo.headers['x-claims'], encode(claims))
        assert.equal(echo.headers.authorization, `Bearer ${rs(claims, bits)}`)
      }
      assert.equal((await proxy.request('/', { headers: { cookie: `a=b; session=${rs(claims)}` } })).status, 200)
      assert.equal((await proxy.request(`/?x=y&access_token=${rs(claims)}`)).status, 200)
      assert.equal((await proxy.request('/')).status, 200)
      assert.equal((await proxy.request('/', bearer(rs(claims, 256, 'r2')))).status, 401, 'another key')
      assert.equal((await proxy.request('/', bearer(`${rs(claims).slice(0, -4)}AAAA`))).status, 401)
      const mixed = hs256({ ...claims, exp: seconds() + 60 })
      assert.equal((await proxy.request('/', bearer(mixed))).status, 401, "one issuer's key is not another's")
      const poor = await proxy.request('/', bearer(rs({ iss: 'rs', scope: 'read' })))
      assert.equal(poor.status, 403)
      assert.match(String(poor.headers['www-authenticate']), /error="insufficient_scope"/)
    } finally {
      await proxy.stop()
    }
  })

  test(`jwt-auth on ${kind}: faults are told with their paths`, { skip }, async () => {
    const bad = {
      providers: [
        { jwks: { keys: [{ kty: 'oct', k: 'c2hvcnQ' }, { kty: 'EC' }, { kty: 'RSA', n: 'AQAB', e: '!' }] } },
        {},
      ],
      require_claims: [{ claim: 'x' }],
    }
    await assert.rejects(FilterProxy.stock(kind, 'jwt-auth', bad), (error: Error) => {
      assert.match(error.message, /providers\[0\]\.jwks\.keys\[0\]\.k must be a secret of 16 bytes or more/)
      assert.match(error.message, /providers\[0\]\.jwks\.keys\[1\]\.kty must be oct or RSA/)
      assert.match(error.message, /providers\[0\]\.jwks\.keys\[2\]\.n must be a modulus of 2048 bits/)
      assert.match(error.message, /providers\[0\]\.jwks\.keys\[2\]\.e must be base64url/)
      assert.match(error.message, /providers\[1\]\.jwks\.keys must have one/)
      assert.match(error.message, /require_claims\[0\]\.values must have one/)
      return true
    })
  })
}

test('jwt-auth: RSA keys are refused where the host cannot verify', () => {
  const key = { kty: 'RSA', n: Buffer.alloc(256, 1).toString('base64url'), e: 'AQAB' }
  assert.throws(
    () => new FilterHost('jwt-auth', { providers: [{ jwks: { keys: [key] } }] }),
    /providers\[0\]\.jwks\.keys\[0\]\.kty RSA needs the foreign function verify_signature/,
  )
})

test('jwt-auth: HS256 for keys and texts of any length; any change of a token is refused; nothing traps', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 16, maxLength: 200 }), fc.string({ maxLength: 300 }), (key, sub) => {
      const keys = [{ kty: 'oct', k: Buffer.from(key).toString('base64url') }]
      const host = new FilterHost('jwt-auth', { providers: [{ require_expiry: false, jwks: { keys } }] })
      const seen = host.request([
        [':path', '/'],
        ['authorization', `bearer ${hs256({ sub }, { alg: 'HS256' }, Buffer.from(key))}`],
      ])
      assert.equal(localReply(seen), undefined)
    }),
    { numRuns: 200 },
  )
  const host = new FilterHost('jwt-auth', { providers: [{ require_expiry: false, jwks: { keys: [oct] } }] })
  const status = (token: string): number | undefined =>
    localReply(
      host.request([
        [':path', '/'],
        ['authorization', `Bearer ${token}`],
      ]),
    )?.status
  const token = hs256({ sub: 'jo', deep: [[[{}]]] })
  assert.equal(status(token), undefined)
  // The last character has bits that count for nothing: every other one counts.
  fc.assert(
    fc.property(fc.nat(token.length - 2), fc.constantFrom(...Array.from('AZaz09-_.{"\u00e9')), (at, letter) => {
      const changed = token.slice(0, at) + letter + token.slice(at + 1)
      assert.equal(status(changed), changed === token ? undefined : 401)
    }),
    { numRuns: 2000 },
  )
  const json = fc.oneof(fc.json(), fc.string())
  fc.assert(
    fc.property(json, json, fc.string(), (head, body, tail) => {
      const text = `${Buffer.from(head).toString('base64url')}.${Buffer.from(body).toString('base64url')}`
      assert.equal(status(`${text}.${tail}`), 401)
    }),
    { numRuns: 1000 },
  )
  fc.assert(
    fc.property(fc.string(), text => assert.equal(status(`${text}.`), 401)),
    { numRuns: 1000 },
  )
})
