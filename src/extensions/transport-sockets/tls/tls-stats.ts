/** The stats of TLS contexts, by Envoy's names (`source/common/tls/stats.h`, `context_impl.cc`). */
import { createHash } from 'node:crypto'
import type { X509Certificate } from 'node:crypto'
import type { TlsStats } from '../../../core/transport-socket.ts'
import type { Counter, Scope } from '../../../stats/scope.ts'

const failures: Readonly<Record<Parameters<TlsStats['onFailure']>[0], string>> = {
  connection: 'connection_error',
  'no-cert': 'fail_verify_no_cert',
  error: 'fail_verify_error',
  san: 'fail_verify_san',
  'cert-hash': 'fail_verify_cert_hash',
}

/** The name that Envoy gives a certificate of no secret. */
const unnamed = createHash('sha256').update('').digest('hex').slice(0, 8)

export class TlsScopeStats implements TlsStats {
  readonly #scope: Scope
  readonly #handshake: Counter
  readonly #sessionReused: Counter
  readonly #noCertificate: Counter
  readonly #failures: ReadonlyMap<string, Counter>
  /** `versions.TLSv1.3`, `ciphers.…`, `curves.…`: made when they are first seen, as in Envoy. */
  readonly #seen = new Map<string, Counter>()

  /** @param factory `server_ssl_socket_factory` or `client_ssl_socket_factory` */
  constructor(parent: Scope, factory: string) {
    const scope = parent.scope('ssl')
    this.#scope = scope
    this.#handshake = scope.counter('handshake')
    this.#sessionReused = scope.counter('session_reused')
    this.#noCertificate = scope.counter('no_certificate')
    this.#failures = new Map(Object.entries(failures).map(([kind, name]) => [kind, scope.counter(name)]))
    for (const name of ['failed', 'omitted', 'requests', 'responses']) scope.counter(`ocsp_staple_${name}`)
    const factoryScope = parent.scope(factory)
    for (const name of [
      'downstream_context_secrets_not_ready',
      'ssl_context_update_by_sds',
      'upstream_context_secrets_not_ready',
    ])
      factoryScope.counter(name)
  }

  onHandshake({ version, cipher, group, reused, peerPresented }: Parameters<TlsStats['onHandshake']>[0]): void {
    this.#handshake.inc()
    if (reused) this.#sessionReused.inc()
    if (!peerPresented) this.#noCertificate.inc()
    this.#count(`versions.${version}`)
    this.#count(`ciphers.${cipher}`)
    if (group !== undefined) this.#count(`curves.${group}`)
  }

  onFailure(kind: Parameters<TlsStats['onFailure']>[0]): void {
    this.#failures.get(kind)?.inc()
  }

  /** When a certificate ends; of several without a name, the last one's. */
  setExpiration(kind: 'cert' | 'ca_cert', certificate: X509Certificate): void {
    this.#scope
      .gauge(`certificate.unnamed_${kind}_${unnamed}.expiration_unix_time_seconds`, 'never-import')
      .set(Date.parse(certificate.validTo) / 1000)
  }

  #count(name: string): void {
    let counter = this.#seen.get(name)
    if (counter === undefined) {
      counter = this.#scope.counter(name)
      this.#seen.set(name, counter)
    }
    counter.inc()
  }
}
