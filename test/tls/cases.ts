/**
 * What clients and upstreams with TLS see and what is logged and counted of it: one configuration for Envoy and sluice,
 * and cases whose outcome in real Envoy is in golden.json (made by record.ts).
 */
import { createHash, X509Certificate } from 'node:crypto'
import type tls from 'node:tls'
import type { Certificates } from '../support/certificates.ts'
import type { Json, JsonObject } from '../support/proxy-process.ts'
import type { UpstreamName } from './upstreams.ts'

const type = 'type.googleapis.com/envoy.extensions'

const logFields = [
  'RESPONSE_CODE',
  'RESPONSE_FLAGS',
  'RESPONSE_CODE_DETAILS',
  'DOWNSTREAM_TLS_VERSION',
  'DOWNSTREAM_TLS_CIPHER',
  'DOWNSTREAM_PEER_SUBJECT',
  'DOWNSTREAM_PEER_ISSUER',
  'DOWNSTREAM_PEER_URI_SAN',
  'DOWNSTREAM_PEER_DNS_SAN',
  'DOWNSTREAM_PEER_IP_SAN',
  'DOWNSTREAM_PEER_EMAIL_SAN',
  'DOWNSTREAM_PEER_SERIAL',
  'DOWNSTREAM_PEER_FINGERPRINT_256',
  'DOWNSTREAM_PEER_FINGERPRINT_1',
  'DOWNSTREAM_PEER_CERT',
  'DOWNSTREAM_PEER_CERT_V_START',
  'DOWNSTREAM_PEER_CERT_V_END(%Y-%m-%d)',
  'DOWNSTREAM_LOCAL_SUBJECT',
  'DOWNSTREAM_LOCAL_DNS_SAN',
  'DOWNSTREAM_LOCAL_IP_SAN',
  'DOWNSTREAM_LOCAL_URI_SAN',
  'REQUESTED_SERVER_NAME',
  'UPSTREAM_TRANSPORT_FAILURE_REASON',
  'UPSTREAM_TLS_VERSION',
  'UPSTREAM_TLS_CIPHER',
  'UPSTREAM_PEER_SUBJECT',
  'UPSTREAM_SERVER_NAME',
  'UPSTREAM_LOCAL_URI_SAN',
]

function log(path: string, format: JsonObject): Json {
  return {
    name: 'envoy.access_loggers.file',
    typed_config: {
      '@type': `${type}.access_loggers.file.v3.FileAccessLog`,
      path,
      log_format: { json_format: format },
    },
  }
}

function connectionManager(name: string): Json {
  const route = (path: string, cluster: string): Json => ({
    match: { path },
    route: { cluster, prefix_rewrite: '/direct' },
  })
  return {
    name: 'hcm',
    typed_config: {
      '@type': `${type}.filters.network.http_connection_manager.v3.HttpConnectionManager`,
      stat_prefix: name,
      codec_type: 'HTTP1',
      access_log: [log('$DIR/access.log', Object.fromEntries(logFields.map(each => [each, `%${each}%`])))],
      route_config: {
        virtual_hosts: [
          {
            name: 'secure',
            domains: ['secure.test'],
            require_tls: 'ALL',
            routes: [{ match: { prefix: '/' }, direct_response: { status: 200, body: { inline_string: 'secure' } } }],
          },
          {
            name: 'v',
            domains: ['*'],
            routes: [
              ...clusters.map(({ name: cluster }) => route(`/${cluster}`, cluster)),
              {
                match: { prefix: '/' },
                direct_response: { status: 200, body: { inline_string: name } },
                response_headers_to_add: [
                  { header: { key: 'x-proto', value: '%REQ(x-forwarded-proto)%' } },
                  { header: { key: 'x-scheme', value: '%REQ(:scheme)%' } },
                ],
              },
            ],
          },
        ],
      },
      http_filters: [{ name: 'router', typed_config: { '@type': `${type}.filters.http.router.v3.Router` } }],
    },
  }
}

const file = (filename: string): Json => ({ filename: `$CERTS/${filename}` })
const pair = (name: string): Json => ({ certificate_chain: file(`${name}.pem`), private_key: file(`${name}.key`) })
const trusted: JsonObject = { trusted_ca: file('ca.pem') }
const san = (kind: string, matcher: Json): Json => [{ san_type: kind, matcher }]

