/** Judges a peer's certificate by a `CertificateValidationContext`. Follows Envoy's `DefaultCertValidator`. */
import { createHash, type X509Certificate } from 'node:crypto'
import { configError } from '../../../config/position.ts'
import type { CertificateValidationContext, SubjectAltNameMatcher } from '../../../config/v3.ts'
import type { ExpectedNames, PeerFault, PeerVerifier } from '../../../core/transport-socket.ts'
import { makeStringMatcher } from '../../../matching/string-matcher.ts'
import { Certificate, type SubjectAltName } from '../../../network/certificate.ts'

type SanPredicate = (san: SubjectAltName) => boolean

export class CertificateVerifier implements PeerVerifier {
  readonly requestCertificate: boolean
  readonly requireCertificate: boolean
  readonly validates: boolean
  readonly #trustedCa: boolean
  readonly #sans: readonly SanPredicate[]
  /** SHA-256, lower case hexadecimal, of certificates; and of their public keys, base64. */
  readonly #hashes: ReadonlySet<string>
  readonly #spkis: ReadonlySet<string>

  /** @param required `require_client_certificate`: says something together with a CA only @throws ConfigError */
  constructor(message: CertificateValidationContext | undefined, required: boolean) {
    this.#trustedCa = message?.trustedCa !== undefined
    if (message !== undefined && message.matchTypedSubjectAltNames.length > 0 && !this.#trustedCa)
      throw configError(
        message,
        'matchTypedSubjectAltNames',
        'SAN-based verification of peer certificates without trusted CA is insecure and not allowed',
      )
    this.#sans = (message?.matchTypedSubjectAltNames ?? []).map(makeSanPredicate)
    this.#hashes = new Set((message?.verifyCertificateHash ?? []).map(each => readHash(each, message as object)))
    this.#spkis = new Set((message?.verifyCertificateSpki ?? []).map(each => readSpki(each, message as object)))
    const compares = this.#sans.length > 0 || this.#hashes.size > 0 || this.#spkis.size > 0
    this.validates = this.#trustedCa || compares
    // As Envoy: who is to be compared with something must show a certificate; `required` asks for none by itself.
    this.requestCertificate = this.validates
    this.requireCertificate = compares || (required && this.#trustedCa)
  }

  verify(
    trustError: Error | undefined,
    chain: () => readonly X509Certificate[],
    names: ExpectedNames,
  ): PeerFault | undefined {
    if (this.#trustedCa && trustError !== undefined) return { kind: 'error', reason: trustReason(trustError, chain()) }
    const { san: expectedSan, serverName } = names
    if (expectedSan !== undefined) {
      const { sans } = new Certificate(chain()[0] as X509Certificate)
      if (!sans.some(san => isFor(expectedSan, san)))
        return {
          kind: 'san',
          reason: `verify SAN list, expected SANs: [${expectedSan}], certificate SANs: [${sans.map(({ value }) => value).join(', ')}]`,
        }
    }
    const wanted = serverName === undefined ? this.#sans : [dnsPredicate(serverName)]
    if (wanted.length > 0) {
      const { sans } = new Certificate(chain()[0] as X509Certificate)
      if (!sans.some(san => wanted.some(matches => matches(san))))
        return {
          kind: 'san',
          reason: `SAN matcher, certificate SANs are [${sans.map(({ value }) => value).join(', ')}]`,
        }
    }
    if (this.#hashes.size + this.#spkis.size > 0 && !this.#isPinned(chain()[0] as X509Certificate))
      return { kind: 'cert-hash', reason: 'cert hash and spki' }
    return undefined
  }

  #isPinned(x509: X509Certificate): boolean {
    if (this.#hashes.has(x509.fingerprint256.replaceAll(':', '').toLowerCase())) return true
    if (this.#spkis.size === 0) return false
    const spki = x509.publicKey.export({ type: 'spki', format: 'der' })
    return this.#spkis.has(createHash('sha256').update(spki).digest('base64'))
  }
}

function makeSanPredicate(message: SubjectAltNameMatcher): SanPredicate {
  const { sanType, matcher } = message
  if (matcher === undefined) throw configError(message, 'matcher', 'is missing')
  const kind = sanType === 'IP_ADDRESS' ? 'IP' : sanType
  if (kind === 'DNS' && matcher.exact !== undefined) return dnsPredicate(matcher.exact)
  const matches = makeStringMatcher(matcher)
  return san => san.kind === kind && matches(san.value)
}

function dnsPredicate(name: string): SanPredicate {
  return ({ kind, value }) => kind === 'DNS' && isDnsMatch(name, value)
}

function isFor(name: string, { kind, value }: SubjectAltName): boolean {
  if (kind === 'DNS') return isDnsMatch(name, value)
  return (kind === 'IP' || kind === 'URI') && value === name
}

/** A certificate's `*.example.com` stands for one label. */
export function isDnsMatch(name: string, pattern: string): boolean {
  const [wanted, given] = [name.toLowerCase(), pattern.toLowerCase()]
  if (wanted === given) return true
  const dot = wanted.indexOf('.')
  return given.startsWith('*.') && dot > 0 && wanted.slice(dot) === given.slice(1)
}

function readHash(text: string, owner: object): string {
  const hash = text.replaceAll(':', '').toLowerCase()
  if (!/^[0-9a-f]{64}$/.test(hash))
    throw configError(owner, 'verifyCertificateHash', `Invalid hex-encoded SHA-256 ${text}`)
  return hash
}

function readSpki(text: string, owner: object): string {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== 32 || bytes.toString('base64') !== text)
    throw configError(owner, 'verifyCertificateSpki', `Invalid base64-encoded SHA-256 ${text}`)
  return text
}

/** OpenSSL tells the last fault that it found on a chain, and not of which certificate: told where it is certain. */
function trustReason(error: Error & { readonly code?: string }, chain: readonly X509Certificate[]): string {
  const code = error.code ?? ''
  let depth = -1
  if (noIssuer.has(code)) depth = chain.length - 1
  else if (outOfDate.has(code)) depth = chain.findLastIndex(isOutOfDate)
  const message = noIssuer.has(code) ? 'unable to get local issuer certificate' : error.message
  return `X509_verify_cert: certificate verification error${depth < 0 ? '' : ` at depth ${depth}`}: ${message}`
}

const noIssuer: ReadonlySet<string> = new Set(['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'])
const outOfDate: ReadonlySet<string> = new Set(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])

function isOutOfDate({ validFrom, validTo }: X509Certificate): boolean {
  const now = Date.now()
  return Date.parse(validTo) < now || Date.parse(validFrom) > now
}
