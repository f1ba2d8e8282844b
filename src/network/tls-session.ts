/**
 * What OpenSSL tells of a TLS session only in its serialised form (`SSL_SESSION_ASN1` of OpenSSL's ssl_asn1.c): the
 * session id, and the group of the key agreement, which Node shows to clients alone.
 */
import { derInteger, readDer } from './der.ts'

export interface TlsSessionFacts {
  /** Hexadecimal; undefined when the session has none, as TLS 1.3 before its first ticket. */
  readonly id: string | undefined
  /** As Envoy writes it: `X25519`, `P-256`; undefined without a key agreement. */
  readonly group: string | undefined
}

const nothing: TlsSessionFacts = { id: undefined, group: undefined }
const sequence = 0x30
const octetString = 0x04
/** `[19] kex_group` */
const groupTag = 0xb3

/** IANA's numbers of supported groups, by the names of BoringSSL. */
const groupNames: ReadonlyMap<bigint, string> = new Map([
  [0x17n, 'P-256'],
  [0x18n, 'P-384'],
  [0x19n, 'P-521'],
  [0x1dn, 'X25519'],
  [0x1en, 'X448'],
  [0x100n, 'ffdhe2048'],
  [0x101n, 'ffdhe3072'],
  [0x11ebn, 'P256MLKEM768'],
  [0x11ecn, 'X25519MLKEM768'],
  [0x11edn, 'P384MLKEM1024'],
])

/** Never throws: what cannot be read is not known. @param session of `TLSWrap.getSession` */
export function readTlsSession(session: Uint8Array | undefined): TlsSessionFacts {
  if (session === undefined) return nothing
  try {
    const [whole] = readDer(session)
    if (whole?.tag !== sequence) return nothing
    const fields = readDer(whole.content)
    // version, protocol version and cipher stand before the id.
    const id = fields[3]
    const group = fields.find(field => field.tag === groupTag)
    const [number] = group === undefined ? [] : readDer(group.content)
    return {
      id: id?.tag === octetString && id.content.length > 0 ? Buffer.from(id.content).toString('hex') : undefined,
      group: number === undefined ? undefined : groupNames.get(derInteger(number.content)),
    }
  } catch (error) {
    if (error instanceof RangeError) return nothing
    throw error
  }
}
