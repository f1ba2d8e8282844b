/** TLS with clients that are not Node: curl and the openssl command; and sessions over several workers. */
import assert from 'node:assert/strict'
import { execFile, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { after, before, describe, it } from 'node:test'
import tls from 'node:tls'
import { promisify } from 'node:util'
import { type Certificates, noOpenssl, usualCertificates } from '../support/certificates.ts'
import { ProxyProcess } from '../support/proxy-process.ts'
import { downstream, http, listener, pair, resources } from './configuration.ts'

const run = promisify(execFile)
const noCurl = spawnSync('curl', ['--version']).status === 0 ? false : 'curl is not installed'

describe('TLS with other clients', { skip: noOpenssl, timeout: 60_000 }, () => {
  let certificates: Certificates
  let proxy: ProxyProcess
  before(async () => {
    certificates = usualCertificates()
    const body = 'x'.repeat(4_000)
    const routes = [
      { match: { prefix: '/big' }, direct_response: { status: 200, body: { inline_string: body } } },
      { match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'hello' } } },
    ]
    const own = { tls_certificates: [pair(certificates, 'server')] }
    const trusted = { validation_context: { trusted_ca: { filename: certificates.path('ca.pem') } } }
    proxy = await ProxyProcess.start(
      'sluice',
      JSON.parse(
        resources([
          listener(
            'open',
            http(routes),
            downstream({ common_tls_context: { ...own, alpn_protocols: ['h2', 'http/1.1'] } }),
          ),
          listener(
            'mutual',
            http(routes),
            downstream({ require_client_certificate: true, common_tls_context: { ...own, ...trusted } }),
          ),
        ]),
      ) as Parameters<typeof ProxyProcess.start>[1],
      { concurrency: 2 },
    )
  })
  after(async () => {
    await proxy?.stop()
    certificates?.remove()
  })

  const curl = async (name: string, path: string, ...more: readonly string[]): Promise<string> => {
    const port = proxy.ports[name] as number
    const target = [`https://example.test:${port}${path}`, '--resolve', `example.test:${port}:127.0.0.1`]
    const { stdout } = await run('curl', [
      '-sS',
      '-m',
      '10',
      '--cacert',
      certificates.path('ca.pem'),
      ...more,
      ...target,
    ])
    return stdout
  }
  const identity = (name: string): string[] => [
    '--cert',
    certificates.path(`${name}.pem`),
    '--key',
    certificates.path(`${name}.key`),
  ]

  describe('curl', { skip: noCurl }, () => {
    it('trusts the CA', async () => {
      assert.equal(await curl('open', '/', '--http1.1'), 'hello')
      assert.equal(await curl('open', '/', '--http1.1', '--tls-max', '1.2'), 'hello')
      assert.equal((await curl('open', '/big', '--http1.1')).length, 4_000)
    })

    it('speaks HTTP/2 by ALPN', async () => {
      assert.equal(await curl('open', '/', '--http2', '-w', ' %{http_version}'), 'hello 2')
    })

    it('refuses us with another CA', async () => {
      await assert.rejects(curl('open', '/', '--cacert', certificates.path('other-ca.pem')), /certificate/)
    })

    it('shows its certificate', async () => {
      assert.equal(await curl('mutual', '/', ...identity('client')), 'hello')
      for (const who of [[], identity('wrong'), identity('expired')]) await assert.rejects(curl('mutual', '/', ...who))
      await proxy.waitForStats(
        stats =>
          stats.get('listener.mutual.ssl.fail_verify_no_cert') === 1 &&
          stats.get('listener.mutual.ssl.fail_verify_error') === 2,
        'the refused clients to be counted',
      )
    })
  })

  it('openssl s_client', async () => {
    const port = proxy.ports['open'] as number
    const client = run('openssl', [
      ...['s_client', '-connect', `127.0.0.1:${port}`, '-servername', 'example.test', '-alpn', 'http/1.1'],
      ...['-CAfile', certificates.path('ca.pem'), '-verify_return_error', '-ign_eof', '-quiet'],
    ])
    client.child.stdin?.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
    const { stdout } = await client
    assert.match(stdout, /^HTTP\/1\.1 200 OK\r\n.*hello$/s)
  })

  it('sessions are resumed, whichever worker a connection comes to', async () => {
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      let session: Buffer | undefined
      for (let i = 0; i < 12; i++) {
        const socket = tls.connect({
          ...{ host: '127.0.0.1', port: proxy.ports['mutual'], servername: 'example.test', maxVersion },
          ...{
            ca: certificates.read('ca.pem'),
            cert: certificates.read('client.pem'),
            key: certificates.read('client.key'),
          },
          ...(session === undefined ? {} : { session }),
        })
        const fresh: Promise<Buffer> =
          session === undefined ? once(socket, 'session').then(([first]) => first as Buffer) : Promise.resolve(session)
        await once(socket, 'secureConnect')
        socket.write('GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')
        session = await fresh
        assert.equal(socket.isSessionReused(), i > 0, `${maxVersion}, connection ${i}`)
        await once(socket.resume(), 'end')
      }
    }
  })

  it('/certs tells of the certificates, /config_dump not of the keys', async () => {
    const { certificates: found } = JSON.parse((await proxy.admin('/certs')).body) as {
      certificates: { ca_cert: Record<string, unknown>[]; cert_chain: Record<string, unknown>[] }[]
    }
    assert.equal(found.length, 2)
    const [chain] = found[1]?.cert_chain ?? []
    assert.equal(chain?.['path'], certificates.path('server.pem'))
    assert.equal(chain?.['days_until_expiration'], '29')
    assert.deepEqual(chain?.['subject_alt_names'], [
      { dns: 'example.test' },
      { dns: 'localhost' },
      { ip_address: '127.0.0.1' },
    ])
    assert.equal(found[1]?.ca_cert[0]?.['path'], certificates.path('ca.pem'))
    const { body } = await proxy.admin('/config_dump')
    assert.ok(body.includes('server.pem') && body.includes('[redacted]'))
    assert.ok(!body.includes('server.key'))
  })
})
