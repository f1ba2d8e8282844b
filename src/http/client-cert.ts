/** `x-forwarded-client-cert`: what is told of the client's certificate. Follows Envoy's `mutateXfccRequestHeader`. */
import type { HeaderMap } from '../core/header-map.ts'
import type { CertificateInfo, TlsInfo } from '../core/stream-info.ts'
import { urlEncodePem } from '../format/tls-operators.ts'
import type { ClientCertDetails } from './settings.ts'

/** One element of the header, of a client with a certificate. */
export function clientCertElement(tls: TlsInfo, details: ClientCertDetails): string {
  const peer = tls.peerChain[0] as CertificateInfo
  const pairs = (tls.local?.uriSans ?? []).map(uri => `By=${uri}`)
  pairs.push(`Hash=${peer.fingerprint256}`)
  if (details.cert) pairs.push(`Cert="${urlEncodePem(peer.pem)}"`)
  if (details.chain)
    pairs.push(
      `Chain="${sentChain(tls.peerChain)
        .map(each => urlEncodePem(each.pem))
        .join('')}"`,
    )
  // These two are there even when they are empty.
  if (details.subject) pairs.push(`Subject="${peer.subject}"`)
  if (details.uri) pairs.push(...(peer.uriSans.length === 0 ? ['URI='] : peer.uriSans.map(uri => `URI=${uri}`)))
  if (details.dns) pairs.push(...peer.dnsSans.map(name => `DNS=${name}`))
  if (details.issuer) pairs.push(`Issuer="${peer.issuer}"`)
  return pairs.join(';')
}

/** The same as a JSON object; lists that are empty are left out. */
function clientCertObject(tls: TlsInfo, details: ClientCertDetails): string {
  const peer = tls.peerChain[0] as CertificateInfo
  const listed = (list: readonly string[] | undefined, wanted = true): readonly string[] | undefined =>
    wanted && list !== undefined && list.length > 0 ? list : undefined
  return JSON.stringify({
    by: listed(tls.local?.uriSans),
    hash: peer.fingerprint256,
    cert: details.cert ? peer.pem : undefined,
    chain: listed(
      sentChain(tls.peerChain).map(each => each.pem),
      details.chain,
    ),
    subject: details.subject ? peer.subject : undefined,
    uri: listed(peer.uriSans, details.uri),
    dns: listed(peer.dnsSans, details.dns),
    issuer: details.issuer ? peer.issuer : undefined,
  })
}

/** Node adds the root of our own that the chain leads to. No client has to send one, so few do. */
function sentChain(chain: readonly CertificateInfo[]): readonly CertificateInfo[] {
  const last = chain.at(-1)
  return chain.length > 1 && last?.subject === last?.issuer ? chain.slice(0, -1) : chain
}

/** Not called for clients without a certificate. What is there already keeps its form, text or JSON. */
export function setClientCert(headers: HeaderMap, tls: TlsInfo, details: ClientCertDetails, append: boolean): void {
  const before = append ? headers.getAll('x-forwarded-client-cert').join(',') : ''
  headers.set('x-forwarded-client-cert', appended(before, tls, details))
}

function appended(before: string, tls: TlsInfo, details: ClientCertDetails): string {
  if (before === '') return details.json ? `[${clientCertObject(tls, details)}]` : clientCertElement(tls, details)
  if (!before.startsWith('[') || !before.endsWith(']')) return `${before},${clientCertElement(tls, details)}`
  const list = before.slice(0, -1)
  return `${list}${list.trim() === '[' ? '' : ','}${clientCertObject(tls, details)}]`
}
