/** Sessions that servers gave us, resumed by later connections. Follows `ClientContextImpl::newSessionKey` of Envoy. */
import type { TlsSession, TlsSessions } from '../../../core/transport-socket.ts'

export class ClientSessions implements TlsSessions {
  /** Newest first. */
  readonly #sessions: { readonly session: TlsSession; readonly serverName: string; readonly once: boolean }[] = []
  readonly #max: number

  /** @param max `max_session_keys`; 0: none are kept */
  constructor(max: number) {
    this.#max = max
  }

  take(serverName: string): TlsSession | undefined {
    const index = this.#sessions.findIndex(each => each.serverName === serverName)
    const found = this.#sessions[index]
    if (found?.once === true) this.#sessions.splice(index, 1)
    return found?.session
  }

  put(session: TlsSession, serverName: string, once: boolean): void {
    if (this.#max === 0) return
    this.#sessions.unshift({ session, serverName, once })
    if (this.#sessions.length > this.#max) this.#sessions.pop()
  }
}
