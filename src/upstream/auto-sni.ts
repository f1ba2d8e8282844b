/**
 * `auto_sni` and `auto_san_validation`: the request's host decides which server name a connection asks for and whose
 * certificate it takes, so requests of different hosts use different connections. Follows `Router::Filter` of Envoy.
 */
import { isIP } from 'node:net'
import { configError } from '../config/position.ts'
import type { UpstreamHttpProtocolOptions } from '../config/v3.ts'
import type { HeaderMap } from '../core/header-map.ts'

/** What connections of one pool ask for. */
export interface ServerIdentity {
  /** SNI; undefined: the transport socket's. */
  readonly serverName: string | undefined
  /** The certificate must be for this name; undefined: what the transport socket wants is enough. */
  readonly expectedSan: string | undefined
}

export class AutoSni {
  readonly #setsSni: boolean
  readonly #validatesSan: boolean
  readonly #header: string

  constructor(message: UpstreamHttpProtocolOptions) {
    this.#setsSni = message.autoSni
    this.#validatesSan = message.autoSanValidation
    this.#header = message.overrideAutoSniHeader.toLowerCase()
  }

  /** Undefined where the host says nothing: it is an IP address. */
  identity(headers: HeaderMap): ServerIdentity | undefined {
    const override = this.#header === '' ? undefined : headers.get(this.#header)
    const name = hostOf(override || headers.get(':authority') || '')
    const isName = name !== '' && isIP(name) === 0
    if (!this.#validatesSan && !isName) return undefined
    return {
      serverName: this.#setsSni && isName ? name : undefined,
      expectedSan: this.#validatesSan && name !== '' ? name : undefined,
    }
  }
}

/** @throws ConfigError when nothing would be validated */
export function makeAutoSni(
  message: UpstreamHttpProtocolOptions | undefined,
  validates: boolean | undefined,
): AutoSni | undefined {
  if (message === undefined || validates === undefined || !(message.autoSni || message.autoSanValidation))
    return undefined
  if (message.autoSanValidation && !validates)
    throw configError(
      message,
      'autoSanValidation',
      'needs a transport socket with a trusted_ca: without nothing is validated',
    )
  return new AutoSni(message)
}

/** Without the port, and an IPv6 address without its brackets. */
function hostOf(authority: string): string {
  const [, bracketed, plain = ''] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(authority) ?? [
    undefined,
    undefined,
    authority,
  ]
  return bracketed ?? plain
}
