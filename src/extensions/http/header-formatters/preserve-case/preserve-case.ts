/** `envoy.http.stateful_header_formatters.preserve_case`: names leave HTTP/1 in the case in which they came. */
import { PreserveCaseFormatterConfig } from '../../../../config/v3.ts'
import type { HeaderKeyFormatter } from '../../../../core/connection-manager-extensions.ts'
import type { HeaderFormatterExtension } from '../../../../core/extension.ts'
import { properCased } from '../../../../codec/http1/writer.ts'

export const preserveCase: HeaderFormatterExtension<PreserveCaseFormatterConfig> = {
  kind: 'header-formatter',
  name: 'envoy.http.stateful_header_formatters.preserve_case',
  message: PreserveCaseFormatterConfig,
  create(message) {
    const properCase = message.formatterTypeOnEnvoyHeaders === 'PROPER_CASE'
    return () => new PreserveCase(message.forwardReasonPhrase, properCase)
  },
}

class PreserveCase implements HeaderKeyFormatter {
  readonly #keepsReason: boolean
  readonly #properCase: boolean
  /** Names with capitals by their lower-case form; of several forms of a name the first. */
  readonly #keys = new Map<string, string>()
  #reason = ''

  constructor(keepsReason: boolean, properCase: boolean) {
    this.#keepsReason = keepsReason
    this.#properCase = properCase
  }

  onKey(key: string): void {
    const name = key.toLowerCase()
    if (!this.#keys.has(name)) this.#keys.set(name, key)
  }

  onReasonPhrase(phrase: string): void {
    if (this.#keepsReason) this.#reason = phrase
  }

  get reasonPhrase(): string {
    return this.#reason
  }

  format(name: string): string {
    return this.#keys.get(name) ?? (this.#properCase ? properCased(name) : name)
  }
}
