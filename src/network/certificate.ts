/** What is known of one X.509 certificate, read when it is asked for. Follows Envoy's `source/common/tls/utility.cc`. */
import type { X509Certificate } from 'node:crypto'
import type { CertificateInfo } from '../core/stream-info.ts'
import { derInteger, type DerValue, readDer } from './der.ts'

export interface SubjectAltName {
  readonly kind: 'DNS' | 'URI' | 'IP' | 'EMAIL' | 'OTHER'
  readonly value: string
}

export class Certificate implements CertificateInfo {
  readonly x509: X509Certificate
  #sans: readonly SubjectAltName[] | undefined = undefined

  constructor(x509: X509Certificate) {
    this.x509 = x509
  }

  get subject(): string {
    return rfc2253(this.x509.subject)
  }

  get issuer(): string {
    return rfc2253(this.x509.issuer)
  }

  get serialNumber(): string {
    return this.x509.serialNumber.toLowerCase()
  }

  get fingerprint256(): string {
    return hex(this.x509.fingerprint256)
  }

  get fingerprint1(): string {
    return hex(this.x509.fingerprint)
  }

  get validFromMs(): number {
    return Date.parse(this.x509.validFrom)
  }

  get expirationMs(): number {
    return Date.parse(this.x509.validTo)
  }

  get sans(): readonly SubjectAltName[] {
    this.#sans ??= parseSubjectAltName(this.x509.subjectAltName ?? '')
    return this.#sans
  }

  get dnsSans(): readonly string[] {
    return this.#sansOf('DNS')
  }

  get uriSans(): readonly string[] {
    return this.#sansOf('URI')
  }

  get ipSans(): readonly string[] {
    return this.#sansOf('IP')
  }

  get emailSans(): readonly string[] {
    return this.#sansOf('EMAIL')
  }

  /** Node does not show them. */
  get otherNameSans(): readonly string[] {
    try {
      return readOtherNames(this.x509.raw)
    } catch (error) {
      if (error instanceof RangeError) return []
      throw error
    }
  }

  get pem(): string {
    return this.x509.toString()
  }

  #sansOf(kind: SubjectAltName['kind']): readonly string[] {
    return this.sans.filter(each => each.kind === kind).map(each => each.value)
  }
}

const otherName = 0xa0
const extensionsTag = 0xa3
const octetString = 0x04
const subjectAltName = '551d11'

/** Values of the SAN extension's `otherName`s (RFC 5280 §4.2.1.6), byte strings, whatever their type ids are. */
function readOtherNames(der: Uint8Array): string[] {
  const [certificate] = readDer(der)
  const [toBeSigned] = certificate === undefined ? [] : readDer(certificate.content)
  const wrapped = toBeSigned && readDer(toBeSigned.content).find(each => each.tag === extensionsTag)
  const [list] = wrapped === undefined ? [] : readDer(wrapped.content)
  for (const extension of list === undefined ? [] : readDer(list.content)) {
    const [id, ...rest] = readDer(extension.content)
    const value = rest.at(-1)
    if (id === undefined || value?.tag !== octetString || hexOf(id) !== subjectAltName) continue
    const [names] = readDer(value.content)
    const others = names === undefined ? [] : readDer(names.content).filter(name => name.tag === otherName)
    return others.flatMap(name => {
      const [, explicit] = readDer(name.content)
      const [inner] = explicit === undefined ? [] : readDer(explicit.content)
      const text = inner && otherNameText(inner)
      return text === undefined ? [] : [text]
    })
  }
  return []
}

/** As Envoy writes them; undefined for a type that is no text, number or truth value. */
function otherNameText({ tag, content }: DerValue): string | undefined {
  switch (tag) {
    case 1:
      return content[0] === 0 ? 'false' : 'true'
    case 2:
    case 10:
      return String(derInteger(content))
    case octetString:
    case 12:
    case 18:
    case 19:
    case 20:
    case 22:
    case 26:
    case 27:
      return Buffer.from(content).toString('latin1')
    default:
      return undefined
  }
}

function hexOf({ content }: DerValue): string {
  return Buffer.from(content).toString('hex')
}

/** `DNS:a, URI:"b, c", IP Address:1.2.3.4`, as Node writes it; a value with special characters is a JSON string. */
export function parseSubjectAltName(text: string): SubjectAltName[] {
  const found: SubjectAltName[] = []
  for (const [, label = '', value = ''] of text.matchAll(/(?:^|, )([A-Za-z ]+):("(?:[^"\\]|\\.)*"|[^,]*)/g)) {
    const plain = value.startsWith('"') ? (JSON.parse(value) as string) : value
    const kind = kinds[label] ?? 'OTHER'
    found.push({ kind, value: kind === 'IP' ? canonicalIp(plain) : plain })
  }
  return found
}

const kinds: Readonly<Record<string, SubjectAltName['kind']>> = {
  DNS: 'DNS',
  URI: 'URI',
  'IP Address': 'IP',
  email: 'EMAIL',
}

function canonicalIp(text: string): string {
  return text.includes(':') ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text
}

/** Node writes one relative name a line, in the certificate's order, escaped as RFC 2253 wants. */
function rfc2253(lines: string | undefined): string {
  return (lines ?? '').split('\n').reverse().join(',')
}

function hex(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}
