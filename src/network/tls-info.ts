/** The facts of one TLS connection, filled in when its handshake is done. Certificates are parsed when asked for. */
import { X509Certificate } from 'node:crypto'
import type { CertificateInfo, TlsInfo } from '../core/stream-info.ts'
import { Certificate } from './certificate.ts'
import type { PeerCertificate } from './stream-handle.ts'

const maxChain = 100

export class TlsConnectionInfo implements TlsInfo {
  version = ''
  cipher = ''
  alpn: string | undefined = undefined
  sni: string | undefined = undefined
  peerPresented = false
  peerValidated = false
  #readPeer: (() => PeerCertificate | undefined) | undefined = undefined
  #peerChain: readonly Certificate[] | undefined = undefined
  #localCertificate: X509Certificate | undefined = undefined
  #local: Certificate | undefined = undefined

  setPeer(readPeer: () => PeerCertificate | undefined): void {
    this.#readPeer = readPeer
  }

  setPeerChain(chain: readonly X509Certificate[]): void {
    this.#peerChain = chain.map(each => new Certificate(each))
  }

  setLocal(certificate: X509Certificate | undefined): void {
    this.#localCertificate = certificate
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
