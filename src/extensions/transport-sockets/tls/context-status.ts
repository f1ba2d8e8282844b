/** What `/certs` tells of TLS contexts; noted by the main thread when it checks the configuration. */
import type { X509Certificate } from 'node:crypto'
import type { FactoryContext } from '../../../core/extension.ts'
import type { CertificateStatus, TlsContextStatus } from '../../../core/transport-socket.ts'
import { Certificate } from '../../../network/certificate.ts'

const key = 'tls-contexts'

export interface PlacedCertificate {
  readonly x509: X509Certificate
  /** File name, or `<inline>`. */
  readonly path: string
}

/** @param ca the first of the CAs */
export function noteContext(
  { singletons, checking }: FactoryContext,
  ca: PlacedCertificate | undefined,
  chain: readonly PlacedCertificate[],
): void {
  if (checking !== true) return
  const status: TlsContextStatus = {
    caCertificates: ca === undefined ? [] : [certificateStatus(ca)],
    certificates: chain.map(certificateStatus),
  }
  singletons.set(key, [...contextStatus(singletons), status])
}

export function contextStatus(singletons: ReadonlyMap<string, unknown>): readonly TlsContextStatus[] {
  return (singletons.get(key) as readonly TlsContextStatus[] | undefined) ?? []
}

function certificateStatus({ x509, path }: PlacedCertificate): CertificateStatus {
  const { serialNumber, dnsSans, uriSans, ipSans, validFromMs, expirationMs } = new Certificate(x509)
  return { path, serialNumber, dnsSans, uriSans, ipSans, validFromMs, expirationMs }
}