function listener(name: string, context: JsonObject | undefined): JsonObject {
  return {
    name,
    stat_prefix: name,
    address: { socket_address: { address: '127.0.0.1', port_value: 0 } },
    access_log: [log('$DIR/listener.log', { failure: '%DOWNSTREAM_TRANSPORT_FAILURE_REASON%', listener: name })],
    filter_chains: [
      {
        filters: [connectionManager(name)],
        ...(context === undefined
          ? {}
          : {
              transport_socket: {
                name: 'tls',
                typed_config: { '@type': `${type}.transport_sockets.tls.v3.DownstreamTlsContext`, ...context },
              },
            }),
      },
    ],
  }
}

const several = { tls_certificates: [pair('server'), pair('rsa'), pair('second')] }
const one = { tls_certificates: [pair('server')] }
const makeListeners = (): readonly JsonObject[] => [
  listener('plain', undefined),
  listener('several', { common_tls_context: { ...several, alpn_protocols: ['h2', 'http/1.1'] } }),
  listener('scan', { common_tls_context: several, full_scan_certs_on_sni_mismatch: true }),
  listener('mutual', {
    require_client_certificate: true,
    common_tls_context: { ...one, validation_context: trusted },
  }),
  listener('optional', {
    require_client_certificate: false,
    common_tls_context: { ...one, validation_context: trusted },
  }),
  listener('required', { require_client_certificate: true, common_tls_context: one }),
  listener('named', {
    require_client_certificate: false,
    common_tls_context: {
      ...one,
      validation_context: { ...trusted, match_typed_subject_alt_names: san('URI', { prefix: 'spiffe://test/' }) },
    },
  }),
  listener('intermediate', {
    require_client_certificate: true,
    common_tls_context: { ...one, validation_context: { trusted_ca: file('intermediate.pem') } },
  }),
  listener('expired', { common_tls_context: { tls_certificates: [pair('expired')] } }),
  listener('tls12', {
    common_tls_context: {
      ...one,
      tls_params: { tls_maximum_protocol_version: 'TLSv1_2', cipher_suites: ['ECDHE-ECDSA-AES256-GCM-SHA384'] },
    },
  }),
  listener('tls13', { common_tls_context: { ...one, tls_params: { tls_minimum_protocol_version: 'TLSv1_3' } } }),
]

interface UpstreamCase {
  readonly name: string
  readonly to: UpstreamName
  readonly context: JsonObject
  /** `upstream_http_protocol_options` */
  readonly http?: JsonObject
}

const verified = (more: JsonObject = {}): JsonObject => ({ validation_context: { ...trusted, ...more } })
const clusters: readonly UpstreamCase[] = [
  {
    name: 'good',
    to: 'mutual',
    context: { common_tls_context: { tls_certificates: [pair('client')], ...verified() } },
  },
  { name: 'no-verify', to: 'server', context: { sni: 'second.test', common_tls_context: {} } },
  { name: 'no-sni', to: 'server', context: { common_tls_context: {} } },
  { name: 'alpn', to: 'server', context: { common_tls_context: { alpn_protocols: ['bar', 'foo'] } } },
  {
    name: 'other-ca',
    to: 'server',
    context: { common_tls_context: { validation_context: { trusted_ca: file('other-ca.pem') } } },
  },
  { name: 'expired', to: 'expired', context: { common_tls_context: verified() } },
  ...(
    [
      ['dns-good', 'DNS', { exact: 'EXAMPLE.test' }],
      ['dns-bad', 'DNS', { exact: 'other.test' }],
      ['dns-suffix', 'DNS', { suffix: '.test' }],
      ['ip-good', 'IP_ADDRESS', { exact: '127.0.0.1' }],
      ['uri-bad', 'URI', { prefix: 'spiffe://' }],
    ] as const
  ).map(([name, kind, matcher]) => ({
    name,
    to: 'server' as const,
    context: { common_tls_context: verified({ match_typed_subject_alt_names: san(kind, matcher) }) },
  })),
  {
    name: 'wild-good',
    to: 'server',
    context: {
      sni: 'a.wild.test',
      common_tls_context: verified({ match_typed_subject_alt_names: san('DNS', { exact: 'b.wild.test' }) }),
    },
  },
  {
    name: 'wild-deep',
    to: 'server',
    context: {
      sni: 'a.wild.test',
      common_tls_context: verified({ match_typed_subject_alt_names: san('DNS', { exact: 'a.b.wild.test' }) }),
    },
  },
  {
    name: 'hash-bad',
    to: 'server',
    context: { common_tls_context: { validation_context: { verify_certificate_hash: ['00'.repeat(32)] } } },
  },
  {
    name: 'hash-good',
    to: 'tls13',
    context: {
      common_tls_context: {
        tls_params: { tls_maximum_protocol_version: 'TLSv1_3' },
        validation_context: { verify_certificate_hash: ['00'.repeat(32), '$HASH'] },
      },
    },
  },
  {
    name: 'spki-good',
    to: 'tls12',
    context: {
      common_tls_context: {
        validation_context: { verify_certificate_hash: ['00'.repeat(32)], verify_certificate_spki: ['$SPKI'] },
      },
    },
  },
  ...(
    [
      ['auto-sni', { auto_sni: true }],
      ['auto-sni-header', { auto_sni: true, override_auto_sni_header: 'x-sni' }],
      ['auto-san', { auto_san_validation: true }],
      ['auto-both', { auto_sni: true, auto_san_validation: true }],
    ] as const
  ).map(([name, http_]) => ({
    name,
    to: 'server' as const,
    context: { sni: 'fallback.wild.test', common_tls_context: verified() },
    http: http_,
  })),
  {
    name: 'sni-san',
    to: 'server',
    context: { sni: 'a.wild.test', auto_sni_san_validation: true, common_tls_context: verified() },
  },
  {
    name: 'sni-san-bad',
    to: 'server',
    context: { sni: 'a.test', auto_sni_san_validation: true, common_tls_context: verified() },
  },
  { name: 'to-plain', to: 'plain', context: { common_tls_context: {} } },
  { name: 'no-certificate', to: 'mutual', context: { common_tls_context: {} } },
  { name: 'no-version', to: 'tls13', context: { common_tls_context: {} } },
]

