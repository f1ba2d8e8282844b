/** What is wrong with certificates and contexts is told when the configuration is read, with its place. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { after, before, describe, it } from 'node:test'
import { Sluice } from '../../src/index.ts'
import { type Certificates, noOpenssl, usualCertificates } from '../support/certificates.ts'
import type { Json, JsonObject } from '../support/proxy-process.ts'
import { cluster, downstream, echo, listener, pair, resources, upstream } from './configuration.ts'

describe('configuration of TLS', { skip: noOpenssl, timeout: 60_000 }, () => {
  let certificates: Certificates
  before(() => {
    certificates = usualCertificates().make('locked', { subject: '/CN=locked', ca: 'ca', password: 'secret' })
    writeFileSync(certificates.path('garbage.pem'), 'garbage')
    process.env['SLUICE_TEST_CERTIFICATE'] = certificates.read('server.pem')
  })
  after(() => {
    delete process.env['SLUICE_TEST_CERTIFICATE']
    certificates?.remove()
  })

  const file = (name: string): JsonObject => ({ filename: certificates.path(name) })
  const server = (context: JsonObject): string => resources([listener('l', echo, downstream(context))])
  const client = (context: JsonObject): string => resources([], [cluster('c', 1, upstream(context))])
  const withCertificate = (certificate: JsonObject, more: JsonObject = {}): string =>
    server({ common_tls_context: { tls_certificates: [certificate], ...more } })

  async function refused(configYaml: string, place: RegExp, reason: RegExp): Promise<void> {
    await assert.rejects(Sluice.start({ configYaml, logLevel: 'critical' }), (error: Error) => {
      assert.match(error.message, place)
      assert.match(error.message, reason)
      return true
    })
  }
  const accepted = async (configYaml: string): Promise<void> =>
    (await Sluice.start({ configYaml, logLevel: 'critical' })).close()

  it('certificates and keys', async () => {
    const good = pair(certificates, 'server')
    const { certificate_chain: chain, private_key: key } = good
    const at = /--config-yaml:1:\d+ static_resources\.listeners\[0\]\.filter_chains\[0\]\.transport_socket/
    const cases: readonly (readonly [JsonObject, RegExp])[] = [
      [{ certificate_chain: file('nope.pem'), private_key: key as Json }, /cannot read .*nope\.pem/],
      [{ certificate_chain: chain as Json, private_key: file('nope.key') }, /cannot read .*nope\.key/],
      [{ certificate_chain: chain as Json }, /needs its private_key/],
      [{ private_key: key as Json }, /needs its certificate_chain/],
      [{ certificate_chain: file('garbage.pem'), private_key: key as Json }, /garbage\.pem has no PEM certificate/],
      [{ certificate_chain: { inline_string: 'x' }, private_key: key as Json }, /<inline> has no PEM certificate/],
      [{ certificate_chain: chain as Json, private_key: file('garbage.pem') }, /cannot read the private key/],
      [{ certificate_chain: chain as Json, private_key: file('client.key') }, /does not belong to the certificate/],
      [pair(certificates, 'locked'), /it is encrypted: set its password/],
      [{ ...pair(certificates, 'locked'), password: { inline_string: 'wrong' } }, /the password does not fit/],
      [{ certificate_chain: { environment_variable: 'SLUICE_TEST_NOPE' }, private_key: key as Json }, /is not set/],
    ]
    for (const [certificate, reason] of cases) await refused(withCertificate(certificate), at, reason)
    await refused(server({ common_tls_context: {} }), at, /No TLS certificates found for server context/)
  })

  it('sources of certificates', async () => {
    const inline = {
      certificate_chain: { inline_string: certificates.read('server.pem') },
      private_key: { inline_bytes: Buffer.from(certificates.read('server.key')).toString('base64') },
    }
    await accepted(withCertificate(inline))
    await accepted(
      withCertificate({
        certificate_chain: { environment_variable: 'SLUICE_TEST_CERTIFICATE' },
        private_key: file('server.key'),
      }),
    )
    await accepted(withCertificate({ ...pair(certificates, 'locked'), password: { inline_string: 'secret' } }))
  })

  it('validation', async () => {
    const at = /static_resources\.clusters\[0\]\.transport_socket\.typed_config\.common_tls_context\.validation_context/
    const validation = (context: JsonObject): string => client({ common_tls_context: { validation_context: context } })
    const dns = [{ san_type: 'DNS', matcher: { exact: 'a' } }]
    await refused(validation({ trusted_ca: file('nope.pem') }), at, /cannot read .*nope\.pem/)
    await refused(validation({ trusted_ca: file('garbage.pem') }), at, /has no PEM certificate/)
    await refused(validation({ match_typed_subject_alt_names: dns }), at, /without trusted CA is insecure/)
    await refused(validation({ verify_certificate_hash: ['z'.repeat(64)] }), at, /Invalid hex-encoded SHA-256 z/)
    await refused(validation({ verify_certificate_spki: ['z'.repeat(44)] }), at, /Invalid base64-encoded SHA-256 z/)
    for (const field of ['allow_expired_certificate', 'only_verify_leaf_cert_crl'])
      await refused(validation({ [field]: true }), at, /is not supported by sluice/)
    await refused(validation({ crl: file('ca.pem') }), at, /crl is not supported by sluice/)
    await refused(
      client({
        common_tls_context: { tls_certificates: [pair(certificates, 'client'), pair(certificates, 'server')] },
      }),
      /clusters\[0\]/,
      /Multiple TLS certificates are not supported for client contexts/,
    )
  })

  it('parameters', async () => {
    const parameters = (tls_params: JsonObject): string => withCertificate(pair(certificates, 'server'), { tls_params })
    const at = /common_tls_context\.tls_params/
    await refused(parameters({ cipher_suites: ['FOO', 'AES128-SHA'] }), at, /does not know FOO \(/)
    await refused(parameters({ cipher_suites: ['TLS_AES_128_GCM_SHA256'] }), at, /suites of TLS 1\.3 cannot be chosen/)
    await refused(parameters({ ecdh_curves: ['P-256', 'foo'] }), at, /does not know foo/)
    await refused(
      parameters({ tls_minimum_protocol_version: 'TLSv1_3', tls_maximum_protocol_version: 'TLSv1_2' }),
      at,
      /nothing is left between TLSv1\.3 and the maximum of TLSv1\.2/,
    )
    await accepted(
      parameters({ cipher_suites: ['[ECDHE-ECDSA-AES128-GCM-SHA256|ECDHE-ECDSA-CHACHA20-POLY1305]', 'HIGH'] }),
    )
    await accepted(parameters({ ecdh_curves: ['X25519', 'P-256', 'P-384'] }))
    const long = { alpn_protocols: ['x'.repeat(256)] }
    await refused(withCertificate(pair(certificates, 'server'), long), /alpn_protocols/, /longer than 255/)
  })

  it('raw_buffer may be said aloud, other transport sockets are refused', async () => {
    const type = 'type.googleapis.com/envoy.extensions.transport_sockets'
    const raw = { name: 'raw', typed_config: { '@type': `${type}.raw_buffer.v3.RawBuffer` } }
    await accepted(resources([listener('l', echo, raw)], [cluster('c', 1, raw)]))
    const starttls = { name: 's', typed_config: { '@type': `${type}.starttls.v3.StartTlsConfig` } }
    await refused(resources([listener('l', echo, starttls)]), /listeners\[0\]/, /starttls.* is not supported by sluice/)
  })
})
