/**
 * What a `transport_socket` of the configuration makes of a connection's bytes: settings that `network/` builds secure
 * connections from. Plain sockets (`raw_buffer`, or nothing configured) have none. Follows Envoy's
 * `source/common/tls`.
 */
import type { X509Certificate } from 'node:crypto'
import type { SecureContext } from 'node:tls'

/** What of a TLS client's first message decides on the server's answer. */
export interface ClientHello {
  /** Lower case; undefined when the client sends none. */
  readonly serverName: string | undefined
  readonly alpn: readonly string[]
  /** Whether it takes a certificate with an ECDSA key on P-256. */
  readonly ecdsa: boolean
}

export interface TlsServerSettings {
  readonly stats: TlsStats
  readonly verifier: PeerVerifier
  /** ALPN, most wanted first; a client that wants none of them gets no protocol. */
  readonly alpnProtocols: readonly string[]
  /** @param hello undefined when the first bytes are no ClientHello: any context, it will fail */
  chooseContext(hello: ClientHello | undefined): TlsServerContext
}

/** One certificate of a server with what goes along. */
export interface TlsServerContext {
  readonly secureContext: SecureContext
  readonly certificate: X509Certificate
}

export interface TlsClientSettings {
  readonly stats: TlsStats
  readonly verifier: PeerVerifier
  readonly secureContext: SecureContext
  /** Our own, undefined without. */
  readonly certificate: X509Certificate | undefined
  readonly alpnProtocols: readonly string[]
  /** '' sends none. */
  readonly serverName: string
  /** `auto_sni_san_validation`: the certificate must be for the server name that was asked for. */
  readonly validateServerName: boolean
  /** `auto_host_sni`: the host's name, where it has one, comes before `serverName`. */
  readonly serverNameOfHost: boolean
  readonly sessions: TlsSessions
}

/** Sessions that a client may resume. */
export interface TlsSessions {
  /** Undefined when there is none with a server of this name. A TLS 1.3 session is given out once. */
  take(serverName: string): TlsSession | undefined
  /** @param once it may be resumed once only */
  put(session: TlsSession, serverName: string, once: boolean): void
}

export interface TlsSession {
  /** As OpenSSL writes it. */
  readonly bytes: Buffer
  /** What the server presented, leaf first: not told again when the session is resumed. */
  readonly peerChain: readonly X509Certificate[]
}

/** Whether a peer is the one that the configuration wants. */
export interface PeerVerifier {
  /** A server asks for the client's certificate. */
  readonly requestCertificate: boolean
  /** A peer without certificate is refused. */
  readonly requireCertificate: boolean
  /** Whether the certificate counts as validated: there is a CA, or something else that it was compared with. */
  readonly validates: boolean
  /**
   * @param trustError OpenSSL's verdict on the chain, undefined when it leads to a trusted CA
   * @param chain parses what the peer presented, leaf first, not empty
   */
  verify(
    trustError: Error | undefined,
    chain: () => readonly X509Certificate[],
    names: ExpectedNames,
  ): PeerFault | undefined
}

/** Names that one connection expects in the certificate of its peer. */
export interface ExpectedNames {
  /** A name or address, besides what the verifier asks for. */
  readonly san: string | undefined
  /** A DNS name, in place of the names that the verifier asks for. */
  readonly serverName: string | undefined
}

export interface PeerFault {
  readonly kind: 'error' | 'san' | 'cert-hash'
  /** In Envoy's words. */
  readonly reason: string
}

/** `<scope>ssl.…`: told once a connection. */
export interface TlsStats {
  onHandshake(details: {
    readonly version: string
    readonly cipher: string
    /** Undefined where OpenSSL does not tell. */
    readonly group: string | undefined
    readonly reused: boolean
    readonly peerPresented: boolean
  }): void
  onFailure(kind: 'connection' | 'no-cert' | PeerFault['kind']): void
}

/** Of one TLS context, for `/certs`. */
export interface TlsContextStatus {
  readonly caCertificates: readonly CertificateStatus[]
  readonly certificates: readonly CertificateStatus[]
}

export interface CertificateStatus {
  /** File name, or `<inline>`. */
  readonly path: string
  readonly serialNumber: string
  readonly dnsSans: readonly string[]
  readonly uriSans: readonly string[]
  readonly ipSans: readonly string[]
  /** Since the epoch. */
  readonly validFromMs: number
  readonly expirationMs: number
}
