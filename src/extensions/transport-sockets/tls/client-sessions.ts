/** Sessions that servers gave us, resumed by later connections. Follows `ClientContextImpl::newSessionKey` of Envoy. */
import type { TlsSessions } from '../../../core/transport-socket.ts'

export class ClientSessions implements TlsSessions {
  /** Newest first. */
  readonly #sessions: { readonly session: Buffer; readonly once: boolean }[] = []
  readonly #max: number

  /** @param max `max_session_keys`; 0: none are kept */
  constructor(max: number) {
    this.#max = max
  }

  take(): Buffer | undefined {
    const [first] = this.#sessions
    if (first === undefined) return undefined
    if (first.once) this.#sessions.shift()
    return first.session
  }

  put(session: Buffer, version: string): void {
    if (this.#max === 0) return
    this.#sessions.unshift({ session, once: version === 'TLSv1.3' })
    if (this.#sessions.length > this.#max) this.#sessions.pop()
  }
}
