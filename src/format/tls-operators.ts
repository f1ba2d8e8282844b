/** The commands about TLS connections and certificates. Follows Envoy's `stream_info_formatter.cc`. */
import type { CertificateInfo, StreamInfo, TlsInfo } from '../core/stream-info.ts'

type Get<Value = string> = (info: StreamInfo) => Value | undefined

const downstream: Get<TlsInfo> = info => info.downstream.tls
const upstream: Get<TlsInfo> = info => info.upstreamTls
const downstreamPeer: Get<CertificateInfo> = info => downstream(info)?.peerChain[0]
const upstreamPeer: Get<CertificateInfo> = info => upstream(info)?.peerChain[0]

const ofCertificate: Readonly<Record<string, (certificate: CertificateInfo) => string | undefined>> = {
  SUBJECT: certificate => certificate.subject || undefined,
  ISSUER: certificate => certificate.issuer || undefined,
  SERIAL: certificate => certificate.serialNumber,
  FINGERPRINT_256: certificate => certificate.fingerprint256,
  FINGERPRINT_1: certificate => certificate.fingerprint1,
  URI_SAN: certificate => list(certificate.uriSans),
  DNS_SAN: certificate => list(certificate.dnsSans),
  IP_SAN: certificate => list(certificate.ipSans),
  EMAIL_SAN: certificate => list(certificate.emailSans),
  OTHERNAME_SAN: certificate => list(certificate.otherNameSans ?? []),
  CERT: certificate => urlEncodePem(certificate.pem),
}

const certificates: readonly [prefix: string, Get<CertificateInfo>, fields: string][] = [
  [
    'DOWNSTREAM_PEER',
    downstreamPeer,
    'SUBJECT ISSUER SERIAL FINGERPRINT_256 FINGERPRINT_1 URI_SAN DNS_SAN IP_SAN EMAIL_SAN OTHERNAME_SAN CERT',
  ],
  ['DOWNSTREAM_LOCAL', info => downstream(info)?.local, 'SUBJECT URI_SAN DNS_SAN IP_SAN EMAIL_SAN OTHERNAME_SAN'],
  ['UPSTREAM_PEER', upstreamPeer, 'SUBJECT ISSUER URI_SAN DNS_SAN IP_SAN CERT'],
  ['UPSTREAM_LOCAL', info => upstream(info)?.local, 'URI_SAN DNS_SAN IP_SAN'],
]

/** Those without arguments. */
export const tlsOperators = new Map<string, Get>([
  ['DOWNSTREAM_TLS_VERSION', info => downstream(info)?.version || undefined],
  ['DOWNSTREAM_TLS_CIPHER', info => downstream(info)?.cipher || undefined],
  ['DOWNSTREAM_TLS_SESSION_ID', info => downstream(info)?.sessionId],
  ['DOWNSTREAM_TLS_GROUP', info => downstream(info)?.group],
  ['UPSTREAM_TLS_SESSION_ID', info => upstream(info)?.sessionId],
  ['UPSTREAM_TLS_GROUP', info => upstream(info)?.group],
  ['UPSTREAM_TLS_VERSION', info => upstream(info)?.version || undefined],
  ['UPSTREAM_TLS_CIPHER', info => upstream(info)?.cipher || undefined],
  ['UPSTREAM_SERVER_NAME', info => upstream(info)?.sni || undefined],
  [
    'DOWNSTREAM_TRANSPORT_FAILURE_REASON',
    info => info.downstream.transportFailureReason?.replace(/\s/g, '_') || undefined,
  ],
  ['DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_256', ofChain(each => each.fingerprint256)],
  ['DOWNSTREAM_PEER_CHAIN_FINGERPRINTS_1', ofChain(each => each.fingerprint1)],
  ['DOWNSTREAM_PEER_CHAIN_SERIALS', ofChain(each => each.serialNumber)],
  ['DOWNSTREAM_PEER_ISSUER_FINGERPRINT_256', info => downstream(info)?.peerChain[1]?.fingerprint256],
  ['DOWNSTREAM_PEER_ISSUER_SERIAL', info => downstream(info)?.peerChain[1]?.serialNumber],
])
for (const [prefix, certificateOf, fields] of certificates)
  for (const field of fields.split(' '))
    tlsOperators.set(`${prefix}_${field}`, info => {
      const certificate = certificateOf(info)
      return certificate === undefined ? undefined : ofCertificate[field]?.(certificate)
    })

/** Those that take a time format; milliseconds since the epoch. */
export const certificateTimes: readonly [name: string, Get<number>][] = [
  ['DOWNSTREAM_PEER_CERT_V_START', info => downstreamPeer(info)?.validFromMs],
  ['DOWNSTREAM_PEER_CERT_V_END', info => downstreamPeer(info)?.expirationMs],
  ['UPSTREAM_PEER_CERT_V_START', info => upstreamPeer(info)?.validFromMs],
  ['UPSTREAM_PEER_CERT_V_END', info => upstreamPeer(info)?.expirationMs],
]

function ofChain(get: (certificate: CertificateInfo) => string): Get {
  return info => list((downstream(info)?.peerChain ?? []).map(get))
}

function list(values: readonly string[]): string | undefined {
  return values.join(',') || undefined
}

const encoded: Readonly<Record<string, string>> = { '\n': '%0A', ' ': '%20', '+': '%2B', '/': '%2F', '=': '%3D' }

export function urlEncodePem(pem: string): string {
  return pem.replace(/[\n +/=]/g, character => encoded[character] as string)
}
