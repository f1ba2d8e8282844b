/** What an HTTP/1 codec may be told, with Envoy's defaults. Follows `envoy.config.core.v3.Http1ProtocolOptions`. */
import { toBytes } from '../../base/latin1.ts'
import type { Http1ProtocolOptions } from '../../config/v3.ts'
import type { HeaderKeyFormatterFactory } from '../../core/connection-manager-extensions.ts'
import type { FactoryContext } from '../../core/extension.ts'

export interface Http1Settings {
  /** `http://…` request targets are taken apart into :scheme, :authority and :path; otherwise they stay in :path. */
  readonly allowAbsoluteUrl: boolean
  readonly acceptHttp10: boolean
  /** The authority of an HTTP/1.0 request without `host`; '' = none. */
  readonly defaultHostForHttp10: string
  /** Trailers are passed on instead of dropped. */
  readonly enableTrailers: boolean
  /** `content-length` beside `transfer-encoding: chunked` is removed instead of refused. */
  readonly allowChunkedLength: boolean
  /** A message that is well framed but wrong costs the stream only, not the connection. */
  readonly streamErrorOnInvalidHttpMessage: boolean
  /** Any token is taken for a method; otherwise only those that Envoy knows. */
  readonly allowCustomMethods: boolean
  /** Requests to upstream carry `scheme://host/path` as their target. */
  readonly sendFullyQualifiedUrl: boolean
  /** `x-some-name` is written `X-Some-Name`. */
  readonly properCaseHeaders: boolean
  /** `stateful_formatter`, for the messages that are read: it goes with them. */
  readonly headerFormatter: HeaderKeyFormatterFactory | undefined
  /** Limit of the head (start line and fields) and of the trailers, KiB. */
  readonly maxHeadersKb: number
  /** Limit of the number of fields in the head, and in the trailers. */
  readonly maxHeadersCount: number
  /** An `https` target needs TLS: nobody before us may have ended it. */
  readonly validateScheme: boolean
  /**
   * What `ignore_http_11_upgrade` leaves of an `upgrade` value; undefined: the message is treated as if it had none, and 101
   * is an answer to nothing.
   */
  readonly effectiveUpgrade: (upgrade: string) => string | undefined
}

/** `h2c` is never offered: Envoy ignores it too. */
export const defaultHttp1Settings: Http1Settings = {
  allowAbsoluteUrl: true,
  acceptHttp10: false,
  defaultHostForHttp10: '',
  enableTrailers: false,
  allowChunkedLength: false,
  streamErrorOnInvalidHttpMessage: false,
  allowCustomMethods: false,
  sendFullyQualifiedUrl: false,
  properCaseHeaders: false,
  headerFormatter: undefined,
  maxHeadersKb: 60,
  maxHeadersCount: 100,
  validateScheme: false,
  effectiveUpgrade: withoutH2c,
}

/** Envoy allows responses a bigger head than requests. */
export const defaultUpstreamHttp1Settings: Http1Settings = { ...defaultHttp1Settings, maxHeadersKb: 80 }

/**
 * The settings of a message, over the defaults of its side.
 * @param ignoreUpgrade made from `ignore_http_11_upgrade`; absent when that is empty
 * @throws ConfigError for an unknown header key format
 */
export function http1Settings(
  options: Http1ProtocolOptions | undefined,
  defaults: Http1Settings,
  context: FactoryContext,
  ignoreUpgrade?: (upgrade: string) => boolean,
): Http1Settings {
  if (options === undefined) return defaults
  const format = options.headerKeyFormat
  return {
    ...defaults,
    allowAbsoluteUrl: options.allowAbsoluteUrl ?? defaults.allowAbsoluteUrl,
    acceptHttp10: options.acceptHttp10,
    defaultHostForHttp10: toBytes(options.defaultHostForHttp10),
    enableTrailers: options.enableTrailers,
    allowChunkedLength: options.allowChunkedLength,
    streamErrorOnInvalidHttpMessage:
      options.overrideStreamErrorOnInvalidHttpMessage ?? defaults.streamErrorOnInvalidHttpMessage,
    allowCustomMethods: options.allowCustomMethods,
    sendFullyQualifiedUrl: options.sendFullyQualifiedUrl,
    properCaseHeaders: format?.properCaseWords !== undefined,
    headerFormatter:
      format?.statefulFormatter && context.extensions.headerKeyFormatter(format.statefulFormatter, context),
    effectiveUpgrade:
      ignoreUpgrade === undefined
        ? defaults.effectiveUpgrade
        : upgrade => {
            const tokens = upgrade.split(',').map(token => token.trim())
            const left = tokens.filter(token => token !== '' && !ignoreUpgrade(token))
            return left.length === 0 ? undefined : withoutH2c(left.length === tokens.length ? upgrade : left.join(','))
          },
  }
}

/** Nobody upgrades to HTTP/2 any more (RFC 9113 §3.1). */
function withoutH2c(upgrade: string): string | undefined {
  return upgrade.toLowerCase() === 'h2c' ? undefined : upgrade
}
