/** Where sluice differs from Envoy with TLS, with the reason; docs/differences.md tells of them too. */
import type { Outcome } from './cases.ts'

export const statDifferences: readonly RegExp[] = [
  // OpenSSL, as Node offers it, does not tell the signature algorithm.
  /\.ssl\.sigalgs\./,
]

/** What sluice should do, given what Envoy did. */
export function differences(name: string, envoy: Outcome): Outcome {
  // Node judges certificates when the handshake is over: the connection is closed then, without an alert.
  if (envoy.failure?.includes('CERTIFICATE_VERIFY_FAILED') !== true) return envoy
  // Of several faults Node tells the last: here the certificate is out of date, and not of a trusted CA either.
  const failure =
    name === 'intermediate: expired certificate'
      ? envoy.failure.replace('unable_to_get_local_issuer_certificate', 'certificate_has_expired')
      : envoy.failure
  return { ...envoy, failure, error: 'closed without an answer' }
}
