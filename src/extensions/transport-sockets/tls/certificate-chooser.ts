/** Chooses the certificate for a client. Follows `ServerContextImpl::findTlsContext` of Envoy. */
import type { ClientHello, TlsServerContext } from '../../../core/transport-socket.ts'

export interface ServerCertificate extends TlsServerContext {
  readonly isEcdsa: boolean
  readonly serverNames: readonly string[]
}

export class CertificateChooser {
  readonly #all: readonly ServerCertificate[]
  /** By name; `.example.com` stands for `*.example.com`. */
  readonly #byName = new Map<string, ServerCertificate[]>()
  readonly #scanOnMismatch: boolean

  /** @param scanOnMismatch a name that no certificate has is treated like no name */
  constructor(all: readonly ServerCertificate[], scanOnMismatch: boolean) {
    this.#all = all
    this.#scanOnMismatch = scanOnMismatch
    for (const each of all) {
      for (const name of each.serverNames) {
        const key = name.startsWith('*.') ? name.slice(1) : name
        const known = this.#byName.get(key)
        if (known === undefined) this.#byName.set(key, [each])
        else known.push(each)
      }
    }
  }

  /** By name, then by the kind of key that the client takes. The first certificate where nothing fits. */
  choose(hello: ClientHello | undefined): TlsServerContext {
    const [first] = this.#all as [ServerCertificate]
    if (hello === undefined) return first
    const { serverName, ecdsa } = hello
    if (serverName === undefined) return bestOf(this.#all, ecdsa) ?? first
    const dot = serverName.indexOf('.', 1)
    const named = this.#byName.get(serverName) ?? (dot > 0 ? this.#byName.get(serverName.slice(dot)) : undefined)
    if (named !== undefined) return bestOf(named, ecdsa) ?? (named[0] as ServerCertificate)
    return (this.#scanOnMismatch ? bestOf(this.#all, ecdsa) : undefined) ?? first
  }
}

/** ECDSA for clients that take it, as far as there is one. */
function bestOf(certificates: readonly ServerCertificate[], ecdsa: boolean): ServerCertificate | undefined {
  const other = certificates.find(each => !each.isEcdsa)
  return ecdsa ? (certificates.find(each => each.isEcdsa) ?? other) : other
}
