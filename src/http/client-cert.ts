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
  return pairs.join(';')
}

/** Node adds the root of our own that the chain leads to. No client has to send one, so few do. */
function sentChain(chain: readonly CertificateInfo[]): readonly CertificateInfo[] {
  const last = chain.at(-1)
  return chain.length > 1 && last?.subject === last?.issuer ? chain.slice(0, -1) : chain
}

/** Not called for clients without a certificate. */
export function setClientCert(headers: HeaderMap, tls: TlsInfo, details: ClientCertDetails, append: boolean): void {
  const element = clientCertElement(tls, details)
  const before = append ? headers.getAll('x-forwarded-client-cert').join(',') : ''
  headers.set('x-forwarded-client-cert', before === '' ? element : `${before},${element}`)
}