export interface TlsCase {
  readonly name: string
  readonly listener: string
  readonly path?: string
  readonly host?: string
  /** Another header line of the request. */
  readonly header?: string | undefined
  /** '' sends none. */
  readonly sni?: string
  readonly certificate?: string | undefined
  readonly options?: tls.ConnectionOptions
}

const tls12: tls.ConnectionOptions = { maxVersion: 'TLSv1.2' }
const rsaOnly: tls.ConnectionOptions = { sigalgs: 'rsa_pss_rsae_sha256:rsa_pkcs1_sha256' }
/** A client that wants to see what a server does without believing anything. */
export const cases: readonly TlsCase[] = [
  ...['example.test', 'EXAMPLE.test', 'rsa.test', 'second.test', 'a.wild.test', 'a.b.wild.test', 'other.test', ''].map(
    sni => ({
      name: `SNI "${sni}"`,
      listener: 'several',
      sni,
    }),
  ),
  { name: 'no SNI, a client of RSA', listener: 'several', sni: '', options: rsaOnly },
  { name: 'SNI of none, a client of RSA', listener: 'several', sni: 'other.test', options: rsaOnly },
  { name: 'SNI of RSA, a client of RSA', listener: 'several', sni: 'rsa.test', options: rsaOnly },
  { name: 'SNI of none, scanned, a client of RSA', listener: 'scan', sni: 'other.test', options: rsaOnly },
  { name: 'SNI of none, scanned', listener: 'scan', sni: 'other.test' },
  { name: 'ALPN of the second protocol', listener: 'several', options: { ALPNProtocols: ['http/1.1'] } },
  { name: 'ALPN of neither protocol', listener: 'several', options: { ALPNProtocols: ['foo', 'bar'] } },
  { name: 'ALPN where none is configured', listener: 'scan', options: { ALPNProtocols: ['http/1.1'] } },
  { name: 'TLS 1.2', listener: 'several', options: tls12 },
  {
    name: 'TLS 1.1',
    listener: 'several',
    options: { minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' },
  },
  {
    name: 'a cipher that is not offered by default',
    listener: 'several',
    sni: 'rsa.test',
    options: { ...tls12, ciphers: 'AES128-SHA' },
  },
  {
    name: 'AES 256 with TLS 1.2',
    listener: 'several',
    sni: 'rsa.test',
    options: { ...tls12, ciphers: 'ECDHE-RSA-AES256-GCM-SHA384' },
  },
  { name: 'P-256', listener: 'several', options: { ecdhCurve: 'P-256' } },
  { name: 'P-384', listener: 'several', options: { ecdhCurve: 'P-384' } },
  { name: 'X25519MLKEM768', listener: 'several', options: { ecdhCurve: 'X25519MLKEM768' } },
  { name: 'TLS 1.2 at most', listener: 'tls12' },
  { name: 'TLS 1.2 at most, another cipher', listener: 'tls12', options: { ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256' } },
  { name: 'TLS 1.3 at least', listener: 'tls13' },
  { name: 'TLS 1.3 at least, a client of 1.2', listener: 'tls13', options: tls12 },
  ...['mutual', 'optional', 'required', 'named', 'intermediate'].flatMap(listener =>
    [undefined, 'client', 'server', 'wrong', 'expired', 'below'].map(certificate => ({
      name: `${listener}: ${certificate ?? 'no'} certificate`,
      listener,
      certificate,
    })),
  ),
  { name: 'mutual, TLS 1.2, no certificate', listener: 'mutual', options: tls12 },
  { name: 'mutual, TLS 1.2, a good certificate', listener: 'mutual', certificate: 'client', options: tls12 },
  { name: 'require_tls over TLS', listener: 'several', host: 'secure.test', path: '/x?y' },
  ...(
    [
      ['auto-sni', 'A.wild.TEST:80'],
      ['auto-sni', 'b.wild.test'],
      ['auto-sni', '127.0.0.1:80'],
      ['auto-sni', '[::1]'],
      ['auto-sni-header', 'a.wild.test'],
      ['auto-sni-header', 'a.wild.test', 'x-sni: h.wild.test:99'],
      ['auto-sni-header', 'a.wild.test', 'x-sni: 10.0.0.1'],
      ['auto-san', 'second.test'],
      // The session of the one before is offered, and resumed.
      ['auto-san', 'x.wild.test'],
      ['auto-san', 'example.test'],
      ['auto-san', '127.0.0.1'],
      ['auto-both', 'a.wild.test'],
      ['auto-both', 'other.test'],
      ['auto-both', '127.0.0.1'],
    ] as const
  ).map(([path, host, header]) => ({
    name: `${path} of ${host}${header === undefined ? '' : `, ${header}`}`,
    listener: 'several',
    path: `/${path}`,
    host,
    header,
  })),
  ...clusters.map(({ name }) => ({ name: `upstream: ${name}`, listener: 'several', path: `/${name}` })),
]

export interface Outcome {
  /** Of the handshake, as the client sees it. */
  readonly error?: string
  readonly version?: string | null
  readonly cipher?: string
  readonly alpn?: string
  readonly certificate?: string
  readonly status?: string
  readonly headers?: readonly string[]
  readonly body?: string
  /** Line of the access log, without fields that are empty. */
  readonly log?: Readonly<Record<string, unknown>>
  /** Why the connection failed, by the listener's log. */
  readonly failure?: string
}

/** @param ports of the upstream servers */
export function tlsConfiguration(
  certificates: Certificates,
  ports: Readonly<Record<UpstreamName, number>>,
): JsonObject {
  const { hash, spki } = serverPins(certificates)
  const text = JSON.stringify({
    static_resources: {
      listeners: makeListeners(),
      clusters: clusters.map(({ name, to, context, http }) => ({
        name,
        typed_extension_protocol_options: {
          'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
            '@type': `${type}.upstreams.http.v3.HttpProtocolOptions`,
            explicit_http_config: { http_protocol_options: {} },
            upstream_http_protocol_options: http ?? {},
          },
        },
        connect_timeout: '5s',
        load_assignment: {
          cluster_name: name,
          endpoints: [
            {
              lb_endpoints: [
                {
                  endpoint: { address: { socket_address: { address: '127.0.0.1', port_value: ports[to] } } },
                },
              ],
            },
          ],
        },
        transport_socket: {
          name: 'tls',
          typed_config: { '@type': `${type}.transport_sockets.tls.v3.UpstreamTlsContext`, ...context },
        },
      })),
    },
  })
  const filled = text.replaceAll('$CERTS', certificates.dir).replaceAll('$HASH', hash).replaceAll('$SPKI', spki)
  return JSON.parse(filled) as JsonObject
}

/** SHA-256 of the certificate `server` and of its public key. */
function serverPins(certificates: Certificates): { hash: string; spki: string } {
  const x509 = new X509Certificate(certificates.read('server.pem'))
  const key = x509.publicKey.export({ type: 'spki', format: 'der' })
  return { hash: x509.fingerprint256, spki: createHash('sha256').update(key).digest('base64') }
}
