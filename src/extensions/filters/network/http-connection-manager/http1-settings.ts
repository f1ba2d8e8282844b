/** The HTTP/1 options of a connection manager as settings of the codec. */
import { defaultHttp1Settings, http1Settings, type Http1Settings } from '../../../../codec/http1/settings.ts'
import type { HttpConnectionManager } from '../../../../config/v3.ts'
import type { FactoryContext } from '../../../../core/extension.ts'
import { makeAnyOf } from '../../../../matching/any-of.ts'

/** @throws ConfigError */
export function makeHttp1Settings(message: HttpConnectionManager, context: FactoryContext): Http1Settings {
  return http1Settings(
    message.httpProtocolOptions,
    {
      ...defaultHttp1Settings,
      maxHeadersKb: message.maxRequestHeadersKb ?? defaultHttp1Settings.maxHeadersKb,
      maxHeadersCount: message.commonHttpProtocolOptions?.maxHeadersCount ?? defaultHttp1Settings.maxHeadersCount,
      streamErrorOnInvalidHttpMessage: message.streamErrorOnInvalidHttpMessage ?? false,
      validateScheme: (message.useRemoteAddress ?? false) && message.xffNumTrustedHops === 0,
    },
    context,
    makeAnyOf(message.httpProtocolOptions?.ignoreHttp11Upgrade ?? []),
  )
}
