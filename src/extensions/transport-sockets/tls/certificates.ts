/** Certificates, keys and CAs from the configuration's data sources. Follows Envoy's `TlsCertificateConfigImpl`. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto'
import { configError } from '../../../config/position.ts'
import type { DataSource, TlsCertificate } from '../../../config/v3.ts'
import type { FactoryContext } from '../../../core/extension.ts'
import { readDataSource } from '../../../format/data-source.ts'
import { parseSubjectAltName } from '../../../network/certificate.ts'

export interface LoadedCertificate {
  /** The leaf. */
  readonly x509: X509Certificate
  /** Where it is from. */
  readonly path: string
  /** PEM, leaf first. */
  readonly chain: string
  readonly key: string
  readonly passphrase: string | undefined
  readonly isEcdsa: boolean
  /** What clients may ask for by SNI, lower case: DNS names, or the common name where there are none. */
  readonly serverNames: readonly string[]
}

const minRsaBits = 2048

/** Throws `ConfigError` with the place of what is missing, unreadable, or does not fit together. */
export function loadCertificate(message: TlsCertificate, context: FactoryContext): LoadedCertificate {
  const { certificateChain, privateKey, password } = message
  if (certificateChain === undefined)
    throw configError(message, 'certificateChain', 'a certificate needs its certificate_chain')
  if (privateKey === undefined) throw configError(message, 'privateKey', 'a certificate needs its private_key')
  const chain = readFileOnce(certificateChain, context)
  const x509 = parseCertificates(chain, message, 'certificateChain', certificateChain)[0] as X509Certificate
  const { asymmetricKeyType, asymmetricKeyDetails } = x509.publicKey
  if (asymmetricKeyType === 'rsa' && (asymmetricKeyDetails?.modulusLength ?? 0) < minRsaBits)
    throw configError(
      message,
      'certificateChain',
      `only RSA certificates with ${minRsaBits}-bit or larger keys are supported (${placeOf(certificateChain)})`,
    )
  const key = readFileOnce(privateKey, context)
  const passphrase = password === undefined ? undefined : readFileOnce(password, context)
  if (!x509.checkPrivateKey(parseKey(key, passphrase, message)))
    throw configError(
      message,
      'privateKey',
      `the private key (${placeOf(privateKey)}) does not belong to the certificate (${placeOf(certificateChain)})`,
    )
  return {
    x509,
    path: placeOf(certificateChain),
    chain,
    key,
    passphrase,
    isEcdsa: asymmetricKeyType === 'ec',
    serverNames: serverNamesOf(x509),
  }
}

/** One or more CAs. */
export interface LoadedAuthorities {
  readonly pem: string
  readonly path: string
  readonly certificates: readonly X509Certificate[]
}

/** @param owner message whose `field` the source is */
export function loadAuthorities(
  source: DataSource,
  owner: object,
  field: string,
  context: FactoryContext,
): LoadedAuthorities {
  const pem = readFileOnce(source, context)
  return { pem, path: placeOf(source), certificates: parseCertificates(pem, owner, field, source) }
}

/**
 * A file is read once, by the main thread's check, and kept for the workers: they all serve the same certificates, also
 * one that is started anew while somebody exchanges the files.
 */
function readFileOnce(source: DataSource, { singletons }: FactoryContext): string {
  if (source.filename === undefined) return readDataSource(source)
  const key = `tls-file:${source.filename}`
  const known = singletons.get(key)
  if (typeof known === 'string') return known
  const text = readDataSource(source)
  singletons.set(key, text)
  return text
}

function parseCertificates(pem: string, owner: object, field: string, source: DataSource): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^]*?-----END [A-Z0-9 ]+-----/g) ?? []
  if (blocks.length === 0) throw configError(owner, field, `${placeOf(source)} has no PEM certificate`)
  return blocks.map((block, index) => {
    try {
      return new X509Certificate(block)
    } catch (error) {
      throw configError(owner, field, `certificate ${index + 1} of ${placeOf(source)}: ${(error as Error).message}`)
    }
  })
}

function parseKey(key: string, passphrase: string | undefined, message: TlsCertificate): KeyObject {
  try {
    return createPrivateKey({ key, ...(passphrase === undefined ? {} : { passphrase }) })
  } catch (error) {
    const place = placeOf(message.privateKey as DataSource)
    const encrypted = /ENCRYPTED/.test(key)
    const cause = !encrypted
      ? (error as Error).message
      : passphrase === undefined
        ? 'it is encrypted: set its password'
        : `the password does not fit (${(error as Error).message})`
    throw configError(message, 'privateKey', `cannot read the private key (${place}): ${cause}`)
  }
}

function placeOf({ filename, environmentVariable }: DataSource): string {
  return filename ?? (environmentVariable === undefined ? '<inline>' : `$${environmentVariable}`)
}

function serverNamesOf(x509: X509Certificate): readonly string[] {
  const names = parseSubjectAltName(x509.subjectAltName ?? '').filter(({ kind }) => kind === 'DNS')
  if (names.length > 0) return names.map(({ value }) => value.toLowerCase())
  const commonName = /^CN=(.*)$/m.exec(x509.subject)?.[1]
  return commonName === undefined ? [] : [commonName.toLowerCase()]
}
