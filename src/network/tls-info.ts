/** The facts of one TLS connection, filled in when its handshake is done. Certificates are parsed when asked for. */
import { X509Certificate } from 'node:crypto'
import type { CertificateInfo, TlsInfo } from '../core/stream-info.ts'
import { Certificate } from './certificate.ts'
import type { PeerCertificate } from './stream-handle.ts'
import { readTlsSession, type TlsSessionFacts } from './tls-session.ts'

const maxChain = 100

export class TlsConnectionInfo implements TlsInfo {
  version = ''
  cipher = ''
  alpn: string | undefined = undefined
  sni: string | undefined = undefined
  /** In `performance.now()`; undefined before. */
  handshakeBeginMs: number | undefined = undefined
  handshakeEndMs: number | undefined = undefined
  peerPresented = false
  /** False for servers of TLS 1.3: OpenSSL makes an id for the tickets, which is none of the connection. */
  hasSessionId = true
  peerValidated = false
  #readPeer: (() => PeerCertificate | undefined) | undefined = undefined
  #readSession: (() => Uint8Array | undefined) | undefined = undefined
  #session: TlsSessionFacts | undefined = undefined
  #peerChain: readonly Certificate[] | undefined = undefined
  #localCertificate: X509Certificate | undefined = undefined
  #local: Certificate | undefined = undefined

  setPeer(readPeer: () => PeerCertificate | undefined): void {
    this.#readPeer = readPeer
  }

  /** @param read to be called while the connection lives */
  setSession(read: () => Uint8Array | undefined): void {
    this.#readSession = read
  }

  setPeerChain(chain: readonly X509Certificate[]): void {
    this.#peerChain = chain.map(each => new Certificate(each))
  }

  setLocal(certificate: X509Certificate | undefined): void {
    this.#localCertificate = certificate
  }

  get sessionId(): string | undefined {
    return this.hasSessionId ? this.session.id : undefined
  }

  get group(): string | undefined {
    return this.session.group
  }

  /** A client of TLS 1.3 gets its id with a ticket, after the handshake. */
  get session(): TlsSessionFacts {
    if (this.#session?.id === undefined) {
      const session = readTlsSession(this.#readSession?.())
      if (this.#session === undefined || session.id !== undefined) this.#session = session
    }
    return this.#session
  }

  get peerChain(): readonly Certificate[] {
    this.#peerChain ??= this.#parseChain()
    return this.#peerChain
  }

  get local(): CertificateInfo | undefined {
    if (this.#local === undefined && this.#localCertificate !== undefined)
      this.#local = new Certificate(this.#localCertificate)
    return this.#local
  }

  #parseChain(): readonly Certificate[] {
    const chain: Certificate[] = []
    let each = this.peerPresented ? this.#readPeer?.() : undefined
    while (each?.raw !== undefined && chain.length < maxChain) {
      chain.push(new Certificate(new X509Certificate(each.raw)))
      const issuer: PeerCertificate | undefined = each.issuerCertificate
      each = issuer === each ? undefined : issuer
    }
    return chain
  }
}
